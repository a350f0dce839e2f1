# METADATA
# title: Resources
# description: Reads a request's resource and matches it with statements (section 3 of the policy language).
package ram.resource

# METADATA
# description: >-
#   True if the text is `*` or `acs:<ram-code>:<region>:<account>:<relative-id>`. A `*` or `?` within it is
#   an ordinary character.
is_valid(text) if parse(text, "")

# METADATA
# description: >-
#   The resource as `[text, is_role, account]`: the normalized text, whether it is a role's ARN, and its
#   account, or else the caller's. Undefined if the text is not a resource.
# scope: document
parse(text, own_account) := [lower(text), true, account] if {
	[[_, account]] = regex.find_all_string_submatch_n(
		`^acs:ram:\*?:([0-9]{16}):role/[A-Za-z0-9._@-]{1,64}$`,
		text, 1,
	)
} else := [text, false, own_account] if {
	regex.match(`^(\*$|acs:[^:]*:[^:]*:(\*|system)?:)`, text)
} else := [text, false, account] if {
	[[_, account]] = regex.find_all_string_submatch_n(`^acs:[^:]*:[^:]*:([^:]*):`, text, 1)
}

# METADATA
# description: True if a resource of the statement matches the question's resource.
# scope: document
covers(statement, _) if statement.any_resource

covers(statement, question) if question.resource in statement.resources

covers(statement, question) if {
	some text in statement.resource_prefixes
	startswith(question.resource, text)
}

covers(statement, question) if {
	some pattern in statement.resource_patterns
	glob.match(pattern, null, question.resource)
}

# 3.4: if the request names a role, the statement's patterns are compared in lower case too
covers(statement, question) if {
	question.is_role
	some text in statement.resources
	lower(text) == question.resource
}

covers(statement, question) if {
	question.is_role
	some text in statement.resource_prefixes
	startswith(question.resource, lower(text))
}

covers(statement, question) if {
	question.is_role
	some pattern in statement.resource_patterns
	glob.match(lower(pattern), null, question.resource)
}
