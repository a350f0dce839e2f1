# METADATA
# title: Dates
# description: Dates as instants, in nanoseconds since 1970 in UTC.
package ram.date

# METADATA
# description: >-
#   The instant of an RFC 3339 string with `T`, at most nine digits of a second and an offset below 24
#   hours. Undefined for any other value, and outside of the years 1678 to 2261, which fit into 64 bits.
parse(value) := time.parse_rfc3339_ns(value) if {
	is_string(value)
	regex.match(
		`^(167[89]|16[89][0-9]|1[789][0-9]{2}|2[01][0-9]{2}|22[0-5][0-9]|226[01])-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`,
		value,
	)
}
