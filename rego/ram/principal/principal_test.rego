package ram.principal_test

import data.ram.principal

_account := "acs:ram::1234567890123456:"

_of(kind, name, arn, is_session) := {
	"kind": kind,
	"account": "1234567890123456",
	"name": name,
	"arn": arn,
	"is_session": is_session,
}

_text(length) := concat("", ["a" | some _ in numbers.range(1, length)])

test_parse_cases if {
	user := concat("", [_account, "user/Al.i_c-e@1"])
	owner := concat("", [_account, "root"])
	role := concat("", [_account, "role/approle"])
	saml := concat("", [_account, "saml-provider/Okta"])
	oidc := concat("", [_account, "oidc-provider/GitHub"])
	long := concat("", [_account, "user/", _text(64)])
	cases := {
		user: _of("user", "Al.i_c-e@1", user, false),
		long: _of("user", _text(64), long, false),
		owner: _of("owner", "root", owner, false),
		role: _of("role", "approle", role, false),
		concat("", [_account, "role/AppRole"]): _of("role", "approle", role, false),
		concat("", [_account, "role/AppRole/Session@1"]): _of("role", "approle", role, true),
		concat("", [_account, "assumed-role/AppRole/s"]): _of("role", "approle", role, true),
		saml: _of("federated", "Okta", saml, false),
		oidc: _of("federated", "GitHub", oidc, false),
		"ecs.aliyuncs.com": {
			"kind": "service",
			"account": "",
			"name": "ecs.aliyuncs.com",
			"arn": "ecs.aliyuncs.com",
			"is_session": false,
		},
		"a-1.b.aliyuncs.com": {
			"kind": "service",
			"account": "",
			"name": "a-1.b.aliyuncs.com",
			"arn": "a-1.b.aliyuncs.com",
			"is_session": false,
		},
	}
	count(cases) > 0
	every text, parsed in cases {
		principal.parse(text) == parsed
	}
}

test_parse_is_undefined_cases if {
	names := {
		"user/", "user", "user/a/b", "user/a b", "user/a\n", "user/é", "user/*", "user/a?", "user/a:b", "User/a",
		"role/", "role", "role/a/", "role/a/b/c", "role/a/b\n", "role/*", "role/a+b", "Role/a",
		"assumed-role/a", "assumed-role/", "assumed-role/a/b/c", "assumed-role//b", "root/", "root/a", "Root", "root\n",
		"group/a", "policy/a", "saml-provider/", "saml-provider/a/b", "oidc-provider", "saml/a", "", "*",
	}
	whole := {
		"", "*", "root", "alice", "acs:ram::123456789012345:user/a", "acs:ram::12345678901234567:user/a",
		"acs:ram::123456789012345x:user/a", "acs:ram::１234567890123456:user/a", "acs:ram::*:user/a", "acs:ram:::user/a",
		"acs:ram:*:1234567890123456:user/a", "acs:ram:cn:1234567890123456:user/a", "ACS:ram::1234567890123456:user/a",
		"acs:RAM::1234567890123456:user/a", "acs:sts::1234567890123456:assumed-role/a/b",
		" acs:ram::1234567890123456:user/a", "\nacs:ram::1234567890123456:user/a", "acs:ram::1234567890123456:user/a:b",
		"arn:acs:ram::1234567890123456:user/a", "aliyuncs.com", ".aliyuncs.com", "ecs.aliyuncs.com.", "ecs..aliyuncs.com",
		"ECS.aliyuncs.com", "ecs.aliyuncs.com\n", "ecs_1.aliyuncs.com", "*.aliyuncs.com", "ecs.aliyuncs.com.evil.org",
		"ecs.aliyuncsxcom", "évil.aliyuncs.com", "ecs.amazonaws.com",
	}
	long := {
		sprintf("%suser/%s", [_account, _text(65)]),
		sprintf("%srole/%s", [_account, _text(65)]),
		sprintf("%srole/a/%s", [_account, _text(65)]),
		sprintf("%sassumed-role/a/%s", [_account, _text(65)]),
	}
	none := {null, true, 5, ["acs:ram::1234567890123456:root"], {"RAM": "acs:ram::1234567890123456:root"}}
	cases := ((whole | long) | none) | {concat("", [_account, name]) | some name in names}
	count(cases) > 0
	every one in cases {
		not principal.parse(one)
	}
}

test_identity_cases if {
	cases := {"user": true, "role": true, "owner": true, "service": false, "federated": false}
	count(cases) > 0
	every kind, has in cases {
		_has_identity(kind) == has
	}
}

_has_identity(kind) if principal.has_identity({"kind": kind})

else := false
