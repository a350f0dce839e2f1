# METADATA
# title: Resources
# description: What an action is done to (section 3 of the policy language).
package ram.resource

# METADATA
# description: >-
#   The text is a resource: `*`, or `acs:<ram-code>:<region>:<account>:<relative-id>`. A wildcard in
#   it is an ordinary character.
# scope: document
is_valid(text) if text == "*"

is_valid(text) if regex.match(`^acs:([^:]*:){3}`, text)

# METADATA
# description: The text is a role's ARN, which is compared without case.
is_role(text) if regex.match(`^acs:ram:\*?:[0-9]{16}:role/[A-Za-z0-9._@-]{1,64}$`, text)

# METADATA
# description: The text as it is compared.
# scope: document
compared(text) := lower(text) if is_role(text)

compared(text) := text if not is_role(text)

# METADATA
# description: The account that a resource names, or else the one given.
# scope: document
account(text, _) := segment if {
	segment := split(text, ":")[3]
	not segment in {"", "*", "system"}
}

account(text, given) := given if split(text, ":")[3] in {"", "*", "system"}

account("*", given) := given

# METADATA
# description: The statement's resources cover the question's.
# scope: document
is_covered(statement, _) if statement.any_resource

is_covered(statement, question) if {
	some text in statement.resources
	_compared(text, question) == question.resource
}

is_covered(statement, question) if {
	some text in statement.resource_prefixes
	startswith(question.resource, _compared(text, question))
}

is_covered(statement, question) if {
	some pattern in statement.resource_patterns
	glob.match(_compared(pattern, question), null, question.resource)
}

# 3.4: where the request names a role, every pattern is folded with it
_compared(text, question) := lower(text) if is_role(question.resource)

_compared(text, question) := text if not is_role(question.resource)
