package ram.trust_test

import data.ram.principal
import data.ram.trust

_here := "acs:ram::1234567890123456:"

test_admits_cases if {
	cases := [
		["root", "user/alice", true],
		["root", "role/App", true],
		["root", "assumed-role/App/s", true],
		["root", "role/App/s", true],
		["root", "root", false],
		["root", "saml-provider/x", false],
		["user/alice", "user/alice", true],
		["user/alice", "user/Alice", false],
		["user/alice", "role/alice", false],
		["user/root", "root", false],
		["role/app", "role/App", true],
		["role/app", "assumed-role/APP/s", true],
		["role/app", "role/other", false],
		["role/app", "user/app", false],
		["saml-provider/x", "saml-provider/x", true],
		["saml-provider/x", "saml-provider/X", false],
		["saml-provider/x", "oidc-provider/x", false],
		["oidc-provider/x", "oidc-provider/x", true],
	]
	count(cases) > 0
	every one in cases {
		listed := ["ecs.aliyuncs.com", concat("", [_here, one[0]])]
		_admits(listed, concat("", [_here, one[1]])) == one[2]
	}
}

test_another_account_is_not_admitted if {
	not _admits(["acs:ram::1234567890123457:root"], "acs:ram::1234567890123456:user/alice")
	not _admits(["acs:ram::1234567890123457:user/alice"], "acs:ram::1234567890123456:user/alice")
}

test_service_cases if {
	cases := {"ecs.aliyuncs.com": true, "fc.aliyuncs.com": false, "x.ecs.aliyuncs.com": false}
	count(cases) > 0
	every text, admitted in cases {
		_admits(["ecs.aliyuncs.com", "acs:ram::1234567890123456:root"], text) == admitted
	}
}

test_an_empty_list_admits_no_principal if {
	not _admits([], "acs:ram::1234567890123456:user/alice")
	not _admits([], "ecs.aliyuncs.com")
}

_admits(listed, text) if trust.admits(listed, principal.parse(text))

else := false
