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
stored(ids, question) := _verdict(matching(ids, question)) if {
	every id in ids {
		data.store.policies[id].format == 1
	}
} else := {"effect": "ExplicitDeny", "statements": []}

# METADATA
# description: The statements of stored documents that match, each as `[effect, policy's name, index]`.
matching(ids, question) := {[one.effect, _name(id), index] |
	some id in ids
	some index in action.stored(id, question.action)
	one := data.store.policies[id].statements[index]
	statement.applies(one, question)
}

# METADATA
# description: The verdict of documents that the request carries, by their names.
carried(documents, question) := _verdict({[one.effect, name, index] |
	some name, document in documents
	some index in action.carried(document, question.action)
	one := document.statements[index]
	statement.applies(one, question)
})

_verdict(entries) := {"effect": "ExplicitDeny", "statements": denies} if {
	denies := _statements("Deny", entries)
	count(denies) > 0
} else := {"effect": "Allow", "statements": allows} if {
	allows := _statements("Allow", entries)
	count(allows) > 0
} else := {"effect": "ImplicitDeny", "statements": []}

# A set is read in order, so the statements come sorted by policy, then by index.
_statements(effect, entries) := [{"policy": name, "index": index} |
	some entry in entries
	[effect, name, index] = entry
]

# An id is a name, behind its account's number where the document is the account's own.
_name(id) := segments[count(segments) - 1] if segments := split(id, "/")
