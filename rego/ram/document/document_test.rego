package ram.document_test

import data.ram.condition
import data.ram.condition_test
import data.ram.document

_document := {
	"format": 2,
	"kind": "identity",
	"statements": [
		{"effect": "Allow", "any_resource": true},
		{"effect": "Deny", "resources": ["acs:oss:::b"], "conditions": [_condition("StringEquals", "a")]},
		{"effect": "Deny", "resource_prefixes": ["acs:oss:"], "except": ["ecs:*"]},
		{"effect": "Allow", "resource_patterns": ["acs:*:b"]},
	],
	"actions": {"ecs:startinstance": [0]},
	"wildcards": {"oss": {"oss:*": [1]}},
	"service_wildcards": {"*": [3]},
	"not_actions": [2],
}

_condition(operator, value) := {
	"operator": operator,
	"negated": false,
	"quantifier": "some",
	"key": "acs:SourceIp",
	"values": [value],
}

# A document with one statement, which covers every action.
_holding(statement) := {
	"format": 2,
	"kind": "identity",
	"statements": [statement],
	"actions": {},
	"wildcards": {},
	"service_wildcards": {"*": [0]},
	"not_actions": [],
}

_excepting(patterns) := {
	"format": 2,
	"kind": "identity",
	"statements": [{"effect": "Deny", "any_resource": true, "except": patterns}],
	"actions": {},
	"wildcards": {},
	"service_wildcards": {},
	"not_actions": [0],
}

_conditional(one) := _holding({"effect": "Deny", "any_resource": true, "conditions": [one]})

_is_complete(value) if {
	document.is_complete(value) with data.store.condition_keys as condition_test.spellings
}

else := false

test_complete_cases if {
	cases := [
		_document,
		_holding({"effect": "Allow", "any_resource": true}),
		_holding({"effect": "Deny", "resources": ["acs:oss:::a", "acs:oss:::b"], "resource_patterns": ["acs:?"]}),
		_excepting(["*"]),
	]
	count(cases) > 0
	every one in cases {
		_is_complete(one)
	}
}

_values := [null, 5, "", [], {}, true, false]

_damages := {[path, value] |
	walk(_document, [path, original])
	path != []
	some value in _values
	value != original
}

_pointer(path) := concat("", [sprintf("/%v", [replace(replace(sprintf("%v", [step]), "~", "~0"), "/", "~1")]) |
	some step in path
])

test_a_damaged_value_is_refused if {
	count(_damages) > 200
	left := {damage |
		some damage in _damages
		_is_complete(json.patch(_document, [{"op": "replace", "path": _pointer(damage[0]), "value": damage[1]}]))
	}

	# these two replacements give another valid document
	left == {[["statements", 1, "conditions", 0, "values", 0], ""], [["statements", 1, "conditions", 0, "negated"], true]}
}

test_a_missing_part_is_refused if {
	paths := {path | walk(_document, [path, _]); path != []}
	count(paths) > 30
	left := {path |
		some path in paths
		_is_complete(json.patch(_document, [{"op": "remove", "path": _pointer(path)}]))
	}

	# a statement without conditions is complete
	left == {["statements", 1, "conditions"]}
}

test_an_unknown_part_is_refused if {
	objects := {path | walk(_document, [path, value]); is_object(value)}
	count(objects) > 8
	left := {path |
		some path in objects
		_is_complete(json.patch(_document, [{"op": "add", "path": sprintf("%s/x", [_pointer(path)]), "value": [0]}]))
	}
	left == set()
}

test_a_value_that_is_not_a_document_is_refused_cases if {
	cases := [null, true, 5, "", [], {}, [_document], {"Version": "1", "Statement": []}]
	count(cases) > 0
	every one in cases {
		not _is_complete(one)
	}
}

test_another_format_or_kind_is_refused_cases if {
	cases := [
		{"format": 3}, {"format": 0}, {"format": "2"}, {"format": [2]}, {"kind": "trust"}, {"kind": "Identity"},
	]
	count(cases) > 0
	every one in cases {
		not _is_complete(object.union(_document, one))
	}
}

test_statement_cases if {
	cases := [
		[{"effect": "Allow", "any_resource": true}, true],
		[{"effect": "Deny", "any_resource": true}, true],
		[{"effect": "allow", "any_resource": true}, false],
		[{"effect": "Audit", "any_resource": true}, false],
		[{"effect": "Deny"}, false],
		[{"effect": "Deny", "any_resource": true, "resources": ["*"]}, false],
		[{"effect": "Deny", "any_resource": true, "resources": false}, false],
		[{"effect": "Deny", "any_resource": true, "resource_prefixes": false}, false],
		[{"effect": "Deny", "any_resource": true, "resource_patterns": null}, false],
		[{"effect": "Deny", "any_resource": false, "resources": ["acs:oss:::b"]}, false],
		[{"effect": "Deny", "resources": ["bucket"]}, false],
		[{"effect": "Deny", "resources": {"a": "acs:oss:::b"}}, false],
		[{"effect": "Deny", "resource_prefixes": {"a": "acs:"}}, false],
		[{"effect": "Deny", "resource_patterns": {"a": "acs:*"}}, false],
		[{"effect": "Deny", "resource_prefixes": "acs:"}, false],
		[{"effect": "Deny", "resources": ["acs:oss:::b", ""]}, false],
		[{"effect": "Deny", "resources": ["acs:oss:::b", 5]}, false],
		[{"effect": "Deny", "resources": ["acs:oss:::b"], "resource_prefixes": []}, false],
		[{"effect": "Deny", "resource_prefixes": ["acs:oss:[a"]}, true],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:*:[a"]}, false],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:*:\\[a"]}, true],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:*:\\a"]}, false],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:*\\"]}, false],
		[{"effect": "Deny", "resource_patterns": ["acs:{a,b}*"]}, false],
		[{"effect": "Deny", "resource_patterns": ["acs:*\n"]}, true],
		[{"effect": "Deny", "resource_patterns": ["acs:o*s:{cn-*,,[*]}:1*:b?[\u0000-\udbff\udfff]**c:**"]}, true],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:{a\\,b,,[*]}:**"]}, true],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:{a,b,,[*]}:**"]}, false],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:{,[*]}:**"]}, true],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:{[*]}:**"]}, false],
		[{"effect": "Deny", "resource_fields": [["acs", "*s*", "{,[*]}", "*", "b"]]}, true],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:cn-**"]}, true],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:*a*:*:b"]}, false],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:{*a*,,[*]}:*:b"]}, false],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:*:*:*a*"]}, false],
		[{"effect": "Deny", "resource_patterns": ["acs:**a:*b"]}, false],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:{cn,,[*]}{cn,,[*]}:*:b"]}, false],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:{cn,,[*]}:{1,,[*]}:b"]}, false],
		[{"effect": "Deny", "resource_patterns": ["acs:{oss,,[*]}:cn:1:b"]}, false],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:{{cn,,[*]},,[*]}:1:b"]}, false],
		[{"effect": "Deny", "resource_patterns": [["acs"]]}, false],
		[{"effect": "Deny", "resource_fields": [["acs", "*s*", "", "*", "b?[\u0000-\udbff\udfff]**"]]}, true],
		[{"effect": "Deny", "resource_fields": [["acs", "oss", "{*a*\\,,,[*]}", "*", "\\[b"]]}, true],
		[{"effect": "Deny", "resource_fields": [["acs", "*a*"]]}, true],
		[{"effect": "Deny", "resource_fields": []}, false],
		[{"effect": "Deny", "resource_fields": [[]]}, false],
		[{"effect": "Deny", "resource_fields": "acs"}, false],
		[{"effect": "Deny", "resource_fields": ["acs"]}, false],
		[{"effect": "Deny", "resource_fields": [{"0": "acs"}]}, false],
		[{"effect": "Deny", "resource_fields": [["acs", 5]]}, false],
		[{"effect": "Deny", "resource_fields": [["acs", "[a"]]}, false],
		[{"effect": "Deny", "resource_fields": [["acs", "oss", "[a"]]}, false],
		[{"effect": "Deny", "resource_fields": [["acs", "{a,,[*]}"]]}, false],
		[{"effect": "Deny", "resource_fields": [["acs", "oss", "{a,,[*]}{b,,[*]}"]]}, false],
		[{"effect": "Deny", "resource_fields": [["acs"]], "any_resource": true}, false],
		[{"effect": "Deny", "any_resource": true, "conditions": []}, false],
		[{"effect": "Deny", "any_resource": true, "conditions": {"a": _condition("Bool", true)}}, false],
		[{"effect": "Deny", "any_resource": true, "principals": ["ecs.aliyuncs.com"]}, false],
		[{"effect": "Deny", "any_resource": true, "except": ["ecs:*"]}, false],
		["Deny", false],
		[null, false],
		[[], false],
	]
	count(cases) > 0
	every one in cases {
		_is_complete(_holding(one[0])) == one[1]
	}
}

test_exception_cases if {
	cases := [
		[["ecs:*"], true],
		[["*"], true],
		[["*:list?"], true],
		[["ecs:*", "oss:get"], true],
		[[], false],
		[["ECS:*"], false],
		[["ecs"], false],
		[["ecs:"], false],
		[["ecs:[a]"], false],
		[["ecs:*\n"], false],
		[["**"], false],
		[[5], false],
		["ecs:*", false],
		[null, false],
	]
	count(cases) > 0
	every one in cases {
		_is_complete(_excepting(one[0])) == one[1]
	}
}

test_index_cases if {
	cases := [
		[{}, true],
		[{"actions": {"ecs:start": [0]}}, true],
		[{"actions": {"ecs:start": [0, 0]}}, true],
		[{"actions": {"ecs:start": []}}, false],
		[{"actions": {"ecs:start": [1]}}, false],
		[{"actions": {"ecs:start": [-1]}}, false],
		[{"actions": {"ecs:start": [0.5]}}, false],
		[{"actions": {"ecs:start": ["0"]}}, false],
		[{"actions": {"ecs:start": 0}}, false],
		[{"actions": {"ecs:start": {"0": 0}}}, false],
		[{"actions": {"ecs:Start": [0]}}, false],
		[{"actions": {"ecs:*": [0]}}, false],
		[{"actions": {"ecs": [0]}}, false],
		[{"actions": {"": [0]}}, false],
		[{"wildcards": {"ecs": {"ecs:*": [0]}}}, true],
		[{"wildcards": {"ecs": {}}}, false],
		[{"wildcards": {"ecs": {"ecs:*": []}}}, false],
		[{"wildcards": {"ecs": {"oss:*": [0]}}}, false],
		[{"wildcards": {"ecs": {"ecsx:*": [0]}}}, false],
		[{"wildcards": {"ecs": {"ecs:[a]": [0]}}}, false],
		[{"wildcards": {"ecs": {"ecs:A*": [0]}}}, false],
		[{"wildcards": {"ecs": ["ecs:*"]}}, false],
		[{"wildcards": {"ECS": {"ECS:*": [0]}}}, false],
		[{"wildcards": {"*": {"*:x": [0]}}}, false],
		[{"service_wildcards": {"*:list": [0], "e?s:*": [0]}}, true],
		[{"service_wildcards": {"*": [0], "**": [0]}}, false],
		[{"service_wildcards": {"*:list": []}}, false],
		[{"service_wildcards": {"*:list": [7]}}, false],
		[{"actions": []}, false],
		[{"wildcards": []}, false],
		[{"actions": {"ecs:start": [0]}, "service_wildcards": []}, false],
		[{"not_actions": [0]}, false],
		[{"not_actions": {}}, false],
	]
	count(cases) > 0
	every one in cases {
		_is_complete(object.union(_holding({"effect": "Deny", "any_resource": true}), one[0])) == one[1]
	}
}

test_a_document_without_statements_is_refused if {
	none := {
		"format": 2,
		"kind": "identity",
		"statements": [],
		"actions": {},
		"wildcards": {},
		"service_wildcards": {},
		"not_actions": [],
	}
	not _is_complete(none)
}

test_an_unreachable_statement_is_refused if {
	unreachable := {"statements": [{"effect": "Allow", "any_resource": true}, {"effect": "Deny", "any_resource": true}]}
	not _is_complete(object.union(_holding({}), unreachable))
}

test_condition_cases if {
	cases := [
		[{}, true],
		[{"negated": true, "quantifier": "every"}, true],
		[{"key": "acs:ResourceTag/opc:managed"}, true],
		[{"operator": "Null"}, false],
		[{"operator": "StringEqualsIfExists"}, false],
		[{"operator": "NumericNotEquals", "values": [[1, 1, "1"]]}, false],
		[{"operator": "NumericEqualsIfExists", "values": [[1, 1, "1"]]}, false],
		[{"operator": "DateNotEquals", "values": [0]}, false],
		[{"operator": "DateBefore", "values": [0]}, false],
		[{"operator": "NotIpAddress", "values": ["10.0.0.0/8"]}, false],
		[{"operator": 5}, false],
		[{"operator": "IpAddress", "values": ["10.0.0.0/8"]}, true],
		[{"operator": "StringNotEquals"}, false],
		[{"operator": "stringequals"}, false],
		[{"negated": "false"}, false],
		[{"quantifier": "any"}, false],
		[{"key": "acs:sourceip"}, false],
		[{"key": ""}, false],
		[{"key": 5}, false],
		[{"values": []}, false],
		[{"values": "a"}, false],
		[{"values": {"a": "a"}}, false],
		[{"values": ["a", 5]}, false],
	]
	count(cases) > 0
	every one in cases {
		_is_complete(_conditional(object.union(_condition("StringEquals", "a"), one[0]))) == one[1]
	}
}

_listed := {
	"StringEquals": {"right": ["", "a", "[", "é\n"], "wrong": [null, 5, true, ["a"], {}, [1, 1, "1"]]},
	"StringEqualsIgnoreCase": {"right": ["", "A"], "wrong": [null, 5, false]},
	"StringLike": {"right": ["", "*", "\\[a\\]", "a,b!-"], "wrong": ["[a]", "{a}", "\\", "\\a", "a]", null, 5]},
	"Bool": {"right": [true, false], "wrong": ["true", null, 0, [true], "10.0.0.0/8", [1, 1, "1"]]},
	"IpAddress": {
		"right": ["10.0.0.0/8", "10.0.0.1/32", "::/0", "2001:db8::/32"],
		"wrong": [
			"10.0.0.1", "10.0.0.0/33", "10.0.0/8", "::1", "", null, 5, "::ffff:10.0.0.0/104", "::FFFF:10.0.0.0/104",
			"0:0:0:0:0:ffff:10.0.0.0/104", "0::ffff:0:0/96", "fe80::1%eth0/64", "localhost/8", "010.0.0.0/8",
		],
	},
}

_numeric := {
	"right": [[0, 0, ""], [1, 1, "1"], [-1, -30, "123456789012345678901234567891"], [1, 0, "101"]],
	"wrong": [
		10, "10", null, "10.0.0.0/8", true, [], [1, 1], [1, 1, "1", 1], [0, 0, "1"], [0, 1, ""], [1, 1, ""], [1, 1, "10"], [1, 1, "01"],
		[2, 1, "1"], [1, 1.5, "1"], [1, "1", "1"], [1, 1, 1], [1, 1, "x"], ["1", 1, "1"], [true, 1, "1"], {"sign": 1},
		[1, 1, "1\n"],
	],
}

_date := {
	"right": [0, -9214560000000000000, 9214646399999999999],
	"wrong": [0.5, "0", null, true, "10.0.0.0/8", [1, 1, "1"], "2026-03-11T00:00:00Z", [0], json.unmarshal("1e3"), 99999999999999999999],
}

_values_of(operator) := _listed[operator]

_values_of(operator) := _numeric if startswith(operator, "Numeric")

_values_of(operator) := _date if startswith(operator, "Date")

test_value_cases if {
	count(condition.comparisons) > 0
	every operator in condition.comparisons {
		values := _values_of(operator)
		count(values.right) > 0
		count(values.wrong) > 0
		every value in values.right {
			_is_complete(_conditional(_condition(operator, value)))
		}
		every value in values.wrong {
			not _is_complete(_conditional(_condition(operator, value)))
		}
	}
}
