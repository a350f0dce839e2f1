package ram.entry_test

import data.ram.entry

_always := [[0, 9223372036854775807]]

test_result_of_a_pattern if {
	entry.result("pattern", "^(?:a|b.*)$", "bc") == "1"
	entry.result("pattern", "^(?:a|b.*)$", "ab") == "0"
	every value in [null, true, 1, ["a"], {}] {
		entry.result("pattern", ".*", value) == "0"
	}
}

test_result_of_an_action if {
	entry.result("action", ["ecs:get*", "*:list?"], "oss:lists") == "1"
	entry.result("action", ["ecs:get*", "*:list?"], "oss:list") == "0"
}

test_result_of_an_address if {
	every value in ["10.0.0.1", "::ffff:10.0.0.1", "2001:db8::1"] {
		entry.result("address", ["2001:db8::/32", "10.0.0.0/8"], value) == "1"
		entry.address_result(["2001:db8::/32", "10.0.0.0/8"], value) == "1"
	}
	every value in ["11.0.0.1", "10.0.0.0/8", "10.0.0", "", null, true, ["10.0.0.1"], "fe80::1%eth0"] {
		entry.result("address", ["2001:db8::/32", "10.0.0.0/8"], value) == "0"
		entry.address_result(["2001:db8::/32", "10.0.0.0/8"], value) == "0"
	}
}

test_result_of_a_date if {
	spans := [[100, 200], [300, 300]]
	every value in ["1970-01-01T00:00:00.000000100Z", "1970-01-01T00:00:00.0000002Z", "1970-01-01T00:00:00.0000003Z"] {
		entry.result("date", spans, value) == "1"
		entry.result("time", spans, value) == "1"
		entry.time_result(spans, value) == "1"
	}
	every value in ["1970-01-01T00:00:00.000000099Z", "1970-01-01T00:00:00.000000201Z", "soon"] {
		entry.result("date", spans, value) == "0"
		entry.result("time", spans, value) == "0"
		entry.time_result(spans, value) == "0"
	}
}

test_the_current_time_is_filled_in if {
	entry.result("time", _always, null) == "1"
	entry.result("date", _always, null) == "0"
	entry.time_result(_always, "") == "1"
	entry.result("time", [[0, 1]], null) == "0"
	entry.time_result([[0, 1]], "") == "0"
}
