package authzen.resource_search_test

import data.authzen.evaluation_test.store
import data.authzen.resource_search

_asked(subject, action, type) := {
	"subject": {"type": "user", "id": subject},
	"action": {"name": action},
	"resource": {"type": type},
}

_answer(one) := found if {
	found := resource_search.answer with input as one with data.store as store
}

_given(action, properties) := object.union(_asked("alice", action, "record"), {"resource": {"properties": properties}})

test_resource_cases if {
	cases := [
		[_asked("alice", "read", "record"), ["r-1", "r-2"]],
		[_asked("alice", "write", "record"), ["r-1"]],
		[_asked("bob", "read", "record"), []],
		[_asked("nobody", "read", "record"), []],
		[_asked("alice", "read", "spaceship"), []],
		[object.union(_asked("alice", "write", "record"), {"resource": {"id": "ignored"}}), ["r-1"]],
		[_given("write", {"status": "active"}), ["r-1"]],
		[_given("read", {"status": "archived"}), ["r-2"]],
		[_given("write", {"status": "archived"}), []],
		[_given("write", {"status": "new"}), []],
		[_given("write", {"status": null}), []],
		[_given("write", {"else": "x"}), ["r-1"]],
	]
	some _ in cases
	every case in cases {
		[one, expected] := case
		_answer(one) == {"status": 200, "body": {"results": [{"type": one.resource.type, "id": id} | some id in expected]}}
	}
}

test_a_property_that_is_not_known_is_the_given_one if {
	more := object.union(store, {"authzen": {"resources": {"record": {"known": {"r-3": {}}}}}})
	found := resource_search.answer with input as _given("write", {"status": "active"}) with data.store as more
	found.body.results == [{"type": "record", "id": "r-1"}, {"type": "record", "id": "r-3"}]
	denied := resource_search.answer with input as _given("write", {"status": "archived"}) with data.store as more
	denied.body.results == []
	without := resource_search.answer with input as _asked("alice", "write", "record") with data.store as more
	without.body.results == [{"type": "record", "id": "r-1"}]
}

test_a_property_of_the_template_is_compared_cases if {
	cases := [
		[{}, ["logs", "orders"]],
		[{"instance": "i-1"}, ["orders"]],
		[{"instance": "i-3"}, []],
		[{"instance": "i-1", "else": "y"}, ["orders"]],
	]
	some _ in cases
	every case in cases {
		[properties, expected] := case
		one := object.union(_asked("alice", "write", "topic"), {"resource": {"properties": properties}})
		[result.id | some result in _answer(one).body.results] == expected
	}
}

test_a_type_without_known_resources_cannot_be_searched if {
	_answer(_asked("alice", "record:read", "file")) == {
		"status": 400,
		"body": "resources of the type \"file\" cannot be searched: the mapping lists none as `known`",
	}
}

test_without_types_resources_cannot_be_searched if {
	unmapped := object.remove(store, ["authzen"])
	found := resource_search.answer with input as _asked("alice", "read", "record") with data.store as unmapped
	found == {"status": 400, "body": "resources cannot be searched: the mapping has no templates for them"}
}

test_a_fault_is_an_error_cases if {
	good := _asked("alice", "read", "record")
	cases := [object.remove(good, ["subject"]), object.remove(good, ["resource"]), object.union(good, {"subject": {"id": null}}), []]
	some _ in cases
	every one in cases {
		_answer(one).status == 400
	}
}

test_the_answer_without_an_input_is_an_error if {
	resource_search.answer.status == 400
}
