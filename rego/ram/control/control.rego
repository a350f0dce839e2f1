# METADATA
# title: Control policies
# description: >-
#   The limits that a Resource Directory sets for a member account, level by level from the root folder to
#   the account (5.4). Control policies never grant anything.
package ram.control

import data.ram.answer
import data.ram.identity
import data.ram.layer
import data.ram.principal

# METADATA
# description: >-
#   The decision of the first level that does not allow. Undefined if every level allows, if the
#   resource's account is not a member of a directory, and if control policies do not bind the principal.
decision(question) := answer.of(verdicts[min(_denying_positions(verdicts))], "ControlPolicy") if {
	verdicts := _verdicts(question)
}

# METADATA
# description: >-
#   The positions of the levels that do not allow, counted from the root folder, which is 0. Undefined if
#   no control policies apply to the question.
denying_levels(question) := _denying_positions(_verdicts(question))

# METADATA
# description: >-
#   The levels of the resource's account, from the root folder to the account: the name of each, the ids of its
#   policies, and its verdict. Undefined if no control policies apply to the question.
levels(question) := [level |
	some position, verdict in verdicts
	level := {
		"name": data.store.directory.names[question.account][position],
		"ids": data.store.directory.levels[question.account][position],
		"verdict": verdict,
	}
] if {
	verdicts := _verdicts(question)
}

# METADATA
# description: True if the resource's account is a member of a directory.
has_levels(question) if data.store.directory.levels[question.account]

_denying_positions(verdicts) := [level | some level, verdict in verdicts; verdict.effect != "Allow"]

_verdicts(question) := [layer.store_verdict(ids, question) | some ids in levels] if {
	levels := data.store.directory.levels[question.account]
	_binds(question)
}

_binds(question) if {
	principal.has_identity(question.principal)
	not _is_exempt(question)
}

_is_exempt(question) if question.principal.account == data.store.directory.management

_is_exempt(question) if identity.is_service_linked(question.principal)

_is_exempt(question) if question.principal.kind == "owner"
