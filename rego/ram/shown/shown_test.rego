package ram.shown_test

import data.ram.shown

_condition(negated, quantifier) := {
	"operator": "NumericEquals",
	"negated": negated,
	"quantifier": quantifier,
	"key": "k",
	"values": [[1, 2, "1"]],
}

_reason(negated, quantifier, effect, context) := concat(" ", [found.reason, found.rule]) if {
	found := shown.of(_condition(negated, quantifier), effect, {"context": context, "principal": {"kind": "user"}})
}

test_shown if {
	question := {"context": {"k": [10, 11]}, "principal": {"kind": "user"}}
	shown.of(_condition(true, "every"), "Deny", question) == {
		"operator": "NumericNotEquals",
		"key": "k",
		"values": ["10"],
		"given": [10, 11],
		"satisfied": false,
		"reason": "value_differs",
		"rule": "4.3",
	}
	shown.of(_condition(false, "some"), "Allow", object.union(question, {"context": {"k": []}})).given == []
	shown.of(_condition(false, "some"), "Allow", {"context": {}, "principal": {"kind": "user"}}).given == null
}

test_reason_cases if {
	cases := [
		[false, "some", "Allow", {"k": 10}, "satisfied 4.1"],
		[false, "some", "Allow", {"k": 11}, "value_differs 4.1"],
		[true, "every", "Allow", {"k": 11}, "satisfied 4.2"],
		[true, "every", "Allow", {"k": 10}, "value_differs 4.2"],
		[false, "some", "Allow", {"k": [11, 10]}, "satisfied 4.3"],
		[false, "every", "Allow", {"k": [11, 10]}, "value_differs 4.7"],
		[true, "some", "Allow", {"k": [11, 10]}, "satisfied 4.7"],
		[false, "some", "Deny", {}, "key_absent 4.4"],
		[false, "some", "Allow", {}, "key_absent 4.4"],
		[false, "every", "Allow", {}, "key_absent 4.5"],
		[true, "every", "Allow", {"k": []}, "key_absent 4.5"],
		[true, "every", "Deny", {}, "satisfied_by_absence 4.5"],
		[true, "some", "Deny", {}, "satisfied_by_absence 4.5"],
		[false, "some", "Allow", {"k": [10, "x"]}, "unreadable 4.6"],
		[false, "some", "Deny", {"k": "x"}, "satisfied_by_doubt 4.6"],
	]
	count(cases) > 0
	every case in cases {
		[negated, quantifier, effect, context, expected] = case
		_reason(negated, quantifier, effect, context) == expected
	}
}
