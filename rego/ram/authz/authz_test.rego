package ram.authz_test

import data.ram.authz
import data.ram.condition_test

_here := "1234567890123456"

_there := "6543210987654321"

_managing := "9999999999999999"

_document(kind, statements, patterns) := {
	"format": 2,
	"kind": kind,
	"statements": statements,
	"actions": {},
	"wildcards": {},
	"service_wildcards": patterns,
	"not_actions": [],
}

_of(effect) := _document("identity", [{"effect": effect, "any_resource": true}], {"*": [0]})

_about(effect, pattern) := _document("identity", [{"effect": effect, "any_resource": true}], {pattern: [0]})

_trusting(effect, principals) := _document("trust", [{"effect": effect, "principals": principals}], {"sts:*": [0]})

_refusing := _document(
	"trust",
	[
		{"effect": "Allow", "principals": ["acs:ram::1234567890123456:root"]},
		{"effect": "Deny", "principals": ["acs:ram::1234567890123456:user/alice"]},
	],
	{"sts:*": [0, 1]},
)

_policies := {
	"Everything": _of("Allow"),
	"Nothing": _of("Deny"),
	"NotEcs": _about("Deny", "ecs:*"),
	"OnlyOss": _about("Allow", "oss:*"),
	"NotSts": _about("Deny", "sts:*"),
	"Newer": object.union(_of("Allow"), {"format": 3}),
	"1234567890123456/own": _about("Allow", "ecs:start*"),
	"1234567890123456/trust:Open": _trusting("Allow", ["acs:ram::1234567890123456:root", "ecs.aliyuncs.com"]),
	"1234567890123456/trust:Closed": _trusting("Allow", ["acs:ram::1234567890123456:user/nobody"]),
	"1234567890123456/trust:Refusing": _refusing,
	"6543210987654321/trust:Other": _trusting("Allow", ["acs:ram::1234567890123456:root"]),
	"trust:AliyunServiceRoleForAlikafka": _trusting("Allow", ["alikafka.aliyuncs.com"]),
}

_users := {
	"alice": {"policies": ["Everything"]},
	"bob": {"policies": []},
	"carol": {"policies": ["Everything", "NotEcs"]},
	"dave": {
		"policies": ["1234567890123456/own"],
		"resource_groups": {"rg-open": ["Everything"], "rg-closed": ["Nothing"], "rg-gone": ["gone"]},
	},
	"erin": {"policies": ["NotEcs"], "resource_groups": {"rg-open": ["Everything"]}},
	"frank": {"policies": ["Everything", "gone"]},
	"grace": {"policies": ["Newer"]},
	"heidi": {"policies": ["Everything", "NotSts"]},
}

_role(name, policies) := {
	"name": name,
	"trust": concat("", ["1234567890123456/trust:", name]),
	"policies": policies,
}

_store := {
	"format": 2,
	"condition_keys": condition_test.spellings,
	"policies": _policies,
	"service_linked_roles": {
		"aliyunserviceroleforalikafka": {
			"role": "AliyunServiceRoleForAlikafka",
			"service_name": "alikafka.aliyuncs.com",
		},
		"aliyunserviceroleforsecret": {
			"role": "AliyunServiceRoleForSecret",
			"service_name": "secret.aliyuncs.com",
			"is_published": false,
		},
	},
	"accounts": {
		_here: {
			"users": _users,
			"roles": {
				"open": _role("Open", ["Everything"]),
				"closed": _role("Closed", []),
				"refusing": _role("Refusing", ["Everything"]),
				"dangling": _role("Dangling", ["Everything"]),
				"aliyunserviceroleforalikafka": {
					"name": "AliyunServiceRoleForAlikafka",
					"trust": "trust:AliyunServiceRoleForAlikafka",
					"policies": ["OnlyOss"],
				},
				"aliyunserviceroleforsecret": {
					"name": "AliyunServiceRoleForSecret",
					"trust": "trust:AliyunServiceRoleForSecret",
					"policies": [],
				},
			},
		},
		_there: {
			"users": {"zoe": {"policies": ["Everything"]}},
			"roles": {"other": {"name": "Other", "trust": "6543210987654321/trust:Other", "policies": []}},
		},
		_managing: {"users": {"admin": {"policies": ["Everything"]}}, "roles": {}},
	},
}

# The control policies of the root folder, then those of the account.
_directory(root, account) := object.union(_store, {"directory": {
	"management": _managing,
	"levels": {_here: [root, account]},
}})

_arn(text) := concat("", ["acs:ram::", _here, ":", text])

_asked(principal, action, resource) := {
	"principal": principal,
	"action": action,
	"resource": resource,
	"context": {"acs:CurrentTime": "2026-03-11T00:00:00Z"},
}

_start(principal) := _asked(_arn(principal), "ecs:StartInstance", "acs:ecs:::i")

_assume(principal, role) := _asked(principal, "sts:AssumeRole", _arn(concat("", ["role/", role])))

_decided(effect, reason, policy_type, statements) := {
	"allow": effect == "Allow",
	"effect": effect,
	"reason": reason,
	"policy_type": policy_type,
	"statements": [{"policy": one[0], "index": one[1]} | some one in statements],
}

_allowed(policy_type, statements) := _decided("Allow", "statement_allows", policy_type, statements)

_denied(policy_type, statements) := _decided("ExplicitDeny", "statement_denies", policy_type, statements)

_unmatched(policy_type) := _decided("ImplicitDeny", "no_statement_matches", policy_type, [])

_no(reason) := _decided("ImplicitDeny", reason, null, [])

_account_level := "AccountLevelIdentityBasedPolicy"

_group_level := "ResourceGroupLevelIdentityBasedPolicy"

test_identity_cases if {
	cases := {
		"user/alice": _allowed(_account_level, [["Everything", 0]]),
		"user/bob": _unmatched(_account_level),
		"user/carol": _denied(_account_level, [["NotEcs", 0]]),
		"user/dave": _allowed(_account_level, [["own", 0]]),
		"user/Alice": _no("unknown_principal"),
		"user/zoe": _no("unknown_principal"),
		"user/open": _no("unknown_principal"),
		"role/Open": _allowed(_account_level, [["Everything", 0]]),
		"role/OPEN": _allowed(_account_level, [["Everything", 0]]),
		"role/open/session": _allowed(_account_level, [["Everything", 0]]),
		"assumed-role/Open/session": _allowed(_account_level, [["Everything", 0]]),
		"role/closed": _unmatched(_account_level),
		"role/alice": _no("unknown_principal"),
		"assumed-role/gone/session": _no("unknown_principal"),
		"saml-provider/x": _unmatched(null),
		"oidc-provider/x": _unmatched(null),
		"root": _decided("Allow", "account_owner", null, []),
		"role/AliyunServiceRoleForAlikafka": _unmatched(_account_level),
		"role/AliyunServiceRoleForSecret": _no("policy_not_published"),
	}
	count(cases) > 0
	every principal, expected in cases {
		authz.decide(_start(principal)) == expected with data.store as _store
	}
}

test_the_action_is_compared_without_case if {
	asked := _asked(_arn("user/dave"), "ECS:STARTinstance", "*")
	authz.decide(asked).allow with data.store as _store
	other := _asked(_arn("user/dave"), "ECS:STOPinstance", "*")
	authz.decide(other) == _unmatched(_account_level) with data.store as _store
}

test_damaged_data_in_the_store_never_allows_cases if {
	cases := {
		"user/frank": _denied(_account_level, []),
		"user/grace": _denied(_account_level, []),
	}
	count(cases) > 0
	every principal, expected in cases {
		authz.decide(_start(principal)) == expected with data.store as _store
	}
}

test_a_missing_or_newer_store_never_allows_cases if {
	cases := [{}, object.union(_store, {"format": 3}), object.union(_store, {"format": "2"}), object.remove(_store, ["format"])]
	count(cases) > 0
	every store in cases {
		decided := authz.decide(_start("user/alice")) with data.store as store
		decided == object.union(_no("malformed_request"), {"errors": ["request: could not be decided"]})
	}
}

# 5.1
test_a_malformed_request_comes_before_an_unknown_principal if {
	asked := object.union(_start("user/nobody"), {"extra": 1})
	authz.decide(asked) == object.union(
		_no("malformed_request"),
		{"errors": ["extra: is not a field of a request"]},
	) with data.store as _store
}

# 5.2
test_an_unknown_principal_comes_before_all_layers_cases if {
	cases := [
		_start("user/nobody"),
		_asked("acs:ram::0000000000000000:root", "ecs:StartInstance", "*"),
		_asked("acs:ram::0000000000000000:user/alice", "ecs:StartInstance", "*"),
		object.union(_start("assumed-role/nobody/s"), {"session_policies": [_of("Deny")]}),
		_assume(_arn("user/nobody"), "gone"),
		_assume(_arn("role/nobody"), "Open"),
	]
	count(cases) > 0
	every one in cases {
		authz.decide(one) == _no("unknown_principal") with data.store as _directory(["Nothing"], ["Nothing"])
	}
}

test_services_and_providers_meet_no_policy_but_trust_cases if {
	cases := ["ecs.aliyuncs.com", _arn("saml-provider/x"), _arn("oidc-provider/x")]
	count(cases) > 0
	every principal in cases {
		store := _directory(["Nothing"], ["Nothing"])
		authz.decide(_asked(principal, "ecs:StartInstance", "*")) == _unmatched(null) with data.store as store
		away := _asked(principal, "ecs:StartInstance", "acs:ecs::6543210987654321:i")
		authz.decide(away) == _unmatched(null) with data.store as store
	}
}

# 5.3
test_the_owner_comes_before_control_policies_cases if {
	cases := {
		"acs:ecs:::i": _decided("Allow", "account_owner", null, []),
		"*": _decided("Allow", "account_owner", null, []),
		"acs:ecs::1234567890123456:i": _decided("Allow", "account_owner", null, []),
		"acs:ram:*:system:policy/x": _decided("Allow", "account_owner", null, []),
		"acs:ecs::6543210987654321:i": _no("resource_of_another_account"),
	}
	count(cases) > 0
	every resource, expected in cases {
		asked := _asked(_arn("root"), "ecs:StartInstance", resource)
		authz.decide(asked) == expected with data.store as _directory(["Nothing"], ["Nothing"])
	}
}

test_an_owner_assumes_no_role_cases if {
	cases := ["Open", "gone", "AliyunServiceRoleForAlikafka"]
	count(cases) > 0
	every name in cases {
		authz.decide(_assume(_arn("root"), name)) == _unmatched(null) with data.store as _directory(["Nothing"], [])
	}
}

# 5.4
test_control_cases if {
	cases := [
		[["Everything"], ["Everything"], _allowed(_account_level, [["Everything", 0]])],
		[["Everything"], ["Nothing"], _denied("ControlPolicy", [["Nothing", 0]])],
		[["Everything", "NotEcs"], ["Everything"], _denied("ControlPolicy", [["NotEcs", 0]])],
		[["Everything"], [], _unmatched("ControlPolicy")],
		[[], ["Everything"], _unmatched("ControlPolicy")],
		[["Everything"], ["OnlyOss"], _unmatched("ControlPolicy")],
		[["OnlyOss"], ["Nothing"], _unmatched("ControlPolicy")],
		[["NotEcs"], ["Nothing"], _denied("ControlPolicy", [["NotEcs", 0]])],
		[["Everything"], ["gone"], _denied("ControlPolicy", [])],
		[["Newer"], ["Everything"], _denied("ControlPolicy", [])],
	]
	count(cases) > 0
	every one in cases {
		authz.decide(_start("user/alice")) == one[2] with data.store as _directory(one[0], one[1])
	}
}

test_control_policies_never_grant if {
	store := _directory(["Everything"], ["Everything"])
	authz.decide(_start("user/bob")) == _unmatched(_account_level) with data.store as store
}

test_control_policies_bind_principals_cases if {
	denied := _denied("ControlPolicy", [["Nothing", 0]])
	cases := [
		[_arn("user/alice"), "acs:oss::1234567890123456:b", denied],
		[_arn("user/alice"), "acs:oss:*:*:b", denied],
		[_arn("user/alice"), "acs:ram:*:system:policy/x", denied],
		[_arn("user/alice"), "*", denied],
		[_arn("role/Open"), "*", denied],
		[_arn("assumed-role/Open/s"), "*", denied],
		["acs:ram::6543210987654321:user/zoe", "acs:oss::1234567890123456:b", denied],
		["acs:ram::6543210987654321:user/zoe", "*", _allowed(_account_level, [["Everything", 0]])],
		[
			_arn("user/alice"), "acs:oss::6543210987654321:b",
			_decided("ImplicitDeny", "resource_of_another_account", _account_level, []),
		],
		[_arn("role/AliyunServiceRoleForAlikafka"), "*", _allowed(_account_level, [["OnlyOss", 0]])],
		[_arn("role/AliyunServiceRoleForAlikafka/s"), "*", _allowed(_account_level, [["OnlyOss", 0]])],
		["acs:ram::9999999999999999:user/admin", "*", _allowed(_account_level, [["Everything", 0]])],
		[
			"acs:ram::9999999999999999:user/admin", "acs:oss::1234567890123456:b",
			_decided("ImplicitDeny", "resource_of_another_account", _account_level, []),
		],
	]
	count(cases) > 0
	every one in cases {
		decided := authz.decide(_asked(one[0], "oss:GetObject", one[1])) with data.store as _directory(["Nothing"], [])
		decided == one[2]
	}
}

test_control_comes_before_session_and_assuming_cases if {
	cases := [
		object.union(_start("assumed-role/Open/s"), {"session_policies": [_of("Deny")]}),
		_assume(_arn("user/alice"), "gone"),
		_assume(_arn("user/alice"), "Open"),
		_start("user/carol"),
	]
	count(cases) > 0
	every one in cases {
		authz.decide(one) == _unmatched("ControlPolicy") with data.store as _directory(["OnlyOss"], [])
	}
}

# 5.5
test_session_cases if {
	allowed := _allowed(_account_level, [["Everything", 0]])
	cases := [
		[[], allowed],
		[[_of("Allow")], allowed],
		[[_of("Allow"), _about("Allow", "ecs:*")], allowed],
		[[_about("Allow", "oss:*")], _unmatched("SessionPolicy")],
		[[_of("Allow"), _about("Allow", "oss:*")], _unmatched("SessionPolicy")],
		[[_about("Allow", "oss:*"), _of("Allow")], _unmatched("SessionPolicy")],
		[[_of("Deny")], _denied("SessionPolicy", [["session:0", 0]])],
		[[_of("Allow"), _of("Deny")], _denied("SessionPolicy", [["session:1", 0]])],
		[
			[_of("Deny"), _about("Allow", "oss:*"), _of("Deny")],
			_denied("SessionPolicy", [["session:0", 0], ["session:2", 0]]),
		],
	]
	count(cases) > 0
	every one in cases {
		asked := object.union(_start("assumed-role/Open/s"), {"session_policies": one[0]})
		authz.decide(asked) == one[1] with data.store as _store
	}
}

test_session_policies_never_grant if {
	asked := object.union(_start("assumed-role/Closed/s"), {"session_policies": [_of("Allow")]})
	authz.decide(asked) == _unmatched(_account_level) with data.store as _store
}

test_session_comes_before_identity_and_an_unknown_role_cases if {
	cases := [
		_start("assumed-role/Closed/s"),
		_start("assumed-role/AliyunServiceRoleForSecret/s"),
		_assume(_arn("assumed-role/Open/s"), "gone"),
		_assume(_arn("assumed-role/Open/s"), "Refusing"),
		_asked(_arn("assumed-role/Open/s"), "ecs:StartInstance", "acs:ecs::6543210987654321:i"),
	]
	count(cases) > 0
	every one in cases {
		asked := object.union(one, {"session_policies": [_of("Deny")]})
		authz.decide(asked) == _denied("SessionPolicy", [["session:0", 0]]) with data.store as _store
	}
}

# 5.6
test_resource_group_cases if {
	cases := [
		["user/dave", "ecs:Start", "rg-closed", _allowed(_account_level, [["own", 0]])],
		["user/dave", "ecs:Stop", "rg-open", _allowed(_group_level, [["Everything", 0]])],
		["user/dave", "ecs:Stop", "rg-closed", _denied(_group_level, [["Nothing", 0]])],
		["user/dave", "ecs:Stop", "rg-gone", _denied(_group_level, [])],
		["user/dave", "ecs:Stop", "rg-other", _unmatched(_group_level)],
		["user/dave", "ecs:Stop", "RG-open", _unmatched(_group_level)],
		["user/dave", "ecs:Stop", "", _unmatched(_group_level)],
		["user/dave", "ecs:Stop", ["rg-open"], _unmatched(_account_level)],
		["user/dave", "ecs:Stop", [], _unmatched(_account_level)],
		["user/dave", "ecs:Stop", true, _unmatched(_account_level)],
		["user/erin", "ecs:Stop", "rg-open", _denied(_account_level, [["NotEcs", 0]])],
		["user/erin", "oss:Get", "rg-open", _allowed(_group_level, [["Everything", 0]])],
		["user/bob", "oss:Get", "rg-open", _unmatched(_group_level)],
		["role/Closed", "oss:Get", "rg-open", _unmatched(_group_level)],
	]
	count(cases) > 0
	every one in cases {
		asked := object.union(_asked(_arn(one[0]), one[1], "*"), {"context": {"acs:ResourceGroupId": one[2]}})
		authz.decide(asked) == one[3] with data.store as _store
	}
}

test_a_role_s_resource_group if {
	store := object.union(_store, {"accounts": {_here: {"roles": {"closed": {"resource_groups": {"rg": ["Everything"]}}}}}})
	asked := object.union(_start("role/Closed"), {"context": {"acs:ResourceGroupId": "rg"}})
	authz.decide(asked) == _allowed(_group_level, [["Everything", 0]]) with data.store as store
}

# 5.7
test_another_account_cases if {
	refused := _decided("ImplicitDeny", "resource_of_another_account", _account_level, [])
	cases := [
		["user/alice", "acs:ecs::6543210987654321:i", refused],
		["user/alice", "acs:ecs:*:0:i", refused],
		["user/alice", "acs:ecs::1234567890123456:i", _allowed(_account_level, [["Everything", 0]])],
		["user/alice", "acs:ecs::*:i", _allowed(_account_level, [["Everything", 0]])],
		["user/alice", "acs:ecs::system:i", _allowed(_account_level, [["Everything", 0]])],
		["user/carol", "acs:ecs::6543210987654321:i", _denied(_account_level, [["NotEcs", 0]])],
		["user/bob", "acs:ecs::6543210987654321:i", _unmatched(_account_level)],
	]
	count(cases) > 0
	every one in cases {
		authz.decide(_asked(_arn(one[0]), "ecs:StartInstance", one[1])) == one[2] with data.store as _store
	}
}

test_another_account_after_a_resource_group if {
	asked := object.union(
		_asked(_arn("user/dave"), "oss:Get", "acs:oss::6543210987654321:b"),
		{"context": {"acs:ResourceGroupId": "rg-open"}},
	)
	refused := _decided("ImplicitDeny", "resource_of_another_account", _group_level, [])
	authz.decide(asked) == refused with data.store as _store
}

# 5.8
test_assuming_cases if {
	trusted := _allowed("AssumeRolePolicy", [["trust:Open", 0]])
	cases := [
		[_arn("user/alice"), "Open", trusted],
		[_arn("user/alice"), "OPEN", trusted],
		[_arn("role/Refusing"), "Open", trusted],
		[_arn("assumed-role/Refusing/s"), "Open", trusted],
		["ecs.aliyuncs.com", "Open", trusted],
		["fc.aliyuncs.com", "Open", _unmatched("AssumeRolePolicy")],
		[_arn("saml-provider/x"), "Open", _unmatched("AssumeRolePolicy")],
		[_arn("user/bob"), "Open", _unmatched(_account_level)],
		[_arn("user/heidi"), "Open", _denied(_account_level, [["NotSts", 0]])],
		[_arn("user/alice"), "Closed", _unmatched("AssumeRolePolicy")],
		[_arn("user/bob"), "Closed", _unmatched(_account_level)],
		[_arn("user/alice"), "Refusing", _denied("AssumeRolePolicy", [["trust:Refusing", 1]])],
		[_arn("user/heidi"), "Refusing", _denied(_account_level, [["NotSts", 0]])],
		[_arn("user/alice"), "Dangling", _denied("AssumeRolePolicy", [])],
		[_arn("user/alice"), "gone", _no("unknown_role")],
		[_arn("user/heidi"), "gone", _no("unknown_role")],
		["ecs.aliyuncs.com", "gone", _no("unknown_role")],
		["alikafka.aliyuncs.com", "AliyunServiceRoleForAlikafka", _allowed(
			"AssumeRolePolicy",
			[["trust:AliyunServiceRoleForAlikafka", 0]],
		)],
		["ecs.aliyuncs.com", "AliyunServiceRoleForAlikafka", _unmatched("AssumeRolePolicy")],
		[_arn("user/alice"), "AliyunServiceRoleForAlikafka", _unmatched("AssumeRolePolicy")],
		[_arn("role/AliyunServiceRoleForSecret"), "Open", _no("policy_not_published")],
	]
	count(cases) > 0
	every one in cases {
		every action in ["sts:AssumeRole", "sts:TagSession", "STS:setsourceidentity"] {
			asked := object.union(_assume(one[0], one[1]), {"action": action})
			authz.decide(asked) == one[2] with data.store as _store
		}
	}
}

test_a_trust_deny_comes_before_an_identity_that_does_not_allow if {
	store := object.union(_store, {"accounts": {_here: {"users": {"alice": {"policies": []}}}}})
	denied := _denied("AssumeRolePolicy", [["trust:Refusing", 1]])
	authz.decide(_assume(_arn("user/alice"), "Refusing")) == denied with data.store as store
}

test_only_a_role_is_assumed_cases if {
	cases := [
		"*", "acs:ram:*:*:role/Missing", "acs:ram::1234567890123456:user/alice", "acs:ram::1234567890123456:role/Open/s",
		"acs:ram::1234567890123456:role/*", "acs:ram:cn:1234567890123456:role/Open", "acs:oss:::role/Open",
		"acs:ram::system:role/Open", "acs:ram::6543210987654321:role/Open",
	]
	count(cases) > 0
	every resource in cases {
		every principal in [_arn("user/alice"), "ecs.aliyuncs.com"] {
			authz.decide(_asked(principal, "sts:AssumeRole", resource)) == _no("unknown_role") with data.store as _store
		}
	}
}

# 3.5: a service has no account that could complete the role's ARN
test_a_role_without_an_account_is_the_callers_cases if {
	cases := ["acs:ram:*:*:role/Open", "acs:ram:::role/open"]
	count(cases) > 0
	every resource in cases {
		authz.decide(_asked(_arn("user/alice"), "sts:AssumeRole", resource)).policy_type != null with data.store as _store
		authz.decide(_asked("ecs.aliyuncs.com", "sts:AssumeRole", resource)) == _no("unknown_role") with data.store as _store
	}
}

test_a_role_of_another_account_is_assumed_where_both_agree_cases if {
	role := "acs:ram:*:6543210987654321:role/Other"
	cases := {
		_arn("user/alice"): _allowed("AssumeRolePolicy", [["trust:Other", 0]]),
		_arn("user/bob"): _unmatched(_account_level),
		"acs:ram::6543210987654321:user/zoe": _unmatched("AssumeRolePolicy"),
	}
	count(cases) > 0
	every principal, expected in cases {
		authz.decide(_asked(principal, "sts:AssumeRole", role)) == expected with data.store as _store
	}
}

test_other_sts_actions_are_ordinary if {
	asked := object.union(_assume(_arn("user/alice"), "Closed"), {"action": "sts:GetCallerIdentity"})
	authz.decide(asked) == _allowed(_account_level, [["Everything", 0]]) with data.store as _store
}

test_the_decision_is_that_of_the_input if {
	expected := _allowed(_account_level, [["Everything", 0]])
	authz.decision == expected with input as _start("user/alice") with data.store as _store
	authz.decision == _no("unknown_principal") with input as _start("user/nobody") with data.store as _store
}

_undecided := object.union(_no("malformed_request"), {"errors": ["input: is missing, or could not be decided"]})

test_without_input_nothing_is_decided if {
	authz.decision == _undecided with data.store as _store
	authz.decisions == {"errors": ["requests: must be a list, and the only field"]} with data.store as _store
}

test_input_must_be_an_object_cases if {
	cases := [null, true, 5, "x", [], [_start("user/alice")]]
	count(cases) > 0
	every one in cases {
		authz.decision == object.union(
			_no("malformed_request"),
			{"errors": ["input: must be an object"]},
		) with input as one with data.store as _store
	}
}

test_a_batch_keeps_order_and_length if {
	requests := [
		_start("user/alice"), null, _start("user/bob"), {}, _start("user/alice"), [], "x",
		object.union(_start("user/alice"), {"extra": 1}), _start("user/nobody"),
	]
	decided := authz.decisions with input as {"requests": requests} with data.store as _store
	[one.reason | some one in decided] == [
		"statement_allows", "malformed_request", "no_statement_matches", "malformed_request", "statement_allows",
		"malformed_request", "malformed_request", "malformed_request", "unknown_principal",
	]
	every position, one in decided {
		one == authz.decide(requests[position]) with data.store as _store
	}
}

test_an_empty_batch_is_an_empty_list if {
	authz.decisions == [] with input as {"requests": []} with data.store as _store
}

test_an_invalid_batch_has_errors_cases if {
	cases := [
		{}, null, [], "x", 5, {"requests": "x"}, {"requests": null}, {"requests": {}}, {"requests": {"0": {}}},
		{"Requests": []}, {"requests": [], "extra": 1}, [_start("user/alice")], _start("user/alice"),
	]
	count(cases) > 0
	every one in cases {
		decided := authz.decisions with input as one with data.store as _store
		decided == {"errors": ["requests: must be a list, and the only field"]}
	}
}

_long := {"requests": ["not read" | some _ in numbers.range(0, 10000)]}

test_a_batch_that_is_too_long_is_refused if {
	expected := {"errors": ["requests: must be at most 10000, so send several batches"]}
	authz.decisions == expected with input as _long with data.store as _store
}

test_what_a_table_has_is_the_decision if {
	tabled := object.union(_store, {
		"who": {_here: {"acs:ram::1234567890123456:user/alice": "Everything"}},
		"rest": {"Everything": "one"},
		"entries": {"one": {"resource": "**", "true": "settled"}},
	})
	asked := {
		"principal": "acs:ram::1234567890123456:user/alice",
		"action": "ecs:Start",
		"resource": "acs:ecs:*:1234567890123456:instance/i",
	}
	authz.decision == "settled" with input as asked with data.store as tabled
	authz.decisions == ["settled"] with input as {"requests": [asked]} with data.store as tabled
	authz.decision.reason == "statement_allows" with input as asked with data.store as _store
}
