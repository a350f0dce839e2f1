package slr.answer_test

import data.slr.answer

test_an_answer_is_whole_cases if {
	cases := {
		"create": true,
		"delete": true,
		"exists": true,
		"ready": true,
		"denied": false,
		"in_use": false,
		"not_service_linked": false,
		"unknown_feature": false,
		"unknown_role": false,
		"unknown_service": false,
		"malformed_request": false,
	}
	count(cases) > 0
	every outcome, allow in cases {
		answer.of(outcome, {}) == {
			"allow": allow,
			"outcome": outcome,
			"account": null,
			"role": null,
			"service_name": null,
			"authorization": null,
			"remedy": null,
		}
	}
}

test_the_given_fields_take_the_place_of_null if {
	known := {"account": "1", "role": "R", "service_name": "r.aliyuncs.com", "remedy": {"release": []}, "loss": {}}
	answer.of("in_use", known) == object.union(
		{"allow": false, "outcome": "in_use", "authorization": null},
		known,
	)
}

test_a_malformed_answer_denies_and_has_the_errors if {
	answer.malformed(["x: is missing"]) == {
		"allow": false,
		"outcome": "malformed_request",
		"account": null,
		"role": null,
		"service_name": null,
		"authorization": null,
		"remedy": null,
		"errors": ["x: is missing"],
	}
}
