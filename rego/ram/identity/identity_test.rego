package ram.identity_test

import data.ram.identity
import data.ram.principal

_document(effect) := {
	"format": 2,
	"kind": "identity",
	"statements": [{"effect": effect, "any_resource": true}],
	"actions": {},
	"wildcards": {},
	"service_wildcards": {"*": [0]},
	"not_actions": [],
}

_store := {
	"policies": {
		"Everything": _document("Allow"),
		"Nothing": _document("Deny"),
		"Odd": {"unreadable": "has an unknown operator"},
	},
	"service_linked_roles": {
		"linked": {"role": "Linked", "service_name": "linked.aliyuncs.com"},
		"secret": {"role": "Secret", "service_name": "secret.aliyuncs.com", "is_published": false},
		"shown": {"role": "Shown", "service_name": "shown.aliyuncs.com", "is_published": false},
	},
	"accounts": {"1234567890123456": {
		"users": {
			"alice": {"policies": ["Everything"]},
			"bob": {"policies": [], "resource_groups": {"rg": ["Everything"]}},
			"secret": {"policies": ["Everything"]},
			"twin": {"policies": [], "resource_groups": {"rg": ["Everything"]}},
			"odd": {"policies": ["Odd"], "resource_groups": {"rg": ["Nothing"]}},
			"mixed": {"policies": ["Everything", "Odd"], "resource_groups": {"rg": ["Everything"]}},
			"denied": {"policies": ["Nothing", "Odd"], "resource_groups": {"rg": ["Everything"]}},
			"grouped": {"policies": [], "resource_groups": {"rg": ["Everything", "Odd"]}},
			"allowed": {"policies": ["Everything"], "resource_groups": {"rg": ["Odd"]}},
			"stopped": {"policies": [], "resource_groups": {"rg": ["Nothing", "Odd"]}},
		},
		"roles": {
			"twin": {"policies": [], "resource_groups": {"rg": ["Nothing"]}},
			"app": {"policies": [], "resource_groups": {"rg": ["Nothing"]}},
			"odd": {"policies": ["Odd"]},
			"secret": {"policies": []},
			"shown": {"policies": ["Everything"]},
		},
	}},
}

_principal(text) := principal.parse(concat("", ["acs:ram::1234567890123456:", text]))

test_known_cases if {
	cases := {
		"user/alice": true,
		"user/Alice": false,
		"user/app": false,
		"role/App": true,
		"role/App/session": true,
		"role/alice": false,
		"root": true,
		"saml-provider/gone": true,
		"oidc-provider/gone": true,
	}
	count(cases) > 0
	every text, known in cases {
		_is_known(_principal(text)) == known with data.store as _store
	}
}

test_a_service_is_never_unknown if {
	_is_known(principal.parse("gone.aliyuncs.com")) with data.store as _store
}

test_a_principal_of_an_unknown_account_is_unknown_cases if {
	cases := ["user/alice", "role/app", "root"]
	count(cases) > 0
	every text in cases {
		_is_known(_principal(text)) == false with data.store as {"accounts": {}}
	}
}

_is_known(asking) if identity.is_known(asking)

else := false

test_service_linked_cases if {
	cases := {"role/Linked": true, "role/linked/s": true, "role/app": false, "user/linked": false, "root": false}
	count(cases) > 0
	every text, linked in cases {
		_is_service_linked(_principal(text)) == linked with data.store as _store
	}
}

_is_service_linked(asking) if identity.is_service_linked(asking)

else := false

_decision(text, more) := [decided.effect, decided.reason, decided.policy_type] if {
	decided := identity.decision(object.union(
		{"principal": _principal(text), "action": "ecs:start", "resource": "*", "context": {}},
		more,
	))
}

test_decision_cases if {
	in_group := {"context": {"acs:ResourceGroupId": "rg"}}
	account := "AccountLevelIdentityBasedPolicy"
	group := "ResourceGroupLevelIdentityBasedPolicy"
	cases := [
		["user/alice", {}, ["Allow", "statement_allows", account]],
		["user/alice", in_group, ["Allow", "statement_allows", account]],
		["user/alice", {"policies": {}}, ["ImplicitDeny", "no_statement_matches", account]],
		["user/bob", {}, ["ImplicitDeny", "no_statement_matches", account]],
		["user/bob", in_group, ["Allow", "statement_allows", group]],
		["user/bob", object.union(in_group, {"policies": {}}), ["ImplicitDeny", "no_statement_matches", account]],
		["user/bob", {"policies": {"p": _document("Deny")}}, ["ExplicitDeny", "statement_denies", account]],
		["role/app", in_group, ["ExplicitDeny", "statement_denies", group]],
		["user/twin", in_group, ["Allow", "statement_allows", group]],
		["role/twin", in_group, ["ExplicitDeny", "statement_denies", group]],
		["role/secret", {}, ["ImplicitDeny", "policy_not_published", null]],
		["role/secret/s", in_group, ["ImplicitDeny", "policy_not_published", null]],
		["role/secret", {"policies": {"p": _document("Allow")}}, ["Allow", "statement_allows", account]],
		["role/shown", {}, ["Allow", "statement_allows", account]],
		["user/secret", {}, ["Allow", "statement_allows", account]],
	]
	count(cases) > 0
	every one in cases {
		_decision(one[0], one[1]) == one[2] with data.store as _store
	}
}

# 5.9
test_unreadable_cases if {
	in_group := {"context": {"acs:ResourceGroupId": "rg"}}
	account := "AccountLevelIdentityBasedPolicy"
	group := "ResourceGroupLevelIdentityBasedPolicy"
	cases := [
		["user/odd", {}, ["ImplicitDeny", "policy_unreadable", account]],
		["user/odd", in_group, ["ImplicitDeny", "policy_unreadable", account]],
		["user/odd", {"policies": {"p": _document("Allow")}}, ["Allow", "statement_allows", account]],
		["role/odd/s", {}, ["ImplicitDeny", "policy_unreadable", account]],
		["user/mixed", {}, ["ImplicitDeny", "policy_unreadable", account]],
		["user/mixed", in_group, ["ImplicitDeny", "policy_unreadable", account]],
		["user/denied", in_group, ["ExplicitDeny", "statement_denies", account]],
		["user/grouped", {}, ["ImplicitDeny", "no_statement_matches", account]],
		["user/grouped", in_group, ["ImplicitDeny", "policy_unreadable", group]],
		["user/allowed", in_group, ["Allow", "statement_allows", account]],
		["user/stopped", in_group, ["ExplicitDeny", "statement_denies", group]],
	]
	count(cases) > 0
	every one in cases {
		_decision(one[0], one[1]) == one[2] with data.store as _store
	}
}
