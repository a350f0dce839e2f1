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

# `own` is the caller's account; a service has none.
test_compared_cases if {
	cases := [
		# text, own, compared, unstated
		["acs:ram::1234567890123456:role/AppRole", "own", "acs:ram::1234567890123456:role/approle", null],
		["acs:ram:*:1234567890123456:role/AppRole", "own", "acs:ram::1234567890123456:role/approle", null],
		[
			"acs:ram:*:*:role/AppRole",
			"1234567890123456",
			"acs:ram::1234567890123456:role/approle",
			"acs:ram:::role/AppRole",
		],
		["acs:ram::1234567890123456:user/Alice", "own", "acs:ram::1234567890123456:user/Alice", null],
		["acs:oss:*:*:Bucket", "own", "acs:oss::own:Bucket", "acs:oss:::Bucket"],
		["acs:oss:::Bucket", "own", "acs:oss::own:Bucket", "acs:oss:::Bucket"],
		["acs:oss:cn::a:b\nc", "own", "acs:oss:cn:own:a:b\nc", "acs:oss:cn::a:b\nc"],
		["acs:oss:*:12:b", "own", "acs:oss::12:b", null],
		["acs:oss:**:**:b", "own", "acs:oss:**:**:b", null],
		["acs:oss:?:?:b", "own", "acs:oss:?:?:b", null],
		["acs:ram:*:system:policy/x", "own", "acs:ram::system:policy/x", null],
		["acs:ram::system:policy/x", "own", "acs:ram::system:policy/x", null],
		["acs:oss:*:*:b", "", "acs:oss::*:b", null],
		["acs:oss:::b", "", "acs:oss:::b", null],
		["*", "own", "*", null],
	]
	count(cases) > 0
	every one in cases {
		[text, own, compared, unstated] := one
		[found, _, _, without_account] := resource.parse(text, own)
		found == compared
		without_account == unstated
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
	[compared, is_role, _, unstated] = resource.parse(text, "given")
	resource.covers(parts, {"resource": compared, "is_role": is_role, "unstated": unstated})
} else := false

test_covers_cases if {
	role := "acs:ram::1234567890123456:role/AppRole"
	any := "[\u0000-\udbff\udfff]"
	cases := [
		[{"any_resource": true}, "*", true],
		[{"any_resource": true}, "acs:oss:*:*:b", true],
		[{}, "*", false],
		[{"resources": ["acs:oss:cn:1:b"]}, "acs:oss:cn:1:b", true],
		[{"resources": ["acs:oss::1:b"]}, "acs:oss:*:1:b", true],
		[{"resources": ["acs:oss:cn:1:b"]}, "acs:oss:*:1:b", false],
		[{"resources": ["acs:oss::1:b"]}, "acs:oss::1:B", false],
		[{"resources": ["acs:oss::1:b"]}, "acs:oss::1:b\n", false],
		[{"resources": ["acs:oss::1:b"]}, "acs:oss::1:bc", false],
		[{"resources": ["acs:oss::1:b"]}, "*", false],
		[{"resources": ["acs:oss::1:a", "acs:oss::1:b"]}, "acs:oss::1:b", true],
		[{"resource_prefixes": ["acs:oss::1:b/"]}, "acs:oss::1:b/", true],
		[{"resource_prefixes": ["acs:oss::1:b/"]}, "acs:oss::1:b/c/d:e\nf", true],
		[{"resource_prefixes": ["acs:oss::1:b/"]}, "acs:oss::1:b", false],
		[{"resource_prefixes": ["acs:oss::1:b/"]}, "acs:oss::1:B/c", false],
		[{"resource_prefixes": ["acs:"]}, "*", false],
		[{"resource_patterns": ["?"]}, "*", true],
		[{"resource_patterns": ["?"]}, "acs:oss:::b", false],
		[{"resource_patterns": ["acs:*:b"]}, "*", false],
		[{"resource_patterns": ["acs:oss:*:*:b"]}, "acs:oss:cn:1234567890123456:b", true],
		[{"resource_patterns": ["acs:oss:*:*:b"]}, "acs:oss:::b", true],
		[{"resource_patterns": ["acs:oss:*:*:b"]}, "acs:oss:x/y:z:b", true],
		[{"resource_patterns": ["acs:oss:*:*:b"]}, "acs:oss:x/y:z:w:b", false],
		[{"resource_patterns": ["acs:oss:**:b"]}, "acs:oss:x/y:z:w:b", true],
		[{"resource_patterns": ["acs:oss:{cn,,[*]}:*:b"]}, "acs:oss:cn:1:b", true],
		[{"resource_patterns": ["acs:oss:{cn,,[*]}:*:b"]}, "acs:oss:*:1:b", true],
		[{"resource_patterns": ["acs:oss:{cn,,[*]}:*:b"]}, "acs:oss:us:1:b", false],
		[{"resource_patterns": ["acs:oss:*:*:c"]}, "acs:oss:::b", false],
		[{"resource_patterns": ["acs:oss:*:*:b"]}, "acs:OSS:::b", false],
		[{"resource_patterns": ["*a**a"]}, "acs::1::a", true],
		[{"resource_patterns": ["acs::*::ab**ba"]}, "acs::::aba", false],
		[{"resource_patterns": ["acs:::*:ab**ba"]}, "acs::::ab:ba", true],
		[{"resource_patterns": [concat("", ["acs:::*:b", any])]}, "acs::::bé", true],
		[{"resource_patterns": [concat("", ["acs:::*:b", any])]}, "acs::::b", false],
		[{"resource_patterns": [concat("", ["acs:::*:b", any])]}, "acs::::b:", true],
		[{"resource_patterns": ["acs:::*:\\[!a-z\\]\\{b,c\\}\\\\?"]}, "acs::::[!a-z]{b,c}\\d", true],
		[{"resource_patterns": ["acs:::*:\\[!a-z\\]\\{b,c\\}\\\\?"]}, "acs::::AbX", false],
		[{"resource_fields": [["acs", "oss", "*a*b*", "*", "b"]]}, "acs:oss:xaxb:1:b", true],
		[{"resource_fields": [["acs", "oss", "*a*b*", "*", "b"]]}, "acs:oss:xa:b:b", false],
		[{"resource_fields": [["acs", "*o*s*", "*", "*", "b"]]}, "acs:oss:*:1:b", true],
		[{"resource_fields": [["acs", "*o*s*", "*", "*", "b"]]}, "acs:oss:cn:1:bc", false],
		[{"resource_fields": [["acs", "*o*s*", "", "*", "b"]]}, "acs:oss:*:1:b", true],
		[{"resource_fields": [["acs", "*o*s*", "", "*", "b"]]}, "acs:oss:cn:1:b", false],
		[{"resource_fields": [["acs", "*o*s*", "{cn*a*,,[*]}", "*", "b"]]}, "acs:oss:cn-a:1:b", true],
		[{"resource_fields": [["acs", "*o*s*", "{cn*a*,,[*]}", "*", "b"]]}, "acs:oss:*:1:b", true],
		[{"resource_fields": [["acs", "*o*s*", "{cn*a*,,[*]}", "*", "b"]]}, "acs:oss:cn:1:b", false],
		[{"resource_fields": [["acs", "*o*s*", "*", "*", "b**"]]}, "acs:oss:cn:1:b:c\nd", true],
		[{"resource_fields": [["acs", "*o*s*"]]}, "acs:oss:cn:1:b", false],
		[{"resource_fields": [["*", "*o*s*", "*", "*", "*"]]}, "*", false],
		[{"resource_fields": [["ACS", "*R*M*", "*", "*", "role/APP*"]]}, role, true],
		[{"resource_fields": [["ACS", "*R*M*", "*", "*", "role/APPS*"]]}, role, false],
		[{"resources": [role]}, role, true],
		[{"resources": [lower(role)]}, role, true],
		[{"resources": [role]}, lower(role), true],
		[{"resources": ["ACS:RAM::1234567890123456:ROLE/APPROLE"]}, role, true],
		[{"resources": [role]}, "acs:ram:*:1234567890123456:role/AppRole", true],
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

# 3.5: only an Allow matches the account that a request does not state as an empty one
test_an_empty_account_cases if {
	cases := [
		[{"effect": "Allow", "resources": ["acs:oss:::b"]}, "acs:oss:*:*:b", true],
		[{"effect": "Allow", "resources": ["acs:oss:::b"]}, "acs:oss:::b", true],
		[{"effect": "Allow", "resource_prefixes": ["acs:oss:::"]}, "acs:oss:::b", true],
		[{"effect": "Allow", "resource_patterns": ["acs:oss:*::b"]}, "acs:oss:cn::b", true],
		[{"effect": "Allow", "resource_patterns": ["acs:oss:*::b"]}, "acs:oss:cn:given:b", false],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:*::b"]}, "acs:oss:cn::b", false],
		[{"effect": "Allow", "resource_patterns": ["acs:oss:*:*:b", "acs:oss:*:1*:b"]}, "acs:oss:cn::b", true],
		[{"effect": "Allow", "resource_patterns": ["acs:oss:*:1*:b"]}, "acs:oss:cn::b", true],
		[{"effect": "Allow", "resource_patterns": ["acs:oss:*:2*:b"]}, "acs:oss:cn::b", false],
		[{"effect": "Allow", "resource_fields": [["acs", "*o*s*", "*", "", "b"]]}, "acs:oss:cn:*:b", true],
		[{"effect": "Allow", "resource_fields": [["acs", "*o*s*", "*", "", "c"]]}, "acs:oss:cn:*:b", false],
		[{"effect": "Deny", "resource_fields": [["acs", "*o*s*", "*", "", "b"]]}, "acs:oss:cn:*:b", false],
		[{"effect": "Allow", "resource_fields": [["acs", "*R*M*", "", "", "role/App"]]}, "acs:ram:::role/app", true],
		[{"effect": "Allow", "resources": ["acs:ram:::role/App"]}, "acs:ram:::role/App", true],
		[{"effect": "Allow", "resources": ["acs:ram:::role/App"]}, "acs:ram:::role/app", true],
		[{"effect": "Allow", "resources": ["acs:ram:::role/App"]}, "acs:ram:::role/apps", false],
		[{"effect": "Deny", "resources": ["acs:ram:::role/App"]}, "acs:ram:::role/app", false],
	]
	count(cases) > 0
	every one in cases {
		[compared, is_role, _, unstated] = resource.parse(one[1], "1234567890123456")
		question := {"resource": compared, "is_role": is_role, "unstated": unstated}
		[1 | resource.covers(one[0], question)] == [1 | one[2]]
	}
}
