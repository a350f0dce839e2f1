package authzen.framed_test

import data.authzen.evaluation_test.store
import data.authzen.framed

_mark := "0123456789abcdef0123456789abcdef"

_good := {
	"subject": {"type": "user", "id": "alice"},
	"action": {"name": "read"},
	"resource": {"type": "record", "id": "r-1"},
	"policy_decision_point": "https://pdp.example.com",
}

_names := {"evaluation", "evaluations", "subject_search", "resource_search", "action_search", "metadata"}

test_a_good_answer_has_a_body_and_no_error if {
	bodies := framed.body with input as [_mark, _good, _mark] with data.store as store
	object.keys(bodies) == _names
	bodies.evaluation == {"decision": true}
	bodies.evaluations == {"decision": true}
	bodies.action_search == {"results": [{"name": "read"}, {"name": "write"}]}
	errors := framed.error with input as [_mark, _good, _mark] with data.store as store
	errors == {}
}

test_an_error_has_no_body_cases if {
	framings := [
		[_mark, {}, _mark],
		[_mark, _good],
		[_mark, _good, "ffffffffffffffffffffffffffffffff"],
		[_mark, _good, _mark, 5],
		[_mark, _good, {}, _mark],
		["x", _good, "x"],
		[null, _good, null],
		_good,
		"x",
		null,
	]
	some _ in framings
	every framing in framings {
		bodies := framed.body with input as framing with data.store as store
		bodies == {}
		errors := framed.error with input as framing with data.store as store
		object.keys(errors) == _names
		every message in errors {
			is_string(message)
		}
	}
}

# OPA has decoded such a character from bytes that are not UTF-8, or the caller wrote it.
test_a_replacement_character_is_an_error_cases if {
	goods := [
		object.union(_good, {"x": "a\ufffd"}),
		object.union(_good, {"\ufffd": 1}),
		object.union(_good, {"context": {"list": [["\ufffd"]]}}),
	]
	some _ in goods
	every good in goods {
		bodies := framed.body with input as [_mark, good, _mark] with data.store as store
		bodies == {}
		errors := framed.error with input as [_mark, good, _mark] with data.store as store
		object.keys(errors) == _names
		every message in errors {
			message == "the body is not JSON in UTF-8, or has the character U+FFFD"
		}
	}
}

test_the_spelling_of_a_replacement_character_is_no_error if {
	good := object.union(_good, {"x": `\ufffd`, "y": "é\u2028"})
	bodies := framed.body with input as [_mark, good, _mark] with data.store as store
	bodies.evaluation == {"decision": true}
}
