package authzen.metadata_test

import data.authzen.evaluation_test.store
import data.authzen.metadata

_url := "https://pdp.example.com"

_body(data_store) := found if {
	answer := metadata.answer with input as {"policy_decision_point": _url} with data.store as data_store
	answer.status == 200
	found := answer.body
}

_always := {
	"policy_decision_point": _url,
	"access_evaluation_endpoint": "https://pdp.example.com/access/v1/evaluation",
	"access_evaluations_endpoint": "https://pdp.example.com/access/v1/evaluations",
}

test_every_endpoint_that_a_type_can_use_is_there if {
	_body(store) == object.union(_always, {
		"search_subject_endpoint": "https://pdp.example.com/access/v1/search/subject",
		"search_resource_endpoint": "https://pdp.example.com/access/v1/search/resource",
		"search_action_endpoint": "https://pdp.example.com/access/v1/search/action",
	})
}

test_a_search_that_no_type_can_use_is_left_out if {
	_body({"authzen": {"subjects": {}, "resources": {}, "context": {}}}) == _always
	_body({"authzen": {
		"subjects": {"staff": store.authzen.subjects.staff},
		"resources": {"file": store.authzen.resources.file},
		"context": {},
	}}) == _always
	_body({"authzen": {
		"subjects": {"service": {"arn": [{"field": "id", "name": "", "slashes": false}, ".aliyuncs.com"], "properties": {}}},
		"resources": {},
		"context": {},
	}}) == _always
}

test_url_cases if {
	cases := [
		["https://pdp.example.com:8443", 200],
		["http://127.0.0.1:8182", 200],
		["https://[::1]:8182", 200],
		["https://pdp.example.com/", 400],
		["https://pdp.example.com/path", 400],
		["https://pdp.example.com?x", 400],
		["ftp://pdp.example.com", 400],
		["https://", 400],
		["https://a\"b", 400],
		["https://a\n", 400],
		[5, 400],
		[null, 400],
	]
	some _ in cases
	every case in cases {
		[url, status] := case
		found := metadata.answer with input as {"policy_decision_point": url} with data.store as store
		found.status == status
	}
}

test_the_answer_without_an_input_is_an_error if {
	metadata.answer.status == 400
}
