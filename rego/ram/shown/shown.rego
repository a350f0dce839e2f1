# METADATA
# title: Shown conditions
# description: >-
#   A statement's condition for an explanation: in RAM's spelling, with the value of the request, whether it is
#   satisfied, and by which rule of section 4 of the policy language.
package ram.shown

import data.ram.condition
import data.ram.limit
import data.ram.written

# METADATA
# description: The condition, in a statement with that effect, as docs/reference/http.md describes it.
of(one, effect, question) := {
	"operator": written.operator(one),
	"key": one.key,
	"values": [written.value(one, listed) | some listed in one.values],
	"given": object.get(question.context, one.key, null),
	"satisfied": satisfied,
	"reason": _reasons[state][satisfied],
	"rule": _rule(state, one, question),
} if {
	satisfied := _is_satisfied(one, effect, question)
	state := _state(one, question)
}

_is_satisfied(one, effect, question) if condition.is_satisfied(one, effect, question)

else := false

_state(one, question) := "absent" if {
	object.get(question.context, one.key, []) == []
} else := "unreadable" if {
	some element in limit.list(question.context[one.key])
	not condition.is_readable(one, element)
} else := "readable"

_reasons := {
	"absent": {true: "satisfied_by_absence", false: "key_absent"},
	"unreadable": {true: "satisfied_by_doubt", false: "unreadable"},
	"readable": {true: "satisfied", false: "value_differs"},
}

_rule("absent", one, _) := "4.4" if {
	one.quantifier == "some"
	not one.negated
} else := "4.5"

_rule("unreadable", _, _) := "4.6"

_rule("readable", one, question) := "4.7" if {
	contains(written.operator(one), ":")
} else := "4.3" if {
	is_array(question.context[one.key])
} else := "4.2" if {
	one.negated
} else := "4.1"
