package ram.nearness_test

import data.ram.nearness

_question := {
	"principal": {"kind": "user", "account": "1", "name": "alice", "arn": "acs:ram::1:user/alice"},
	"action": "oss:getobject",
	"resource": "acs:oss:cn-a:1:b/x",
	"is_role": false,
	"unstated": null,
	"context": {"k": "v"},
}

_document(statements, actions) := {
	"statements": statements,
	"actions": actions,
	"wildcards": {},
	"service_wildcards": {},
	"not_actions": [],
}

_source(name, statements, actions) := {
	"name": name,
	"document": _document(statements, actions),
	"policy_type": "AccountLevelIdentityBasedPolicy",
	"attached": [{"to": "user", "name": "alice", "resource_group": null}],
}

_allow := {"effect": "Allow", "any_resource": true}

_condition(value) := {"operator": "StringEquals", "negated": false, "quantifier": "some", "key": "k", "values": [value]}

_names(sources) := [[one.policy, one.index] | some one in nearness.of(sources, _question).considered]

test_an_entry if {
	source := _source("p", [{"effect": "Allow", "resources": ["acs:oss:cn-a:1:b/y"], "conditions": [_condition("v")]}], {"oss:getobject": [0]})
	nearness.of([source], _question) == {"more": 0, "considered": [{
		"policy": "p",
		"index": 0,
		"effect": "Allow",
		"policy_type": "AccountLevelIdentityBasedPolicy",
		"attached": [{"to": "user", "name": "alice", "resource_group": null}],
		"matches": false,
		"action": {"matches": true, "pattern": "oss:getobject", "not_action": false},
		"resource": {
			"matches": false,
			"pattern": "acs:oss:cn-a:1:b/y",
			"differs_at": {"field": "relative_id", "wanted": "b/y", "given": "b/x"},
		},
		"principal": null,
		"conditions": [{
			"operator": "StringEquals",
			"key": "k",
			"values": ["v"],
			"given": "v",
			"satisfied": true,
			"reason": "satisfied",
			"rule": "4.1",
		}],
	}]}
}

test_the_order if {
	region := {"effect": "Allow", "resources": ["acs:oss:cn-b:1:b/x"]}
	far := {"effect": "Allow", "resources": ["acs:oss:cn-b:2:b/x"]}
	statements := [
		far,
		region,
		{"effect": "Deny", "resources": ["acs:oss:cn-b:1:b/x"]},
		{"effect": "Allow", "any_resource": true, "conditions": [_condition("w")]},
		object.union(far, {"conditions": [_condition("w")]}),
		{"effect": "Deny", "any_resource": true},
		_allow,
		{"effect": "Allow", "any_resource": true, "conditions": [_condition("w"), _condition("u")]},
		{"effect": "Allow", "resources": ["acs:oss:cn-a:1:b/"]},
		{"effect": "Allow", "resources": ["acs:oss:cn-a:1:c"]},
	]
	indexes := [index | some index, _ in statements]
	sources := [_source("p", statements, {"oss:getobject": indexes}), _source("q", [_allow], {"oss:getobject": [0]})]
	_names(sources) == [
		["p", 5], ["p", 6], ["q", 0], # match
		["p", 3], ["p", 7], # only conditions
		["p", 1], ["p", 8], ["p", 9], # only the resource
		["p", 0],
		["p", 2],
		["p", 4],
	]
}

test_actions_of_the_service_are_near if {
	sources := [
		_source("p", [_allow, _allow], {"oss:getbucket": [0], "oss:getobjectacl": [0], "oss:list": [1], "ecs:start": [1]}),
		_source("q", [_allow], {"ecs:start": [0]}),
	]
	found := nearness.of(sources, _question)
	found.more == 0
	[[one.policy, one.index, one.action] | some one in found.considered] == [
		["p", 0, {"matches": false, "pattern": "oss:getobjectacl", "not_action": false}],
		["p", 1, {"matches": false, "pattern": "oss:list", "not_action": false}],
	]
}

test_wildcards_cases if {
	cases := [
		[{"wildcards": {"oss": {"oss:get*": [0], "oss:put*": [0]}}}, true, "oss:get*"],
		[{"wildcards": {"oss": {"oss:put*": [0]}}}, false, "oss:put*"],
		[{"service_wildcards": {"o*:get*": [0]}}, true, "o*:get*"],
		[{"service_wildcards": {"o*:put*": [0]}}, false, "o*:put*"],
	]
	count(cases) > 0
	every case in cases {
		[changes, matches, text] = case
		source := _source("p", [_allow], {})
		changed := object.union(source, {"document": object.union(source.document, changes)})
		[found] := nearness.of([changed], _question).considered
		found.action == {"matches": matches, "pattern": text, "not_action": false}
		found.matches == matches
	}
	other := object.union(_source("p", [_allow], {}), {"document": {"service_wildcards": {"e*:put*": [0]}}})
	nearness.of([other], _question) == {"considered": [], "more": 0}
}

test_not_action_cases if {
	cases := [[["oss:put*", "oss:get*"], false, "oss:get*"], [["oss:put*"], true, null]]
	count(cases) > 0
	every case in cases {
		[except, matches, text] = case
		source := _source("p", [object.union(_allow, {"except": except})], {})
		changed := object.union(source, {"document": {"not_actions": [0]}})
		[found] := nearness.of([changed], _question).considered
		found.action == {"matches": matches, "pattern": text, "not_action": true}
	}
}

test_a_trust_policy_has_principals if {
	source := _source(
		"trust:App",
		[
			{"effect": "Allow", "principals": ["acs:ram::1:user/bob"]},
			{"effect": "Allow", "principals": ["acs:ram::1:root"]},
		],
		{"oss:getobject": [0, 1]},
	)
	found := nearness.of([source], _question).considered
	[[one.index, one.principal.matches, one.resource] | some one in found] == [[1, true, null], [0, false, null]]
}

test_at_most_fifty_are_considered if {
	ones := numbers.range(0, 59)
	listed := {"oss:getobject": ones}
	matching := _source("p", [_allow | some _ in ones], listed)
	found := nearness.of([matching, matching], _question)
	count(found.considered) == 50
	found.more == 70
	near := _source("p", [{"effect": "Allow", "resources": [sprintf("acs:oss:cn-a:1:b/%d", [one])]} | some one in ones], listed)
	some_more := nearness.of([_source("q", [_allow], {"oss:getobject": [0]}), near], _question)
	count(some_more.considered) == 50
	some_more.considered[0].matches
	some_more.more == 11
	others := _source("p", [_allow | some _ in ones], {"oss:get": ones})
	count(nearness.of([others], _question).considered) == 50
	nearness.of([others], _question).more == 10
}
