package authzen.evaluation_test

import data.authzen.evaluation
import data.ram.condition_test

_id := {"field": "id", "name": "", "slashes": false}

_policy := {
	"format": 2,
	"kind": "identity",
	"statements": [
		{"effect": "Allow", "resource_patterns": ["acs:record:*:1234567890123456:**"]},
		{
			"effect": "Deny",
			"any_resource": true,
			"conditions": [{"key": "record:status", "negated": false, "operator": "StringEquals", "quantifier": "some", "values": ["archived"]}],
		},
	],
	"actions": {"record:read": [0], "record:write": [0, 1], "record:remove": [0, 1]},
	"wildcards": {},
	"service_wildcards": {},
	"not_actions": [],
}

_empty := object.union(_policy, {"statements": [], "actions": {"none:none": []}})

store := {
	"format": 2,
	"condition_keys": condition_test.spellings,
	"policies": {"Records": _policy, "Empty": _empty},
	"service_linked_roles": {},
	"accounts": {
		"1234567890123456": {
			"users": {"alice": {"policies": ["Records"]}, "bob": {"policies": ["Empty"]}, "ada@x": {"policies": ["Records"]}},
			"roles": {"app": {"name": "App", "trust": "none", "policies": ["Records"]}},
		},
		"6543210987654321": {"users": {"zoe": {"policies": ["Records"]}}, "roles": {}},
	},
	"authzen": {
		"subjects": {
			"user": {"arn": ["acs:ram::1234567890123456:user/", _id], "properties": {}},
			"owner": {"arn": ["acs:ram::", _id, ":root"], "properties": {}},
			"staff": {
				"arn": ["acs:ram::1234567890123456:user/", _id],
				"properties": {"team": {"key": "my:team", "optional": false}},
			},
		},
		"resources": {
			"record": {
				"arn": ["acs:record::1234567890123456:", _id],
				"properties": {"status": {"key": "record:status", "optional": false}},
				"actions": {
					"read": {"action": "record:read", "properties": {}},
					"write": {"action": "record:write", "properties": {}},
					"remove": {"action": "record:remove", "properties": {"soft": {"key": "record:soft", "optional": false}}},
				},
				"known": {"r-1": {"status": "active"}, "r-2": {"status": "archived"}},
			},
			# A property without a condition key is a part of the ARN.
			"topic": {
				"arn": ["acs:record::1234567890123456:", {"field": "properties", "name": "instance", "slashes": false}, "/", _id],
				"properties": {},
				"actions": {"write": {"action": "record:write", "properties": {}}},
				"known": {"orders": {"instance": "i-1", "else": "x"}, "logs": {"instance": "i-2"}},
			},
			"file": {
				"arn": ["acs:record::1234567890123456:", {"field": "id", "name": "", "slashes": true}],
				"properties": {
					"team": {"key": "my:team", "optional": true},
					"owner": {"key": "my:owner", "optional": true},
				},
			},
		},
		"context": {"ip": {"key": "acs:SourceIp", "optional": true}},
	},
}

_asked(subject, action, resource) := {
	"subject": {"type": "user", "id": subject},
	"action": {"name": action},
	"resource": {"type": "record", "id": resource},
}

_decide(one) := found if {
	found := evaluation.decide(one) with data.store as store
}

test_decision_cases if {
	cases := [
		["alice", "read", "r-1", true],
		["alice", "write", "r-1", true],
		["alice", "write", "r-2", false],
		["bob", "read", "r-1", false],
		["nobody", "read", "r-1", false],
		["alice", "remove", "r-1", false],
		["alice", "fly", "r-1", false],
		["alice", "record:read", "r-1", false],
		["alice", "read", "r-3", false],
	]
	some _ in cases
	every case in cases {
		[subject, action, resource, expected] := case
		_decide(_asked(subject, action, resource)).decision == expected
	}
}

test_an_allow_has_no_context if {
	_decide(_asked("alice", "read", "r-1")) == {"decision": true}
}

test_a_denial_has_its_reason_cases if {
	cases := [
		["alice", "write", "r-2", "statement_denies"],
		["bob", "read", "r-1", "no_statement_matches"],
		["nobody", "read", "r-1", "unknown_principal"],
	]
	some _ in cases
	every case in cases {
		[subject, action, resource, reason] := case
		_decide(_asked(subject, action, resource)).context == {"reason": reason}
	}
}

test_the_properties_of_the_request_count_before_the_known_ones if {
	archived := object.union(_asked("alice", "write", "r-1"), {"resource": {"properties": {"status": "archived"}}})
	_decide(archived).context.reason == "statement_denies"
	active := object.union(_asked("alice", "write", "r-2"), {"resource": {"properties": {"status": "active"}}})
	_decide(active).decision
}

test_a_mapped_property_without_a_usable_value_is_false_cases if {
	values := [null, [], {}, {"a": "b"}, [null], [[]], [{}]]
	some _ in values
	every value in values {
		asked := object.union(_asked("alice", "read", "r-1"), {"resource": {"properties": {"status": value}}})
		found := _decide(asked)
		found.decision == false
		found.context == {"reason": "malformed_request", "errors": [concat("", [
			"resource.properties.status: must be a text, a number, a boolean or a list of these that is not empty, ",
			"and stands for the condition key `record:status`",
		])]}
	}
}

test_a_value_above_the_limits_is_false if {
	long := concat("", [x | some _ in numbers.range(1, 3000); x := "x"])
	asked := object.union(_asked("alice", "read", "r-1"), {"resource": {"properties": {"status": long}}})
	found := _decide(asked)
	found.decision == false
	found.context.reason == "malformed_request"
	count(found.context.errors) == 1
}

test_an_id_that_an_arn_cannot_have_is_false_cases if {
	ids := [
		"", ".", "..", "al ice", "alice\n", "alice\u0000", "*", "a*", "alic?", "a:b", "alice/bob", "a\\b", "%61lice", "älice",
		"acs:ram::1234567890123456:user/alice", "alice;",
	]
	some _ in ids
	every id in ids {
		found := _decide(_asked(id, "read", "r-1"))
		found.decision == false
		found.context.reason == "malformed_request"
		startswith(found.context.errors[0], "subject.id: ")
	}
	every id in ids {
		found := _decide(_asked("alice", "read", id))
		found.decision == false
	}
}

test_answer_cases if {
	good := _asked("alice", "read", "r-1")
	cases := [
		[good, 200],
		[object.union(good, {"else": 1, "subject": {"else": 1}}), 200],
		[object.union(good, {"action": {"name": "fly"}}), 200],
		[object.remove(good, ["subject"]), 400],
		[object.union(good, {"subject": "alice"}), 400],
		[object.union(good, {"subject": null}), 400],
		[object.union(good, {"action": {"name": 5}}), 400],
		[object.union(good, {"context": []}), 400],
		[object.union(good, {"context": null}), 400],
		[object.union(good, {"resource": {"properties": "x"}}), 400],
		[[], 400],
		[null, 400],
		["x", 400],
	]
	some _ in cases
	every case in cases {
		[one, status] := case
		found := evaluation.answer with input as one with data.store as store
		found.status == status
		type_name(found.body) == {200: "object", 400: "string"}[status]
	}
}

test_the_answer_without_an_input_is_an_error if {
	evaluation.answer.status == 400
}

test_a_store_of_another_format_allows_nothing if {
	older := object.union(store, {"format": 1, "authzen": store.authzen})
	found := evaluation.decide(_asked("alice", "read", "r-1")) with data.store as older
	found.decision == false
}

test_a_decision_that_is_no_clean_allow_is_false_cases if {
	decisions := [
		{"allow": false, "effect": "Allow", "reason": "x"},
		{"allow": true, "effect": "ImplicitDeny", "reason": "x"},
		{"allow": "true", "effect": "Allow", "reason": "x"},
	]
	some _ in decisions
	every decision in decisions {
		found := evaluation.decide(_asked("alice", "read", "r-1")) with data.store as store with data.ram.table.decision as decision
		found == {"decision": false, "context": {"reason": "x"}}
	}
}
