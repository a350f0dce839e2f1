package ram.answer_test

import data.ram.answer

_statements := [{"policy": "p", "index": 0}]

test_decision_of_a_verdict_cases if {
	cases := {
		"Allow": [true, "Allow", "statement_allows"],
		"ExplicitDeny": [false, "ExplicitDeny", "statement_denies"],
		"ImplicitDeny": [false, "ImplicitDeny", "no_statement_matches"],
		"Unreadable": [false, "ImplicitDeny", "policy_unreadable"],
	}
	count(cases) > 0
	every effect, expected in cases {
		answer.of({"effect": effect, "statements": _statements}, "SessionPolicy") == {
			"allow": expected[0],
			"effect": expected[1],
			"reason": expected[2],
			"policy_type": "SessionPolicy",
			"statements": _statements,
		}
	}
}

test_an_unknown_verdict_has_no_decision if {
	not answer.of({"effect": "allow", "statements": []}, "SessionPolicy")
}

test_an_implicit_denial_has_no_statement if {
	answer.no("unknown_role", null) == {
		"allow": false,
		"effect": "ImplicitDeny",
		"reason": "unknown_role",
		"policy_type": null,
		"statements": [],
	}
}

test_a_malformed_request_has_its_faults if {
	answer.malformed(["a", "b"]) == {
		"allow": false,
		"effect": "ImplicitDeny",
		"reason": "malformed_request",
		"policy_type": null,
		"statements": [],
		"errors": ["a", "b"],
	}
}

test_the_owner_is_allowed_without_a_statement if {
	answer.owner == {
		"allow": true,
		"effect": "Allow",
		"reason": "account_owner",
		"policy_type": null,
		"statements": [],
	}
}
