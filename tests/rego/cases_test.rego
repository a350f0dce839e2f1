package cases_test

import data.ram.authz

test_worked_cases if {
	count(data.cases.requests) > 0
	every one in data.cases.requests {
		decided := authz.decide(one.request) with data.store as data.cases.store
		decided.effect == one.expected
	}
}
