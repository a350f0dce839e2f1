package ram.survey_test

import data.ram.explain_test

_said(explanation) := [sprintf("%v %v", [layer.effect, layer.note]) | some layer in explanation.layers]

_silent := "null no_directory"

test_the_order_and_the_form if {
	found := explain_test.explained(explain_test.request("user/alice", "oss:GetObject", "*"))
	[layer.policy_type | some layer in found.layers] == [
		"ControlPolicy",
		"SessionPolicy",
		"AccountLevelIdentityBasedPolicy",
		"ResourceGroupLevelIdentityBasedPolicy",
		"AssumeRolePolicy",
	]
	found.layers[0] == {
		"policy_type": "ControlPolicy",
		"level": null,
		"effect": null,
		"statements": [],
		"note": "no_directory",
	}
}

test_silent_layer_cases if {
	cases := [
		["user/alice", [_silent, "null none_given", "ImplicitDeny null", "null no_resource_group", "null not_a_role"]],
		["root", ["null owner", "null owner", "null owner", "null owner", "null owner"]],
		["role/secret", [_silent, "null none_given", "null not_published", "null not_published", "null not_a_role"]],
		["user/erin", [_silent, "null none_given", "ImplicitDeny policy_unreadable", "null no_resource_group", "null not_a_role"]],
	]
	count(cases) > 0
	every case in cases {
		[name, expected] = case
		_said(explain_test.explained(explain_test.request(name, "oss:GetObject", "*"))) == expected
	}
}

test_a_service_has_no_identity_policies if {
	request := {
		"principal": "ecs.aliyuncs.com",
		"action": "sts:AssumeRole",
		"resource": "acs:ram::1234567890123456:role/App",
	}
	_said(explain_test.explained(request)) == [_silent, "null none_given", "null not_bound", "null not_bound", "Allow null"]
}

test_control_policies_do_not_bind_a_service if {
	request := {"principal": "ecs.aliyuncs.com", "action": "ecs:Start", "resource": "acs:ecs:cn:6543210987654321:i"}
	_said(explain_test.explained(request))[0] == "null not_bound"
}

test_each_level_speaks if {
	request := {"principal": "acs:ram::6543210987654321:user/mia", "action": "ecs:Start", "resource": "*"}
	found := explain_test.in_levels(request, [["Everything"], ["directory/OnlyKafka"], ["directory/Nothing"]])
	[[layer.level, layer.effect] | some layer in found.layers; layer.policy_type == "ControlPolicy"] == [
		["root", "Allow"],
		["production", "ImplicitDeny"],
		["6543210987654321", "ExplicitDeny"],
	]
	found.layers[2].statements == [{"policy": "Nothing", "index": 0}]
	found.layers[4].effect == "Allow"
}

test_session_policy_cases if {
	everything := explain_test.allowing("oss:getobject")
	nothing := object.union(everything, {"statements": [{"effect": "Deny", "any_resource": true}]})
	other := explain_test.allowing("oss:putobject")
	cases := [
		[[everything], "Allow", [{"policy": "session:0", "index": 0}]],
		[[everything, other], "ImplicitDeny", []],
		[[everything, nothing], "ExplicitDeny", [{"policy": "session:1", "index": 0}]],
	]
	count(cases) > 0
	every case in cases {
		[documents, effect, statements] = case
		request := object.union(
			explain_test.request("role/App/s", "oss:GetObject", "*"),
			{"session_policies": documents},
		)
		layer := explain_test.explained(request).layers[1]
		layer.effect == effect
		layer.statements == statements
	}
}

test_the_layer_of_a_resource_group if {
	request := object.union(
		explain_test.request("user/bob", "oss:GetObject", "*"),
		{"context": {"acs:ResourceGroupId": "rg-a"}},
	)
	found := explain_test.explained(request)
	_said(found)[2] == "ImplicitDeny null"
	_said(found)[3] == "Allow null"
}

test_a_simulation_of_an_owner if {
	request := object.union(
		explain_test.request("root", "sts:AssumeRole", "acs:ram::1234567890123456:role/App"),
		{"policies": {"p": explain_test.allowing("sts:assumerole")}},
	)
	_said(explain_test.simulated(request)) == [
		"null owner",
		"null none_given",
		"Allow null",
		"null no_resource_group",
		"ImplicitDeny null",
	]
}
