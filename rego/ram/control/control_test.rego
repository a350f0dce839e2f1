package ram.control_test

import data.ram.control

_document(effect) := {
	"format": 2,
	"kind": "identity",
	"statements": [{"effect": effect, "any_resource": true}],
	"actions": {},
	"wildcards": {},
	"service_wildcards": {"*": [0]},
	"not_actions": [],
}

_store(levels) := {
	"policies": {
		"Everything": _document("Allow"),
		"directory/Nothing": _document("Deny"),
		"directory/Odd": {"unreadable": "has an unknown operator"},
	},
	"service_linked_roles": {"linked": {"role": "Linked", "service_name": "linked.aliyuncs.com"}},
	"directory": {"management": "9999999999999999", "levels": {"1234567890123456": levels}},
}

_question := {
	"principal": {"kind": "user", "account": "1234567890123456", "name": "alice", "arn": "a"},
	"account": "1234567890123456",
	"action": "ecs:start",
	"resource": "*",
	"context": {},
}

_effect(levels, changes) := found if {
	found := control.decision(object.union(_question, changes)).effect with data.store as _store(levels)
} else := "none"

test_the_first_level_that_does_not_allow_decides_cases if {
	cases := [
		[[["Everything"], ["Everything"]], "none"],
		[[["Everything"], ["directory/Nothing"], []], "ExplicitDeny"],
		[[["Everything"], [], ["directory/Nothing"]], "ImplicitDeny"],
		[[["Everything", "directory/Nothing"], []], "ExplicitDeny"],
		[[[]], "ImplicitDeny"],
		[[["gone"]], "ExplicitDeny"],
	]
	count(cases) > 0
	every one in cases {
		_effect(one[0], {}) == one[1]
	}
}

# 5.9
test_a_level_with_an_unreadable_document_decides_cases if {
	unreadable := "policy_unreadable"
	denies := "statement_denies"
	cases := [
		[[["directory/Odd"]], unreadable],
		[[["Everything", "directory/Odd"], ["directory/Nothing"]], unreadable],
		[[["Everything"], ["directory/Odd"]], unreadable],
		[[["directory/Nothing"], ["directory/Odd"]], denies],
		[[["directory/Nothing", "directory/Odd"]], denies],
		[[[], ["directory/Odd"]], "no_statement_matches"],
	]
	count(cases) > 0
	every one in cases {
		decided := control.decision(_question) with data.store as _store(one[0])
		[decided.allow, decided.reason, decided.policy_type] == [false, one[1], "ControlPolicy"]
	}
}

test_bound_principals_cases if {
	cases := [
		[{}, "ImplicitDeny"],
		[{"principal": {"kind": "role", "name": "app"}}, "ImplicitDeny"],
		[{"principal": {"account": "0000000000000000"}}, "ImplicitDeny"],
		[{"principal": {"name": "linked"}}, "ImplicitDeny"],
		[{"account": "0000000000000000"}, "none"],
		[{"principal": {"kind": "owner"}}, "none"],
		[{"principal": {"kind": "service"}}, "none"],
		[{"principal": {"kind": "federated"}}, "none"],
		[{"principal": {"kind": "role", "name": "linked"}}, "none"],
		[{"principal": {"account": "9999999999999999"}}, "none"],
	]
	count(cases) > 0
	every one in cases {
		_effect([[]], one[0]) == one[1]
	}
}

test_a_decision_names_the_level_s_statements if {
	decided := control.decision(_question) with data.store as _store([["directory/Nothing"], ["directory/Nothing"]])
	decided == {
		"allow": false,
		"effect": "ExplicitDeny",
		"reason": "statement_denies",
		"policy_type": "ControlPolicy",
		"statements": [{"policy": "Nothing", "index": 0}],
	}
}

test_without_a_directory_nothing_binds if {
	not control.decision(_question) with data.store as object.remove(_store([[]]), ["directory"])
}
