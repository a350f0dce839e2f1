package authzen.property_test

import data.authzen.property

_declared := {
	"status": {"key": "my:status", "optional": false},
	"team": {"key": "my:team", "optional": true},
}

test_given_properties_become_condition_keys if {
	property.context(_declared, {"status": ["a", 1], "team": true, "else": "x"}) == {"my:status": ["a", 1], "my:team": true}
	property.context(_declared, {"status": "a"}) == {"my:status": "a"}
	property.context({}, {"status": "a"}) == {}
}

test_usable_and_faults_agree_cases if {
	cases := [
		[{"status": "a"}, 0],
		[{"status": false}, 0],
		[{"status": 0, "team": "x"}, 0],
		[{}, 1],
		[{"team": "x"}, 1],
		[{"status": null}, 1],
		[{"status": []}, 1],
		[{"status": "a", "team": null}, 1],
		[{"team": {}}, 2],
		[{"status": ["a", null]}, 1],
	]
	some _ in cases
	every case in cases {
		[given, faults] := case
		count(property.faults(_declared, given, "p")) == faults
		usable := [1 | property.read(_declared, {"properties": given})]
		count(usable) == {0: 1, 1: 0, 2: 0}[faults]
	}
}

test_read_returns_the_context if {
	property.read(_declared, {"properties": {"status": "a"}}) == {"my:status": "a"}
	property.read({}, {"properties": {"status": null}}) == {}
	property.read({"team": _declared.team}, {}) == {}
}

test_required if {
	property.has_required(_declared)
	not property.has_required(object.remove(_declared, ["status"]))
	not property.has_required({})
}
