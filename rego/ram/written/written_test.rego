package ram.written_test

import data.ram.condition
import data.ram.written

_condition(operator, negated, quantifier) := {"operator": operator, "negated": negated, "quantifier": quantifier}

test_operator_cases if {
	cases := [
		["StringLike", false, "some", "StringLike"],
		["StringLike", false, "every", "ForAllValues:StringLike"],
		["StringLike", true, "every", "StringNotLike"],
		["StringLike", true, "some", "ForAnyValue:StringNotLike"],
		["IpAddress", true, "every", "NotIpAddress"],
		["NumericLessThan", false, "some", "NumericLessThan"],
		["NumericLessThan", true, "every", "not NumericLessThan"],
	]
	count(cases) > 0
	every case in cases {
		[operator, negated, quantifier, expected] = case
		written.operator(_condition(operator, negated, quantifier)) == expected
	}
}

test_each_negation_is_of_a_comparison if {
	count(written.negations) == 6
	object.keys(written.negations) - condition.comparisons == set()
}

test_value_cases if {
	cases := [
		["StringEquals", "a*\\[", "a*\\["],
		["StringLike", "a*\\[b\\]\\{c\\}\\\\d", "a*[b]{c}\\d"],
		["NumericEquals", [0, 0, ""], "0"],
		["NumericEquals", [1, 1, "1"], "1"],
		["NumericEquals", [-1, 3, "1205"], "-120.5"],
		["NumericEquals", [1, 4, "12"], "1200"],
		["NumericEquals", [1, 0, "5"], "0.5"],
		["NumericEquals", [1, -2, "5"], "0.005"],
		["NumericEquals", [1, 1000000000, "5"], "0.5e1000000000"],
		["NumericEquals", [-1, -401, "5"], "-0.5e-401"],
		["DateLessThan", 1773187200000000000, "2026-03-11T00:00:00Z"],
		["DateLessThan", 1773187200500000000, "2026-03-11T00:00:00.5Z"],
		["DateLessThan", 9999999999999999999, "9999999999999999999"],
		["Bool", true, "true"],
		["IpAddress", "10.0.0.0/8", "10.0.0.0/8"],
		["IpAddress", "10.0.0.1/32", "10.0.0.1"],
		["IpAddress", "2001:db8::/32", "2001:db8::/32"],
		["IpAddress", "::1/128", "::1"],
	]
	count(cases) > 0
	every case in cases {
		[operator, value, expected] = case
		written.value({"operator": operator}, value) == expected
	}
}

test_pattern_cases if {
	cases := {
		"acs:oss:cn-**": "acs:oss:cn-*",
		"acs:oss:*:*:bucket/**": "acs:oss:*:*:bucket/*",
		"acs:oss:{cn-*,,[*]}:*:b": "acs:oss:cn-*:*:b",
		"acs:oss:{a\\,b,,[*]}:*:b": "acs:oss:a,b:*:b",
		"acs:oss:{,[*]}:*:b": "acs:oss:*:*:b",
		"acs:oss:*:*:b[\u0000-\udbff\udfff]**": "acs:oss:*:*:b?*",
		"acs:oss:*:*:\\{,\\[**\\]\\}": "acs:oss:*:*:{,[*]}",
	}
	count(cases) > 0
	every glob, expected in cases {
		written.pattern(glob) == expected
	}
}

test_escaped_and_unescaped_are_inverse if {
	text := "a[b]{c}\\d*?"
	written.escaped(text) == "a\\[b\\]\\{c\\}\\\\d*?"
	written.unescaped(written.escaped(text)) == text
}
