package authzen.evaluations_test

import data.authzen.evaluation_test.store
import data.authzen.evaluations

_defaults := {
	"subject": {"type": "user", "id": "alice"},
	"action": {"name": "write"},
	"resource": {"type": "record", "id": "r-1"},
}

_answer(batch) := found if {
	found := evaluations.answer with input as batch with data.store as store
}

_decisions(batch) := [one.decision | some one in _answer(batch).body.evaluations]

_mixed := [{}, {"resource": {"id": "r-2"}}, {}, {"subject": {"id": "bob"}}]

test_semantic_cases if {
	cases := [
		[{}, [true, false, true, false]],
		[{"options": {}}, [true, false, true, false]],
		[{"options": {"else": 1}}, [true, false, true, false]],
		[{"options": {"evaluations_semantic": "execute_all"}}, [true, false, true, false]],
		[{"options": {"evaluations_semantic": "deny_on_first_deny"}}, [true, false]],
		[{"options": {"evaluations_semantic": "permit_on_first_permit"}}, [true]],
	]
	some _ in cases
	every case in cases {
		[options, expected] := case
		_decisions(object.union_n([_defaults, {"evaluations": _mixed}, options])) == expected
	}
}

test_all_are_answered_if_none_ends_the_list if {
	permits := object.union(_defaults, {"evaluations": [{}, {}], "options": {"evaluations_semantic": "deny_on_first_deny"}})
	_decisions(permits) == [true, true]
	denials := object.union(_defaults, {
		"evaluations": [{"subject": {"id": "bob"}}, {"subject": {"id": "bob"}}],
		"options": {"evaluations_semantic": "permit_on_first_permit"},
	})
	_decisions(denials) == [false, false]
}

test_an_evaluation_at_fault_is_false_cases if {
	items := [
		5, null, [], "x", {"subject": null}, {"subject": "alice"}, {"action": {"name": 5}}, {"context": 5}, {"resource": {"id": "a\nb"}},
		{"subject": false}, {"action": false}, {"resource": false}, {"context": false},
	]
	some _ in items
	every item in items {
		found := _answer(object.union(_defaults, {"evaluations": [{}, item]}))
		found.status == 200
		found.body.evaluations[0].decision == true
		found.body.evaluations[1].decision == false
		found.body.evaluations[1].context.reason == "malformed_request"
		count(found.body.evaluations[1].context.errors) > 0
	}
}

test_an_entity_replaces_the_default_but_for_its_type if {
	default_archived := object.union(_defaults, {"resource": {"properties": {"status": "archived"}}})
	_decisions(object.union(default_archived, {"evaluations": [{}, {"resource": {"id": "r-1"}}]})) == [false, true]
	_decisions(object.union(_defaults, {"context": {"ip": null}, "evaluations": [{}, {"context": {}}]})) == [false, true]
	_decisions(object.union(_defaults, {"evaluations": [{"resource": {"id": "r-1", "type": "spaceship"}}]})) == [false]
}

test_an_id_or_a_name_is_never_that_of_the_default_cases if {
	items := [
		{"resource": {"type": "record"}},
		{"resource": {"type": "file"}},
		{"resource": {"properties": {"status": "new"}}},
		{"resource": {}},
		{"subject": {"type": "user"}},
		{"subject": {"properties": {"team": "a"}}},
		{"subject": {}},
		{"action": {"properties": {"soft": true}}},
		{"action": {}},
	]
	some _ in items
	every item in items {
		found := _answer(object.union(_defaults, {"evaluations": [{}, item]}))
		found.body.evaluations[0].decision == true
		found.body.evaluations[1].decision == false
		found.body.evaluations[1].context.reason == "malformed_request"
	}
}

test_an_entity_for_a_default_that_is_none_is_its_own if {
	none := object.union(_defaults, {"resource": "r-1"})
	_decisions(object.union(none, {"evaluations": [{"resource": {"type": "record", "id": "r-1"}}, {"resource": {"id": "r-1"}}, {}]})) == [true, false, false]
}

test_without_defaults_each_evaluation_is_whole if {
	_decisions({"evaluations": [_defaults, {}, object.remove(_defaults, ["resource"])]}) == [true, false, false]
}

test_without_a_list_it_is_one_evaluation_cases if {
	cases := [_defaults, object.union(_defaults, {"evaluations": []})]
	some _ in cases
	every one in cases {
		_answer(one) == {"status": 200, "body": {"decision": true}}
	}
	_answer({"evaluations": []}).status == 400
}

test_a_fault_of_the_list_is_an_error_cases if {
	many := [{} | some _ in numbers.range(1, 10001)]
	cases := [
		[[], "the request must be a JSON object"],
		[null, "the request must be a JSON object"],
		[{"evaluations": {}}, "evaluations: must be a list"],
		[{"evaluations": null}, "evaluations: must be a list"],
		[{"evaluations": many}, "evaluations: must be at most 10000"],
		[{"evaluations": [{}], "options": 5}, "options: must be an object"],
		[
			{"evaluations": [{}], "options": {"evaluations_semantic": "any"}},
			"options.evaluations_semantic: must be execute_all, deny_on_first_deny or permit_on_first_permit",
		],
		[
			{"evaluations": [{}], "options": {"evaluations_semantic": null}},
			"options.evaluations_semantic: must be execute_all, deny_on_first_deny or permit_on_first_permit",
		],
	]
	some _ in cases
	every case in cases {
		[batch, message] := case
		_answer(batch) == {"status": 400, "body": message}
	}
}

test_the_answer_without_an_input_is_an_error if {
	evaluations.answer.status == 400
}
