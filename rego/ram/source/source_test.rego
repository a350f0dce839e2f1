package ram.source_test

import data.ram.explain_test

_attached(explanation) := {[one.policy, one.policy_type, attachment.to, attachment.name, attachment.resource_group] |
	some one in explanation.considered
	some attachment in one.attached
}

_account := "AccountLevelIdentityBasedPolicy"

_group := "ResourceGroupLevelIdentityBasedPolicy"

test_a_policy_comes_through_users_and_groups if {
	request := object.union(
		explain_test.request("user/alice", "oss:ListObjects", "*"),
		{"context": {"acs:ResourceGroupId": "rg-a"}},
	)
	_attached(explain_test.explained(request)) == {
		["Objects", _account, "user", "alice", null],
		["Objects", _account, "group", "team", null],
		["list", _account, "group", "team", null],
		["Everything", _group, "group", "other", "rg-a"],
	}
}

test_a_user_without_groups if {
	request := object.union(
		explain_test.request("user/bob", "oss:ListObjects", "*"),
		{"context": {"acs:ResourceGroupId": "rg-a"}},
	)
	_attached(explain_test.explained(request)) == {["Everything", _group, "user", "bob", "rg-a"]}
}

test_roles_sessions_and_trust if {
	request := object.union(
		explain_test.request("role/app/s", "sts:AssumeRole", "acs:ram::1234567890123456:role/APP"),
		{"session_policies": [explain_test.allowing("sts:assumerole")]},
	)
	_attached(explain_test.explained(request)) == {
		["session:0", "SessionPolicy", "session", "0", null],
		["Everything", _account, "role", "App", null],
		["trust:App", "AssumeRolePolicy", "trust", "App", null],
	}
}

test_a_control_policy_of_two_levels_is_one_source if {
	request := {"principal": "acs:ram::6543210987654321:user/mia", "action": "ecs:Start", "resource": "*"}
	found := explain_test.in_levels(request, [["Everything"], [], ["Everything", "Odd"]])
	_attached(found) == {
		["Everything", "ControlPolicy", "level", "root", null],
		["Everything", "ControlPolicy", "level", "6543210987654321", null],
		["Everything", _account, "user", "mia", null],
	}
	count(found.considered) == 2
}

test_a_simulation_attaches_to_its_principal_cases if {
	cases := {"user/alice": "user", "user/nobody": "user", "role/nobody": "role", "root": "user"}
	count(cases) > 0
	every name, to in cases {
		request := object.union(
			explain_test.request(name, "oss:ListObjects", "*"),
			{"policies": {"p": explain_test.allowing("oss:listobjects")}},
		)
		last := split(name, "/")[count(split(name, "/")) - 1]
		_attached(explain_test.simulated(request)) == {["p", _account, to, last, null]}
	}
}

test_plain_grants_are_statements_again if {
	request := explain_test.request("user/dave", "oss:GetObject", "acs:oss:cn-a:1234567890123456:bucket/x")
	[found] := explain_test.explained(request).considered
	found.matches
	found.action == {"matches": true, "pattern": "oss:getobject", "not_action": false}
	found.resource.pattern == "acs:oss:cn-a:1234567890123456:bucket/x"
	[other] := explain_test.explained(object.union(request, {"action": "oss:GetObjec"})).considered
	not other.matches
	other.action.pattern == "oss:getobject"
	[deny] := explain_test.explained(object.union(request, {"action": "ecs:Start"})).considered
	[deny.index, deny.effect, deny.matches] == [1, "Deny", true]
}

test_documents_that_cannot_be_read_are_left_out if {
	[found] := explain_test.explained(explain_test.request("user/erin", "oss:ListObjects", "*")).considered
	found.policy == "Objects"
	explain_test.explained(explain_test.request("user/henry", "oss:ListObjects", "*")).considered == []
}
