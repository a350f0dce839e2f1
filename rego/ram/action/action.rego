# METADATA
# title: Actions
# description: >-
#   Finds the statements that cover an action (section 2 of the policy language). Actions are compared in
#   lower case.
package ram.action

# METADATA
# description: True if the text is an action without wildcards.
is_valid(text) if {
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, text)
}

# METADATA
# description: The actions, in lower case, that need the consent of a role's trust policy (5.8).
trust_actions := {"sts:assumerole", "sts:setsourceidentity", "sts:tagsession"}

# METADATA
# description: >-
#   The statements of stored documents that cover the action, each as `[id, index]`. The function takes
#   ids instead of documents, because OPA converts a whole stored object that is passed as an argument.
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
# description: The indexes of the statements that cover the action, in a document that the request carries.
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

# METADATA
# description: True if a document speaks of a service in `Action`, or of all but some actions in `NotAction`.
# scope: document
speaks_of(document, service) if service in services(document)

speaks_of(document, service) if {
	some pattern, _ in document.service_wildcards
	glob.match(split(pattern, ":")[0], null, service)
}

speaks_of(document, _) if document.not_actions != []

# METADATA
# description: The services that a document names without a wildcard.
services(document) := {split(action, ":")[0] | some action, _ in document.actions} | object.keys(document.wildcards)
