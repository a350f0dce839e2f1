package ram.explain_test

import data.ram.authz
import data.ram.condition_test
import data.ram.explain
import data.ram.simulate

_here := "1234567890123456"

_member := "6543210987654321"

_document(kind, statements, actions, wildcards) := {
	"format": 2,
	"kind": kind,
	"statements": statements,
	"actions": actions,
	"wildcards": wildcards,
	"service_wildcards": {},
	"not_actions": [],
}

_of(statement, actions) := _document("identity", [statement], actions, {})

_everything := object.union(
	_of({"effect": "Allow", "any_resource": true}, {}),
	{"service_wildcards": {"*": [0]}},
)

_equals(key, value) := {"operator": "StringEquals", "negated": false, "quantifier": "some", "key": key, "values": [value]}

_bucket := "acs:oss:*:1234567890123456:bucket"

_trusting(conditions) := _document(
	"trust",
	[{"effect": "Allow", "principals": ["acs:ram::1234567890123456:user/alice", "ecs.aliyuncs.com"], "conditions": conditions}],
	{"sts:assumerole": [0]},
	{},
)

_policies := {
	"Everything": _everything,
	"directory/Nothing": object.union(_everything, {"statements": [{"effect": "Deny", "any_resource": true}]}),
	"directory/OnlyKafka": _document("identity", [{"effect": "Allow", "any_resource": true}], {}, {"alikafka": {"alikafka:*": [0]}}),
	"directory/Absent": object.union(_everything, {"statements": [{
		"effect": "Deny",
		"any_resource": true,
		"conditions": [object.union(_equals("acs:SourceVpc", "v"), {"negated": true, "quantifier": "every"})],
	}]}),
	"Odd": {"unreadable": "has an unknown operator"},
	"Objects": _document("identity", [{"effect": "Allow", "resource_prefixes": [concat("", [_bucket, "/"])]}], {}, {"oss": {"oss:*": [0]}}),
	"1234567890123456/list": _of(
		{"effect": "Allow", "any_resource": true, "conditions": [_equals("oss:Prefix", "a/")]},
		{"oss:listobjects": [0]},
	),
	"1234567890123456/grants": object.union(
		_document("identity", [null, {"effect": "Deny", "any_resource": true}], {"ecs:start": [1]}, {}),
		{"grants": {
			"oss:getobject": [0, "acs:oss:cn-a:1234567890123456:bucket/x"],
			"oss:putobject": [0, "acs:oss:cn-a:1234567890123456:bucket/x"],
		}},
	),
	"1234567890123456/assume": _of({"effect": "Allow", "any_resource": true}, {"sts:assumerole": [0]}),
	"1234567890123456/trust:App": _trusting([]),
	"1234567890123456/trust:Outside": _trusting([_equals("sts:ExternalId", "x")]),
	"1234567890123456/trust:Odd": {"unreadable": "has an unknown operator"},
	"trust:Secret": _trusting([]),
}

_users := {
	"alice": {
		"policies": ["Objects", "1234567890123456/list"],
		"resource_groups": {"rg-a": ["Everything"]},
		"groups": ["team", "other"],
		"own": {"policies": ["Objects"]},
	},
	"bob": {"policies": [], "resource_groups": {"rg-a": ["Everything"], "rg-b": ["Objects"]}},
	"carol": {"policies": []},
	"dave": {"policies": ["1234567890123456/grants"]},
	"erin": {"policies": ["Odd", "Objects"]},
	"frank": {"policies": ["1234567890123456/assume"]},
	"gina": {"policies": ["Everything"]},
	"henry": {"policies": ["gone"]},
	"ivy": {"policies": [], "resource_groups": {"rg-a": ["Odd"]}},
}

_role(name, policies) := {"name": name, "trust": concat("", ["1234567890123456/trust:", name]), "policies": policies}

# METADATA
# description: A store in which every layer has something to say.
store := {
	"format": 2,
	"condition_keys": condition_test.spellings,
	"policies": _policies,
	"service_linked_roles": {"secret": {"role": "Secret", "service_name": "secret.aliyuncs.com", "is_published": false}},
	"accounts": {
		_here: {
			"users": _users,
			"groups": {
				"team": {"policies": ["1234567890123456/list", "Objects"]},
				"other": {"policies": [], "resource_groups": {"rg-a": ["Everything"]}},
			},
			"roles": {
				"app": _role("App", ["Everything"]),
				"outside": _role("Outside", []),
				"odd": _role("Odd", []),
				"secret": {"name": "Secret", "trust": "trust:Secret", "policies": []},
			},
		},
		_member: {"users": {"mia": {"policies": ["Everything"]}, "max": {"policies": ["Everything"]}}, "roles": {}},
	},
	"directory": {
		"management": "9999999999999999",
		"levels": {_member: [["Everything"], ["directory/OnlyKafka"], []], "5555555555555555": [["Everything"]]},
		"names": {_member: ["root", "production", _member], "5555555555555555": ["root"]},
	},
}

# METADATA
# description: A request of the account's user or role with that name, such as `user/alice`.
request(name, operation, target) := {
	"principal": concat("", ["acs:ram::1234567890123456:", name]),
	"action": operation,
	"resource": target,
}

_requests := [
	request("user/alice", "oss:GetObject", "acs:oss:cn-a:1234567890123456:bucket/x"),
	request("user/bob", "oss:GetObject", "*"),
	request("user/dave", "oss:GetObject", "acs:oss:cn-a:1234567890123456:bucket/x"),
	request("user/erin", "oss:GetObject", "*"),
	request("user/henry", "oss:GetObject", "*"),
	request("user/nobody", "oss:GetObject", "*"),
	request("root", "oss:GetObject", "*"),
	request("role/secret", "oss:GetObject", "*"),
	request("user/frank", "sts:AssumeRole", "acs:ram:*:1234567890123456:role/app"),
	object.union(request("role/app/s", "oss:GetObject", "*"), {"session_policies": [_everything]}),
	{"principal": "acs:ram::6543210987654321:user/mia", "action": "ecs:Start", "resource": "*"},
	{"principal": "ecs.aliyuncs.com", "action": "oss:GetObject", "resource": "*"},
	request("user/alice", "nothing", "*"),
	{},
	null,
]

test_the_decision_is_that_of_authz if {
	count(_requests) > 0
	every one in _requests {
		found := explain.decision with input as one with data.store as store
		expected := authz.decision with input as one with data.store as store
		found.decision == expected
		object.keys(found) == {"decision", "layers", "considered", "more", "hints"}
	}
}

test_the_decision_of_a_simulation_is_that_of_simulate if {
	count(_requests) > 0
	every one in _requests {
		simulated := _with_policies(one)
		found := explain.simulation with input as simulated with data.store as store
		expected := simulate.decision with input as simulated with data.store as store
		found.decision == expected
		found.decision.simulated
	}
}

_with_policies(one) := object.union(one, {"policies": {"p": _everything}}) if is_object(one)

else := one

test_a_missing_input_is_malformed if {
	explain.decision.decision == authz.decision
	explain.simulation.decision == simulate.decision
	explain.decision.hints == []
	explain.simulation.layers == []
}

test_a_store_of_another_format_is_not_explained if {
	found := explain.decision with input as _requests[0] with data.store as object.union(store, {"format": 3})
	found.decision.reason == "malformed_request"
	found.layers == []
}

# METADATA
# description: The explanation of a request in that store.
explained(one) := found if {
	found := explain.decision with input as one with data.store as store
}

# METADATA
# description: The explanation of a request with other policies of the levels of the member account.
in_levels(one, levels) := found if {
	changed := json.patch(store, [{"op": "replace", "path": ["directory", "levels", _member], "value": levels}])
	found := explain.decision with input as one with data.store as changed
}

# METADATA
# description: The explanation of a simulation in that store.
simulated(one) := found if {
	found := explain.simulation with input as one with data.store as store
}

# METADATA
# description: A document that allows one action on all resources.
allowing(name) := _of({"effect": "Allow", "any_resource": true}, {name: [0]})
