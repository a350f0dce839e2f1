package ram.request_test

import data.ram.condition_test
import data.ram.request
import data.ram.request_faults

_alice := "acs:ram::1234567890123456:user/alice"

_session := "acs:ram::1234567890123456:assumed-role/AppRole/s"

_request := {"principal": _alice, "action": "ecs:StartInstance", "resource": "acs:ecs:::i"}

_document := {
	"format": 2,
	"kind": "identity",
	"statements": [{"effect": "Allow", "any_resource": true}],
	"actions": {},
	"wildcards": {},
	"service_wildcards": {"*": [0]},
	"not_actions": [],
}

_question(asked) := found if {
	found := request.question(asked) with data.store.condition_keys as condition_test.spellings
}

_faults_of(asked) := found if {
	found := request_faults.of_request(asked) with data.store.condition_keys as condition_test.spellings
}

_simulation(asked) := found if {
	found := request.simulation(asked) with data.store.condition_keys as condition_test.spellings
}

_simulation_faults(asked) := found if {
	found := request_faults.of_simulation(asked) with data.store.condition_keys as condition_test.spellings
}

_with(changes) := object.union(_request, changes)

_replacing(field, value) := object.union(object.remove(_request, [field]), {field: value})

_faults := {
	"principal": concat("", [
		"principal: must name a role, a user, an owner, a service or a provider, ",
		"such as `acs:ram::<account>:user/<name>`",
	]),
	"action": "action: must be `<ram-code>:<Operation>`, without wildcards",
	"resource": "resource: must be `*` or `acs:<ram-code>:<region>:<account>:<relative-id>`",
	"context": "context: must be an object from condition keys to strings, numbers, booleans or lists of those",
	"session_policies": concat("", [
		"session_policies: must be a list of translated identity policies, ",
		"in a role session's request",
	]),
	"policies": "policies: must be an object from names to translated identity policies",
}

test_a_request_becomes_a_question if {
	question := _question(_with({"context": {"acs:CurrentTime": "2026-03-11T00:00:00Z", "a": [1]}}))
	question == {
		"principal": {
			"kind": "user",
			"account": "1234567890123456",
			"name": "alice",
			"arn": _alice,
			"is_session": false,
		},
		"action": "ecs:startinstance",
		"resource": "acs:ecs::1234567890123456:i",
		"unstated": "acs:ecs:::i",
		"is_role": false,
		"account": "1234567890123456",
		"context": {"acs:CurrentTime": "2026-03-11T00:00:00Z", "acs:PrincipalARN": _alice, "a": [1]},
		"session_policies": {},
	}
}

test_session_policies_are_named_by_their_position if {
	asked := _with({"principal": _session, "session_policies": [_document, _document]})
	_question(asked).session_policies == {"session:0": _document, "session:1": _document}
}

test_now_is_filled_in_cases if {
	cases := [{}, {"context": {}}, {"context": {"acs:CurrentTime": []}}]
	count(cases) > 0
	every one in cases {
		question := _question(_with(one)) with time.now_ns as 1773187200000000000
		question.context["acs:CurrentTime"] == "2026-03-11T00:00:00Z"
	}
}

test_the_callers_time_is_kept_cases if {
	cases := ["2020-01-01T00:00:00Z", "never", 5, ["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"], false]
	count(cases) > 0
	every one in cases {
		_question(_with({"context": {"acs:CurrentTime": one}})).context["acs:CurrentTime"] == one
	}
}

test_the_principal_s_arn_is_filled_in_cases if {
	cases := {
		_alice: _alice,
		_session: "acs:ram::1234567890123456:role/approle",
		"acs:ram::1234567890123456:role/AppRole/s": "acs:ram::1234567890123456:role/approle",
		"acs:ram::1234567890123456:role/AppRole": "acs:ram::1234567890123456:role/approle",
		"acs:ram::1234567890123456:root": "acs:ram::1234567890123456:root",
	}
	count(cases) > 0
	every principal, arn in cases {
		_question(_with({"principal": principal})).context["acs:PrincipalARN"] == arn
		agreeing := _with({"principal": principal, "context": {"acs:PrincipalARN": arn}})
		_question(agreeing).context["acs:PrincipalARN"] == arn
		_faults_of(agreeing) == []
	}
}

test_no_arn_is_filled_in_cases if {
	cases := ["ecs.aliyuncs.com", "acs:ram::1234567890123456:saml-provider/x", "acs:ram::1234567890123456:oidc-provider/x"]
	count(cases) > 0
	every principal in cases {
		not "acs:PrincipalARN" in object.keys(_question(_with({"principal": principal})).context)
		contradicting := _with({"principal": principal, "context": {"acs:PrincipalARN": principal}})
		not _question(contradicting)
		"context.acs:PrincipalARN: must be the principal's ARN, or left out" in _faults_of(contradicting)
	}
}

test_account_of_the_resource_cases if {
	cases := {
		"*": "1234567890123456",
		"acs:ram:*:system:policy/x": "1234567890123456",
		"acs:oss:*:*:b": "1234567890123456",
		"acs:oss::6543210987654321:b": "6543210987654321",
	}
	count(cases) > 0
	every resource, account in cases {
		_question(_with({"resource": resource})).account == account
	}
}

# Each of these values makes the request unreadable, with one fault that names the field.
_simulated_principal := "principal: must be a user, a role or an owner in a simulation"

_unreadable := {
	"principal": [null, "", "*", "alice", 5, true, [], {}, [_alice], concat("", [_alice, "\n"])],
	"action": [null, "", "*", "ecs:*", "ecs", "ecs:Start:Instance", "ecs:Start\n", "ecs:Stärt", 5, true, [], {}],
	"resource": [null, "", "bucket", "acs:oss:b", "arn:oss:::b", "**", 5, false, [], {}, ["*"]],
	"context": [null, "", 5, true, [], ["a"], [{"a": "b"}], "a=b"],
	"session_policies": [
		null, "", 5, true, {}, [_document], [null], [[]], {"a": _document},
		[{"Version": "1", "Statement": []}],
	],
}

test_unreadable_field_cases if {
	count(_unreadable) > 0
	every field, values in _unreadable {
		count(values) > 0
		every value in values {
			asked := _replacing(field, value)
			not _question(asked)
			_faults_of(asked) == [_faults[field]]
		}
	}
}

test_an_unreadable_field_beside_readable_ones_cases if {
	rest := [
		{"principal": _session, "context": {"a": "b"}, "session_policies": [_document]},
		{"principal": _alice, "context": {"a": "b"}, "session_policies": []},
	]
	count(rest) > 0
	every one in rest {
		_faults_of(_with(one)) == []
		every field in ["action", "resource", "context"] {
			every value in _unreadable[field] {
				asked := object.union(object.remove(_with(one), [field]), {field: value})
				not _question(asked)
				_faults_of(asked) == [_faults[field]]
			}
		}
	}
	count(_unreadable.principal) > 0
	every value in _unreadable.principal {
		not _question(_with({"principal": value, "context": {"a": "b"}, "session_policies": []}))
	}
	never := {value | some value in _unreadable.session_policies; value != [_document]}
	count(never) > 0
	every value in never {
		not _question(_with({"principal": _session, "context": {"a": "b"}, "session_policies": value}))
	}
}

test_missing_field_cases if {
	cases := ["principal", "action", "resource"]
	count(cases) > 0
	every field in cases {
		asked := object.remove(_request, [field])
		not _question(asked)
		_faults_of(asked) == [sprintf("%s: is missing", [field])]
	}
}

test_unknown_field_cases if {
	cases := ["Principal", "ressource", "policies", "", "input", "simulated"]
	count(cases) > 0
	every field in cases {
		asked := _with({field: {}})
		not _question(asked)
		_faults_of(asked) == [sprintf("%s: is not a field of a request", [field])]
	}
}

test_a_request_must_be_an_object_cases if {
	cases := [null, true, 5, "", "x", [], [_request]]
	count(cases) > 0
	every one in cases {
		not _question(one)
		not _simulation(one)
		_faults_of(one) == ["input: must be an object"]
		_simulation_faults(one) == ["input: must be an object"]
	}
}

test_context_value_cases if {
	cases := ["", "a", 0, 1.5, true, false, [], [""], ["a", 1, true], json.unmarshal("1e3")]
	count(cases) > 0
	every one in cases {
		asked := _with({"context": {"a": one}})
		_question(asked).context.a == one
		_faults_of(asked) == []
	}
}

test_an_unreadable_context_value_cases if {
	cases := [null, {}, {"a": "b"}, [null], [[]], [["a"]], ["a", {}], [{"a": 1}]]
	count(cases) > 0
	every one in cases {
		asked := _with({"context": {"a": one, "b": "right"}})
		not _question(asked)
		_faults_of(asked) == ["context.a: must be a string, a number, a boolean or a list of those"]
	}
}

test_misspelled_key_cases if {
	cases := {
		"acs:sourceIp": "acs:SourceIp",
		"ACS:SourceIp": "acs:SourceIp",
		"acs:currenttime": "acs:CurrentTime",
		"acs:PrincipalArn": "acs:PrincipalARN",
		"ram:serviceName": "ram:ServiceName",
		"acs:resourceTag/a": "acs:ResourceTag/a",
	}
	count(cases) > 0
	every key, right in cases {
		asked := _with({"context": {key: _alice}})
		not _question(asked)
		_faults_of(asked) == [sprintf("context.%s: is spelled `%s`", [key, right])]
	}
}

test_free_key_cases if {
	cases := ["acs:ResourceTag/A", "kms:tag/acs:alikafka:instance-encryption", "anything", ""]
	count(cases) > 0
	every key in cases {
		_question(_with({"context": {key: "a"}})).context[key] == "a"
	}
}

test_contradicting_principal_cases if {
	cases := [
		[_alice, "acs:ram::1234567890123456:user/bob"],
		[_alice, "acs:ram::1234567890123456:user/Alice"],
		[_alice, [_alice]],
		[_alice, []],
		[_alice, true],
		["acs:ram::1234567890123456:role/AppRole", "acs:ram::1234567890123456:role/AppRole"],
		[_session, _session],
		["nobody", "nobody"],
	]
	count(cases) > 0
	every one in cases {
		asked := _with({"principal": one[0], "context": {"acs:PrincipalARN": one[1]}})
		not _question(asked)
		"context.acs:PrincipalARN: must be the principal's ARN, or left out" in _faults_of(asked)
	}
}

test_session_policy_cases if {
	cases := [
		[_session, [], true],
		[_session, [_document], true],
		["acs:ram::1234567890123456:role/AppRole/s", [_document], true],
		[_session, [_document, object.remove(_document, ["actions"])], false],
		[_session, [object.union(_document, {"kind": "trust"})], false],
		[_session, [{}], false],
		["acs:ram::1234567890123456:role/AppRole", [_document], false],
		["acs:ram::1234567890123456:role/AppRole", [], true],
		[_alice, [_document], false],
		[_alice, [], true],
		["acs:ram::1234567890123456:root", [_document], false],
		["acs:ram::1234567890123456:root", [], true],
		["ecs.aliyuncs.com", [_document], false],
		["ecs.aliyuncs.com", [], true],
		["acs:ram::1234567890123456:saml-provider/x", [_document], false],
		["acs:ram::1234567890123456:saml-provider/x", [], true],
	]
	count(cases) > 0
	every one in cases {
		asked := _with({"principal": one[0], "session_policies": one[1]})
		_is_question(asked) == one[2]
		_faults_of(asked) == [_faults.session_policies | one[2] == false]
	}
}

_is_question(asked) if _question(asked)

else := false

_is_simulation(asked) if _simulation(asked)

else := false

test_a_simulation_is_a_question_with_policies if {
	asked := _with({"policies": {"p": _document}, "context": {"acs:CurrentTime": "2026-03-11T00:00:00Z"}})
	question := _question(object.remove(asked, ["policies"]))
	_simulation(asked) == object.union(question, {"policies": {"p": _document}})
	_simulation_faults(asked) == []
	not _question(asked)
}

test_simulation_cases if {
	cases := [
		[_alice, {}, true],
		[_alice, {"p": _document, "": _document}, true],
		[_session, {"p": _document}, true],
		["acs:ram::1234567890123456:root", {"p": _document}, true],
		[_alice, [], false],
		[_alice, [_document], false],
		[_alice, null, false],
		[_alice, "p", false],
		[_alice, {"p": {}}, false],
		[_alice, {"p": null}, false],
		[_alice, {"p": _document, "q": object.remove(_document, ["not_actions"])}, false],
		[_alice, {"p": object.union(_document, {"kind": "trust"})}, false],
	]
	count(cases) > 0
	every one in cases {
		asked := _with({"principal": one[0], "policies": one[1]})
		_is_simulation(asked) == one[2]
		_simulation_faults(asked) == [_faults.policies | one[2] == false]
	}
}

test_a_simulation_needs_policies if {
	not _simulation(_request)
	_simulation_faults(_request) == [_faults.policies]
}

test_a_simulation_also_reports_the_faults_of_its_request if {
	asked := {"principal": "nobody", "action": "*", "resource": "*", "policies": {}}
	not _simulation(asked)
	_simulation_faults(asked) == [_faults.action, _faults.principal]
}

test_a_simulation_of_a_service_or_a_provider_names_the_principal_cases if {
	cases := ["ecs.aliyuncs.com", "acs:ram::1234567890123456:oidc-provider/x", "acs:ram::1234567890123456:saml-provider/x"]
	count(cases) > 0
	every principal in cases {
		asked := _with({"principal": principal, "policies": {"p": _document}})
		not _simulation(asked)
		_simulation_faults(asked) == [_simulated_principal]
		_simulation_faults(_with({"principal": principal, "policies": []})) == [_faults.policies, _simulated_principal]
	}
}

test_batch_cases if {
	cases := [
		[{"requests": []}, true],
		[{"requests": [5]}, true],
		[{"requests": {}}, false],
		[{"requests": "x"}, false],
		[{"requests": null}, false],
		[{}, false],
		[{"requests": [], "more": 1}, false],
		[[], false],
		[null, false],
		["requests", false],
		[{"requests": numbers.range(1, 10000)}, true],
		[{"requests": numbers.range(0, 10000)}, false],
	]
	count(cases) > 0
	every one in cases {
		_is_batch(one[0]) == one[1]
	}
}

test_a_request_has_at_most_five_fields if {
	wrong := _with({sprintf("%d", [index]): index | some index in numbers.range(0, 10000)})
	not _question(wrong)
	_faults_of(wrong) == ["input: must be an object of at most five fields"]
	not _simulation(wrong)
}

_is_batch(value) if request.is_batch(value)

else := false
