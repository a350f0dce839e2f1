package authzen.subject_search_test

import data.authzen.evaluation_test.store
import data.authzen.subject_search

_asked(type, action, resource) := {
	"subject": {"type": type},
	"action": {"name": action},
	"resource": {"type": "record", "id": resource},
}

_answer(one) := found if {
	found := subject_search.answer with input as one with data.store as store
}

_ids(one) := [result.id | some result in _answer(one).body.results]

test_subject_cases if {
	cases := [
		[_asked("user", "read", "r-1"), ["ada@x", "alice"]],
		[_asked("user", "write", "r-2"), []],
		[_asked("user", "fly", "r-1"), []],
		[_asked("spaceship", "read", "r-1"), []],
		[_asked("owner", "read", "r-1"), ["1234567890123456"]],
		[object.union(_asked("user", "read", "r-1"), {"subject": {"id": "ignored"}, "page": {"limit": 1}}), ["ada@x", "alice"]],
		[object.union(_asked("user", "write", "r-1"), {"resource": {"properties": {"status": "archived"}}}), []],
	]
	some _ in cases
	every case in cases {
		[one, expected] := case
		_answer(one).status == 200
		_ids(one) == expected
	}
}

# `record:status` stands for a property of the subject here, and a Deny of `record:write` depends on it.
_with_status := object.union(object.remove(store, ["authzen"]), {"authzen": {
	"subjects": {"user": object.union(store.authzen.subjects.user, {"properties": {"status": {"key": "record:status", "optional": true}}})},
	"resources": {"record": object.remove(store.authzen.resources.record, ["properties"])},
}})

test_a_given_property_is_that_of_each_candidate_cases if {
	cases := [
		[{"status": "active"}, ["ada@x", "alice"]],
		[{"status": "archived"}, []],
		[{"status": null}, []],
		[{"else": "x"}, ["ada@x", "alice"]],
		[{}, ["ada@x", "alice"]],
	]
	some _ in cases
	every case in cases {
		[properties, expected] := case
		one := object.union(_asked("user", "write", "r-1"), {"subject": {"properties": properties}})
		found := subject_search.answer with input as one with data.store as _with_status
		found.status == 200
		[result.id | some result in found.body.results] == expected
		every result in found.body.results {
			object.keys(result) == {"type", "id"}
		}
	}
}

test_roles_are_found_by_their_names_as_written if {
	mapped := object.union(store, {"authzen": {"subjects": {"role": {
		"arn": ["acs:ram::1234567890123456:role/", {"field": "id", "name": "", "slashes": false}],
		"properties": {},
	}}}})
	found := subject_search.answer with input as _asked("role", "read", "r-1") with data.store as mapped
	found.body.results == [{"type": "role", "id": "App"}]
}

test_a_type_that_needs_more_than_an_id_cannot_be_searched if {
	startswith(_answer(_asked("staff", "read", "r-1")).body, `subjects of the type "staff" cannot be searched`)
	_answer(_asked("staff", "read", "r-1")).status == 400
	constant := object.union(store, {"authzen": {"subjects": {"one": {"arn": ["acs:ram::1234567890123456:user/alice"], "properties": {}}}}})
	found := subject_search.answer with input as _asked("one", "read", "r-1") with data.store as constant
	found.status == 400
}

_id := {"field": "id", "name": "", "slashes": false}

_path := {"field": "id", "name": "", "slashes": true}

test_a_type_is_searchable_if_accounts_files_list_such_subjects_cases if {
	cases := [
		[["acs:ram::1234567890123456:user/", _id], true],
		[["acs:ram::1234567890123456:user/dev-", _id], true],
		[["acs:ram::", _id, ":user/alice"], true],
		[["acs:ram::", _id, ":root"], true],
		[["acs:ram::1234567890123456:role/", _id], true],
		[["acs:ram::1234567890123456:role/", _path], true],
		[["acs:ram::1234567890123456:role/app/", _id], false],
		[["acs:ram::1234567890123456:role/", _id, "/session"], false],
		[["acs:ram::1234567890123456:assumed-role/app/", _id], false],
		[["acs:ram::1234567890123456:assumed-role/", _path], false],
		[["acs:ram::1234567890123456:saml-provider/", _id], false],
		[[_id, ".aliyuncs.com"], false],
		[[{"field": "arn", "name": "", "slashes": false}], false],
	]
	some _ in cases
	every case in cases {
		[parts, expected] := case
		mapped := object.union(store, {"authzen": {"subjects": {"some": {"arn": parts, "properties": {}}}}})
		found := subject_search.answer with input as _asked("some", "read", "r-1") with data.store as mapped
		found.status == {true: 200, false: 400}[expected]
	}
}

test_without_types_subjects_cannot_be_searched if {
	unmapped := object.remove(store, ["authzen"])
	found := subject_search.answer with input as _asked("user", "read", "r-1") with data.store as unmapped
	found == {"status": 400, "body": "subjects cannot be searched: the mapping has no templates for them"}
}

test_a_fault_is_an_error_cases if {
	good := _asked("user", "read", "r-1")
	cases := [object.remove(good, ["subject"]), object.remove(good, ["action"]), object.union(good, {"subject": {"type": 5}}), [], null]
	some _ in cases
	every one in cases {
		_answer(one).status == 400
	}
}

test_the_answer_without_an_input_is_an_error if {
	subject_search.answer.status == 400
}
