package authzen.template_test

import data.authzen.template

_id := {"field": "id", "name": "", "slashes": false}

_path := {"field": "id", "name": "", "slashes": true}

_bucket := {"field": "properties", "name": "bucket", "slashes": false}

_entity := {"type": "object", "id": "a/b", "properties": {"bucket": "photos"}}

test_values_are_put_in if {
	template.text(["acs:oss:::", _bucket, "/", _path], _entity) == "acs:oss:::photos/a/b"
	template.text(["*"], {}) == "*"
	template.text([_id], {"id": "a"}) == "a"
}

test_a_value_that_cannot_be_put_in_is_a_fault_cases if {
	cases := [
		[_id, _entity, "r.id"],
		[_id, {}, "r.id"],
		[_bucket, {"id": "a"}, "r.properties.bucket"],
		[_bucket, {"properties": {"bucket": 5}}, "r.properties.bucket"],
		[_bucket, {"properties": {"bucket": "a*"}}, "r.properties.bucket"],
		[_path, {"id": "a//b"}, "r.id"],
		[_path, {"id": "a/../b"}, "r.id"],
		[_path, {"id": "/a"}, "r.id"],
	]
	some _ in cases
	every case in cases {
		[part, entity, place] := case
		not template.text(["acs:", part], entity)
		some message in template.faults(["acs:", part], entity, "r")
		startswith(message, concat("", [place, ": must be a text of letters"]))
	}
	template.faults(["acs:", _path], _entity, "r") == set()
}

_arn := {"field": "arn", "name": "", "slashes": false}

test_an_id_that_is_an_arn_is_the_whole_text if {
	template.text([_arn], {"id": "acs:oss:::photos/a"}) == "acs:oss:::photos/a"
	template.faults([_arn], {"id": "acs:oss:::photos/a"}, "r") == set()
	[id | id := template.id([_arn], "acs:oss:::photos")] == []
}

test_another_id_is_no_arn_cases if {
	entities := [{"id": "photos"}, {"id": ""}, {"id": " acs:oss:::photos"}, {"id": "ACS:oss:::photos"}, {"id": 5}, {}]
	some _ in entities
	every entity in entities {
		not template.text([_arn], entity)
		template.faults([_arn], entity, "r") == {"r.id: must be an ARN"}
	}
}

test_usable_cases if {
	cases := [
		["a", false, true],
		["A-z_0.9@=+,~", false, true],
		["a/b", false, false],
		["a/b", true, true],
		["..", false, false],
		["a/.", true, false],
		["...", false, true],
		["", true, false],
		["a\n", true, false],
		["a\n", false, false],
		[5, false, false],
		[null, true, false],
		[concat("", [x | some _ in numbers.range(1, 2049); x := "x"]), false, false],
	]
	some _ in cases
	every case in cases {
		[value, slashes, expected] := case
		found := [1 | template.is_usable(value, slashes)]
		count(found) == {true: 1, false: 0}[expected]
	}
}

test_an_id_is_found_in_a_text_cases if {
	cases := [
		[["user/", _id], "user/alice", ["alice"]],
		[["user/", _id], "role/alice", []],
		[["user/", _id], "user/", []],
		[["user/", _id], "user/a/b", []],
		[["user/", _path], "user/a/b", ["a/b"]],
		[[_id, ":root"], "12:root", ["12"]],
		[[_id], "12", ["12"]],
		[["a:", _id, ":root"], "a:12:root", ["12"]],
		[["a:", _id, ":root"], "a:12:user", []],
		[["a"], "a", []],
		[[_bucket], "a", []],
		[["a:", _id, ":", _bucket], "a:b:c", []],
	]
	some _ in cases
	every case in cases {
		[parts, whole, expected] := case
		[id | id := template.id(parts, whole)] == expected
	}
}
