package ram.number_test

import data.ram.number

test_parse_cases if {
	cases := {
		"zero": [0, [0, 0, ""]],
		"zero as a string": ["0", [0, 0, ""]],
		"minus zero": [json.unmarshal("-0"), [0, 0, ""]],
		"minus zero as a string": ["-0", [0, 0, ""]],
		"minus zero with a fraction": ["-0.000", [0, 0, ""]],
		"zero with an exponent": [json.unmarshal("0e7"), [0, 0, ""]],
		"one": [1, [1, 1, "1"]],
		"ten": ["10", [1, 2, "1"]],
		"a tenth": ["0.1", [1, 0, "1"]],
		"a tenth and a zero": ["0.10", [1, 0, "1"]],
		"a tenth as a number": [0.1, [1, 0, "1"]],
		"a hundredth": ["0.01", [1, -1, "1"]],
		"less than zero": ["-12.50", [-1, 2, "125"]],
		"inner zeros": ["100.001", [1, 3, "100001"]],
		"an exponent": [json.unmarshal("1e3"), [1, 4, "1"]],
		"an exponent in upper case with a sign": [json.unmarshal("1E+3"), [1, 4, "1"]],
		"a negative exponent": [json.unmarshal("1e-3"), [1, -2, "1"]],
		"a negative exponent with a zero": [json.unmarshal("1e-03"), [1, -2, "1"]],
		"a fraction with an exponent": [json.unmarshal("-12.5e1"), [-1, 3, "125"]],
		"a large exponent": [json.unmarshal("1e9999"), [1, 10000, "1"]],
		"a small exponent": [json.unmarshal("1e-9999"), [1, -9998, "1"]],
		"30 digits": ["123456789012345678901234567890", [1, 30, "12345678901234567890123456789"]],
		"30 digits as a number": [
			json.unmarshal("123456789012345678901234567891"),
			[1, 30, "123456789012345678901234567891"],
		],
	}
	count(cases) > 0
	every one in cases {
		number.parse(one[0]) == one[1]
	}
}

test_parse_is_undefined_cases if {
	cases := [
		"", "-", "+1", "--1", "01", "-01", "00", "1.", ".5", "-.5", "1.2.3", "1e3", "1E3", " 1", "1 ", "1\n", "\n1",
		"0x1", "1_000", "1,0", "٣", "１", "Infinity", "NaN", "one", true, false, null, [1], ["1"], {"1": 1},
	]
	count(cases) > 0
	every one in cases {
		not number.parse(one)
	}
}

test_a_number_has_one_form_cases if {
	cases := [
		["1000", json.unmarshal("1e3")],
		["0.1", "0.10"],
		["-0", "0.00"],
		["0.001", json.unmarshal("1e-3")],
		["1", 1.0],
		["100", json.unmarshal("0.1e3")],
	]
	count(cases) > 0
	every one in cases {
		number.parse(one[0]) == number.parse(one[1])
		not number.is_less(number.parse(one[0]), number.parse(one[1]))
		not number.is_less(number.parse(one[1]), number.parse(one[0]))
	}
}

test_each_number_is_less_than_all_that_follow if {
	ordered := [
		"-123456789012345678901234567891", "-123456789012345678901234567890", "-1000", "-100.5", "-100.49", "-10", "-9",
		"-1", "-0.011", "-0.01", "0", "0.000000000000000000000000000001", "0.001", "0.0011", "0.01", "0.1", "0.11", "0.9",
		"1", "1.000000000000000000000000000001", "1.5", "9", "10", "9007199254740992", "9007199254740993",
		"123456789012345678901234567890", "123456789012345678901234567890.5", "123456789012345678901234567891",
	]
	count(ordered) > 0
	less := {[position, other] |
		some position, low in ordered
		some other, high in ordered
		number.is_less(number.parse(low), number.parse(high))
	}
	less == {[position, other] |
		some position, _ in ordered
		some other, _ in ordered
		position < other
	}
}
