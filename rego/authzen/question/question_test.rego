package authzen.question_test

import data.authzen.evaluation
import data.authzen.evaluation_test.store
import data.authzen.question

_alice := "acs:ram::1234567890123456:user/alice"

_record := "acs:record::1234567890123456:r"

_asked(subject, action, resource) := {
	"subject": subject,
	"action": {"name": action},
	"resource": resource,
}

_request(one) := found if {
	found := question.request(one) with data.store as store
}

_faults(one) := found if {
	found := question.faults(one) with data.store as store
}

_unmapped := object.remove(store, ["authzen"])

_stores_without_types := [
	_unmapped,
	object.union(_unmapped, {"authzen": {"subjects": {}, "resources": {}, "context": {}}}),
]

test_ids_are_arns_if_the_mapping_names_no_type_cases if {
	some _ in _stores_without_types
	every one_store in _stores_without_types {
		one := _asked({"type": "person", "id": _alice}, "record:read", {"type": "thing", "id": _record})
		expected := {"principal": _alice, "action": "record:read", "resource": _record, "context": {}}
		found := question.request(one) with data.store as one_store
		found == expected
		faults := question.faults(one) with data.store as one_store
		faults == []
	}
}

test_without_types_an_id_must_be_an_arn_cases if {
	cases := ["alice", "*", "", "ecs.aliyuncs.com", " acs:ram::1234567890123456:user/alice"]
	some _ in cases
	every id in cases {
		first := _asked({"type": "person", "id": id}, "record:read", {"type": "thing", "id": _record})
		not question.request(first) with data.store as _unmapped
		one := question.faults(first) with data.store as _unmapped
		one == ["subject.id: must be an ARN, because the mapping has no templates for subjects"]
		second := _asked({"type": "person", "id": _alice}, "record:read", {"type": "thing", "id": id})
		not question.request(second) with data.store as _unmapped
		other := question.faults(second) with data.store as _unmapped
		other == ["resource.id: must be an ARN, because the mapping has no templates for resources"]
	}
}

# A type in another case, or an ARN as the id, would walk around a template and its properties.
test_a_type_that_the_mapping_does_not_have_takes_nothing_cases if {
	ids := [_alice, "acs:ram::1234567890123456:root", "alice"]
	some _ in ids
	every id in ids {
		first := _asked({"type": "User", "id": id}, "read", {"type": "record", "id": "r-1"})
		not _request(first)
		_faults(first) == [`subject.type: the mapping has no subjects of the type "User"`]
	}
	second := _asked({"type": "user", "id": "alice"}, "record:read", {"type": "Record", "id": _record})
	not _request(second)
	_faults(second) == [`resource.type: the mapping has no resources of the type "Record"`]
}

_arn := {"arn": [{"field": "arn", "name": "", "slashes": false}], "properties": {}}

_taking_arns := object.union(store, {"authzen": {
	"subjects": {"principal": _arn},
	"resources": {"thing": object.union(_arn, {"properties": {"status": {"key": "record:status", "optional": false}}})},
}})

test_a_type_takes_arns_if_the_mapping_says_so if {
	thing := {"type": "thing", "id": _record, "properties": {"status": "new"}}
	one := _asked({"type": "principal", "id": _alice}, "record:read", thing)
	found := question.request(one) with data.store as _taking_arns
	found == {"principal": _alice, "action": "record:read", "resource": _record, "context": {"record:status": "new"}}
}

test_a_type_that_takes_arns_needs_an_arn_and_its_properties if {
	one := _asked({"type": "principal", "id": "alice"}, "record:read", {"type": "thing", "id": "*"})
	not question.request(one) with data.store as _taking_arns
	found := question.faults(one) with data.store as _taking_arns
	found == [
		"resource.id: must be an ARN",
		"resource.properties.status: is missing, and stands for the condition key `record:status`",
		"subject.id: must be an ARN",
	]
}

test_a_type_with_a_template_takes_no_arn if {
	one := _asked({"type": "user", "id": _alice}, "read", {"type": "record", "id": "r-1"})
	not _request(one)
	count(_faults(one)) == 1
}

test_templates_make_the_request if {
	one := _asked({"type": "user", "id": "alice"}, "read", {"type": "record", "id": "r-1", "properties": {"status": "new", "else": null}})
	_request(object.union(one, {"context": {"ip": "10.0.0.1", "else": {}}})) == {
		"principal": _alice,
		"action": "record:read",
		"resource": "acs:record::1234567890123456:r-1",
		"context": {"record:status": "new", "acs:SourceIp": "10.0.0.1"},
	}
}

test_a_type_without_actions_takes_those_of_ram if {
	one := _asked({"type": "user", "id": "alice"}, "record:read", {"type": "file", "id": "a/b"})
	_request(one).action == "record:read"
	_request(one).resource == "acs:record::1234567890123456:a/b"
}

test_an_unknown_action_is_a_fault if {
	one := _asked({"type": "user", "id": "alice"}, "fly", {"type": "record", "id": "r-1"})
	not _request(one)
	_faults(one) == [`action.name: the mapping has no action "fly" for resources of the type "record"`]
}

_long := concat("", [x | some _ in numbers.range(1, 129); x := "é"])

test_a_long_name_is_not_repeated_cases if {
	user := {"type": "user", "id": "alice"}
	record := {"type": "record", "id": "r-1"}
	whole := object.union(user, {"type": substring(_long, 0, 128)})
	cases := [
		[_asked(whole, "read", record), sprintf("subject.type: the mapping has no subjects of the type \"%s\"", [substring(_long, 0, 128)])],
		[_asked({"type": _long, "id": "a"}, "read", record), "subject.type: the mapping has no subjects of the type (129 characters)"],
		[_asked(user, "read", {"type": _long, "id": "a"}), "resource.type: the mapping has no resources of the type (129 characters)"],
		[_asked(user, _long, record), `action.name: the mapping has no action (129 characters) for resources of the type "record"`],
	]
	some _ in cases
	every case in cases {
		[one, expected] := case
		_faults(one) == [expected]
	}
}

# Of a text that no field takes, no error shows more than the length.
test_no_error_of_an_evaluation_repeats_a_long_text_cases if {
	text := concat("", [x | some _ in numbers.range(1, 5000); x := "x"])
	whole := _asked({"type": "user", "id": "alice"}, "read", {"type": "record", "id": "r-1", "properties": {"status": "new"}})
	unmapped := _asked({"type": "x", "id": concat("", ["acs:", text])}, "read", {"type": "x", "id": concat("", ["acs:", text])})
	longs := [
		{"subject": {"type": text}},
		{"subject": {"id": text}},
		{"action": {"name": text}},
		{"resource": {"type": text}},
		{"resource": {"id": text}},
		{"resource": {"properties": {"status": text}}},
		{"resource": {"properties": {text: text}}, "action": {"name": "fly"}},
		{"context": {"ip": text}},
		{"context": {"ip": {text: text}}},
		{"action": {"properties": {text: null}, "name": "remove"}},
	]
	count(longs) > 0
	every long in longs {
		answer := evaluation.decide(object.union(whole, long)) with data.store as store
		answer.decision == false
		count(json.marshal(answer)) < 600
	}
	others := [unmapped, object.union(unmapped, {"action": {"name": text}})]
	count(others) > 0
	every one in others {
		answer := evaluation.decide(one) with data.store as _unmapped
		answer.decision == false
		count(json.marshal(answer)) < 600
	}
}

test_a_required_property_that_is_missing_is_a_fault if {
	one := _asked({"type": "staff", "id": "alice"}, "remove", {"type": "record", "id": "other"})
	not _request(one)
	_faults(one) == [
		"action.properties.soft: is missing, and stands for the condition key `record:soft`",
		"resource.properties.status: is missing, and stands for the condition key `record:status`",
		"subject.properties.team: is missing, and stands for the condition key `my:team`",
	]
}

test_a_template_takes_the_known_properties_cases if {
	cases := [
		[{"id": "orders"}, "acs:record::1234567890123456:i-1/orders"],
		[{"id": "orders", "properties": {"instance": "i-3"}}, "acs:record::1234567890123456:i-3/orders"],
		[{"id": "audit", "properties": {"instance": "i-2"}}, "acs:record::1234567890123456:i-2/audit"],
	]
	some _ in cases
	every case in cases {
		[resource, expected] := case
		one := _asked({"type": "user", "id": "alice"}, "write", object.union(resource, {"type": "topic"}))
		_request(one).resource == expected
		_faults(one) == []
	}
	unknown := _asked({"type": "user", "id": "alice"}, "write", {"type": "topic", "id": "audit"})
	not _request(unknown)
	[message] := _faults(unknown)
	startswith(message, "resource.properties.instance: must be a text of letters")
}

test_an_optional_property_may_be_missing_but_not_unusable if {
	one := _asked({"type": "user", "id": "alice"}, "record:read", {"type": "file", "id": "a"})
	_request(one).context == {}
	not _request(object.union(one, {"context": {"ip": null}}))
	_faults(object.union(one, {"context": {"ip": null}})) == [concat("", [
		"context.ip: must be a text, a number, a boolean or a list of these that is not empty, ",
		"and stands for the condition key `acs:SourceIp`",
	])]
}

test_two_values_for_one_key_are_a_fault if {
	one := _asked(
		{"type": "staff", "id": "alice", "properties": {"team": "a"}},
		"record:read",
		{"type": "file", "id": "a", "properties": {"team": "a"}},
	)
	not _request(one)
	_faults(one) == ["the mapping gives the condition key `my:team` two values"]
}
