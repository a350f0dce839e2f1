package ram.assume_test

import data.ram.assume
import data.ram.principal
import data.ram.resource

_document(kind, statement) := {
	"format": 2,
	"kind": kind,
	"statements": [statement],
	"actions": {},
	"wildcards": {},
	"service_wildcards": {"*": [0]},
	"not_actions": [],
}

_everybody := ["acs:ram::1234567890123456:root", "ecs.aliyuncs.com"]

_trust := {
	"Allow": _document("trust", {"effect": "Allow", "principals": _everybody}),
	"ExplicitDeny": _document("trust", {"effect": "Deny", "principals": _everybody}),
	"ImplicitDeny": _document("trust", {"effect": "Allow", "principals": []}),
	"Unreadable": {"unreadable": "has an unknown principal"},
}

_attached := {
	"Allow": _document("identity", {"effect": "Allow", "any_resource": true}),
	"ExplicitDeny": _document("identity", {"effect": "Deny", "any_resource": true}),
	"ImplicitDeny": _document("identity", {"effect": "Allow", "resources": ["acs:oss:::b"]}),
	"Unreadable": {"unreadable": "has an unknown operator"},
}

_store(by_identity, by_trust) := {
	"policies": {"p": _attached[by_identity], "1234567890123456/trust:App": _trust[by_trust]},
	"service_linked_roles": {},
	"accounts": {"1234567890123456": {
		"users": {"alice": {"policies": ["p"]}},
		"roles": {"app": {"name": "App", "trust": "1234567890123456/trust:App", "policies": []}},
	}},
}

_question(asking, text) := {
	"principal": principal.parse(asking),
	"account": "1234567890123456",
	"action": "sts:assumerole",
	"resource": compared,
	"is_role": is_role,
	"context": {},
} if {
	[compared, is_role, _, _] = resource.parse(text, "1234567890123456")
}

_app := "acs:ram::1234567890123456:role/app"

_alice := "acs:ram::1234567890123456:user/alice"

test_applies_cases if {
	cases := {
		"sts:assumerole": true,
		"sts:tagsession": true,
		"sts:setsourceidentity": true,
		"sts:getcalleridentity": false,
		"sts:assumerolewithsaml": false,
		"ecs:assumerole": false,
	}
	count(cases) > 0
	every action, asks in cases {
		_asks(action) == asks
	}
}

_asks(action) if assume.applies({"action": action})

else := false

test_role_cases if {
	cases := {
		_app: true,
		"acs:ram:*:1234567890123456:role/app": true,
		"acs:ram::1234567890123456:role/gone": false,
		"acs:ram::1234567890123456:user/app": false,
		"acs:oss::1234567890123456:role/app": false,
		"acs:ram::1234567890123456:x/app": false,
		"*": false,
	}
	count(cases) > 0
	every text, known in cases {
		_knows(text) == known with data.store as _store("Allow", "Allow")
	}
}

_knows(text) if assume.knows_role(_question(_alice, text))

else := false

# The identity effect, the trust effect, the decision and the layer that decides.
test_both_must_allow_cases if {
	identity := "AccountLevelIdentityBasedPolicy"
	trust := "AssumeRolePolicy"
	cases := [
		["Allow", "Allow", ["Allow", trust]],
		["Allow", "ImplicitDeny", ["ImplicitDeny", trust]],
		["Allow", "ExplicitDeny", ["ExplicitDeny", trust]],
		["ImplicitDeny", "Allow", ["ImplicitDeny", identity]],
		["ImplicitDeny", "ImplicitDeny", ["ImplicitDeny", identity]],
		["ImplicitDeny", "ExplicitDeny", ["ExplicitDeny", trust]],
		["ExplicitDeny", "Allow", ["ExplicitDeny", identity]],
		["ExplicitDeny", "ImplicitDeny", ["ExplicitDeny", identity]],
		["ExplicitDeny", "ExplicitDeny", ["ExplicitDeny", identity]],
	]
	count(cases) > 0
	every one in cases {
		decided := assume.decision(_question(_alice, _app)) with data.store as _store(one[0], one[1])
		[decided.effect, decided.policy_type] == one[2]
	}
}

# 5.9
test_unreadable_policies_cases if {
	identity := "AccountLevelIdentityBasedPolicy"
	trust := "AssumeRolePolicy"
	cases := [
		["Unreadable", "Allow", ["policy_unreadable", identity]],
		["Unreadable", "ImplicitDeny", ["policy_unreadable", identity]],
		["Unreadable", "ExplicitDeny", ["policy_unreadable", identity]],
		["Unreadable", "Unreadable", ["policy_unreadable", identity]],
		["Allow", "Unreadable", ["policy_unreadable", trust]],
		["ImplicitDeny", "Unreadable", ["no_statement_matches", identity]],
		["ExplicitDeny", "Unreadable", ["statement_denies", identity]],
	]
	count(cases) > 0
	every one in cases {
		decided := assume.decision(_question(_alice, _app)) with data.store as _store(one[0], one[1])
		not decided.allow
		[decided.reason, decided.policy_type] == one[2]
	}
}

test_a_service_meets_the_trust_policy_alone_cases if {
	cases := {
		"Allow": ["Allow", "statement_allows"],
		"ImplicitDeny": ["ImplicitDeny", "no_statement_matches"],
		"ExplicitDeny": ["ExplicitDeny", "statement_denies"],
		"Unreadable": ["ImplicitDeny", "policy_unreadable"],
	}
	count(cases) > 0
	every stored, expected in cases {
		decided := assume.trust_decision(_question("ecs.aliyuncs.com", _app)) with data.store as _store("ExplicitDeny", stored)
		[decided.effect, decided.reason, decided.policy_type] == array.concat(expected, ["AssumeRolePolicy"])
	}
}
