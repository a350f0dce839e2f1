package authzen.action_search_test

import data.authzen.action_search
import data.authzen.evaluation_test.store

_asked(subject, type, id) := {
	"subject": {"type": "user", "id": subject},
	"resource": {"type": type, "id": id},
}

_answer(one) := found if {
	found := action_search.answer with input as one with data.store as store
}

test_action_cases if {
	cases := [
		[_asked("alice", "record", "r-1"), ["read", "write"]],
		[_asked("alice", "record", "r-2"), ["read"]],
		[_asked("bob", "record", "r-1"), []],
		[_asked("nobody", "record", "r-1"), []],
		[_asked("alice", "spaceship", "x"), []],
		[object.union(_asked("alice", "record", "r-1"), {"action": {"name": "ignored"}}), ["read", "write"]],
	]
	some _ in cases
	every case in cases {
		[one, expected] := case
		_answer(one) == {"status": 200, "body": {"results": [{"name": name} | some name in expected]}}
	}
}

test_actions_that_are_not_declared_cannot_be_searched_cases if {
	cases := [["file", "a"], ["thing", "acs:record::1234567890123456:r"]]
	some _ in cases
	every case in cases {
		[type, id] := case
		found := _answer(_asked("alice", type, id))
		found.status == 400
		contains(found.body, "cannot be searched")
	}
}

test_a_fault_is_an_error_cases if {
	good := _asked("alice", "record", "r-1")
	cases := [object.remove(good, ["subject"]), object.remove(good, ["resource"]), object.union(good, {"resource": {"id": 5}}), []]
	some _ in cases
	every one in cases {
		_answer(one).status == 400
	}
}

test_the_answer_without_an_input_is_an_error if {
	action_search.answer.status == 400
}
