package authzen.search_test

import data.authzen.evaluation_test.store
import data.authzen.search

_asked(id) := {
	"subject": {"type": "user", "id": id},
	"action": {"name": "read"},
	"resource": {"type": "record", "id": "r-1"},
}

test_allowed_candidates_are_the_results if {
	candidates := [["a", _asked("alice")], ["b", _asked("bob")], ["c", _asked("\n")], ["d", {}], ["e", _asked("alice")]]
	found := search.answer_of(candidates) with data.store as store
	found == {"status": 200, "body": {"results": ["a", "e"]}}
}

test_too_many_candidates_are_an_error if {
	candidates := [[number, {}] | some number in numbers.range(1, 10001)]
	found := search.answer_of(candidates) with data.store as store
	found == {"status": 400, "body": "the search has 10001 candidates, more than 10000"}
}

test_a_refusal_is_an_error if {
	search.refusal("no") == {"status": 400, "body": "no"}
}
