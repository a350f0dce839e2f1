# METADATA
# title: Principals
# description: Who asks, read from the text that names them (section 5 of the policy language).
package ram.principal

# METADATA
# description: >-
#   The principal that a text names. `kind` is user, role (a role session too), owner, service or
#   federated; `arn` is what `acs:PrincipalARN` says, and what a trust policy names.
# scope: document
parse(text) := _of("user", account, name, text) if {
	[[_, account, name]] = regex.find_all_string_submatch_n(`^acs:ram::([0-9]{16}):user/([A-Za-z0-9._@-]{1,64})$`, text, 1)
} else := _role(account, name, false) if {
	[[_, account, name]] = regex.find_all_string_submatch_n(`^acs:ram::([0-9]{16}):role/([A-Za-z0-9._@-]{1,64})$`, text, 1)
} else := _role(account, name, true) if {
	[[_, account, name]] = regex.find_all_string_submatch_n(
		`^acs:ram::([0-9]{16}):(?:assumed-)?role/([A-Za-z0-9._@-]{1,64})/[A-Za-z0-9._@-]{1,64}$`,
		text, 1,
	)
} else := _of("owner", account, "root", text) if {
	[[_, account]] = regex.find_all_string_submatch_n(`^acs:ram::([0-9]{16}):root$`, text, 1)
} else := _of("service", "", text, text) if {
	regex.match(`^([a-z0-9-]+\.)+aliyuncs\.com$`, text)
} else := _of("federated", account, name, text) if {
	[[_, account, name]] = regex.find_all_string_submatch_n(
		`^acs:ram::([0-9]{16}):(?:saml|oidc)-provider/([A-Za-z0-9._@-]{1,64})$`,
		text, 1,
	)
}

# METADATA
# description: The principal belongs to an account, so that identity policies may be attached to it.
has_identity(principal) if principal.kind in {"user", "role", "owner"}

# What a built-in answers is a value; an object written as one would be made anew wherever it is handed on.
_of(kind, account, name, arn) := object.get({}, "principal", {
	"kind": kind,
	"account": account,
	"name": name,
	"arn": arn,
	"is_session": false,
})

# Role names are compared without case.
_role(account, name, is_session) := object.get({}, "principal", {
	"kind": "role",
	"account": account,
	"name": folded,
	"arn": concat("", ["acs:ram::", account, ":role/", folded]),
	"is_session": is_session,
}) if {
	folded := lower(name)
}
