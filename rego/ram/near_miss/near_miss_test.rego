package ram.near_miss_test

import data.ram.near_miss

_scope := {"policy_type": "AccountLevelIdentityBasedPolicy", "level": null}

_condition(reason) := {
	"operator": "StringEquals",
	"key": "k",
	"values": ["v"],
	"given": "w",
	"satisfied": reason in {"satisfied", "satisfied_by_absence"},
	"reason": reason,
	"rule": "4.1",
}

_entry := {
	"policy": "p",
	"index": 0,
	"effect": "Allow",
	"policy_type": "AccountLevelIdentityBasedPolicy",
	"attached": [{"to": "user", "name": "alice", "resource_group": null}],
	"matches": false,
	"action": {"matches": true, "pattern": "oss:get*", "not_action": false},
	"resource": {"matches": true, "pattern": "acs:oss:*", "differs_at": null},
	"principal": null,
	"conditions": [],
}

_with(changes) := object.union(_entry, changes)

_statement := {
	"policy": "p",
	"index": 0,
	"effect": "Allow",
	"policy_type": "AccountLevelIdentityBasedPolicy",
	"level": null,
}

_other_resource := {"resource": {"matches": false, "differs_at": {"field": "region", "wanted": "a", "given": "b"}}}

_ones := [
	_with({"matches": true}),
	_with({"conditions": [_condition("satisfied"), _condition("key_absent"), _condition("value_differs")]}),
	_with({"resource": null, "principal": {"matches": true}, "conditions": [_condition("unreadable")]}),
	_with(_other_resource),
	_with({"resource": {"matches": false}}),
	_with({"action": {"matches": false}}),
	_with(object.union(_other_resource, {"conditions": [_condition("value_differs")]})),
	_with({"action": {"matches": false}, "conditions": [_condition("value_differs")]}),
	_with({"resource": null, "principal": {"matches": false}, "conditions": [_condition("key_absent")]}),
]

_shown := {"operator": "StringEquals", "key": "k", "values": ["v"]}

test_only_conditions if {
	near_miss.absent(_ones, _scope) == [object.union(object.union(_statement, _shown), {"code": "key_absent"})]
	differs := object.union(object.union(_statement, _shown), {"code": "only_condition_differs", "given": "w"})
	near_miss.conditions(_ones, _scope) == [
		object.union(differs, {"reason": "value_differs"}),
		object.union(differs, {"reason": "unreadable"}),
	]
}

test_only_the_resource if {
	differs := object.union(_statement, {"code": "only_resource_differs", "pattern": "acs:oss:*"})
	near_miss.resources(_ones, {"resource": "acs:oss:b:1:x"}, _scope) == [
		object.union(differs, {"field": "region", "wanted": "a", "given": "b"}),
		object.union(differs, {"field": null, "wanted": null, "given": null}),
	]
	near_miss.resources(_ones, {"resource": "*"}, _scope) == []
	near_miss.wildcard_asked(_ones, {"resource": "acs:oss:b:1:x"}, _scope) == []
	asked := object.union(_statement, {"code": "wildcard_resource_asked", "pattern": "acs:oss:*"})
	near_miss.wildcard_asked(_ones, {"resource": "*"}, _scope) == [asked, asked]
}

test_only_the_action if {
	near_miss.actions(_ones, {"action": "oss:PutObject"}, _scope) == [object.union(_statement, {
		"code": "only_action_differs",
		"pattern": "oss:get*",
		"not_action": false,
		"given": "oss:PutObject",
	})]
}

test_a_deny_by_absence if {
	deny := _with({"effect": "Deny", "matches": true, "conditions": [_condition("satisfied"), _condition("satisfied_by_absence")]})
	expected := object.union(object.union(_statement, _shown), {"code": "key_absent", "effect": "Deny"})
	near_miss.absent_in_deny([deny, _with({"matches": true, "conditions": [_condition("satisfied_by_absence")]})], _scope) == [expected]
	near_miss.absent_in_deny([object.union(deny, {"matches": false})], _scope) == []
}

test_the_layer_that_decided_cases if {
	group := _with({"policy_type": "ResourceGroupLevelIdentityBasedPolicy"})
	level := _with({"policy_type": "ControlPolicy", "attached": [{"name": "root"}, {"name": "folder"}]})
	session := _with({"policy_type": "SessionPolicy", "policy": "session:0"})
	allowing := object.union(session, {"policy": "session:1", "matches": true})
	ones := [_entry, group, level, session, allowing]
	cases := [
		["AccountLevelIdentityBasedPolicy", null, [_entry, group]],
		["ResourceGroupLevelIdentityBasedPolicy", null, [_entry, group]],
		["ControlPolicy", "folder", [level]],
		["ControlPolicy", "other", []],
		["SessionPolicy", null, [session]],
		["AssumeRolePolicy", null, []],
	]
	count(cases) > 0
	every case in cases {
		[policy_type, name, expected] = case
		near_miss.in_scope(ones, {"policy_type": policy_type, "level": name}, ones) == expected
	}
	source := {"policy_type": "SessionPolicy", "name": "session:1"}
	near_miss.in_scope([source], {"policy_type": "SessionPolicy", "level": null}, ones) == []
}

test_level_cases if {
	level := _with({"policy_type": "ControlPolicy", "attached": [{"name": "root"}, {"name": "folder"}], "action": {"matches": false}})
	cases := [[{"policy_type": "ControlPolicy", "level": "folder"}, "folder"], [_scope, "root"]]
	count(cases) > 0
	every case in cases {
		[scope, expected] = case
		near_miss.actions([level], {"action": "a:b"}, scope)[0].level == expected
	}
}
