# METADATA
# title: Layers
# description: >-
#   The policies of one layer, judged together: any matching Deny, else any matching Allow, else
#   neither. A verdict is `{"effect", "statements"}`, with the statements that settled it.
package ram.layer

import data.ram.action
import data.ram.statement

# METADATA
# description: >-
#   The verdict of stored documents, by their ids. One that is not there, or not of this format, might
#   deny: then the layer does.
store_verdict(ids, question) := _verdict(matches(ids, question)) if {
	every id in ids {
		data.store.policies[id].format == 1
	}
} else := {"effect": "ExplicitDeny", "statements": []}

# METADATA
# description: The statements of stored documents that match, each as `[effect, policy's name, index]`.
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
# description: The verdict of documents that the request carries, by their names.
request_verdict(documents, question) := _verdict({[one.effect, name, index] |
	some name, document in documents
	some index in action.request_statements(document, question.action)
	one := document.statements[index]
	statement.applies(one, question)
})

# A set is read in order, so the statements come sorted by policy, then by index.
_verdict(entries) := {"effect": "ExplicitDeny", "statements": denies} if {
	denies := [{"policy": name, "index": index} | some ["Deny", name, index] in entries]
	denies != []
} else := {"effect": "Allow", "statements": allows} if {
	allows := [{"policy": name, "index": index} | some ["Allow", name, index] in entries]
	allows != []
} else := {"effect": "ImplicitDeny", "statements": []}

# METADATA
# description: >-
#   The name of a policy. Its id is that name, behind its account's number where the document is the
#   account's own.
name(id) := substring(id, indexof(id, "/") + 1, -1)
