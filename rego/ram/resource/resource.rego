# METADATA
# title: Resources
# description: What an action is done to (section 3 of the policy language).
package ram.resource

# METADATA
# description: >-
#   The text is a resource: `*`, or `acs:<ram-code>:<region>:<account>:<relative-id>`. A wildcard in
#   it is an ordinary character.
is_valid(text) if parse(text, "")

# METADATA
# description: >-
#   What a resource's text says, as `[text, is_role, account]`: the text as it is compared, whether it
#   is a role's ARN, and the account that it names, or else the one given. Undefined for any other text.
# scope: document
parse(text, given) := [lower(text), true, account] if {
	[[_, account]] = regex.find_all_string_submatch_n(
		`^acs:ram:\*?:([0-9]{16}):role/[A-Za-z0-9._@-]{1,64}$`,
		text, 1,
	)
} else := [text, false, given] if {
	regex.match(`^(\*$|acs:[^:]*:[^:]*:(\*|system)?:)`, text)
} else := [text, false, account] if {
	[[_, account]] = regex.find_all_string_submatch_n(`^acs:[^:]*:[^:]*:([^:]*):`, text, 1)
}

# METADATA
# description: The statement's resources cover the question's.
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

# 3.4: where the request names a role, every pattern is folded with it
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
