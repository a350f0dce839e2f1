package ram.layer_test

import data.ram.layer

_question := {
	"principal": {"kind": "user", "account": "1234567890123456", "arn": "acs:ram::1234567890123456:user/alice"},
	"action": "ecs:start",
	"resource": "acs:ecs:::i",
	"context": {},
}

_document(effects) := {
	"format": 2,
	"kind": "identity",
	"statements": [{"effect": effect, "any_resource": true} | some effect in effects],
	"actions": {"ecs:start": [position | some position, _ in effects]},
	"wildcards": {},
	"service_wildcards": {},
	"not_actions": [],
}

_allowing := _document(["Allow"])

_denying := _document(["Deny"])

_other := object.union(object.remove(_allowing, ["actions"]), {"actions": {"ecs:stop": [0]}})

_mixed := _document(["Deny", "Allow", "Deny", "Allow"])

_long := _document(["Allow" | some _ in numbers.range(0, 11)])

_elsewhere := object.union(_allowing, {"statements": [{"effect": "Deny", "resources": ["acs:oss:::b"]}]})

_policies := {
	"Elsewhere": _elsewhere,
	"Allowing": _allowing,
	"Denying": _denying,
	"Other": _other,
	"Mixed": _mixed,
	"1234567890123456/own": _allowing,
	"1234567890123456/trust:App": _denying,
	"directory/folder": _allowing,
	"Newer": object.union(_allowing, {"format": 3}),
	"Older": object.remove(_allowing, ["format"]),
	"Text": object.union(_allowing, {"format": "2"}),
	"Odd": {"unreadable": "has an unknown operator"},
	"Unexplained": {"unreadable": ""},
	"Partly": object.union(object.remove(_denying, ["format"]), {"unreadable": "has an unknown operator"}),
}

_allow(statements) := {"effect": "Allow", "statements": statements}

_deny(statements) := {"effect": "ExplicitDeny", "statements": statements}

_neither := {"effect": "ImplicitDeny", "statements": []}

_unreadable := {"effect": "Unreadable", "statements": []}

test_verdict_cases if {
	cases := [
		[[], _neither],
		[["Other"], _neither],
		[["Allowing"], _allow([{"policy": "Allowing", "index": 0}])],
		[["Allowing", "Allowing"], _allow([{"policy": "Allowing", "index": 0}])],
		[["Elsewhere", "Allowing"], _allow([{"policy": "Allowing", "index": 0}])],
		[["Denying"], _deny([{"policy": "Denying", "index": 0}])],
		[["Allowing", "Denying"], _deny([{"policy": "Denying", "index": 0}])],
		[["Denying", "Allowing", "Other"], _deny([{"policy": "Denying", "index": 0}])],
		[
			["Mixed", "Denying"],
			_deny([{"policy": "Denying", "index": 0}, {"policy": "Mixed", "index": 0}, {"policy": "Mixed", "index": 2}]),
		],
		[
			["directory/folder", "1234567890123456/own", "Allowing"],
			_allow([{"policy": "Allowing", "index": 0}, {"policy": "folder", "index": 0}, {"policy": "own", "index": 0}]),
		],
		[["1234567890123456/trust:App"], _deny([{"policy": "trust:App", "index": 0}])],
		[["Allowing", "gone"], _deny([])],
		[["gone"], _deny([])],
		[["Newer"], _deny([])],
		[["Older"], _deny([])],
		[["Text", "Allowing"], _deny([])],
	]
	count(cases) > 0
	every one in cases {
		layer.store_verdict(one[0], _question) == one[1] with data.store as {"policies": _policies}
	}
}

# 5.9
test_an_unreadable_document_denies_unless_a_readable_one_does_cases if {
	cases := [
		[["Odd"], _unreadable],
		[["Unexplained"], _unreadable],
		[["Partly"], _unreadable],
		[["Odd", "Other"], _unreadable],
		[["Allowing", "Odd"], _unreadable],
		[["Odd", "Allowing"], _unreadable],
		[["Odd", "Denying"], _deny([{"policy": "Denying", "index": 0}])],
		[["Mixed", "Odd"], _deny([{"policy": "Mixed", "index": 0}, {"policy": "Mixed", "index": 2}])],
		[["Odd", "gone"], _deny([])],
		[["Newer", "Odd"], _deny([])],
	]
	count(cases) > 0
	every one in cases {
		layer.store_verdict(one[0], _question) == one[1] with data.store as {"policies": _policies}
	}
}

test_policies_of_one_name_show_a_statement_once if {
	custom := "1234567890123456/Mixed"
	policies := object.union(_policies, {custom: _mixed})
	denies := [{"policy": "Mixed", "index": 0}, {"policy": "Mixed", "index": 2}]
	layer.store_verdict(["Mixed", custom], _question) == _deny(denies) with data.store.policies as policies
}

test_statements_are_sorted_by_policy_then_by_index if {
	indexes := [one.index | some one in layer.request_verdict({"b": _long}, _question).statements]
	indexes == numbers.range(0, 11)
	policies := [one.policy | some one in layer.request_verdict({"b": _allowing, "a": _allowing}, _question).statements]
	policies == ["a", "b"]
	layer.store_verdict(["p"], _question) == layer.request_verdict({"p": _long}, _question) with data.store as {"policies": {"p": _long}}
}

test_request_verdict_cases if {
	cases := [
		[{}, _neither],
		[{"p": _other}, _neither],
		[{"p": _elsewhere}, _neither],
		[{"p": _elsewhere, "q": _allowing}, _allow([{"policy": "q", "index": 0}])],
		[{"p": _allowing}, _allow([{"policy": "p", "index": 0}])],
		[{"p": _allowing, "q": _denying}, _deny([{"policy": "q", "index": 0}])],
		[{"p": _mixed}, _deny([{"policy": "p", "index": 0}, {"policy": "p", "index": 2}])],
	]
	count(cases) > 0
	every one in cases {
		layer.request_verdict(one[0], _question) == one[1]
	}
}

test_a_plain_grant_matches_its_action_and_its_resource if {
	granting := object.union(_other, {"statements": [null], "actions": {}, "grants": {"ecs:start": [0, "acs:ecs:::i"]}})
	policies := {"1234567890123456/granting": granting, "Denying": _denying}
	granted := {"effect": "Allow", "statements": [{"policy": "granting", "index": 0}]}
	nothing := {"effect": "ImplicitDeny", "statements": []}
	alone := ["1234567890123456/granting"]
	layer.store_verdict(alone, _question) == granted with data.store.policies as policies
	every part in [{"resource": "acs:ecs:::j"}, {"action": "ecs:stop"}] {
		layer.store_verdict(alone, object.union(_question, part)) == nothing with data.store.policies as policies
	}
	layer.store_verdict(["Denying", alone[0]], _question).effect == "ExplicitDeny" with data.store.policies as policies
}
