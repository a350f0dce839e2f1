# METADATA
# title: Control policies
# description: >-
#   What a Resource Directory permits in a member account, level by level from the root folder to the
#   account. Control policies only ever take away.
package ram.control

import data.ram.answer
import data.ram.identity
import data.ram.layer
import data.ram.principal

# METADATA
# description: >-
#   The decision of the first level that does not allow. Undefined where every level allows, where the
#   resource's account is no member of a directory, and where the principal is not bound.
decision(question) := answer.of(verdicts[min(_denying_positions(verdicts))], "ControlPolicy") if {
	verdicts := _verdicts(question)
}

# METADATA
# description: The levels that do not allow, by their positions from the root folder's, 0. Undefined as above.
denying_levels(question) := _denying_positions(_verdicts(question))

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
