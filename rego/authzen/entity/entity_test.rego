package authzen.entity_test

import data.authzen.entity

_good := {
	"subject": {"type": "user", "id": "alice"},
	"action": {"name": "read"},
	"resource": {"type": "record", "id": "r"},
}

test_a_whole_request_has_no_faults if {
	entity.faults(_good, entity.all) == set()
	entity.is_whole(_good)
	entity.faults(object.union(_good, {"context": {}, "page": 5, "subject": {"x": null, "properties": {}}}), entity.all) == set()
}

test_fault_cases if {
	cases := [
		[5, "the request must be a JSON object"],
		[object.union(_good, {"subject": {"type": 5}}), "subject.type: must be a text"],
		[object.union(_good, {"subject": {"id": 5}}), "subject.id: must be a text"],
		[object.union(_good, {"subject": {"properties": 5}}), "subject.properties: must be an object"],
		[object.union(_good, {"action": {"name": 5}}), "action.name: must be a text"],
		[object.remove(_good, ["action"]), "action: is missing"],
		[object.union(_good, {"action": "read"}), "action: must be an object"],
		[object.union(_good, {"action": null}), "action: must be an object"],
		[object.union(_good, {"action": false}), "action: must be an object"],
		[object.union(object.remove(_good, ["subject"]), {"subject": {}}), "subject.id: must be a text; subject.type: must be a text"],
		[object.union(_good, {"resource": {"id": null}}), "resource.id: must be a text"],
		[object.union(_good, {"resource": {"type": ["record"]}}), "resource.type: must be a text"],
		[object.union(_good, {"resource": {"properties": []}}), "resource.properties: must be an object"],
		[object.union(_good, {"action": {"properties": null}}), "action.properties: must be an object"],
		[object.union(_good, {"context": "x"}), "context: must be an object"],
	]
	some _ in cases
	every case in cases {
		[one, expected] := case
		entity.faults(one, entity.all) == {expected}
		not entity.is_whole(one)
	}
}

test_only_required_entities_are_checked if {
	entity.faults({"subject": {"type": "user"}}, {"subject": {"type"}}) == set()
}
