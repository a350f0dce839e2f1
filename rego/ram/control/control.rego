# METADATA
# title: Control policies
# description: >-
#   What a Resource Directory permits in a member account, level by level from the root folder to the
#   account. Control policies only ever take away.
package ram.control

import data.ram.decision
import data.ram.identity
import data.ram.layer
import data.ram.principal

# METADATA
# description: >-
#   The decision of the first level that does not allow. Undefined where every level allows, where the
#   resource's account is no member of a directory, and where the principal is not bound.
settled(question) := decision.of(verdicts[level], "ControlPolicy") if {
	_binds(question)
	verdicts := [layer.stored(ids, question) | some ids in data.store.directory.levels[question.account]]
	level := min([position | some position, verdict in verdicts; verdict.effect != "Allow"])
}

_binds(question) if {
	principal.has_identity(question.principal)
	not _is_exempt(question)
}

_is_exempt(question) if question.principal.account == data.store.directory.management

_is_exempt(question) if identity.is_service_linked(question.principal)

_is_exempt(question) if question.principal.kind == "owner"
