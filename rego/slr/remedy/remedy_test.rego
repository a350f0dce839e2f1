package slr.remedy_test

import data.ram.authz
import data.ram.condition_test
import data.slr.remedy

_here := "1234567890123456"

_kafka := "alikafka.aliyuncs.com"

_other := "other.aliyuncs.com"

_document(statements, patterns) := {
	"format": 2,
	"kind": "identity",
	"statements": statements,
	"actions": {},
	"wildcards": {},
	"service_wildcards": patterns,
	"not_actions": [],
}

_of(effect) := _document([{"effect": effect, "any_resource": true}], {"*": [0]})

_naming(names) := [{
	"operator": "StringEquals",
	"negated": false,
	"quantifier": "some",
	"key": "ram:ServiceName",
	"values": names,
}]

_creating(names) := _document(
	[{"effect": "Allow", "any_resource": true, "conditions": _naming(names)}],
	{"ram:create*": [0]},
)

# Two Deny statements, of which one denies only the other service.
_forbidding := _document(
	[
		{"effect": "Deny", "any_resource": true, "conditions": _naming([_other])},
		{"effect": "Allow", "any_resource": true},
		{"effect": "Deny", "any_resource": true},
	],
	{"ram:create*": [0, 1, 2]},
)

_levels(levels) := {"directory": {"management": "9999999999999999", "levels": {_here: levels}}}

_store := {
	"format": 2,
	"condition_keys": condition_test.spellings,
	"policies": {
		"Everything": _of("Allow"),
		"Nothing": _of("Deny"),
		"OssOnly": _document([{"effect": "Allow", "any_resource": true}], {"oss:*": [0]}),
		"1234567890123456/forbidding": _forbidding,
		"Newer": object.union(_of("Allow"), {"format": 3}),
		"Odd": {"unreadable": "has an unknown operator"},
		"AliyunKafkaFullAccess": _creating([_kafka]),
		"creation:alikafka.aliyuncs.com": _creating([_kafka]),
		"creation:other.aliyuncs.com": _creating([_other]),
	},
	"service_linked_roles": {
		"kafka": {"role": "Kafka", "service_name": _kafka, "creation_policy": _template(_kafka)},
		"other": {
			"role": "Other",
			"service_name": _other,
			"is_published": false,
			"creation_policy": _template(_other),
		},
	},
	"services": {_kafka: "kafka", _other: "other"},
	"accounts": {_here: {
		"users": {
			"bare": {"policies": []},
			"reader": {"policies": ["OssOnly"]},
			"stopped": {"policies": ["Everything", "Nothing"]},
			"barred": {"policies": ["Nothing"]},
			"forbidden": {"policies": ["1234567890123456/forbidding", "Nothing"]},
			"controlled": {"policies": ["Everything"]},
			"damaged": {"policies": ["gone", "Nothing"]},
			"newer": {"policies": ["Newer"]},
			"odd": {"policies": ["Everything", "Odd"]},
			"denied": {"policies": ["Nothing", "Odd"]},
			"grouped": {"policies": [], "resource_groups": {"rg": ["Nothing"]}},
		},
		"roles": {
			"app": {"name": "App", "policies": []},
			"kafka": {"name": "Kafka", "policies": []},
			"other": {"name": "Other", "policies": []},
		},
	}},
}

_ram_request(principal, service) := {
	"principal": concat("", ["acs:ram::", _here, ":", principal]),
	"action": "ram:CreateServiceLinkedRole",
	"resource": concat("", ["acs:ram:*:", _here, ":role/any"]),
	"context": {"ram:ServiceName": service},
}

# The store's document is proposed as it is.
_template(service) := {"Version": "1", "Statement": [{"the template for": service}]}

_attaching(principal, service) := {
	"policy": _template(service),
	"attach_to": concat("", ["acs:ram::", _here, ":", principal]),
}

_attaching_kafka(principal) := object.union(
	_attaching(principal, _kafka),
	{"or_attach": "AliyunKafkaFullAccess"},
)

_denies(pairs) := {"remove": [{"policy": pair[0], "index": pair[1]} | some pair in pairs]}

test_identity_policies_cases if {
	nothing := _denies([["Nothing", 0]])
	all := [["Nothing", 0], ["forbidding", 0], ["forbidding", 2]]
	cases := [
		["user/bare", _kafka, _attaching_kafka("user/bare")],
		["user/bare", _other, _attaching("user/bare", _other)],
		["user/reader", _kafka, _attaching_kafka("user/reader")],
		["role/App", _kafka, _attaching_kafka("role/app")],
		["assumed-role/App/s", _kafka, _attaching_kafka("role/app")],
		["role/App/s", _other, _attaching("role/app", _other)],
		["user/stopped", _kafka, nothing],
		["user/barred", _kafka, object.union(_attaching_kafka("user/barred"), nothing)],
		["user/barred", _other, object.union(_attaching("user/barred", _other), nothing)],
		["user/forbidden", _kafka, _denies([["Nothing", 0], ["forbidding", 2]])],
		["user/forbidden", _other, _denies(all)],
	]
	count(cases) > 0
	every one in cases {
		not authz.decide(_ram_request(one[0], one[1])).allow with data.store as _store
		remedy.of_creation(_ram_request(one[0], one[1])) == one[2] with data.store as _store
	}
}

test_a_principal_without_a_remedy_cases if {
	cases := ["role/Kafka", "role/KAFKA/s", "role/Other", "root", "user/damaged", "user/newer", "user/odd", "user/denied", "saml-provider/x"]
	count(cases) > 0
	every principal in cases {
		remedy.of_creation(_ram_request(principal, _kafka)) == null with data.store as _store
	}
}

test_a_service_has_no_remedy if {
	ram_request := object.union(_ram_request("user/bare", _kafka), {"principal": _kafka})
	remedy.of_creation(ram_request) == null with data.store as _store
}

test_the_deny_of_a_resource_group_needs_an_allow_of_the_account if {
	ram_request := object.union(_ram_request("user/grouped", _kafka), {"context": {"acs:ResourceGroupId": "rg"}})
	authz.decide(ram_request).effect == "ExplicitDeny" with data.store as _store
	remedy.of_creation(ram_request) == _attaching_kafka("user/grouped") with data.store as _store
}

test_control_policies_cases if {
	cases := [
		["user/controlled", [["Everything"], ["OssOnly"]], {"ask": "ControlPolicy", "levels": [1]}],
		["user/controlled", [[], ["Everything"], ["Nothing"]], {"ask": "ControlPolicy", "levels": [0, 2]}],
		[
			"user/bare", [["OssOnly"]],
			object.union(_attaching_kafka("user/bare"), {"ask": "ControlPolicy", "levels": [0]}),
		],
		[
			"user/barred", [["Nothing"]],
			object.union_n([
				_attaching_kafka("user/barred"),
				_denies([["Nothing", 0]]),
				{"ask": "ControlPolicy", "levels": [0]},
			]),
		],
		["user/bare", [["Everything"]], _attaching_kafka("user/bare")],
		["user/controlled", [["Everything", "Odd"]], {"ask": "ControlPolicy", "levels": [0]}],
		["role/Kafka", [[]], null],
	]
	count(cases) > 0
	every one in cases {
		store := object.union(_store, _levels(one[1]))
		remedy.of_creation(_ram_request(one[0], _kafka)) == one[2] with data.store as store
	}
}

test_a_system_policy_that_would_not_allow_is_left_out_cases if {
	cases := [
		object.union(_store, {"policies": {"AliyunKafkaFullAccess": _creating([_other])}}),
		object.union(_store, {"policies": {"AliyunKafkaFullAccess": {"format": 3}}}),
		json.remove(_store, ["policies/AliyunKafkaFullAccess"]),
	]
	count(cases) > 0
	every store in cases {
		remedy.of_creation(_ram_request("user/bare", _kafka)) == _attaching("user/bare", _kafka) with data.store as store
	}
}

test_a_policy_that_would_not_allow_is_not_proposed_cases if {
	path := "policies/creation:alikafka.aliyuncs.com"
	replacing := {"op": "replace", "path": path}
	cases := [
		json.remove(_store, [path]),
		json.patch(_store, [object.union(replacing, {"value": _creating([_other])})]),
		json.patch(_store, [object.union(replacing, {"value": _of("Deny")})]),
	]
	count(cases) > 0
	every store in cases {
		remedy.of_creation(_ram_request("user/bare", _kafka)) == null with data.store as store
	}
}
