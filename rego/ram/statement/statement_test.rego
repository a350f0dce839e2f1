package ram.statement_test

import data.ram.statement

_question := {
	"principal": {"kind": "user", "account": "1234567890123456", "arn": "acs:ram::1234567890123456:user/alice"},
	"resource": "acs:oss:::b",
	"context": {"a": "1", "b": "2"},
}

_condition(key, value) := {
	"operator": "StringEquals",
	"negated": false,
	"quantifier": "some",
	"key": key,
	"values": [value],
}

_applies(parts) if statement.applies(parts, _question)

else := false

test_applying_cases if {
	met := [_condition("a", "1"), _condition("b", "2")]
	cases := [
		[{"any_resource": true}, true],
		[{"resources": ["acs:oss:::b"]}, true],
		[{"resources": ["acs:oss:::c"]}, false],
		[{"any_resource": true, "conditions": met}, true],
		[{"any_resource": true, "conditions": [met[0], _condition("b", "3")]}, false],
		[{"any_resource": true, "conditions": [_condition("b", "3"), met[0]]}, false],
		[{"resources": ["acs:oss:::c"], "conditions": met}, false],
		[{"principals": ["acs:ram::1234567890123456:root"]}, true],
		[{"principals": ["acs:ram::1234567890123456:user/alice"], "conditions": met}, true],
		[{"principals": ["acs:ram::1234567890123456:user/alice"], "conditions": [_condition("a", "2")]}, false],
		[{"principals": ["acs:ram::1234567890123456:user/bob"]}, false],
		[{"principals": []}, false],
		[{}, false],
	]
	count(cases) > 0
	every one in cases {
		every effect in ["Allow", "Deny"] {
			_applies(object.union({"effect": effect}, one[0])) == one[1]
		}
	}
}

test_an_absent_key_counts_against_the_caller if {
	negated := object.union(_condition("c", "1"), {"negated": true, "quantifier": "every"})
	_applies({"effect": "Deny", "any_resource": true, "conditions": [negated]})
	_applies({"effect": "Allow", "any_resource": true, "conditions": [negated]}) == false
	_applies({"effect": "Deny", "any_resource": true, "conditions": [_condition("c", "1")]}) == false
}

_has_target(parts) if statement.has_target(parts, _question)

else := false

test_elements if {
	_has_target({"any_resource": true, "conditions": [_condition("a", "2")]})
	not _has_target({"resources": ["acs:oss:::c"]})
	_has_target({"principals": ["acs:ram::1234567890123456:user/alice"]})
	not _has_target({"principals": ["acs:ram::1234567890123456:user/bob"]})
	conditions := [_condition("a", "1"), _condition("b", "3"), _condition("c", "1")]
	statement.unmet({"effect": "Allow", "conditions": conditions}, _question) == [conditions[1], conditions[2]]
	statement.unmet({"effect": "Allow"}, _question) == []
}
