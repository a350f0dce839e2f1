package ram.resource_test

import data.ram.resource

test_valid_cases if {
	cases := [
		"*", "acs::::", "acs:oss:*:*:bucket", "acs:oss:cn-hangzhou:1234567890123456:bucket/a b/é", "acs:oss::::",
		"acs:oss:::b:c:d", "acs:oss:::line\nbreak", "acs:\n:::x", "acs:oss:*:*:*", "acs:?:?:?:?",
	]
	count(cases) > 0
	every one in cases {
		resource.is_valid(one)
	}
}

test_not_valid_cases if {
	cases := [
		"", "**", "?", " *", "*\n", "acs", "acs:", "acs:oss", "acs:oss::", "ACS:oss:::b", "Acs:oss:*:*:b",
		" acs:oss:*:*:b", "\nacs:oss:*:*:b", "arn:oss:*:*:b", "*:oss:*:*:b", "acs*:oss:*:*:b", null, true, 5, ["*"], {},
	]
	count(cases) > 0
	every one in cases {
		not resource.is_valid(one)
	}
}

test_role_cases if {
	cases := {
		"acs:ram::1234567890123456:role/AppRole": true,
		"acs:ram:*:1234567890123456:role/a.b_c@d-1": true,
		"acs:ram:cn:1234567890123456:role/a": false,
		"acs:ram:?:1234567890123456:role/a": false,
		"acs:ram:**:1234567890123456:role/a": false,
		"acs:ram::*:role/a": false,
		"acs:ram:::role/a": false,
		"acs:ram::123456789012345:role/a": false,
		"acs:ram::12345678901234567:role/a": false,
		"acs:ram::1234567890123456:role/": false,
		"acs:ram::1234567890123456:role/a/b": false,
		"acs:ram::1234567890123456:role/*": false,
		"acs:ram::1234567890123456:role/a\n": false,
		"acs:ram::1234567890123456:Role/a": false,
		"acs:ram::1234567890123456:user/a": false,
		"acs:RAM::1234567890123456:role/a": false,
		"acs:oss::1234567890123456:role/a": false,
		"*": false,
	}
	count(cases) > 0
	every text, is_role in cases {
		_is_role(text) == is_role
	}
}

_is_role(text) if resource.parse(text, "given")[1]

else := false

test_compared_cases if {
	cases := {
		"acs:ram::1234567890123456:role/AppRole": "acs:ram::1234567890123456:role/approle",
		"acs:ram:*:1234567890123456:role/AppRole": "acs:ram:*:1234567890123456:role/approle",
		"acs:ram::1234567890123456:user/Alice": "acs:ram::1234567890123456:user/Alice",
		"acs:oss:*:*:Bucket": "acs:oss:*:*:Bucket",
		"*": "*",
	}
	count(cases) > 0
	every text, compared in cases {
		resource.parse(text, "given")[0] == compared
	}
}

test_account_cases if {
	cases := {
		"*": "given",
		"acs:oss:::b": "given",
		"acs:oss:*:*:b": "given",
		"acs:ram:*:system:policy/x": "given",
		"acs:oss:*:1234567890123456:b": "1234567890123456",
		"acs:oss:*:System:b": "System",
		"acs:oss:*:**:b": "**",
		"acs:oss:*: :b": " ",
		"acs:oss:*:12345:b": "12345",
	}
	count(cases) > 0
	every text, account in cases {
		resource.parse(text, "given")[2] == account
	}
}

_covers(parts, text) if {
	[compared, is_role, _] = resource.parse(text, "given")
	resource.covers(parts, {"resource": compared, "is_role": is_role})
} else := false

test_covers_cases if {
	role := "acs:ram::1234567890123456:role/AppRole"
	cases := [
		[{"any_resource": true}, "*", true],
		[{"any_resource": true}, "acs:oss:*:*:b", true],
		[{}, "*", false],
		[{"resources": ["acs:oss:*:*:b"]}, "acs:oss:*:*:b", true],
		[{"resources": ["acs:oss:::b"]}, "acs:oss:::b", true],
		[{"resources": ["acs:oss:::b"]}, "acs:oss:::B", false],
		[{"resources": ["acs:oss:::b"]}, "acs:oss:::b\n", false],
		[{"resources": ["acs:oss:::b"]}, "acs:oss:::bc", false],
		[{"resources": ["acs:oss:::b"]}, "*", false],
		[{"resources": ["acs:oss:::a", "acs:oss:::b"]}, "acs:oss:::b", true],
		[{"resource_prefixes": ["acs:oss:::b/"]}, "acs:oss:::b/", true],
		[{"resource_prefixes": ["acs:oss:::b/"]}, "acs:oss:::b/c/d:e\nf", true],
		[{"resource_prefixes": ["acs:oss:::b/"]}, "acs:oss:::b", false],
		[{"resource_prefixes": ["acs:oss:::b/"]}, "acs:oss:::B/c", false],
		[{"resource_prefixes": ["acs:"]}, "*", false],
		[{"resource_patterns": ["?"]}, "*", true],
		[{"resource_patterns": ["?"]}, "acs:oss:::b", false],
		[{"resource_patterns": ["acs:*:b"]}, "*", false],
		[{"resource_patterns": ["acs:oss:*:*:b"]}, "acs:oss:cn:1234567890123456:b", true],
		[{"resource_patterns": ["acs:oss:*:*:b"]}, "acs:oss:::b", true],
		[{"resource_patterns": ["acs:oss:*:*:b"]}, "acs:oss:x/y:z:w:b", true],
		[{"resource_patterns": ["acs:oss:*:*:b"]}, "acs:oss:x\ny::b", true],
		[{"resource_patterns": ["acs:oss:*:*:b"]}, "acs:oss:::c", false],
		[{"resource_patterns": ["acs:oss:*:*:b"]}, "acs:OSS:::b", false],
		[{"resource_patterns": ["*a*a"]}, "acs::::a", true],
		[{"resource_patterns": ["acs::::ab*ba"]}, "acs::::aba", false],
		[{"resource_patterns": ["acs::::ab*ba"]}, "acs::::abba", true],
		[{"resource_patterns": ["acs::::b?"]}, "acs::::bé", true],
		[{"resource_patterns": ["acs::::b?"]}, "acs::::b", false],
		[{"resource_patterns": ["acs::::b?"]}, "acs::::b\n", true],
		[{"resource_patterns": ["acs::::\\[!a-z\\]\\{b,c\\}\\\\?"]}, "acs::::[!a-z]{b,c}\\d", true],
		[{"resource_patterns": ["acs::::\\[!a-z\\]\\{b,c\\}\\\\?"]}, "acs::::AbX", false],
		[{"resources": [role]}, role, true],
		[{"resources": [lower(role)]}, role, true],
		[{"resources": [role]}, lower(role), true],
		[{"resources": ["ACS:RAM::1234567890123456:ROLE/APPROLE"]}, role, true],
		[{"resources": [role]}, "acs:ram:*:1234567890123456:role/AppRole", false],
		[{"resource_patterns": ["acs:ram:*:*:role/app*e"]}, role, true],
		[{"resource_patterns": ["acs:ram:*:*:role/APP*E"]}, role, true],
		[{"resource_patterns": ["acs:ram:*:*:role/APP*F"]}, role, false],
		[{"resource_prefixes": ["acs:ram::1234567890123456:role/APP"]}, role, true],
		[{"resource_prefixes": ["acs:ram::1234567890123456:role/APPS"]}, role, false],
		[{"resources": ["acs:ram::1234567890123456:user/Alice"]}, "acs:ram::1234567890123456:user/alice", false],
		[{"resource_patterns": ["acs:ram:*:*:user/A*e"]}, "acs:ram::1234567890123456:user/alice", false],
	]
	count(cases) > 0
	every one in cases {
		_covers(one[0], one[1]) == one[2]
	}
}
