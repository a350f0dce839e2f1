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

test_resource_cases if {
	cases := [
		[_asked("alice", "read", "record"), ["r-1", "r-2"]],
		[_asked("alice", "write", "record"), ["r-1"]],
		[_asked("bob", "read", "record"), []],
		[_asked("nobody", "read", "record"), []],
		[_asked("alice", "read", "spaceship"), []],
		[object.union(_asked("alice", "write", "record"), {"resource": {"id": "r-2", "properties": {"status": "new"}}}), ["r-1"]],
	]
	some _ in cases
	every case in cases {
		[one, expected] := case
		_answer(one) == {"status": 200, "body": {"results": [{"type": one.resource.type, "id": id} | some id in expected]}}
	}
}

test_a_type_without_known_resources_cannot_be_searched if {
	_answer(_asked("alice", "record:read", "file")) == {
		"status": 400,
		"body": "resources of the type \"file\" cannot be searched: the mapping lists none as `known`",
	}
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
