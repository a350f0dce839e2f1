package slr.creation_test

import data.ram.condition_test
import data.slr.creation

_here := "1234567890123456"

_document(effect) := {
	"format": 2,
	"kind": "identity",
	"statements": [{
		"effect": effect,
		"any_resource": true,
		"conditions": [{
			"operator": "StringEquals",
			"negated": false,
			"quantifier": "some",
			"key": "ram:ServiceName",
			"values": ["new.aliyuncs.com"],
		}],
	}],
	"actions": {"ram:createservicelinkedrole": [0]},
	"wildcards": {},
	"service_wildcards": {},
	"not_actions": [],
}

_store := {
	"format": 2,
	"condition_keys": condition_test.spellings,
	"policies": {
		"Creating": _document("Allow"),
		"NotCreating": _document("Deny"),
		"creation:new.aliyuncs.com": _document("Allow"),
	},
	"service_linked_roles": {
		"there": {"role": "There", "service_name": "there.aliyuncs.com"},
		"new": {"role": "New", "service_name": "new.aliyuncs.com", "creation_policy": {}},
		"secret": {"role": "Secret", "service_name": "secret.aliyuncs.com", "is_published": false},
	},
	"services": {"there.aliyuncs.com": "there", "new.aliyuncs.com": "new", "secret.aliyuncs.com": "secret"},
	"features": {},
	"accounts": {_here: {
		"users": {
			"creator": {"policies": ["Creating"]},
			"bare": {"policies": []},
			"barred": {"policies": ["Creating", "NotCreating"]},
		},
		"roles": {"there": {"name": "There", "policies": []}},
	}},
}

_question(principal, service_name) := {
	"principal": concat("", ["acs:ram::", _here, ":", principal]),
	"service_name": service_name,
}

_answer(question) := answer if {
	answer := creation.decide(question) with data.store as _store
}

_whole(parts) := object.union(
	{"account": _here, "role": null, "service_name": null, "authorization": null, "remedy": null},
	parts,
)

_new := {"role": "New", "service_name": "new.aliyuncs.com"}

_there := {"role": "There", "service_name": "there.aliyuncs.com"}

_decided(effect, reason, policy_type, statements) := {
	"allow": effect == "Allow",
	"effect": effect,
	"reason": reason,
	"policy_type": policy_type,
	"statements": statements,
}

_level := "AccountLevelIdentityBasedPolicy"

test_an_existing_role_needs_no_authorization_cases if {
	cases := ["user/creator", "user/bare", "user/barred", "root", "role/There", "assumed-role/There/s"]
	count(cases) > 0
	every principal in cases {
		_answer(_question(principal, "there.aliyuncs.com")) == _whole(object.union(
			_there,
			{"allow": true, "outcome": "exists"},
		))
	}
}

test_a_missing_role_is_created_for_an_allowed_principal_cases if {
	allowed := _decided("Allow", "statement_allows", _level, [{"policy": "Creating", "index": 0}])
	cases := {"user/creator": allowed, "root": _decided("Allow", "account_owner", null, [])}
	count(cases) > 0
	every principal, authorization in cases {
		_answer(_question(principal, "new.aliyuncs.com")) == _whole(object.union(
			_new,
			{"allow": true, "outcome": "create", "authorization": authorization},
		))
	}
}

test_a_denied_principal_gets_a_remedy_cases if {
	unmatched := _decided("ImplicitDeny", "no_statement_matches", _level, [])
	barred := _decided("ExplicitDeny", "statement_denies", _level, [{"policy": "NotCreating", "index": 0}])
	cases := [
		["user/bare", unmatched, {"policy", "attach_to"}],
		["user/barred", barred, {"remove"}],
	]
	count(cases) > 0
	every one in cases {
		found := _answer(_question(one[0], "new.aliyuncs.com"))
		object.keys(found.remedy) == one[2]
		object.remove(found, ["remedy"]) == object.remove(
			_whole(object.union(_new, {"allow": false, "outcome": "denied", "authorization": one[1]})),
			["remedy"],
		)
	}
}

test_a_policy_for_another_service_allows_nothing if {
	found := _answer(_question("user/creator", "secret.aliyuncs.com"))
	[found.outcome, found.role, found.authorization.reason] == ["denied", "Secret", "no_statement_matches"]
}

test_a_role_without_its_document_is_created_as_well if {
	found := _answer(_question("root", "secret.aliyuncs.com"))
	[found.outcome, found.allow, found.role] == ["create", true, "Secret"]
}

test_a_service_linked_role_has_no_remedy if {
	found := _answer(_question("role/There", "new.aliyuncs.com"))
	[found.outcome, found.remedy] == ["denied", null]
}

test_an_unknown_service_cases if {
	cases := ["", "gone.aliyuncs.com", "New", "new", "NEW.aliyuncs.com", "new.aliyuncs.com "]
	count(cases) > 0
	every service_name in cases {
		_answer(_question("root", service_name)) == _whole({"allow": false, "outcome": "unknown_service"})
	}
}

# The principal is checked before the service, and before the role's existence.
test_an_unknown_principal_is_denied_first_cases if {
	unknown := _decided("ImplicitDeny", "unknown_principal", null, [])
	unmatched := _decided("ImplicitDeny", "no_statement_matches", null, [])
	nobody := "acs:ram::1234567890123456:user/nobody"
	stranger := "acs:ram::0000000000000000:root"
	no_role := {"role": null, "service_name": null}
	cases := [
		[nobody, "there.aliyuncs.com", _here, _there, unknown],
		[nobody, "new.aliyuncs.com", _here, _new, unknown],
		[nobody, "gone.aliyuncs.com", _here, no_role, unknown],
		[stranger, "there.aliyuncs.com", "0000000000000000", _there, unknown],
		["there.aliyuncs.com", "there.aliyuncs.com", null, _there, unmatched],
		["there.aliyuncs.com", "gone.aliyuncs.com", null, no_role, unmatched],
		["acs:ram::1234567890123456:saml-provider/x", "there.aliyuncs.com", null, _there, unmatched],
		["acs:ram::1234567890123456:oidc-provider/x", "new.aliyuncs.com", null, _new, unmatched],
	]
	count(cases) > 0
	every one in cases {
		found := _answer({"principal": one[0], "service_name": one[1]})
		found == object.union(
			_whole(object.union(one[3], {"allow": false, "outcome": "denied", "authorization": one[4]})),
			{"account": one[2]},
		)
	}
}

test_the_context_counts if {
	question := object.union(_question("user/creator", "new.aliyuncs.com"), {"context": {"acs:SourceIp": "192.0.2.1"}})
	_answer(question).outcome == "create"
}

_malformed(errors) := {
	"allow": false,
	"outcome": "malformed_request",
	"account": null,
	"role": null,
	"service_name": null,
	"authorization": null,
	"remedy": null,
	"errors": errors,
}

test_malformed_cases if {
	right := _question("root", "new.aliyuncs.com")
	cases := [
		[null, ["input: must be an object"]],
		[[right], ["input: must be an object"]],
		[object.remove(right, ["service_name"]), ["service_name: is missing"]],
		[object.union(right, {"service_name": null}), ["service_name: must be a string"]],
		[object.union(right, {"service_name": ["new.aliyuncs.com"]}), ["service_name: must be a string"]],
		[object.union(right, {"usages": []}), ["usages: is not a field of this question"]],
		[
			object.union(right, {"service_name": 1, "role": "New"}),
			["role: is not a field of this question", "service_name: must be a string"],
		],
	]
	count(cases) > 0
	every one in cases {
		_answer(one[0]) == _malformed(one[1])
	}
}

test_with_a_store_of_another_format_every_question_is_malformed if {
	store := object.union(_store, {"format": 3})
	answer := creation.decide(_question("root", "there.aliyuncs.com")) with data.store as store
	answer == _malformed(["input: could not be decided"])
}

test_the_decision_answers_the_input if {
	found := creation.decision with input as _question("root", "new.aliyuncs.com") with data.store as _store
	found.outcome == "create"
}

test_without_input_the_decision_is_malformed if {
	creation.decision == _malformed(["input: is missing, or could not be decided"]) with data.store as _store
}
