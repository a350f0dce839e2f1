package slr.deletion_test

import data.ram.condition_test
import data.slr.deletion

_here := "1234567890123456"

_deleting(names) := {
	"format": 2,
	"kind": "identity",
	"statements": [{
		"effect": "Allow",
		"any_resource": true,
		"conditions": [{
			"operator": "StringEquals",
			"negated": false,
			"quantifier": "some",
			"key": "ram:ServiceName",
			"values": names,
		}],
	}],
	"actions": {"ram:deleteservicelinkedrole": [0]},
	"wildcards": {},
	"service_wildcards": {},
	"not_actions": [],
}

_store := {
	"format": 2,
	"condition_keys": condition_test.spellings,
	"policies": {
		"Deleting": _deleting(["there.aliyuncs.com", "gone.aliyuncs.com"]),
		"Itself": _deleting(["there.aliyuncs.com"]),
	},
	"service_linked_roles": {
		"there": {"role": "There", "service_name": "there.aliyuncs.com", "created_when": "it is used"},
		"gone": {"role": "Gone", "service_name": "gone.aliyuncs.com", "created_when": "it is not"},
		"secret": {
			"role": "Secret",
			"service_name": "secret.aliyuncs.com",
			"is_published": false,
			"created_when": null,
		},
	},
	"services": {},
	"features": {"x.two": "there", "x.one": "there", "x.other": "gone"},
	"accounts": {_here: {
		"users": {"deleter": {"policies": ["Deleting"]}, "bare": {"policies": []}},
		"roles": {
			"there": {"name": "There", "policies": ["Itself"]},
			"secret": {"name": "Secret", "policies": []},
			"app": {"name": "App", "policies": []},
			"kim": {"name": "Kim", "policies": []},
		},
	}},
}

_arn(text) := concat("", ["acs:ram::", _here, ":", text])

_answer(question) := answer if {
	answer := deletion.decide(question) with data.store as _store
}

_of(principal, role) := _answer({"principal": _arn(principal), "role": role})

_usages := [
	{"region": "cn-hangzhou", "resources": ["acs:alikafka:cn-hangzhou:1234567890123456:i-1"]},
	{"region": "cn-beijing", "resources": []},
]

_in_use(principal, role) := _answer({"principal": _arn(principal), "role": role, "usages": _usages})

_owner := {
	"allow": true,
	"effect": "Allow",
	"reason": "account_owner",
	"policy_type": null,
	"statements": [],
}

_lost := {"features": ["x.one", "x.two"], "created_when": "it is used"}

test_the_answer_names_the_loss if {
	_of("root", "There") == {
		"allow": true,
		"outcome": "delete",
		"account": _here,
		"role": "There",
		"service_name": "there.aliyuncs.com",
		"authorization": _owner,
		"remedy": null,
		"loss": _lost,
	}
}

test_a_used_role_has_its_usages_to_release if {
	_in_use("root", "There") == {
		"allow": false,
		"outcome": "in_use",
		"account": _here,
		"role": "There",
		"service_name": "there.aliyuncs.com",
		"authorization": _owner,
		"remedy": {"release": _usages},
		"loss": _lost,
	}
}

test_an_empty_list_of_usages_does_not_count if {
	_answer({"principal": _arn("root"), "role": "There", "usages": []}).outcome == "delete"
}

test_allowed_principals_cases if {
	cases := [
		["root", "There", "delete"],
		["root", "Secret", "delete"],
		["user/deleter", "There", "delete"],
		["user/deleter", "Secret", "denied"],
		["user/bare", "There", "denied"],
		["role/There", "There", "delete"],
		["assumed-role/There/s", "There", "delete"],
		["role/There", "Secret", "denied"],
		["role/Secret", "Secret", "denied"],
		["role/App", "There", "denied"],
	]
	count(cases) > 0
	every one in cases {
		found := _of(one[0], one[1])
		[found.outcome, found.role] == [one[2], one[1]]
	}
}

test_a_denial_has_no_loss_cases if {
	cases := ["user/bare", "role/App"]
	count(cases) > 0
	every principal in cases {
		found := _in_use(principal, "There")
		[found.outcome, found.remedy, found.authorization.reason] == ["denied", null, "no_statement_matches"]
		not "loss" in object.keys(found)
	}
}

test_a_role_is_found_by_its_name_in_any_case_cases if {
	cases := ["There", "there", "THERE", "tHERE"]
	count(cases) > 0
	every role in cases {
		found := _of("root", role)
		[found.outcome, found.role] == ["delete", "There"]
	}
}

test_a_role_without_a_public_document_has_no_known_loss if {
	_of("root", "secret").loss == {"features": [], "created_when": null}
}

test_an_unknown_role_cases if {
	cases := ["Gone", "gone", "nobody", "", "there.aliyuncs.com", "acs:ram::1234567890123456:role/there", "\u212aim", "App\n"]
	count(cases) > 0
	every role in cases {
		_of("root", role) == {
			"allow": false,
			"outcome": "unknown_role",
			"account": _here,
			"role": null,
			"service_name": null,
			"authorization": null,
			"remedy": null,
		}
		_of("user/bare", role) == _of("root", role)
	}
}

test_an_ordinary_role_is_not_service_linked_cases if {
	cases := ["App", "app", "APP"]
	count(cases) > 0
	every role in cases {
		_in_use("user/bare", role) == {
			"allow": false,
			"outcome": "not_service_linked",
			"account": _here,
			"role": "App",
			"service_name": null,
			"authorization": null,
			"remedy": null,
		}
	}
}

test_an_unknown_principal_is_denied_first_cases if {
	nobody := "acs:ram::1234567890123456:user/nobody"
	cases := [
		[nobody, "There", "unknown_principal"],
		[nobody, "App", "unknown_principal"],
		[nobody, "nobody", "unknown_principal"],
		["acs:ram::0000000000000000:root", "There", "unknown_principal"],
		["there.aliyuncs.com", "There", "no_statement_matches"],
		["acs:ram::1234567890123456:saml-provider/x", "There", "no_statement_matches"],
	]
	count(cases) > 0
	every one in cases {
		found := _answer({"principal": one[0], "role": one[1], "usages": _usages})
		[found.outcome, found.allow, found.authorization.reason] == ["denied", false, one[2]]
		[found.role, found.service_name, found.remedy] == [null, null, null]
	}
}

_malformed(errors) := {
	"allow": false,
	"outcome": "malformed_request",
	"account": null,
	"role": null,
	"service_name": null,
	"authorization": null,
	"remedy": null,
	"errors": errors,
}

_usages_fault := concat("", [
	"usages: must be a list of at most 1000 objects with `region` and a list of ARNs, `resources`, ",
	"at most 10000 in all",
])

test_malformed_usages_cases if {
	usage := _usages[0]
	cases := [
		null,
		{},
		"x",
		usage,
		[null],
		["x"],
		[[]],
		[{}],
		[object.remove(usage, ["region"])],
		[object.remove(usage, ["resources"])],
		[object.union(usage, {"more": 1})],
		[object.union(usage, {"region": null})],
		[object.union(usage, {"resources": null})],
		[object.union(usage, {"resources": {"a": "acs:oss:::b"}})],
		[object.union(usage, {"resources": [null]})],
		[object.union(usage, {"resources": ["bucket"]})],
		[usage, {"Region": "cn-beijing", "Resources": []}],
	]
	count(cases) > 0
	every usages in cases {
		_answer({"principal": _arn("root"), "role": "There", "usages": usages}) == _malformed([_usages_fault])
	}
}

test_malformed_cases if {
	right := {"principal": _arn("root"), "role": "There"}
	cases := [
		[null, ["input: must be an object"]],
		[[], ["input: must be an object"]],
		[object.remove(right, ["role"]), ["role: is missing"]],
		[object.union(right, {"role": null}), ["role: must be a string"]],
		[object.union(right, {"role": ["There"]}), ["role: must be a string"]],
		[object.union(right, {"role": 1, "usages": 1}), ["role: must be a string", _usages_fault]],
		[object.union(right, {"service_name": "x"}), ["service_name: is not a field of this question"]],
		[
			object.union(right, {"context": {"ram:ServiceName": "there.aliyuncs.com"}}),
			["context.ram:ServiceName: comes from the role: leave it out"],
		],
	]
	count(cases) > 0
	every one in cases {
		_answer(one[0]) == _malformed(one[1])
	}
}

test_with_a_store_of_another_format_every_question_is_malformed if {
	store := object.union(_store, {"format": 3})
	answer := deletion.decide({"principal": _arn("root"), "role": "There"}) with data.store as store
	answer == _malformed(["input: could not be decided"])
}

test_the_decision_answers_the_input if {
	question := {"principal": _arn("root"), "role": "There"}
	deletion.decision.outcome == "delete" with input as question with data.store as _store
}

test_without_input_the_decision_is_malformed if {
	deletion.decision == _malformed(["input: is missing, or could not be decided"]) with data.store as _store
}
