package slr.feature_test

import data.ram.condition_test
import data.slr.feature

_here := "1234567890123456"

_creating := {
	"format": 2,
	"kind": "identity",
	"statements": [{"effect": "Allow", "any_resource": true}],
	"actions": {"ram:createservicelinkedrole": [0]},
	"wildcards": {},
	"service_wildcards": {},
	"not_actions": [],
}

_store := {
	"format": 2,
	"condition_keys": condition_test.spellings,
	"policies": {"Creating": _creating, "creation:new.aliyuncs.com": _creating},
	"service_linked_roles": {
		"there": {"role": "There", "service_name": "there.aliyuncs.com"},
		"new": {"role": "New", "service_name": "new.aliyuncs.com", "creation_policy": {}},
	},
	"services": {"there.aliyuncs.com": "there", "new.aliyuncs.com": "new"},
	"features": {"x.there": "there", "x.new": "new"},
	"accounts": {_here: {
		"users": {"creator": {"policies": ["Creating"]}, "bare": {"policies": []}},
		"roles": {"there": {"name": "There", "policies": []}},
	}},
}

_arn(text) := concat("", ["acs:ram::", _here, ":", text])

_answer(question) := answer if {
	answer := feature.decide(question) with data.store as _store
}

_of(principal, name) := _answer({"principal": _arn(principal), "feature": name})

test_outcome_cases if {
	cases := [
		["user/bare", "x.there", "ready", true, "There"],
		["user/creator", "x.there", "ready", true, "There"],
		["root", "x.there", "ready", true, "There"],
		["role/There/s", "x.there", "ready", true, "There"],
		["user/creator", "x.new", "create", true, "New"],
		["root", "x.new", "create", true, "New"],
		["user/bare", "x.new", "denied", false, "New"],
		["user/nobody", "x.there", "denied", false, "There"],
		["user/nobody", "x.gone", "denied", false, null],
		["user/bare", "x.gone", "unknown_feature", false, null],
		["root", "X.new", "unknown_feature", false, null],
		["root", "new", "unknown_feature", false, null],
		["root", "", "unknown_feature", false, null],
	]
	count(cases) > 0
	every one in cases {
		found := _of(one[0], one[1])
		[found.outcome, found.allow, found.role] == [one[2], one[3], one[4]]
		found.account == _here
	}
}

test_a_service_uses_no_feature_cases if {
	cases := ["x.there", "x.new", "x.gone"]
	count(cases) > 0
	every name in cases {
		found := _answer({"principal": "there.aliyuncs.com", "feature": name})
		[found.outcome, found.account, found.authorization.reason] == ["denied", null, "no_statement_matches"]
	}
}

test_a_ready_feature_needs_no_authorization if {
	_of("user/bare", "x.there") == {
		"allow": true,
		"outcome": "ready",
		"account": _here,
		"role": "There",
		"service_name": "there.aliyuncs.com",
		"authorization": null,
		"remedy": null,
	}
}

test_a_denied_feature_has_a_remedy if {
	found := _of("user/bare", "x.new")
	found.authorization.reason == "no_statement_matches"
	found.remedy.attach_to == _arn("user/bare")
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

test_malformed_cases if {
	right := {"principal": _arn("root"), "feature": "x.new"}
	cases := [
		[null, ["input: must be an object"]],
		["x.new", ["input: must be an object"]],
		[object.remove(right, ["feature"]), ["feature: is missing"]],
		[object.union(right, {"feature": null}), ["feature: must be a string"]],
		[object.union(right, {"feature": {}}), ["feature: must be a string"]],
		[object.union(right, {"role": "New"}), ["role: is not a field of this question"]],
		[
			object.union(right, {"context": {"ram:ServiceName": "new.aliyuncs.com"}}),
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
	answer := feature.decide({"principal": _arn("root"), "feature": "x.there"}) with data.store as store
	answer == _malformed(["input: could not be decided"])
}

test_the_decision_answers_the_input if {
	question := {"principal": _arn("root"), "feature": "x.there"}
	feature.decision.outcome == "ready" with input as question with data.store as _store
}

test_without_input_the_decision_is_malformed if {
	feature.decision == _malformed(["input: is missing, or could not be decided"]) with data.store as _store
}
