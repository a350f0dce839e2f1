package ram.condition_test

import data.ram.condition

_satisfied(one, effect, context) := _satisfied_by(one, effect, context, "user")

_satisfied_by(one, effect, context, kind) if {
	condition.is_satisfied(one, effect, {"context": context, "principal": {"kind": kind}})
} else := false

_of(operator, negated, quantifier, values) := {
	"operator": operator,
	"negated": negated,
	"quantifier": quantifier,
	"key": "k",
	"values": values,
}

_effects := {"Allow", "Deny"}

_quantifiers := {"some", "every"}

# 2026-03-11T00:00:00Z
_noon := 1773187200000000000

_ten := [1, 2, "1"]

_nine := [1, 1, "9"]

# Operator, listed values, request value, whether one matches the other.
_comparisons := [
	["StringEquals", ["a"], "a", true],
	["StringEquals", ["a"], "A", false],
	["StringEquals", ["a"], "a\n", false],
	["StringEquals", ["a"], "", false],
	["StringEquals", [""], "", true],
	["StringEquals", ["a*"], "ab", false],
	["StringEquals", ["a*"], "a*", true],
	["StringEquals", ["a", "b"], "b", true],
	["StringEquals", ["a", "b"], "c", false],
	["StringEquals", ["true"], true, true],
	["StringEquals", ["true"], false, false],
	["StringEquals", ["false"], false, true],
	["StringEquals", ["True"], true, false],
	["StringEquals", ["${acs:SourceIp}"], "${acs:SourceIp}", true],
	["StringEquals", ["2026-03-11T00:00:00Z"], "2026-03-11T00:00:00Z", true],
	["StringEquals", ["2026-03-11T00:00:00Z"], "2026-03-11T08:00:00+08:00", false],
	["StringEquals", ["10.0"], "10", false],
	["StringEquals", ["10.0.0.0/8"], "10.0.0.1", false],
	["StringLike", ["10.0.0.0/8"], "10.0.0.1", false],
	["StringEqualsIgnoreCase", ["AbC"], "aBc", true],
	["StringEqualsIgnoreCase", ["É"], "é", true],
	["StringEqualsIgnoreCase", ["K"], "k", true],
	["StringEqualsIgnoreCase", ["TRUE"], true, true],
	["StringEqualsIgnoreCase", ["abc"], "abd", false],
	["StringEqualsIgnoreCase", ["ß"], "ss", false],
	["StringLike", ["a*"], "a", true],
	["StringLike", ["a*"], "ab/c:d", true],
	["StringLike", ["a*"], "A", false],
	["StringLike", ["a?"], "ab", true],
	["StringLike", ["a?"], "a", false],
	["StringLike", ["a?"], "abc", false],
	["StringLike", ["*"], "", true],
	["StringLike", [""], "", true],
	["StringLike", [""], "a", false],
	["StringLike", ["ab*ba"], "aba", false],
	["StringLike", ["\\[a\\]\\{b,c\\}\\\\"], "[a]{b,c}\\", true],
	["StringLike", ["\\[a\\]"], "a", false],
	["StringLike", ["x", "*c"], "abc", true],
	["StringLike", ["tr*"], true, true],
	["NumericEquals", [_ten], 10, true],
	["NumericEquals", [_ten], "10", true],
	["NumericEquals", [_ten], "10.00", true],
	["NumericEquals", [_ten], json.unmarshal("1e1"), true],
	["NumericEquals", [_ten], json.unmarshal("100e-1"), true],
	["NumericEquals", [_ten], "10.000000000000000000000000000001", false],
	["NumericEquals", [_ten], -10, false],
	["NumericEquals", [_nine, _ten], 10, true],
	["NumericEquals", [[1, 4, "1"]], json.unmarshal("1e3"), true],
	["NumericEquals", [[1, 0, "1"]], 0.1, true],
	["NumericEquals", [[1, 0, "1"]], "0.10", true],
	["NumericEquals", [[0, 0, ""]], json.unmarshal("-0"), true],
	["NumericEquals", [[0, 0, ""]], "-0.0", true],
	["NumericEquals", [[1, 16, "9007199254740993"]], json.unmarshal("9007199254740993"), true],
	["NumericEquals", [[1, 16, "9007199254740993"]], json.unmarshal("9007199254740992"), false],
	["NumericEquals", [[1, 30, "123456789012345678901234567891"]], "123456789012345678901234567890", false],
	["NumericLessThan", [_ten], 9, true],
	["NumericLessThan", [_ten], "9.999999999999999999999999999999", true],
	["NumericLessThan", [_ten], 10, false],
	["NumericLessThan", [_ten], 11, false],
	["NumericLessThan", [_ten], -11, true],
	["NumericLessThan", [_nine, _ten], "9.5", true],
	["NumericLessThanEquals", [_ten], 9, true],
	["NumericLessThanEquals", [_ten], 10, true],
	["NumericLessThanEquals", [_ten], "10.0", true],
	["NumericLessThanEquals", [_ten], "10.000000000000000000000000000001", false],
	["NumericGreaterThan", [_ten], 11, true],
	["NumericGreaterThan", [_ten], 10, false],
	["NumericGreaterThan", [_ten], 9, false],
	["NumericGreaterThan", [[-1, 2, "1"]], "-9", true],
	["NumericGreaterThan", [[-1, 2, "1"]], "-11", false],
	["NumericGreaterThanEquals", [_ten], 11, true],
	["NumericGreaterThanEquals", [_ten], "10.0", true],
	["NumericGreaterThanEquals", [_ten], "9.999999999999999999999999999999", false],
	["DateEquals", [_noon], "2026-03-11T00:00:00Z", true],
	["DateEquals", [_noon], "2026-03-11T08:00:00.000+08:00", true],
	["DateEquals", [_noon], "2026-03-11T00:00:00.000000001Z", false],
	["DateEquals", [0, _noon], "1970-01-01T00:00:00Z", true],
	["DateLessThan", [_noon], "2026-03-10T23:59:59.999999999Z", true],
	["DateLessThan", [_noon], "2026-03-11T00:00:00Z", false],
	["DateLessThan", [_noon], "2026-03-11T07:00:00+08:00", true],
	["DateLessThan", [_noon], "2026-03-11T00:00:00.000000001Z", false],
	["DateLessThanEquals", [_noon], "2026-03-11T00:00:00Z", true],
	["DateLessThanEquals", [_noon], "2026-03-10T00:00:00Z", true],
	["DateLessThanEquals", [_noon], "2026-03-11T00:00:00.000000001Z", false],
	["DateGreaterThan", [_noon], "2026-03-11T00:00:00.000000001Z", true],
	["DateGreaterThan", [_noon], "2026-03-11T00:00:00Z", false],
	["DateGreaterThan", [_noon], "2026-03-10T00:00:00Z", false],
	["DateGreaterThan", [9214646399999999998], "2261-12-31T23:59:59.999999999Z", true],
	["DateGreaterThan", [9214646399999999999], "2261-12-31T23:59:59.999999999Z", false],
	["DateGreaterThanEquals", [_noon], "2026-03-11T00:00:00Z", true],
	["DateGreaterThanEquals", [_noon], "2026-03-12T00:00:00Z", true],
	["DateGreaterThanEquals", [_noon], "2026-03-10T23:59:59.999999999Z", false],
	["DateGreaterThanEquals", [-9214560000000000000], "1678-01-01T00:00:00Z", true],
	["Bool", [true], true, true],
	["Bool", [true], "true", true],
	["Bool", [true], "TrUe", true],
	["Bool", [true], false, false],
	["Bool", [true], "False", false],
	["Bool", [false], false, true],
	["Bool", [false], "FALSE", true],
	["Bool", [false], true, false],
	["Bool", [false, true], true, true],
	["IpAddress", ["10.0.0.0/8"], "10.1.2.3", true],
	["IpAddress", ["10.0.0.0/8"], "10.0.0.0", true],
	["IpAddress", ["10.0.0.0/8"], "10.255.255.255", true],
	["IpAddress", ["10.0.0.0/8"], "11.0.0.0", false],
	["IpAddress", ["10.0.0.0/8"], "::ffff:10.0.0.1", true],
	["IpAddress", ["10.0.0.0/8"], "::ffff:11.0.0.1", false],
	["IpAddress", ["192.168.0.1/32", "10.0.0.0/8"], "10.0.0.1", true],
	["IpAddress", ["::/0"], "10.0.0.1", false],
	["IpAddress", ["0.0.0.0/0"], "::1", false],
	["IpAddress", ["2001:db8::/32"], "2001:DB8:0:0::1", true],
]

test_comparison_cases if {
	count(_comparisons) > 0
	every one in _comparisons {
		every effect in _effects {
			every quantifier in _quantifiers {
				positive := _of(one[0], false, quantifier, one[1])
				negative := _of(one[0], true, quantifier, one[1])
				_satisfied(positive, effect, {"k": one[2]}) == one[3]
				_satisfied(positive, effect, {"k": [one[2]]}) == one[3]
				_satisfied(negative, effect, {"k": one[2]}) != one[3]
				_satisfied(negative, effect, {"k": [one[2]]}) != one[3]
			}
		}
	}
}

test_every_comparison_is_tried if {
	{one[0] | some one in _comparisons} == condition.comparisons
	{one[0] | some one in _comparisons; one[3]} == condition.comparisons
	{one[0] | some one in _comparisons; not one[3]} == condition.comparisons
}

test_an_unknown_comparison_is_never_satisfied_in_an_allow_cases if {
	cases := {"Null", "StringEqualsIfExists", "stringequals", "ArnLike", "Binary", "StringNotEquals", ""}
	count(cases) > 0
	every operator in cases {
		not _satisfied(_of(operator, false, "some", ["a"]), "Allow", {"k": "a"})
	}
}

# For each operator: listed values, a value that matches, and values that the operator cannot read.
_unreadable := {
	"StringEquals": [["a"], "a", [1, 0, 1.5]],
	"StringEqualsIgnoreCase": [["a"], "a", [1]],
	"StringLike": [["*"], "a", [1, json.unmarshal("1e3")]],
	"NumericEquals": [[_ten], 10, ["ten", "", "+10", "010", "1e1", " 10", "10\n", true, "0xa", "１０"]],
	"NumericLessThan": [[_ten], 9, ["nine", false, "9.", "٩"]],
	"NumericLessThanEquals": [[_ten], 9, ["nine", false]],
	"NumericGreaterThan": [[_ten], 11, ["eleven", true]],
	"NumericGreaterThanEquals": [[_ten], 11, ["eleven", "11 "]],
	"DateEquals": [[_noon], "2026-03-11T00:00:00Z", [
		"2026-03-11", "2026-02-30T00:00:00Z", "2026-03-11T00:00:60Z", "1677-12-31T23:59:59Z", "2262-01-01T00:00:00Z",
		1773187200, true, "", "now",
	]],
	"DateLessThan": [[_noon], "2026-03-10T00:00:00Z", ["yesterday", "1600-01-01T00:00:00Z", 0]],
	"DateLessThanEquals": [[_noon], "2026-03-10T00:00:00Z", ["2026-03-11T00:00:00", false]],
	"DateGreaterThan": [[_noon], "2026-03-12T00:00:00Z", ["tomorrow", "9999-01-01T00:00:00Z"]],
	"DateGreaterThanEquals": [[_noon], "2026-03-12T00:00:00Z", ["2026-03-12T00:00:00+24:00", 9]],
	"Bool": [[true], true, ["yes", "", 1, "true ", "tru\u0435", "tru"]],
	"IpAddress": [["0.0.0.0/0"], "10.0.0.1", [
		"10.0.0.1/32", "10.0.0.0/8", "010.0.0.1", "10.0.0", "fe80::1%eth0", "", "localhost", 167772161, true,
	]],
}

# Values of other types, which no operator of this family can read.
_foreign := {
	"Numeric": ["10.0.0.1", "::1", "2026-03-11T00:00:00Z", "true", false],
	"Date": ["10.0.0.1", "::1", "10", 10, "true", false],
	"Bool": ["10.0.0.1", "::1", "2026-03-11T00:00:00Z", "1", 1],
	"IpAddress": ["2026-03-11T00:00:00Z", "10", 10, "true", false],
}

test_a_value_of_another_type_is_unreadable_cases if {
	count(_foreign) > 0
	every family, values in _foreign {
		every operator in {operator | some operator in condition.comparisons; startswith(operator, family)} {
			every value in values {
				every negated in {true, false} {
					one := _of(operator, negated, "some", _unreadable[operator][0])
					_satisfied(one, "Deny", {"k": value})
					not _satisfied(one, "Allow", {"k": value})
				}
			}
		}
	}
}

test_an_unreadable_value_counts_against_the_caller_cases if {
	count(_unreadable) > 0
	object.keys(_unreadable) == condition.comparisons
	every operator, parts in _unreadable {
		[listed, readable, values] = parts
		count(values) > 0
		every value in values {
			every negated in {true, false} {
				every quantifier in _quantifiers {
					one := _of(operator, negated, quantifier, listed)
					every given in [value, [value], [readable, value], [value, readable], [value, value]] {
						_satisfied(one, "Deny", {"k": given})
						not _satisfied(one, "Allow", {"k": given})
					}
				}
			}
		}
	}
}

test_an_absent_value_counts_against_the_caller_cases if {
	cases := [{}, {"k": []}, {"K": "a"}, {"k2": 10}]
	count(cases) > 0
	every context in cases {
		every operator, parts in _unreadable {
			every negated in {true, false} {
				every quantifier in _quantifiers {
					one := _of(operator, negated, quantifier, parts[0])
					not _satisfied(one, "Allow", context)
					_satisfied(one, "Deny", context) == _counts(negated, quantifier)
				}
			}
		}
	}
}

# 4.4, 4.5, 4.7: a positive operator of some element needs one
_counts(negated, quantifier) := false if {
	negated == false
	quantifier == "some"
} else := true

test_list_cases if {
	cases := [
		[["a", "b"], ["a"], {"some": true, "every": true}, {"some": false, "every": false}],
		[["a", "b"], ["c", "a"], {"some": true, "every": false}, {"some": true, "every": false}],
		[["a", "b"], ["a", "b", "a"], {"some": true, "every": true}, {"some": false, "every": false}],
		[["a", "b"], ["c", "d"], {"some": false, "every": false}, {"some": true, "every": true}],
		[["true"], [true, "true"], {"some": true, "every": true}, {"some": false, "every": false}],
	]
	count(cases) > 0
	every one in cases {
		every effect in _effects {
			every quantifier in _quantifiers {
				context := {"k": one[1]}
				_satisfied(_of("StringEquals", false, quantifier, one[0]), effect, context) == one[2][quantifier]
				_satisfied(_of("StringEquals", true, quantifier, one[0]), effect, context) == one[3][quantifier]
			}
		}
	}
}

test_role_names_are_compared_without_case_cases if {
	role := "acs:ram::1234567890123456:role/approle"
	cases := {
		"StringEquals": ["acs:ram::1234567890123456:role/AppRole"],
		"StringEqualsIgnoreCase": ["acs:ram::1234567890123456:role/AppRole"],
		"StringLike": ["acs:ram::*:role/App*"],
	}
	count(cases) > 0
	every operator, listed in cases {
		one := object.union(_of(operator, false, "some", listed), {"key": "acs:PrincipalARN"})
		other := object.union(one, {"negated": true, "quantifier": "every"})
		every effect in _effects {
			_satisfied_by(one, effect, {"acs:PrincipalARN": role}, "role")
			not _satisfied_by(other, effect, {"acs:PrincipalARN": role}, "role")
		}
	}
}

test_other_names_are_compared_with_case if {
	user := "acs:ram::1234567890123456:user/alice"
	listed := ["acs:ram::1234567890123456:user/Alice"]
	one := object.union(_of("StringEquals", false, "some", listed), {"key": "acs:PrincipalARN"})
	not _satisfied_by(one, "Allow", {"acs:PrincipalARN": user}, "user")
	not _satisfied_by(_of("StringEquals", false, "some", listed), "Allow", {"k": user}, "role")
	number := object.union(_of("NumericEquals", false, "some", [_ten]), {"key": "acs:PrincipalARN"})
	not _satisfied_by(number, "Allow", {"acs:PrincipalARN": user}, "role")
	_satisfied_by(number, "Deny", {"acs:PrincipalARN": user}, "role")
}

# A few of RAM's keys, for the stores of these tests; the whole list is `catalog/condition-keys.yaml`.
spellings := {
	"acs:currenttime": "acs:CurrentTime",
	"acs:principalarn": "acs:PrincipalARN",
	"acs:resourcegroupid": "acs:ResourceGroupId",
	"acs:resourcetag/": "acs:ResourceTag/",
	"acs:sourceip": "acs:SourceIp",
	"alikafka:acl": "alikafka:Acl",
	"oidc:aud": "oidc:aud",
	"ram:servicename": "ram:ServiceName",
}

test_spelling_cases if {
	cases := {
		"acs:SourceIp": "acs:SourceIp",
		"acs:sourceip": "acs:SourceIp",
		"ACS:SOURCEIP": "acs:SourceIp",
		"acs:PrincipalArn": "acs:PrincipalARN",
		"alikafka:acl": "alikafka:Acl",
		"oidc:AUD": "oidc:aud",
		"acs:ResourceTag/Team": "acs:ResourceTag/Team",
		"acs:resourcetag/Team": "acs:ResourceTag/Team",
		"ACS:RESOURCETAG/a/B": "acs:ResourceTag/a/B",
		"acs:resourcetag/": "acs:ResourceTag/",
		"acs:resourcetag": "acs:resourcetag",
		"acs:sourceip/x": "acs:sourceip/x",
		"acs:SourceIp ": "acs:SourceIp ",
		"": "",
	}
	count(cases) > 0
	every key, spelled in cases {
		condition.spelling(key) == spelled with data.store.condition_keys as spellings
		_are_spelled({spelled: "x", "other": "y"}, spellings)
		differs := key != spelled
		_are_spelled({key: "x", "other": "y"}, spellings) != differs
	}
}

_are_spelled(context, keys) if {
	condition.are_spelled(context) with data.store.condition_keys as keys
} else := false

test_every_key_of_a_context_is_checked if {
	context := {"a": "x", "acs:SourceIp": "x", "acs:ResourceTag/b": "x"}
	_are_spelled(context, spellings)
	every key in ["a", "acs:SourceIp", "acs:ResourceTag/b"] {
		every misspelt in ["ACS:CURRENTTIME", "acs:resourceTag/b"] {
			wrong := object.union(context, {misspelt: "x"})
			not _are_spelled(object.remove(wrong, [key]), spellings)
		}
	}
}

test_without_a_list_of_keys_no_spelling_is_right if {
	not condition.spelling("acs:SourceIp") with data.store as {"format": 2}
	not condition.are_spelled({"acs:SourceIp": "x"}) with data.store as {"format": 2}
	cases := [null, "", [], {}, ["acs:PrincipalARN"], {"acs:sourceip": "acs:SourceIp"}, {"acs:principalarn": null}]
	count(cases) > 0
	every keys in cases {
		not condition.spelling("acs:SourceIp") with data.store.condition_keys as keys
		every context in [{}, {"a": "x"}, {"acs:SourceIp": "x"}, {"ACS:SOURCEIP": "x"}] {
			not _are_spelled(context, keys)
		}
	}
}
