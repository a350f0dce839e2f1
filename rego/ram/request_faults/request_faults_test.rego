package ram.request_faults_test

import data.ram.condition_test
import data.ram.request_faults

test_all_faults_are_reported_at_once_and_sorted if {
	asked := {
		"principal": 5,
		"resource": "bucket",
		"context": {"acs:sourceip": null},
		"session_policies": "x",
		"extra": 1,
	}
	request_faults.of_request(asked) == [
		"action: is missing",
		"context.acs:sourceip: is spelled `acs:SourceIp`",
		"context.acs:sourceip: must be a string, a number, a boolean or a list of those",
		"extra: is not a field of a request",
		"principal: must name a role, a user, an owner, a service or a provider, such as `acs:ram::<account>:user/<name>`",
		"resource: must be `*` or `acs:<ram-code>:<region>:<account>:<relative-id>`",
		"session_policies: must be a list of translated identity policies, in a role session's request",
	] with data.store.condition_keys as condition_test.spellings
}

test_the_fault_of_a_batch_cases if {
	cases := [
		[{"requests": {}}, "requests: must be a list, and the only field"],
		[{"requests": [], "more": 1}, "requests: must be a list, and the only field"],
		[null, "requests: must be a list, and the only field"],
		[{"requests": numbers.range(0, 10000)}, "requests: must be at most 10000, so send several batches"],
	]
	count(cases) > 0
	every one in cases {
		request_faults.of_batch(one[0]) == [one[1]]
	}
}

test_without_the_list_of_condition_keys_the_context_is_not_at_fault if {
	asked := {
		"principal": "acs:ram::1234567890123456:user/alice",
		"action": "ecs:StartInstance",
		"resource": "*",
		"context": {"acs:sourceip": "10.0.0.1"},
	}
	request_faults.of_request(asked) == [] with data.store as {"format": 2}
	request_faults.of_request(asked) != [] with data.store.condition_keys as condition_test.spellings
}
