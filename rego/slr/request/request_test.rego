package slr.request_test

import data.ram.condition_test
import data.slr.request

_here := "1234567890123456"

_alice := "acs:ram::1234567890123456:user/alice"

_session := "acs:ram::1234567890123456:assumed-role/AppRole/s"

_store := {
	"format": 2,
	"condition_keys": condition_test.spellings,
	"policies": {},
	"service_linked_roles": {"linked": {"role": "Linked", "service_name": "linked.aliyuncs.com"}},
	"accounts": {_here: {
		"users": {"alice": {"policies": []}},
		"roles": {"approle": {"name": "AppRole", "policies": []}},
	}},
}

_question := {"principal": _alice, "one": 1}

_with(changes) := object.union(_question, changes)

_replacing(field, value) := object.union(object.remove(_question, [field]), {field: value})

_is_readable(question) if request.is_readable(question, {"one"}, {"two"}) with data.store as _store

_faults(question) := found if {
	found := request.faults(question, {"one"}, {"two"}) with data.store as _store
}

_principal_fault := concat("", [
	"principal: must name a role, a user, an owner, a service or a provider, ",
	"such as `acs:ram::<account>:user/<name>`",
])

_context_fault := "context: must be an object from condition keys to strings, numbers, booleans or lists of those"

_key_fault := "must be a string, a number, a boolean or a list of those"

test_readable_cases if {
	cases := [
		_question,
		_with({"one": null}),
		_with({"two": 2}),
		_with({"context": {}}),
		_with({"context": {"acs:SourceIp": "192.0.2.1", "k": [1, true, "x"], "acs:PrincipalARN": _alice}}),
		_with({"context": {"ram:ServiceNames": "x"}}),
		_with({"principal": "alikafka.aliyuncs.com"}),
		_with({"principal": _session}),
		_with({"principal": "acs:ram::0000000000000000:root"}),
	]
	count(cases) > 0
	every question in cases {
		_is_readable(question)
		_faults(question) == []
	}
}

test_unreadable_cases if {
	cases := [
		[null, ["input: must be an object"]],
		[[], ["input: must be an object"]],
		["x", ["input: must be an object"]],
		[{}, ["one: is missing", "principal: is missing"]],
		[object.remove(_question, ["one"]), ["one: is missing"]],
		[object.remove(_question, ["principal"]), ["principal: is missing"]],
		[_with({"three": 3}), ["three: is not a field of this question"]],
		[_with({"action": "ram:GetRole"}), ["action: is not a field of this question"]],
		[_with({"resource": "*"}), ["resource: is not a field of this question"]],
		[_with({"session_policies": []}), ["session_policies: is not a field of this question"]],
		[_replacing("principal", null), [_principal_fault]],
		[_replacing("principal", "alice"), [_principal_fault]],
		[_replacing("principal", [_alice]), [_principal_fault]],
		[_with({"context": null}), [_context_fault]],
		[_with({"context": []}), [_context_fault]],
		[_with({"context": "ram:ServiceName"}), [_context_fault]],
		[_with({"context": ["ram:ServiceName"]}), [_context_fault]],
		[_with({"context": {"k": null}}), [sprintf("context.k: %s", [_key_fault])]],
		[_with({"context": {"k": {}}}), [sprintf("context.k: %s", [_key_fault])]],
		[
			_with({"context": {"ram:ServiceName": "linked.aliyuncs.com"}}),
			["context.ram:ServiceName: comes from the role: leave it out"],
		],
		[
			_with({"context": {"ram:servicename": "linked.aliyuncs.com"}}),
			["context.ram:servicename: is spelled `ram:ServiceName`"],
		],
		[
			_with({"context": {"acs:PrincipalARN": "acs:ram::1234567890123456:user/bob"}}),
			["context.acs:PrincipalARN: must be the principal's ARN, or left out"],
		],
	]
	count(cases) > 0
	every one in cases {
		not _is_readable(one[0])
		_faults(one[0]) == one[1]
	}
}

test_all_faults_are_reported_at_once if {
	_faults({"principal": 1, "context": {"k": null, "ram:ServiceName": "x"}, "three": 3}) == [
		sprintf("context.k: %s", [_key_fault]),
		"context.ram:ServiceName: comes from the role: leave it out",
		"one: is missing",
		_principal_fault,
		"three: is not a field of this question",
	]
}

test_with_a_store_of_another_format_no_question_is_readable_cases if {
	cases := [{}, object.union(_store, {"format": 3}), object.union(_store, {"format": "2"})]
	count(cases) > 0
	every store in cases {
		not request.is_readable(_question, {"one"}, set()) with data.store as store
		found := request.faults(_question, {"one"}, set()) with data.store as store
		found == ["input: could not be decided"]
	}
}

test_account_cases if {
	cases := {
		_alice: _here,
		_session: _here,
		"acs:ram::1234567890123456:root": _here,
		"acs:ram::0000000000000000:user/nobody": "0000000000000000",
		"acs:ram::1234567890123456:saml-provider/x": null,
		"acs:ram::1234567890123456:oidc-provider/x": null,
		"linked.aliyuncs.com": null,
	}
	count(cases) > 0
	every principal, account in cases {
		request.account({"principal": principal}) == account
	}
}

test_denied_principal_cases if {
	cases := {
		"acs:ram::1234567890123456:user/nobody": "unknown_principal",
		"acs:ram::1234567890123456:user/Alice": "unknown_principal",
		"acs:ram::1234567890123456:role/nobody": "unknown_principal",
		"acs:ram::0000000000000000:root": "unknown_principal",
		"acs:ram::1234567890123456:saml-provider/x": "no_statement_matches",
		"acs:ram::1234567890123456:oidc-provider/x": "no_statement_matches",
		"linked.aliyuncs.com": "no_statement_matches",
	}
	count(cases) > 0
	every principal, reason in cases {
		denial := request.denied_principal({"principal": principal}) with data.store as _store
		denial == {
			"allow": false,
			"effect": "ImplicitDeny",
			"reason": reason,
			"policy_type": null,
			"statements": [],
		}
	}
}

test_known_principal_cases if {
	cases := [_alice, _session, "acs:ram::1234567890123456:role/APPROLE", "acs:ram::1234567890123456:root"]
	count(cases) > 0
	every principal in cases {
		not request.denied_principal({"principal": principal}) with data.store as _store
	}
}

test_the_denial_of_the_principal_comes_before_the_unknown_name if {
	unknown := request.unknown(_question, "unknown_service") with data.store as _store
	[unknown.outcome, unknown.account, unknown.authorization] == ["unknown_service", _here, null]
	nobody := _replacing("principal", "acs:ram::1234567890123456:user/nobody")
	denied := request.unknown(nobody, "unknown_service") with data.store as _store
	[denied.outcome, denied.account, denied.authorization.reason] == ["denied", _here, "unknown_principal"]
}

test_the_request_names_the_role_and_its_service if {
	question := _with({"context": {"acs:SourceIp": "192.0.2.1"}})
	ram_request := request.on_role(question, "ram:CreateServiceLinkedRole", "linked") with data.store as _store
	ram_request == {
		"principal": _alice,
		"action": "ram:CreateServiceLinkedRole",
		"resource": "acs:ram:*:1234567890123456:role/linked",
		"context": {"acs:SourceIp": "192.0.2.1", "ram:ServiceName": "linked.aliyuncs.com"},
	}
	plain := request.on_role(_question, "ram:DeleteServiceLinkedRole", "linked") with data.store as _store
	plain.context == {"ram:ServiceName": "linked.aliyuncs.com"}
}
