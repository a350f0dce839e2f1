package ram.limit_test

import data.ram.authz
import data.ram.limit
import data.ram.simulate
import data.slr.feature

_account := "1234567890123456"

_alice := "acs:ram::1234567890123456:user/alice"

_session := "acs:ram::1234567890123456:assumed-role/AppRole/s"

_request := {"principal": _alice, "action": "ecs:StartInstance", "resource": "acs:ecs:::i"}

# Alice may do everything, by a policy and by a table.
_store := {
	"format": 2,
	"condition_keys": {"acs:principalarn": "acs:PrincipalARN", "ram:servicename": "ram:ServiceName"},
	"accounts": {_account: {
		"users": {"alice": {"policies": ["all"]}},
		"roles": {"approle": {"name": "AppRole", "policies": ["all"]}},
	}},
	"policies": {"all": {
		"format": 2,
		"statements": [{"effect": "Allow", "any_resource": true}],
		"actions": {},
		"wildcards": {},
		"service_wildcards": {"*": [0]},
		"not_actions": [],
	}},
	"who": {_account: {_alice: "all"}},
	"lines": {"all": {"ecs:startinstance": "one", "ecs:describe": "tested"}},
	"keyed": {"all": {"ecs:describe": "key"}},
	"entries": {
		"one": {"resource": "**", "true": _allowed, "false": _denied},
		"tested": {"tests": [["pattern", ["context", "k"], ".*"]], "outcomes": {"0": _denied, "1": _allowed}},
		"key": {
			"key": "k",
			"kind": "pattern",
			"listed": ".*",
			"of_any_resource": ".*",
			"resource": "**",
			"outcomes": {"1": {"0": _denied, "1": _allowed}},
		},
	},
	"services": {},
	"features": {},
	"service_linked_roles": {},
}

_allowed := object.union(_denied, {"allow": true, "effect": "Allow", "reason": "statement_allows"})

_denied := {
	"allow": false,
	"effect": "ImplicitDeny",
	"reason": "no_statement_matches",
	"policy_type": "AccountLevelIdentityBasedPolicy",
	"statements": [],
}

_xs(length) := substring(_long, 0, length)

_long := replace(sprintf("%070000d", [0]), "0", "x")

_arn(length) := concat("", ["acs:ecs:::", _xs(length - 10)])

_action(length) := concat("", ["ecs:", _xs(length - 4)])

_context(keys, elements, length) := {sprintf("k%d", [key]): list | some key in numbers.range(1, keys)} if {
	text := _xs(length)
	list := [text | some _ in numbers.range(1, elements)]
}

_with(changes) := object.union(_request, changes)

# The largest value that is decided, the smallest that is not, and the fault.
_sizes := {
	"resource": [
		_with({"resource": _arn(2048)}), _with({"resource": _arn(2049)}),
		"resource: must have at most 2048 characters",
	],
	"action": [
		_with({"action": _action(2048)}), _with({"action": _action(2049)}),
		"action: must have at most 2048 characters",
	],
	"principal": [
		_with({"principal": concat(".", [_xs(2034), "aliyuncs.com"])}), _with({"principal": concat(".", [_xs(2036), "aliyuncs.com"])}),
		"principal: must have at most 2048 characters",
	],
	"characters, not bytes": [
		_with({"resource": concat("", ["acs:ecs:::", replace(_xs(2038), "x", "ü")])}),
		_with({"resource": concat("", ["acs:ecs:::", replace(_xs(2039), "x", "ü")])}),
		"resource: must have at most 2048 characters",
	],
	"keys": [
		_with({"context": _context(200, 1, 1)}), _with({"context": _context(201, 1, 1)}),
		"context: must have at most 200 keys",
	],
	"a key": [
		_with({"context": {_xs(256): "x", "short": true}}), _with({"context": {_xs(257): "x"}}),
		sprintf("context.%s: must be a key of at most 256 characters", [concat("", [_xs(80), "…"])]),
	],
	"a value": [
		_with({"context": {"k": _xs(2048)}}), _with({"context": {"k": _xs(2049)}}),
		"context.k: must have at most 2048 characters",
	],
	"the value that a table tests": [
		_with({"action": "ecs:Describe", "context": {"k": _xs(2048)}}),
		_with({"action": "ecs:Describe", "context": {"k": _xs(2049)}}),
		"context.k: must have at most 2048 characters",
	],
	"the values of a list": [
		_with({"context": {"k": [_xs(2047), "x"]}}), _with({"context": {"k": ["x", _xs(2048)]}}),
		"context.k: must have at most 2048 characters",
	],
	"a number": [
		_with({"context": {"k": json.unmarshal(replace(_xs(2048), "x", "1"))}}),
		_with({"context": {"k": json.unmarshal(replace(_xs(2049), "x", "1"))}}),
		"context.k: must have at most 2048 characters",
	],
	"a list": [
		_with({"context": _context(1, 100, 1)}), _with({"context": _context(1, 101, 1)}),
		"context.k1: must be a list of at most 100 elements",
	],
	"elements": [
		_with({"context": _context(10, 100, 1)}),
		_with({"context": object.union(_context(10, 100, 1), {"k": "x"})}),
		"context: must have at most 1000 elements in all",
	],
	"all values": [
		_with({"context": _context(4, 1, 2048)}),
		_with({"context": object.union(_context(4, 1, 2048), {"k": "x"})}),
		"context: must have at most 8192 characters in all values",
	],
	"session policies": [
		_of_session([_document([]) | some _ in numbers.range(1, 10)]),
		_of_session([_document([]) | some _ in numbers.range(1, 11)]),
		"session_policies: must be at most 10",
	],
	"a session policy": [
		_of_session([_document([_like("k", [_xs(16384 - _empty)])])]),
		_of_session([_document([_like("k", [_xs(16385 - _empty)])])]),
		"session_policies[0]: must have at most 16384 characters, as JSON",
	],
	"comparisons": [
		_compared(1000, 20), _compared(1000, 21),
		"session_policies: the conditions must compare values with the context at most 20000 times",
	],
	"searches": [
		_searched(1023, 2048), _searched(1024, 2048),
		"session_policies: wildcards times characters of action, resource and context must be at most 2097152",
	],
}

_of_session(documents) := _with({"principal": _session, "session_policies": documents})

_compared(values, elements) := object.union(
	_of_session([_document([_like("k", ["a" | some _ in numbers.range(1, values)])])]),
	{"context": {"k": ["x" | some _ in numbers.range(1, elements)]}},
)

# The document has one wildcard in its action; action and resource together have that length.
_searched(wildcards, length) := object.union(
	_of_session([_document([_like("k", [replace(_xs(wildcards), "x", "?")])])]),
	{"action": "ecs:Start", "resource": _arn(length - 9)},
)

_document(conditions) := {
	"format": 2,
	"kind": "identity",
	"statements": [object.union(
		{"effect": "Allow", "any_resource": true},
		{"conditions": conditions | count(conditions) > 0},
	)],
	"actions": {},
	"wildcards": {},
	"service_wildcards": {"*": [0]},
	"not_actions": [],
}

_like(key, values) := {"operator": "StringLike", "negated": false, "quantifier": "some", "key": key, "values": values}

_empty := count(json.marshal(_document([_like("k", [""])])))

_decide(request) := decision if {
	decision := authz.decide(request) with data.store as _store
}

_simulate(request) := decision if {
	decision := simulate.decide(request) with data.store as _store
}

test_a_request_at_a_limit_is_decided_cases if {
	count(_sizes) > 0
	every name, one in _sizes {
		print(name)
		not _decide(one[0]).errors
	}
}

test_a_request_above_a_limit_is_malformed_cases if {
	count(_sizes) > 0
	every name, one in _sizes {
		print(name)
		_decide(one[1]).reason == "malformed_request"
		one[2] in _decide(one[1]).errors
	}
}

test_an_item_of_a_batch_above_a_limit_is_malformed if {
	[_, wrong, fault] := _sizes.resource
	asked := {"requests": [_request, wrong]}
	[right, malformed] := authz.decisions with data.store as _store with input as asked
	right.allow
	malformed.errors == [fault]
}

test_a_simulation_has_the_limits_of_a_request_cases if {
	cases := {name: one |
		some name, one in _sizes
		one[1].principal == _alice
	}
	count(cases) > 0
	every name, one in cases {
		print(name)
		right := _simulate(object.union(one[0], {"policies": {"p": _document([])}}))
		not right.errors
		one[2] in _simulate(object.union(one[1], {"policies": {"p": _document([])}})).errors
	}
}

_policies(number, length) := {sprintf("p%03d", [index]): document | some index in numbers.range(1, number)} if {
	document := _document([_like("k", [_xs(length - _empty)])])
}

test_policies_at_a_limit_are_decided_cases if {
	cases := [_policies(100, _empty), _policies(1, 65536), _policies(4, 65527)]
	count(cases) > 0
	every policies in cases {
		not _simulate(_with({"policies": policies})).errors
	}
}

test_policies_above_a_limit_are_malformed_cases if {
	cases := [_policies(101, _empty), _policies(1, 65537), _policies(4, 65536)]
	count(cases) > 0
	fault := concat(" ", [
		"policies: must be at most 100 documents of at most 65536 characters each",
		"and 262144 together, as JSON",
	])
	every policies in cases {
		_simulate(_with({"policies": policies})).errors == [fault]
	}
}

test_products_of_a_simulation_are_limited_cases if {
	cases := [
		[_compared(1000, 20), _compared(1000, 21), "compare values with the context at most 20000 times"],
		[_searched(1023, 2048), _searched(1024, 2048), "must be at most 2097152"],
	]
	count(cases) > 0
	every one in cases {
		[right, wrong] := [simulation |
			some request in [one[0], one[1]]
			policies := {"policies": {"p": request.session_policies[0]}}
			simulation := object.union(object.remove(request, ["session_policies"]), policies)
		]
		not _simulate(right).errors
		[fault] := _simulate(wrong).errors
		startswith(fault, "policies: ")
		contains(fault, one[2])
	}
}

test_many_fields_are_not_looked_at if {
	wide := {sprintf("%d", [index]): index | some index in numbers.range(1, 21)}
	every one in [_decide(wide), _simulate(wide), _simulate(_with(wide)), _feature(wide)] {
		one.errors == ["input: must be an object of at most five fields"]
	}
	_simulate(_with({"policies": {}, "extra": 1})).errors == ["extra: is not a field of a request"]
}

_feature(question) := answer if {
	answer := feature.decide(question) with data.store as _store
}

# `ram:ServiceName` is filled in, and counts.
test_questions_about_service_linked_roles_have_the_limits if {
	question := {"principal": _alice, "feature": "f"}
	not _feature(object.union(question, {"context": _context(199, 1, 1)})).errors
	_feature(object.union(question, {"context": _context(200, 1, 1)})).errors == ["context: must have at most 200 keys"]
	long := _feature(object.union(question, {"context": {"k": _xs(2049)}}))
	"context.k: must have at most 2048 characters" in long.errors
}

test_the_limits_are_those_of_the_documentation if {
	[limit.requests, limit.usages, limit.resources] == [10000, 1000, 10000]
}
