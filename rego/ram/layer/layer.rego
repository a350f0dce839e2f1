# METADATA
# title: Layers
# description: >-
#   Judges the policies of one layer together: any matching Deny decides, then any matching Allow. A
#   verdict is `{"effect", "statements"}`; `statements` lists the deciding statements. The effect is one of
#   RAM's three, or `Unreadable` (5.9).
package ram.layer

import data.ram.action
import data.ram.statement

# METADATA
# description: >-
#   The verdict of stored documents, by their ids. A document that the accounts mark as unreadable is not
#   evaluated. A document that is missing or has another format might contain a Deny, so the layer denies.
store_verdict(ids, question) := _verdict(matches(ids, question)) if {
	every id in ids {
		data.store.policies[id].format == 2
	}
} else := _beside_unreadable(readable, question) if {
	readable := [id | some id in ids; not data.store.policies[id].unreadable]
	every id in readable {
		data.store.policies[id].format == 2
	}
} else := {"effect": "ExplicitDeny", "statements": []}

# 5.9: a Deny of the readable documents decides. Otherwise the layer allows nothing, even if they do:
# the unreadable document might contain a Deny.
_beside_unreadable(readable, question) := verdict if {
	verdict := _verdict(matches(readable, question))
	verdict.effect == "ExplicitDeny"
} else := {"effect": "Unreadable", "statements": []}

# METADATA
# description: The statements of stored documents that match, each as `[effect, name of the policy, index]`.
matches(ids, question) := judged | granted if {
	judged := {[one.effect, name(id), index] |
		some [id, index] in action.store_statements(ids, question.action)
		one := data.store.policies[id].statements[index]
		statement.applies(one, question)
	}
	granted := {["Allow", name(id), index] |
		some id in ids
		[index, question.resource] = data.store.policies[id].grants[question.action]
	}
}

# METADATA
# description: The verdict of documents that the request carries, keyed by name.
request_verdict(documents, question) := _verdict({[one.effect, name, index] |
	some name, document in documents
	some index in action.request_statements(document, question.action)
	one := document.statements[index]
	statement.applies(one, question)
})

# OPA iterates over a set in order, so the statements are sorted by policy, then by index.
_verdict(entries) := {"effect": "ExplicitDeny", "statements": denies} if {
	denies := [{"policy": name, "index": index} | some ["Deny", name, index] in entries]
	denies != []
} else := {"effect": "Allow", "statements": allows} if {
	allows := [{"policy": name, "index": index} | some ["Allow", name, index] in entries]
	allows != []
} else := {"effect": "ImplicitDeny", "statements": []}

# METADATA
# description: >-
#   The name of the policy with that id. The id of an account's own policy is `<account>/<name>`, that of
#   a system policy its name.
name(id) := substring(id, indexof(id, "/") + 1, -1)
