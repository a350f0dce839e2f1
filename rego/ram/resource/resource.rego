# METADATA
# title: Resources
# description: Reads a request's resource and matches it with statements (section 3 of the policy language).
package ram.resource

# METADATA
# description: >-
#   True if the text is `*` or `acs:<ram-code>:<region>:<account>:<relative-id>`. A `*` or `?` within it is
#   an ordinary character.
is_valid(text) if regex.match(`^(\*$|acs:[^:]*:[^:]*:[^:]*:)`, text)

# METADATA
# description: >-
#   The resource as `[text, is_role, account, unstated]`: the text that patterns are compared with, whether
#   it is a role's ARN, the account that it belongs to, and, if the request states no account, the text with
#   an empty one, else null. A missing account is the caller's (3.5). Undefined if the text is not a resource.
# scope: document
parse(text, own) := [lower(text), true, account, null] if {
	[[_, account]] = regex.find_all_string_submatch_n(`^acs:ram::([0-9]{16}):role/[A-Za-z0-9._@-]{1,64}$`, text, 1)
} else := [text, false, account, null] if {
	# the region is not `*`, and the account is stated: the usual case, and the cheap one
	[[_, account]] = regex.find_all_string_submatch_n(
		`^acs:[^:]*:(?:|[^:*][^:]*|\*[^:]+):([^:*][^:]*|\*[^:]+):`,
		text, 1,
	)
	account != "system"
} else := [text, false, own, null] if {
	text == "*"
} else := [lower(completed), true, account, unstated] if {
	[completed, account, unstated] := _complete(text, own)
	regex.match(`^acs:ram::[0-9]{16}:role/[A-Za-z0-9._@-]{1,64}$`, completed)
} else := [completed, false, account, unstated] if {
	[completed, account, unstated] := _complete(text, own)
}

# 3.5: a region `*` is an empty one, and an account that the request does not state is the caller's.
_complete(text, own) := [concat(":", [start, own, id]), own, concat(":", [start, "", id])] if {
	[service, region, account, id] := fields(text)
	account in {"", "*"}
	own != ""
	start := _start(service, region)
} else := [concat(":", [start, account, id]), object.get({"": own, "*": own, "system": own}, account, account), null] if {
	[service, region, account, id] := fields(text)
	start := _start(service, region)
}

_start(service, region) := concat(":", ["acs", service, object.get({"*": ""}, region, region)])

# METADATA
# description: The service, region, account and relative id of a resource. Undefined for `*`.
fields(text) := [service, region, account, id] if {
	[[_, service, region, account, id]] = regex.find_all_string_submatch_n(
		`(?s)^acs:([^:]*):([^:]*):([^:]*):(.*)$`,
		text, 1,
	)
}

# METADATA
# description: True if a resource of the statement matches the question's resource.
# scope: document
covers(statement, _) if statement.any_resource

covers(statement, question) if _matches(statement, question.resource)

covers(statement, question) if {
	question.is_role
	_matches_role(statement, question.resource)
}

# 3.5: in an Allow, an empty account stands for an account that the request does not state
covers(statement, question) if {
	is_string(question.unstated)
	statement.effect == "Allow"
	_matches(_without_account(statement), question.unstated)
}

covers(statement, question) if {
	is_string(question.unstated)
	statement.effect == "Allow"
	question.is_role
	_matches_role(_without_account(statement), lower(question.unstated))
}

# The resources with an empty account. Any other that matches an empty account matches each account: to compare it
# twice would take twice as long.
_without_account(statement) := {
	"resources": [one | some one in statement.resources; _has_no_account(one)],
	"resource_prefixes": [one | some one in statement.resource_prefixes; _has_no_account(one)],
	"resource_patterns": [one | some one in statement.resource_patterns; _has_no_account(one)],
	"resource_fields": [globs | some globs in statement.resource_fields; globs[3] == ""],
}

_has_no_account(text) if regex.match(`^[^:]*:[^:]*:[^:]*::`, text)

_matches(statement, text) if text in statement.resources

_matches(statement, text) if {
	some prefix in statement.resource_prefixes
	startswith(text, prefix)
}

_matches(statement, text) if {
	some pattern in statement.resource_patterns
	glob.match(pattern, [":"], text)
}

_matches(statement, text) if {
	some globs in statement.resource_fields
	_matches_fields(globs, text)
}

# The first four fields have no colon, so the globs need no delimiter: with one, each further `*` of a field would
# multiply the time by the length of the field.
_matches_fields(globs, text) if {
	every index, field in array.concat(["acs"], fields(text)) {
		glob.match(globs[index], null, field)
	}
}

# 3.4: if the request names a role, the statement's patterns are compared in lower case too
_matches_role(statement, text) if {
	some one in statement.resources
	lower(one) == text
}

_matches_role(statement, text) if {
	some prefix in statement.resource_prefixes
	startswith(text, lower(prefix))
}

_matches_role(statement, text) if {
	some pattern in statement.resource_patterns
	glob.match(lower(pattern), [":"], text)
}

_matches_role(statement, text) if {
	some globs in statement.resource_fields
	_matches_fields([lower(one) | some one in globs], text)
}
