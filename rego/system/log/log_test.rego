package system.log_test

import data.system.log

_request := {"principal": "p", "action": "a", "resource": "r", "context": {"k": "v"}}

test_a_request_without_documents_is_logged_whole if {
	log.mask == set() with input as {"input": _request}
	log.mask == set() with input as {"input": {"requests": [_request]}}
	log.mask == set() with input as {"path": "ram/authz/decision"}
}

test_documents_of_a_request_are_left_out if {
	request := object.union(_request, {"session_policies": [{}], "policies": {"n": {}}})
	log.mask == {"/input/session_policies", "/input/policies"} with input as {"input": request}
}

test_documents_of_a_batch_are_left_out if {
	session := object.union(_request, {"session_policies": [{}]})
	simulated := object.union(_request, {"policies": {"n": {}}})
	log.mask == {"/input/requests/1/session_policies", "/input/requests/2/policies"}
		with input as {"input": {"requests": [_request, session, simulated]}}
}

test_a_query_of_the_revision_is_not_logged if {
	log.drop with input as {"path": "system/status/serial"}
	log.drop with input as {"path": "system/status/revision"}
	not log.drop with input as {"path": "ram/authz/decision"}
	not log.drop with input as {"path": "system/status/revision/x"}
	not log.drop with input as {"input": {"path": "system/status/revision"}}
}

_headers(kept) := {"op": "upsert", "path": "/input/headers", "value": kept}

test_secrets_of_an_http_request_are_left_out if {
	header := {"field": "header", "name": "x-user"}
	mapping := {"authzen": {"http": {
		"subject": {"type": "user", "id": [header]},
		"context": {"ip": ["v", {"field": "header", "name": "x-ip"}]},
		"routes": [{"resource": {"id": ["r-", {"field": "path", "name": "x-path"}, {"field": "header", "name": "x-record"}]}}],
	}}}
	asked := {
		"method": "GET",
		"path": "/r",
		"query": "token=secret",
		"headers": {"x-user": ["alice"], "x-ip": ["10.0.0.1"], "x-record": ["1"], "x-api-key": ["secret"], "x-path": ["a"], "a~b/c": ["d"]},
	}
	entry := {"path": "authzen/route/answer", "input": asked}
	kept := {"x-user": ["alice"], "x-ip": ["10.0.0.1"], "x-record": ["1"]}
	log.mask == {"/input/query", _headers(kept)} with input as entry with data.store as mapping
	log.mask == {"/input/query", _headers({})} with input as entry with data.store as {}
	clean := object.union(object.remove(entry, ["input"]), {"input": {"headers": kept}})
	log.mask == set() with input as clean with data.store as mapping
	log.mask == set() with input as object.union(entry, {"path": "authzen/evaluation/answer"}) with data.store as mapping
}
