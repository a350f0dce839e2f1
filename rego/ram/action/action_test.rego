package ram.action_test

import data.ram.action

test_valid_cases if {
	cases := ["ecs:StartInstance", "a:b", "acs-x.y_z:A.b-c_1", "1:2"]
	count(cases) > 0
	every one in cases {
		action.is_valid(one)
	}
}

test_not_valid_cases if {
	cases := [
		"", "*", "ecs", "ecs:", ":StartInstance", "ecs:*", "ecs:Start?", "e*s:Start", "ecs:Start:Instance", "ecs:Start Instance",
		"ecs:StartInstance\n", "\necs:StartInstance", "ecs:Stärt", "ecs/x:y", "ecs：Start", null, true, 5, ["ecs:Start"], {},
	]
	count(cases) > 0
	every one in cases {
		not action.is_valid(one)
	}
}

test_the_actions_of_a_trust_policy if {
	action.trust_actions == {"sts:assumerole", "sts:tagsession", "sts:setsourceidentity"}
}

_document := {
	"format": 2,
	"statements": [{}, {}, {}, {}, {"except": ["ecs:*", "*:list*"]}, {"except": ["*"]}],
	"actions": {"ecs:startinstance": [0, 1], "oss:listbuckets": [0]},
	"wildcards": {"ecs": {"ecs:*": [1], "ecs:start?nstance": [2]}, "bss": {"bss:*": [0]}},
	"service_wildcards": {"*:list*": [3], "e?s:start*": [3]},
	"not_actions": [4, 5],
}

test_statements_about_an_action_cases if {
	cases := {
		"ecs:startinstance": {0, 1, 2, 3},
		"ecs:startxnstance": {1, 2, 3},
		"ecs:startnstance": {1, 3},
		"ecs:stopinstance": {1},
		"oss:listbuckets": {0, 3},
		"oss:getobject": {4},
		"ess:startx": {3, 4},
		"es:startx": {4},
		"bss:query": {0, 4},
		"bssapi:query": {4},
	}
	count(cases) > 0
	every text, indexes in cases {
		pairs := {[id, index] | some id in ["p", "q"]; some index in indexes}
		action.store_statements(["p", "q"], text) == pairs with data.store as {"policies": {"p": _document, "q": _document}}
		action.request_statements(_document, text) == indexes
	}
}

test_speaks_of_cases if {
	document := {
		"actions": {"oss:get": [0]},
		"wildcards": {"ecs": {"ecs:*": [0]}},
		"service_wildcards": {"k*:get": [0]},
		"not_actions": [],
	}
	action.services(document) == {"oss", "ecs"}
	cases := {"oss": true, "ecs": true, "kms": true, "domain": false}
	count(cases) > 0
	every service, expected in cases {
		_speaks_of(document, service) == expected
	}
	_speaks_of(object.union(document, {"not_actions": [0]}), "domain")
}

_speaks_of(document, service) if action.speaks_of(document, service)

else := false
