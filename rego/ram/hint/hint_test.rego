package ram.hint_test

import data.ram.explain_test

_hints(name, operation, target, changes) := explain_test.explained(object.union(
	explain_test.request(name, operation, target),
	changes,
)).hints

_codes(hints) := [hint.code | some hint in hints]

_account := {"policy_type": "AccountLevelIdentityBasedPolicy", "level": null}

_app := "acs:ram::1234567890123456:role/App"

_outside := "acs:ram::1234567890123456:role/outside"

test_an_allowed_request_has_no_hint if {
	_hints("user/gina", "oss:GetObject", "*", {}) == []
}

test_a_deny_on_a_narrower_resource_is_a_hint_about_an_allowed_request if {
	deny := object.union(explain_test.allowing("oss:getobject"), {"statements": [{
		"effect": "Deny",
		"resource_patterns": ["acs:oss:**:**:bucket/**"],
	}]})
	request := object.union(
		explain_test.request("user/alice", "oss:GetObject", "*"),
		{"policies": {"p": explain_test.allowing("oss:getobject"), "q": deny}},
	)
	explain_test.simulated(request).hints == [object.union(_account, {
		"code": "wildcard_resource_asked",
		"policy": "q",
		"index": 0,
		"effect": "Deny",
		"pattern": "acs:oss:*:*:bucket/*",
	})]
}

test_unknown_name_cases if {
	unknown := {"code": "unknown_name", "kind": "user", "account": "1234567890123456", "name": "nobody"}
	cases := [
		["user/nobody", "oss:GetObject", "*", unknown],
		["role/Nobody/s", "oss:GetObject", "*", object.union(unknown, {"kind": "role", "name": "Nobody"})],
		["user/alice", "sts:AssumeRole", "acs:ram:*:*:role/No", object.union(unknown, {"kind": "role", "name": "No"})],
		["user/alice", "sts:AssumeRole", "acs:ram::7777777777777777:role/no", object.union(unknown, {"kind": "account", "account": "7777777777777777", "name": null})],
		["user/alice", "sts:AssumeRole", "acs:oss:cn:1234567890123456:b/x", object.union(unknown, {"kind": "role", "account": null, "name": null})],
	]
	count(cases) > 0
	every case in cases {
		[name, operation, target, expected] = case
		_hints(name, operation, target, {}) == [expected]
	}
	stranger := {"principal": "acs:ram::7777777777777777:root", "action": "a:b", "resource": "*"}
	explain_test.explained(stranger).hints == [object.union(unknown, {"kind": "account", "account": "7777777777777777", "name": null})]
}

test_an_owner_cannot_assume if {
	hint := {
		"code": "owner_cannot_assume",
		"role": "App",
		"account": "1234567890123456",
		"admits": ["acs:ram::1234567890123456:user/alice", "ecs.aliyuncs.com"],
	}
	_hints("root", "sts:AssumeRole", _app, {}) == [hint]
	_hints("root", "sts:AssumeRole", "*", {}) == [object.union(hint, {"role": null, "account": null, "admits": []})]
}

test_unreadable_policy if {
	_hints("user/erin", "oss:GetObject", "*", {}) == [object.union(_account, {"code": "unreadable_policy", "policy": "Odd"})]
	_hints("user/frank", "sts:AssumeRole", "acs:ram::1234567890123456:role/odd", {}) == [{
		"code": "unreadable_policy",
		"policy": "trust:Odd",
		"policy_type": "AssumeRolePolicy",
		"level": null,
	}]
	grouped := {"context": {"acs:ResourceGroupId": "rg-a"}}
	_hints("user/ivy", "oss:GetObject", "*", grouped) == [{
		"code": "unreadable_policy",
		"policy": "Odd",
		"policy_type": "ResourceGroupLevelIdentityBasedPolicy",
		"level": null,
	}]
}

test_unreadable_control_policy if {
	mia := {"principal": "acs:ram::6543210987654321:user/mia", "action": "ecs:Start", "resource": "*"}
	explain_test.in_levels(mia, [["Everything"], ["Everything", "Odd"], ["Everything"]]).hints == [{
		"code": "unreadable_policy",
		"policy": "Odd",
		"policy_type": "ControlPolicy",
		"level": "production",
	}]
}

test_identity_missing if {
	hints := _hints("user/alice", "sts:AssumeRole", _app, {})
	hints[0] == {
		"code": "identity_missing",
		"role": "App",
		"account": "1234567890123456",
		"action": "sts:AssumeRole",
		"resource": _app,
	}
	_codes(hints) == ["identity_missing", "would_allow_in_resource_group", "no_statement_for_service"]
}

test_trust_admits if {
	hint := {
		"code": "trust_admits",
		"policy_type": "AssumeRolePolicy",
		"level": null,
		"role": "App",
		"account": "1234567890123456",
		"admits": ["acs:ram::1234567890123456:user/alice", "ecs.aliyuncs.com"],
		"given": "acs:ram::1234567890123456:user/frank",
	}
	_hints("user/frank", "sts:AssumeRole", _app, {}) == [hint]
	_codes(_hints("user/carol", "sts:AssumeRole", _app, {})) == ["trust_admits", "nothing_attached"]
	service := {"principal": "fc.aliyuncs.com", "action": "sts:AssumeRole", "resource": _app}
	explain_test.explained(service).hints == [object.union(hint, {"given": "fc.aliyuncs.com"})]
}

test_conditions_of_a_trust_policy if {
	service := {"principal": "ecs.aliyuncs.com", "action": "sts:AssumeRole", "resource": _outside}
	absent := explain_test.explained(service).hints
	_codes(absent) == ["key_absent"]
	absent[0].policy == "trust:Outside"
	absent[0].key == "sts:ExternalId"
	differs := explain_test.explained(object.union(service, {"context": {"sts:ExternalId": "y"}})).hints
	_codes(differs) == ["only_condition_differs"]
}

test_a_resource_group if {
	hints := _hints("user/bob", "oss:PutObject", "*", {})
	hints == [{
		"code": "would_allow_in_resource_group",
		"policy": "Everything",
		"index": 0,
		"effect": "Allow",
		"policy_type": "ResourceGroupLevelIdentityBasedPolicy",
		"level": null,
		"resource_group": "rg-a",
	}]
	_hints("user/bob", "oss:PutObject", "acs:oss:cn:7777777777777777:b", {}) == []
	simulated := explain_test.simulated(object.union(explain_test.request("user/bob", "oss:PutObject", "*"), {"policies": {}}))
	_codes(simulated.hints) == []
}

test_the_nearest_statements_follow_in_order if {
	hints := _hints("user/alice", "oss:ListObjects", "acs:oss:cn:1234567890123456:bucket", {"context": {"oss:Prefix": "a"}})
	_codes(hints) == ["would_allow_in_resource_group", "only_condition_differs", "only_resource_differs"]
	hints[2].wanted == "bucket/*"
	hints[2].given == "bucket"
	_codes(_hints("user/dave", "oss:ListObjects", "acs:oss:cn-a:1234567890123456:bucket/x", {})) == ["only_action_differs"]
	_codes(_hints("user/dave", "oss:GetObject", "*", {})) == ["wildcard_resource_asked"]
}

test_no_statement_for_the_service_cases if {
	cases := [["user/dave", ["ecs", "oss"]], ["user/frank", ["sts"]]]
	count(cases) > 0
	every case in cases {
		[name, services] = case
		_hints(name, "domain:Query", "*", {}) == [object.union(_account, {
			"code": "no_statement_for_service",
			"service": "domain",
			"services": services,
		})]
	}
}

test_nothing_attached if {
	_hints("user/carol", "oss:GetObject", "*", {}) == [object.union(_account, {"code": "nothing_attached", "kind": "user"})]
	service := {"principal": "ecs.aliyuncs.com", "action": "oss:GetObject", "resource": "*"}
	explain_test.explained(service).hints == [{
		"code": "nothing_attached",
		"policy_type": null,
		"level": null,
		"kind": "service",
	}]
}

test_control_policy_cases if {
	mia := {"principal": "acs:ram::6543210987654321:user/mia", "action": "ecs:Start", "resource": "*"}
	level := {"policy_type": "ControlPolicy", "level": "production"}
	cases := [
		[[], [object.union(level, {"code": "nothing_attached", "kind": "user"})]],
		[["directory/OnlyKafka"], [object.union(level, {
			"code": "no_statement_for_service",
			"service": "ecs",
			"services": ["alikafka"],
		})]],
		[["directory/Absent", "Everything"], [object.union(level, {
			"code": "key_absent",
			"policy": "Absent",
			"index": 0,
			"effect": "Deny",
			"operator": "StringNotEquals",
			"key": "acs:SourceVpc",
			"values": ["v"],
		})]],
		[["directory/Nothing"], []],
	]
	count(cases) > 0
	every case in cases {
		[ids, expected] = case
		explain_test.in_levels(mia, [["Everything"], ids, ["Everything"]]).hints == expected
	}
}

test_session_policies if {
	hints := _hints("role/app/s", "oss:GetObject", "*", {"session_policies": [
		explain_test.allowing("oss:getobject"),
		explain_test.allowing("oss:putobject"),
	]})
	[[hint.code, hint.policy] | some hint in hints] == [["only_action_differs", "session:1"]]
}

test_at_most_three_of_a_kind if {
	policies := {sprintf("p%d", [number]): explain_test.allowing("oss:put") | some number in numbers.range(0, 5)}
	request := object.union(explain_test.request("user/alice", "oss:Get", "*"), {"policies": policies})
	_codes(explain_test.simulated(request).hints) == ["only_action_differs", "only_action_differs", "only_action_differs"]
}

test_other_reasons_have_no_hints if {
	_hints("root", "oss:GetObject", "acs:oss:cn:7777777777777777:b", {}) == []
	_hints("role/secret", "oss:GetObject", "*", {}) == []
	_hints("user/alice", "none", "*", {}) == []
}
