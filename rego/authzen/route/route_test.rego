package authzen.route_test

import data.authzen.evaluation_test
import data.authzen.route

_user := {"field": "header", "name": "x-user", "slashes": false}

_record := {"field": "path", "name": "record", "slashes": false}

_http := {
	"subject": {"type": "user", "id": [_user]},
	"context": {"ip": [{"field": "header", "name": "x-ip", "slashes": false}]},
	"routes": [
		{
			"path": ["records", {"name": "record", "rest": false}],
			"methods": {"GET": "read", "PUT": "write"},
			"resource": {"type": "record", "id": [_record]},
		},
		{
			"path": ["records", "r-2"],
			"methods": {"GET": "write"},
			"resource": {"type": "record", "id": ["r-2"]},
		},
		{
			"path": ["files", {"name": "file", "rest": true}],
			"methods": {"GET": "record:read"},
			"resource": {"type": "file", "id": ["shared/", {"field": "path", "name": "file", "slashes": true}]},
		},
		{
			"path": ["records", {"name": "record", "rest": false}],
			"methods": {"HEAD": "read"},
			"resource": {"type": "record", "id": [_record]},
		},
		{
			"path": ["records", {"name": "record", "rest": false}],
			"methods": {"HEAD": "read"},
			"resource": {"type": "record", "id": [{"field": "header", "name": "x-record", "slashes": false}]},
		},
		{
			"path": ["open", {"name": "rest", "rest": true}],
			"methods": {"GET": "read"},
			"resource": {"type": "record", "id": ["r-1"]},
		},
		{"path": [""], "methods": {"GET": "read"}, "resource": {"type": "record", "id": ["r-1"]}},
	],
}

_store := object.union(evaluation_test.store, {"authzen": {"http": _http}})

_asked(method, path) := {
	"method": method,
	"path": path,
	"query": "",
	"headers": {"x-user": ["alice"], "x-ip": ["10.0.0.1"]},
}

_answer(asked) := found if {
	found := route.answer with input as asked with data.store as _store
}

test_route_cases if {
	cases := [
		["GET", "/records/r-1", 200],
		["PUT", "/records/r-1", 200],
		["GET", "/", 200],
		["GET", "/files/a", 200],
		["GET", "/open/a", 200],
		["GET", "/open/%61", 403],
		["GET", "/open/a;b", 403],
		["GET", "/open/..", 403],
		["GET", "/open/", 403],
		["GET", "/files/a/b", 200],
		["GET", "/files", 403],
		["GET", "/records", 403],
		["GET", "/records/r-1/else", 403],
		["GET", "/Records/r-1", 403],
		["DELETE", "/records/r-1", 403],
		["get", "/records/r-1", 403],
		["GET", "/records/unknown", 403],
		["GET", "/records/r-1/", 403],
		["GET", "//records/r-1", 403],
		["GET", "/records/./r-1", 403],
		["GET", "/files/../records/r-1", 403],
		["GET", "/files/..;/r-1", 403],
		["GET", "/files/%2e%2e/r-1", 403],
		["GET", "/files/a%2fb", 403],
		["GET", "/files/a\\b", 403],
		["GET", "/files/a#b", 403],
		["GET", "/files/a?b", 403],
		["GET", "/files/a\n", 403],
		["GET", "", 403],
		["GET", "*", 403],
		["GET", "http://host/records/r-1", 403],
		["GET", concat("", array.concat(["/files/"], ["x" | some _ in numbers.range(1, 2048)])), 403],
	]
	some _ in cases
	every case in cases {
		[method, path, status] := case
		found := _answer(_asked(method, path))
		found.status == status
		found.body.decision == {200: true, 403: false}[status]
	}
}

test_every_route_that_fits_must_allow if {
	found := _answer(_asked("GET", "/records/r-2"))
	found == {"status": 403, "body": {"decision": false, "context": {"reason": "statement_denies"}}}
}

test_a_route_without_its_header_is_not_left_out if {
	asked := _asked("HEAD", "/records/r-1")
	_answer(asked).body.context.errors == ["the route needs a header that is missing, is there twice or has a character that its template does not take"]
	_answer(object.union(asked, {"headers": {"x-record": ["r-1"]}})).status == 200
}

test_a_header_in_the_id_of_a_resource_has_the_characters_of_a_path_cases if {
	values := ["*", "r-?", "r-1:x", "a/b", "..", "acs:record::1234567890123456:r-1", "%2a"]
	some _ in values
	every value in values {
		found := _answer(object.union(_asked("HEAD", "/records/r-1"), {"headers": {"x-record": [value]}}))
		found.body.context.errors == ["the route needs a header that is missing, is there twice or has a character that its template does not take"]
	}
}

_joined := object.union(_http, {
	"subject": {"id": ["acs:ram::1234567890123456:", {"field": "header", "name": "x-kind", "slashes": false}, "/", _user]},
	"context": {"ip": ["10.0.", {"field": "header", "name": "x-ip", "slashes": false}]},
})

_joined_store := object.union(object.remove(evaluation_test.store, ["authzen"]), {"authzen": {
	"resources": evaluation_test.store.authzen.resources,
	"context": evaluation_test.store.authzen.context,
	"http": _joined,
}})

test_a_header_beside_other_text_has_the_characters_of_a_path_cases if {
	cases := [
		["user", "alice", "0.1", 200],
		["user/x", "alice", "0.1", 403],
		["user", "x:root", "0.1", 403],
		["user", "a/lice", "0.1", 403],
		["user", "alice", "0.1/8", 403],
	]
	some _ in cases
	every case in cases {
		[kind, user, ip, status] := case
		asked := object.union(_asked("GET", "/records/r-1"), {"headers": {"x-kind": [kind], "x-user": [user], "x-ip": [ip]}})
		found := route.answer with input as asked with data.store as _joined_store
		found.status == status
	}
}

test_subject_cases if {
	cases := [
		[["alice"], 200],
		[["bob"], 403],
		[["alice", "bob"], 403],
		[["alice", "alice"], 403],
		[["alice,bob"], 403],
		[[""], 403],
		[[], 403],
		["alice", 403],
		[[" alice"], 403],
		[["alice\n"], 403],
		[["älice"], 403],
		[[concat("", ["x" | some _ in numbers.range(1, 513)])], 403],
	]
	some _ in cases
	every case in cases {
		[values, status] := case
		found := _answer(object.union(_asked("GET", "/records/r-1"), {"headers": {"x-user": values}}))
		found.status == status
	}
}

test_missing_headers_are_named if {
	asked := object.union(object.remove(_asked("GET", "/records/r-1"), ["headers"]), {"headers": {}})
	_answer(asked).body.context.errors == [
		"x-ip: must be one header of visible ASCII characters without a comma",
		"x-user: must be one header of visible ASCII characters without a comma",
	]
}

test_a_header_of_the_context_has_one_value_cases if {
	headers := [["10.0.0.1,10.0.0.2"], ["10.0.0.1", "10.0.0.2"], ["10.0.0.1 "], [","]]
	some _ in headers
	every values in headers {
		found := _answer(object.union(_asked("GET", "/records/r-1"), {"headers": {"x-ip": values}}))
		found.status == 403
		found.body.context.errors == ["x-ip: must be one header of visible ASCII characters without a comma"]
	}
}

test_another_method_or_path_is_refused_cases if {
	changes := [
		{"headers": {"x-http-method-override": ["DELETE"]}},
		{"headers": {"x-http-method": [""]}},
		{"headers": {"x-method-override": ["GET"]}},
		{"headers": {"x-original-url": ["/admin"]}},
		{"headers": {"x-rewrite-url": ["/admin"]}},
		{"headers": {"x_http_method_override": ["DELETE"]}},
		{"headers": {"x-http_method": ["DELETE"]}},
		{"headers": {"x_method-override": ["DELETE"]}},
		{"headers": {"x_original_url": ["/admin"]}},
		{"headers": {"x_rewrite_url": ["/admin"]}},
		{"query": "_method=DELETE"},
		{"query": "a=b&_METHOD=DELETE"},
		{"query": "%5fmethod=DELETE"},
		{"query": ".method=DELETE"},
		{"query": "+%5Bmethod=DELETE"},
		{"query": "_method[]=DELETE"},
		{"query": "_method%00x=DELETE"},
		{"query": "a=%zz"},
		{"query": "a=b;c=d"},
	]
	some _ in changes
	every change in changes {
		found := _answer(object.union(_asked("GET", "/records/r-1"), change))
		found.status == 403
		count(found.body.context.errors) == 1
	}
}

test_a_parameter_that_replaces_nothing_passes_cases if {
	queries := ["a=b&method=DELETE", "the_method=DELETE", "_methods=DELETE"]
	some _ in queries
	every query in queries {
		_answer(object.union(_asked("GET", "/records/r-1"), {"query": query})).status == 200
	}
}

test_a_request_that_is_none_is_refused_cases if {
	good := _asked("GET", "/records/r-1")
	cases := [null, [], "x", {}, object.union(good, {"method": null}), object.union(good, {"path": 5}), object.union(good, {"query": null}), object.remove(good, ["headers"])]
	some _ in cases
	every asked in cases {
		_answer(asked).status == 403
	}
}

test_without_routes_nothing_passes if {
	found := route.answer with input as _asked("GET", "/records/r-1") with data.store as evaluation_test.store
	found.body.context.errors == ["http: the mapping has no routes"]
}

test_the_answer_without_an_input_is_a_denial if {
	route.answer.status == 403
	route.answer.body.decision == false
}
