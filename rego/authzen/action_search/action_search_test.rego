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
		[_asked("alice", "spaceship", "acs:record::1234567890123456:r"), []],
		[object.union(_asked("alice", "record", "r-1"), {"action": {"name": "ignored"}}), ["read", "write"]],
	]
	some _ in cases
	every case in cases {
		[one, expected] := case
		_answer(one) == {"status": 200, "body": {"results": [{"name": name} | some name in expected]}}
	}
}

test_actions_that_are_not_declared_cannot_be_searched if {
	_answer(_asked("alice", "file", "a")).status == 400
	contains(_answer(_asked("alice", "file", "a")).body, "cannot be searched")
}

test_without_types_an_arn_has_actions_that_no_list_has if {
	unmapped := object.remove(store, ["authzen"])
	arn := {"subject": {"type": "user", "id": "acs:ram::1234567890123456:user/alice"}, "resource": {"type": "thing", "id": "acs:record::1234567890123456:r"}}
	found := action_search.answer with input as arn with data.store as unmapped
	found.status == 400
	contains(found.body, "cannot be searched")
	other := action_search.answer with input as object.union(arn, {"resource": {"id": "r"}}) with data.store as unmapped
	other == {"status": 200, "body": {"results": []}}
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
