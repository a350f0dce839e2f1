package ram.evaluation_test

import data.ram.evaluation
import data.ram.request

_document(effect) := {
	"format": 2,
	"kind": "identity",
	"statements": [{"effect": effect, "any_resource": true}],
	"actions": {},
	"wildcards": {},
	"service_wildcards": {"*": [0]},
	"not_actions": [],
}

_trust := {
	"format": 2,
	"kind": "trust",
	"statements": [{"effect": "Deny", "principals": ["acs:ram::1234567890123456:root"]}],
	"actions": {},
	"wildcards": {},
	"service_wildcards": {"*": [0]},
	"not_actions": [],
}

# Every check denies; a case removes the checks before the one that it is about.
_store := {
	"policies": {
		"Everything": _document("Allow"),
		"Nothing": _document("Deny"),
		"Odd": {"unreadable": "has an unknown operator"},
		"trust:App": _trust,
	},
	"service_linked_roles": {},
	"accounts": {"1234567890123456": {
		"users": {},
		"roles": {"app": {"name": "App", "trust": "trust:App", "policies": ["Nothing"]}},
	}},
	"directory": {"management": "9999999999999999", "levels": {"1234567890123456": [["Nothing"]]}},
}

_free := object.remove(_store, ["directory"])

_request := {
	"principal": "acs:ram::1234567890123456:role/App/s",
	"action": "sts:AssumeRole",
	"resource": "acs:ram::1234567890123456:role/App",
	"session_policies": [_document("Deny")],
}

_gone := {"resource": "acs:ram::1234567890123456:role/gone"}

_here := {"action": "ecs:Start", "resource": "*"}

_there := {"action": "ecs:Start", "resource": "acs:ecs::6543210987654321:i", "session_policies": []}

_odd := object.union(_free, {"accounts": {"1234567890123456": {"roles": {"app": {"policies": ["Odd"]}}}}})

_limited := object.union(_store, {"directory": {"levels": {"1234567890123456": [["Odd"]]}}})

_allowing := object.union(_free, {"accounts": {"1234567890123456": {"roles": {"app": {"policies": ["Everything"]}}}}})

test_the_first_check_that_decides_is_final_cases if {
	cases := [
		[_store, {"principal": "acs:ram::1234567890123456:role/gone/s"}, ["unknown_principal", null]],
		[_store, {}, ["statement_denies", "ControlPolicy"]],
		[_free, {}, ["statement_denies", "SessionPolicy"]],
		[_free, _gone, ["statement_denies", "SessionPolicy"]],
		[_free, object.union(_gone, {"session_policies": []}), ["unknown_role", null]],
		[_free, {"session_policies": []}, ["statement_denies", "AccountLevelIdentityBasedPolicy"]],
		[_allowing, {"session_policies": []}, ["statement_denies", "AssumeRolePolicy"]],
		[_store, _here, ["statement_denies", "ControlPolicy"]],
		[_free, _here, ["statement_denies", "SessionPolicy"]],
		[_free, _there, ["statement_denies", "AccountLevelIdentityBasedPolicy"]],
		[_allowing, _there, ["resource_of_another_account", "AccountLevelIdentityBasedPolicy"]],
		[_allowing, object.union(_here, {"session_policies": []}), ["statement_allows", "AccountLevelIdentityBasedPolicy"]],
		[_odd, _here, ["statement_denies", "SessionPolicy"]],
		[_odd, _there, ["policy_unreadable", "AccountLevelIdentityBasedPolicy"]],
		[_odd, {"session_policies": []}, ["policy_unreadable", "AccountLevelIdentityBasedPolicy"]],
		[_limited, _here, ["policy_unreadable", "ControlPolicy"]],
	]
	count(cases) > 0
	every one in cases {
		question := request.question(object.union(_request, one[1]))
		decided := evaluation.decision(question) with data.store as one[0]
		[decided.reason, decided.policy_type] == one[2]
	}
}

test_a_simulation_reads_nothing_of_its_principal_cases if {
	cases := [
		[{"principal": "acs:ram::1234567890123456:user/gone", "session_policies": []}, "statement_allows"],
		[{"principal": "acs:ram::1234567890123456:root", "session_policies": []}, "statement_allows"],
		[{"session_policies": []}, "statement_allows"],
		[{}, "statement_denies"],
		[_there, "resource_of_another_account"],
	]
	count(cases) > 0
	every one in cases {
		asked := object.union(object.union(_request, _here), one[0])
		question := object.union(request.question(asked), {"policies": {"p": _document("Allow")}})
		decided := evaluation.decision(question) with data.store as _free
		decided.reason == one[1]
	}
}
