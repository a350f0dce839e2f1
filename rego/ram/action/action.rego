# METADATA
# title: Actions
# description: What is asked for (section 2 of the policy language).
package ram.action

# METADATA
# description: The text is an action, and no pattern of one.
is_valid(text) if {
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, text)
}

# METADATA
# description: The actions, in lower case, that a role's trust policy has a say in.
trust_actions := {"sts:assumerole", "sts:setsourceidentity", "sts:tagsession"}

# METADATA
# description: >-
#   The statements of stored documents that are about the action, each as `[id, index]`. The documents
#   are named, not handed over: a stored object that becomes an argument is converted whole.
store_statements(ids, action) := (listed | of_service) | (of_any | not_excepted) if {
	service := split(action, ":")[0]
	listed := {[id, index] | some id in ids; some index in data.store.policies[id].actions[action]}
	of_service := {[id, index] |
		some id in ids
		some pattern, indexes in data.store.policies[id].wildcards[service]
		glob.match(pattern, null, action)
		some index in indexes
	}
	of_any := {[id, index] |
		some id in ids
		some pattern, indexes in data.store.policies[id].service_wildcards
		glob.match(pattern, null, action)
		some index in indexes
	}
	not_excepted := {[id, index] |
		some id in ids
		some index in data.store.policies[id].not_actions
		not _is_excepted(data.store.policies[id].statements[index].except, action)
	}
}

# METADATA
# description: The indexes of the statements that are about the action, of a document that the request carries.
request_statements(document, action) := (listed | of_service) | (of_any | not_excepted) if {
	service := split(action, ":")[0]
	listed := {index | some index in document.actions[action]}
	of_service := {index | some index in _matching(document.wildcards[service], action)}
	of_any := _matching(document.service_wildcards, action)
	not_excepted := {index |
		some index in document.not_actions
		not _is_excepted(document.statements[index].except, action)
	}
}

_matching(patterns, action) := {index |
	some pattern, indexes in patterns
	glob.match(pattern, null, action)
	some index in indexes
}

_is_excepted(patterns, action) if {
	some pattern in patterns
	glob.match(pattern, null, action)
}
