package ram.consent_test

import data.ram.consent

_store := {
	"who": {"1234567890123456": {"acs:ram::1234567890123456:user/bob": "s", "acs:ram::1234567890123456:user/several": "several"}},
	"assuming": {"s": "e", "several": "tests"},
	"entries": {"tests": {"tests": [["pattern", "resource", "role/(app|odd)$"]], "outcomes": {"0": {"allow": false}, "1": {"allow": true}}}, "e": {"resource": "acs:ram::1234567890123456:role/a**", "true": {"allow": true}, "false": {"allow": false}}},
	"accounts": {"1234567890123456": {"roles": {
		"app": {"trust": "1234567890123456/trust:App"},
		"linked": {"trust": "trust:Linked"},
		"odd": {"trust": "1234567890123456/trust:Odd"},
	}}},
	"trusts": {"1234567890123456/trust:App": "t", "trust:Linked": "t"},
	"consents": {"t": {"": [], "acs:ram::1234567890123456:": [1, 2], "ecs.aliyuncs.com": [0], "oss.aliyuncs.com": null}},
}

_decided(principal, role) := found if {
	found := consent.decision(principal, concat("", ["acs:ram::1234567890123456:role/", role])) with data.store as _store
}

test_a_service_that_the_trust_policy_names if {
	_decided("ecs.aliyuncs.com", "Linked").statements == [{"policy": "trust:Linked", "index": 0}]
	_decided("ecs.aliyuncs.com", "app").allow == true
}

test_a_service_that_the_trust_policy_does_not_name if {
	_decided("fc.aliyuncs.com", "app").reason == "no_statement_matches"
}

test_a_user_needs_its_own_policies_and_the_trust_policy if {
	_decided("acs:ram::1234567890123456:user/bob", "app").statements == [{"policy": "trust:App", "index": 1}, {"policy": "trust:App", "index": 2}]
	_decided("acs:ram::1234567890123456:user/several", "app").allow
	not _decided("acs:ram::1234567890123456:user/several", "linked")
	not _decided("acs:ram::1234567890123456:user/bob", "linked")
	not _decided("acs:ram::1234567890123456:user/eve", "app")
}

test_the_general_rule_decides_what_the_table_leaves_open if {
	not _decided("oss.aliyuncs.com", "app")
	not _decided("ecs.aliyuncs.com", "odd")
	not _decided("ecs.aliyuncs.com", "none")
	not _decided("acs:ram::1234567890123456:root", "app")
	not _decided("acs:ram::1234567890123456:role/App", "app")
	not consent.decision(1, "acs:ram::1234567890123456:role/app") with data.store as _store
	not consent.decision("ecs.aliyuncs.com", ["*"]) with data.store as _store
}
