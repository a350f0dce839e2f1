package ram.line_test

import data.ram.line

_store := {
	"lines": {"s": {"oss:get": "named", "oss:hard": null}, "r": {}, "g": {}},
	"rest": {"r": "others"},
	"policies": {"g": {"grants": {"oss:put": [2, "acs:oss:*:1:b"]}}},
	"otherwise": {"g": "none"},
	"patterns": {"s": {
		"services": {
			"oss": {"prefixes": ["oss:list", "oss:copy"], "entries": {"false": "no", "true": "yes"}},
			"log": {"tests": [["log:*x"], ["log:a*"]], "entries": {"00": "neither", "10": "first", "11": "both"}},
			"sts": null,
		},
		"otherwise": {"prefixes": [], "entries": {"false": "any"}},
	}},
}

_entry(set, action) := found if {
	found := line.entry(set, action) with data.store as _store
}

test_an_action_that_a_policy_names_has_its_entry if {
	_entry("s", "oss:get") == "named"
	_entry("s", "oss:hard") == null
}

test_other_actions_share_an_entry if {
	_entry("r", "ecs:start") == "others"
	_entry("g", "ecs:start") == "none"
}

test_a_plain_grant_is_an_entry if {
	_entry("g", "oss:put") == ["g", 2, "acs:oss:*:1:b"]
}

test_patterns_of_the_action_choose_an_entry if {
	_entry("s", "oss:listall") == "yes"
	_entry("s", "oss:delete") == "no"
	_entry("s", "log:bx") == "first"
	_entry("s", "log:ax") == "both"
	_entry("s", "log:b") == "neither"
	not _entry("s", "log:a")
	_entry("s", "ecs:start") == "any"
}

test_a_wildcard_alone_decides_no_action_of_sts if {
	every set in ["s", "r", "g"] {
		not _entry(set, "sts:assumerole")
	}
}

test_an_action_that_is_too_long_has_no_entry if {
	longest := concat("", ["ecs:", sprintf("%02044d", [0])])
	count(longest) == 2048
	every set in ["s", "r", "g"] {
		_entry(set, longest)
		not _entry(set, concat("", [longest, "x"]))
	}
}
