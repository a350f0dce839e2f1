package ram.condition_keys_test

import data.ram.condition_keys

test_keys_as_ram_spells_them_are_plain if {
	condition_keys.are_plain(set())
	condition_keys.are_plain({"acs:SourceIp", "acs:CurrentTime", "sts:ExternalId", "alikafka:Acl"})
	condition_keys.are_plain({"acs:ResourceTag/team", "acs:RequestTag/", "kms:tag/a:b"})
}

test_keys_of_services_of_which_ram_names_no_key_are_plain if {
	condition_keys.are_plain({"oss:Prefix", "OSS:prefix", "app", "", "my-acs:SourceIp", "acs", "xacs:y"})
}

test_a_key_that_may_be_one_of_ram_in_another_spelling_is_not_plain if {
	every key in [
		"acs:sourceip", "ACS:SourceIp", "Acs:SourceIp", "aCs:SourceIp", "acS:ResourceTag/team", "acs:resourceTag/team", "acs:ResourceTags/team",
		"acs:ResourceTag", "acs:Re", "acs:", "acs:RequestTa/", "acs:Unknown", "ali\u212aafka:Acl", "alikafka:acl", "o\u0130dc:sub",
		"\u212ams:tag/a", "kms:Tag/a", "kms:tags", "STS:ExternalId", "ram:servicename", "saml:Recipient", "a\nacs:sourceip",
	] {
		not condition_keys.are_plain({key})
		not condition_keys.are_plain({"oss:Prefix", "acs:SourceIp", key})
	}
}

_spellings := {"acs:principalarn": "acs:PrincipalARN", "acs:sourceip": "acs:SourceIp", "acs:resourcetag/": "acs:ResourceTag/"}

test_a_key_that_ram_does_not_name_is_plain if {
	every keys in [{"acs:UserAgent"}, {"acs:UserAgent", "acs:SourceIp", "acs:ResourceTag/a", "oss:Prefix"}] {
		condition_keys.are_plain(keys) with data.store.condition_keys as _spellings
	}
	every key in ["acs:sourceIp", "acs:resourcetag/a", "ACS:ResourceTag/a", "acs:PrincipalARN", "acs:ResourceGroupId", "acs:principalarn"] {
		not condition_keys.are_plain({"acs:UserAgent", key}) with data.store.condition_keys as _spellings
	}
	long := {"acs:UserAgent", sprintf("%0256d", [0])}
	not condition_keys.are_plain(long) with data.store.condition_keys as _spellings
	many := {sprintf("acs:k%d", [number]) | some number in numbers.range(10, 60)}
	not condition_keys.are_plain(many) with data.store.condition_keys as _spellings
}

test_keys_that_mean_more_than_their_conditions_are_not_plain if {
	not condition_keys.are_plain({"acs:PrincipalARN"})
	not condition_keys.are_plain({"acs:ResourceGroupId", "acs:SourceIp"})
}

test_long_keys_are_not_plain if {
	condition_keys.are_plain({sprintf("%0256d", [0])})
	not condition_keys.are_plain({sprintf("%0257d", [0])})
}

test_too_many_keys_are_not_plain if {
	fifty := {sprintf("k%d", [number]) | some number in numbers.range(10, 59)}
	count(fifty) == 50
	condition_keys.are_plain(fifty)
	not condition_keys.are_plain(fifty | {"more"})
}
