# METADATA
# title: Control policies
# description: >-
#   What a Resource Directory permits in a member account, level by level from the root folder to the
#   account. Control policies only ever take away.
package ram.control

import data.ram.decision
import data.ram.identity
import data.ram.layer

# METADATA
# description: >-
#   The decision of the first level that does not allow. Undefined where every level allows, where the
#   resource's account is no member of a directory, and where the principal is not bound.
settled(question) := decision.of(verdicts[level], "ControlPolicy") if {
	_binds(question.principal)
	levels := data.store.directory.levels[question.account]
	verdicts := [layer.stored(level, question) | some level in levels]
	level := min([position | some position, verdict in verdicts; verdict.effect != "Allow"])
}
