package ram.simulate_test

import data.ram.condition_test
import data.ram.simulate

_here := "1234567890123456"

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

_store := {
	"format": 2,
	"condition_keys": condition_test.spellings,
	"policies": {
		"Everything": _of("Allow"),
		"Nothing": _of("Deny"),
		"1234567890123456/trust:Open": _document(
			"trust",
			[{"effect": "Allow", "principals": ["acs:ram::1234567890123456:root"]}],
			{"sts:*": [0]},
		),
	},
	"service_linked_roles": {"aliyunserviceroleforalikafka": {
		"role": "AliyunServiceRoleForAlikafka",
		"service_name": "alikafka.aliyuncs.com",
		"is_published": false,
	}},
	"accounts": {_here: {
		"users": {"denied": {"policies": ["Nothing"], "resource_groups": {"rg": ["Everything"]}}},
		"roles": {"open": {"name": "Open", "trust": "1234567890123456/trust:Open", "policies": []}},
	}},
	"directory": {"management": "9999999999999999", "levels": {"5555555555555555": [["Nothing"]]}},
}

_asked(principal, action, resource, policies) := {
	"principal": principal,
	"action": action,
	"resource": resource,
	"policies": policies,
}

_arn(text) := concat("", ["acs:ram::", _here, ":", text])

_decided(effect, reason, policy_type, statements) := {
	"allow": effect == "Allow",
	"effect": effect,
	"reason": reason,
	"policy_type": policy_type,
	"statements": [{"policy": one[0], "index": one[1]} | some one in statements],
	"simulated": true,
}

_level := "AccountLevelIdentityBasedPolicy"

_allowed := _decided("Allow", "statement_allows", _level, [["p", 0]])

_unmatched := _decided("ImplicitDeny", "no_statement_matches", _level, [])

test_only_the_policies_of_the_simulation_count_cases if {
	cases := [
		["user/denied", {"p": _of("Allow")}, _allowed],
		["user/denied", {}, _unmatched],
		["user/nobody", {"p": _of("Allow")}, _allowed],
		["role/nobody", {"p": _of("Allow")}, _allowed],
		["assumed-role/nobody/s", {"p": _of("Allow")}, _allowed],
		["root", {"p": _of("Allow")}, _allowed],
		["root", {}, _unmatched],
		["root", {"p": _of("Deny")}, _decided("ExplicitDeny", "statement_denies", _level, [["p", 0]])],
		["role/AliyunServiceRoleForAlikafka", {"p": _of("Allow")}, _allowed],
		["role/AliyunServiceRoleForAlikafka", {}, _unmatched],
		[
			"user/nobody", {"b": _of("Deny"), "a": _of("Deny"), "c": _of("Allow")},
			_decided("ExplicitDeny", "statement_denies", _level, [["a", 0], ["b", 0]]),
		],
	]
	count(cases) > 0
	every one in cases {
		asked := _asked(_arn(one[0]), "ecs:Start", "*", one[1])
		simulate.decide(asked) == one[2] with data.store as _store
	}
}

test_no_resource_group_is_read if {
	asked := object.union(
		_asked(_arn("user/denied"), "ecs:Start", "*", {}),
		{"context": {"acs:ResourceGroupId": "rg"}},
	)
	simulate.decide(asked) == _unmatched with data.store as _store
}

test_another_account_cases if {
	refused := _decided("ImplicitDeny", "resource_of_another_account", _level, [])
	cases := [
		["user/x", {"p": _of("Allow")}, refused],
		["root", {"p": _of("Allow")}, refused],
		["user/x", {}, _unmatched],
	]
	count(cases) > 0
	every one in cases {
		asked := _asked(_arn(one[0]), "ecs:Start", "acs:ecs::6543210987654321:i", one[1])
		simulate.decide(asked) == one[2] with data.store as _store
	}
}

test_control_policies_bind_cases if {
	denied := _decided("ExplicitDeny", "statement_denies", "ControlPolicy", [["Nothing", 0]])
	cases := {
		"acs:ram::5555555555555555:user/x": denied,
		"acs:ram::5555555555555555:role/x": denied,
		"acs:ram::5555555555555555:assumed-role/x/s": denied,
		"acs:ram::5555555555555555:root": _allowed,
		"acs:ram::5555555555555555:role/AliyunServiceRoleForAlikafka": _allowed,
		"acs:ram::9999999999999999:user/x": _allowed,
		"acs:ram::0000000000000000:user/x": _allowed,
	}
	count(cases) > 0
	every principal, expected in cases {
		simulate.decide(_asked(principal, "ecs:Start", "*", {"p": _of("Allow")})) == expected with data.store as _store
	}
}

test_session_policies_bind if {
	asked := object.union(
		_asked(_arn("assumed-role/nobody/s"), "ecs:Start", "*", {"p": _of("Allow")}),
		{"session_policies": [_of("Deny")]},
	)
	denied := _decided("ExplicitDeny", "statement_denies", "SessionPolicy", [["session:0", 0]])
	simulate.decide(asked) == denied with data.store as _store
}

test_trust_policies_are_read_cases if {
	trusted := _decided("Allow", "statement_allows", "AssumeRolePolicy", [["trust:Open", 0]])
	cases := [
		["user/x", "role/Open", {"p": _of("Allow")}, trusted],
		["user/x", "role/Open", {}, _unmatched],
		["user/x", "role/gone", {"p": _of("Allow")}, _decided("ImplicitDeny", "unknown_role", null, [])],
		["root", "role/Open", {"p": _of("Allow")}, _decided("ImplicitDeny", "no_statement_matches", "AssumeRolePolicy", [])],
	]
	count(cases) > 0
	every one in cases {
		asked := _asked(_arn(one[0]), "sts:AssumeRole", _arn(one[1]), one[2])
		simulate.decide(asked) == one[3] with data.store as _store
	}
}

_malformed(errors) := object.union(_decided("ImplicitDeny", "malformed_request", null, []), {"errors": errors})

_policies_fault := "policies: must be an object from names to translated identity policies"

_principal_fault := "principal: must be a user, a role or an owner in a simulation"

test_malformed_cases if {
	right := _asked(_arn("user/x"), "ecs:Start", "*", {})
	cases := [
		[object.remove(right, ["policies"]), [_policies_fault]],
		[object.union(right, {"policies": {"p": {"format": 2}}}), [_policies_fault]],
		[object.union(right, {"principal": "ecs.aliyuncs.com"}), [_principal_fault]],
		[object.union(right, {"principal": _arn("saml-provider/x")}), [_principal_fault]],
		[object.union(right, {"extra": 1}), ["extra: is not a field of a request"]],
		[null, ["input: must be an object"]],
	]
	count(cases) > 0
	every one in cases {
		simulate.decide(one[0]) == _malformed(one[1]) with data.store as _store
	}
}

test_a_store_of_another_format_never_allows if {
	asked := _asked(_arn("user/x"), "ecs:Start", "*", {"p": _of("Allow")})
	simulate.decide(asked) == _malformed(["request: could not be decided"]) with data.store as {"format": 3}
}

test_the_decision_is_that_of_the_input if {
	asked := _asked(_arn("user/x"), "ecs:Start", "*", {"p": _of("Allow")})
	simulate.decision == _allowed with input as asked with data.store as _store
}

test_without_input_nothing_is_decided if {
	simulate.decision == _malformed(["input: is missing, or could not be decided"]) with data.store as _store
	simulate.decisions == {"errors": ["requests: must be a list, and the only field"]} with data.store as _store
}

test_a_batch_keeps_order_and_length if {
	right := _asked(_arn("user/x"), "ecs:Start", "*", {"p": _of("Allow")})
	requests := [right, null, object.union(right, {"policies": []}), right]
	decided := simulate.decisions with input as {"requests": requests} with data.store as _store
	[one.allow | some one in decided] == [true, false, false, true]
	[one.simulated | some one in decided] == [true, true, true, true]
}

test_a_batch_that_is_too_long_is_refused if {
	asked := {"requests": ["not read" | some _ in numbers.range(0, 10000)]}
	expected := {"errors": ["requests: must be at most 10000, so send several batches"]}
	simulate.decisions == expected with input as asked with data.store as _store
}
