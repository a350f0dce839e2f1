package authzen.question_test

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

test_ids_that_are_arns_need_no_template if {
	one := _asked({"type": "person", "id": _alice}, "record:read", {"type": "thing", "id": _record})
	expected := {"principal": _alice, "action": "record:read", "resource": _record, "context": {}}
	_request(one) == expected
	_faults(one) == []
	found := question.request(one) with data.store as object.remove(store, ["authzen"])
	found == expected
}

test_without_a_template_an_id_must_be_an_arn_cases if {
	cases := ["alice", "*", "", "ecs.aliyuncs.com", " acs:ram::1234567890123456:user/alice"]
	some _ in cases
	every id in cases {
		first := _asked({"type": "person", "id": id}, "record:read", {"type": "thing", "id": _record})
		not _request(first)
		_faults(first) == [`subject.id: must be an ARN, because the mapping has no template for subjects of the type "person"`]
		second := _asked({"type": "person", "id": _alice}, "record:read", {"type": "thing", "id": id})
		not _request(second)
		_faults(second) == [`resource.id: must be an ARN, because the mapping has no template for resources of the type "thing"`]
	}
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

test_a_required_property_that_is_missing_is_a_fault if {
	one := _asked({"type": "staff", "id": "alice"}, "remove", {"type": "record", "id": "other"})
	not _request(one)
	_faults(one) == [
		"action.properties.soft: is missing, and stands for the condition key `record:soft`",
		"resource.properties.status: is missing, and stands for the condition key `record:status`",
		"subject.properties.team: is missing, and stands for the condition key `my:team`",
	]
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
