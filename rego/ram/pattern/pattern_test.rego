package ram.pattern_test

import data.ram.pattern
import data.ram.resource

_question(resource) := {"resource": resource, "is_role": false, "unstated": null}

_asked := "acs:oss:cn-a:1:b/x"

_differs(field, wanted, given) := {"field": field, "wanted": wanted, "given": given}

_of(parts, changes) := _judged(object.union({"effect": "Allow"}, parts), object.union(_question(_asked), changes))

_judged(statement, question) := pattern.matching(statement, question) if {
	resource.covers(statement, question)
} else := object.union(found.shown, {"nearness": found.nearness}) if {
	found := pattern.nearest(statement, pattern.asked(question))
}

test_the_pattern_that_matches_cases if {
	cases := [
		[{"any_resource": true}, "*"],
		[{"resources": ["acs:oss:cn-a:1:b/y", _asked]}, _asked],
		[{"resources": ["acs:oss:cn-a:1:b/y"], "resource_prefixes": ["acs:oss:cn-a:1:b/"]}, "acs:oss:cn-a:1:b/*"],
		[{"resource_patterns": ["acs:ecs:*:*:**", "acs:oss:*:*:**"]}, "acs:oss:*:*:*"],
		[{"resource_fields": [["acs", "*s*", "*", "*", "**"]]}, "acs:*s*:*:*:*"],
		[{"effect": "Deny", "resource_patterns": ["acs:oss:{cn-*,,[*]}:*:b/**"]}, "acs:oss:cn-*:*:b/*"],
	]
	count(cases) > 0
	every case in cases {
		[parts, expected] = case
		found := _of(parts, {})
		found == {"matches": true, "pattern": expected, "differs_at": null}
	}
}

test_the_nearest_pattern_cases if {
	cases := [
		[{"resources": ["acs:oss:cn-b:1:b/x"]}, "acs:oss:cn-b:1:b/x", _differs("region", "cn-b", "cn-a")],
		[{"resources": ["acs:ecs:cn-b:1:b/x", "acs:oss:cn-a:2:b/x"]}, "acs:oss:cn-a:2:b/x", _differs("account", "2", "1")],
		[{"resources": ["acs:oss:cn-a:1:a", "acs:oss:cn-a:1:b/", "acs:oss:cn-a:1:b"]}, "acs:oss:cn-a:1:b/", _differs("relative_id", "b/", "b/x")],
		[{"resource_prefixes": ["acs:oss:*:*:b/x/"]}, "acs:oss:*:*:b/x/*", _differs("relative_id", "b/x/*", "b/x")],
		[{"resource_prefixes": ["acs:ec"]}, "acs:ec*", _differs("service", "ec*", "oss")],
		[{"resource_patterns": ["acs:oss:cn-b**"]}, "acs:oss:cn-b*", _differs("region", "cn-b*", "cn-a")],
		[{"resource_patterns": ["acs:oss:*:*:b/[\u0000-\udbff\udfff]y"]}, "acs:oss:*:*:b/?y", _differs("relative_id", "b/?y", "b/x")],
		[{"resource_fields": [["acs", "*e*", "*", "*", "**"]]}, "acs:*e*:*:*:*", _differs("service", "*e*", "oss")],
		[{"resource_fields": [["acs", "*e*"]]}, "acs:*e*", null],
		[{"resource_patterns": ["acs:oss:cn-b"]}, "acs:oss:cn-b", null],
		[{"resource_patterns": ["oss:*:*:*:b"]}, "oss:*:*:*:b", null],
		[{"resources": ["acs:oss:cn-a:1:b/{x}"]}, "acs:oss:cn-a:1:b/{x}", _differs("relative_id", "b/{x}", "b/x")],
	]
	count(cases) > 0
	every case in cases {
		[parts, expected, difference] = case
		found := _of(parts, {})
		found.matches == false
		found.pattern == expected
		found.differs_at == difference
	}
}

test_all_resources_have_no_fields if {
	found := _judged({"effect": "Allow", "resources": [_asked]}, _question("*"))
	found == {"matches": false, "pattern": _asked, "differs_at": null, "nearness": [-1, 0]}
}

test_an_empty_relative_id_is_compared if {
	found := _judged({"effect": "Allow", "resources": [_asked]}, _question("acs:oss:cn-a:1:"))
	found.differs_at == _differs("relative_id", "b/x", "")
	found.nearness == [3, 0]
}

# 3.1, 3.5
test_a_deny_is_shown_with_its_region if {
	deny := {"effect": "Deny", "resource_patterns": ["acs:oss:cn-**:**:c", "acs:oss:{,[*]}:*:c"]}
	found := _of(deny, {})
	found.pattern == "acs:oss:cn-*:*:c"
	found.differs_at == _differs("relative_id", "c", "b/x")
	unstated := _of(deny, _question("acs:oss::1:c"))
	unstated.matches
	unstated.pattern == "acs:oss:cn-*:*:c"
	apart := {"effect": "Deny", "resource_patterns": ["acs:oss:c**n**:**:c"], "resource_fields": [["acs", "oss", "{,[*]}", "*", "c"]]}
	_of(apart, _question("acs:oss::1:c")).pattern == "acs:oss:c*n*:*:c"
	_of(apart, _question("acs:oss:de:1:c")).differs_at == _differs("region", "c*n*", "de")
}

# 3.5
test_an_empty_account_is_compared_with_an_unstated_one if {
	unstated := {"unstated": "acs:oss:cn-a::b/x"}
	_of({"resources": ["acs:oss:cn-a::b/y"]}, unstated).differs_at == _differs("relative_id", "b/y", "b/x")
	_of({"resources": ["acs:oss:cn-a::b/y"]}, {}).differs_at == _differs("account", "", "1")
}

# 3.4
test_roles_are_compared_without_case if {
	role := {"resource": "acs:ram::1:role/app", "is_role": true, "unstated": null}
	found := _judged({"effect": "Allow", "resources": ["acs:ram::2:role/App"]}, role)
	found.differs_at == _differs("account", "2", "1")
	found.nearness == [3, 8]
}

test_common_beginning_cases if {
	cases := [["abc", "abd", 2], ["abc", "x", 0], ["a.c", "abc", 1], ["", "a", 0], ["é*[", "é*[x", 3]]
	count(cases) > 0
	every case in cases {
		[one, other, expected] = case
		pattern.common(pattern.beginning(one), other) == expected
	}
	long := concat("", ["a" | some _ in numbers.range(1, 300)])
	pattern.common(pattern.beginning(long), long) == 200
}
