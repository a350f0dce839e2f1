# METADATA
# title: Principals
# description: Reads the ARN or service name of a request's principal (section 5 of the policy language).
package ram.principal

# METADATA
# description: >-
#   The principal with that ARN or service name. `kind` is user, role (also for a role session), owner,
#   service or federated. `arn` is the value of `acs:PrincipalARN` and the name in a trust policy.
#   Undefined for any other text.
# scope: document
parse(text) := _principal("user", account, name, text) if {
	[[_, account, name]] = regex.find_all_string_submatch_n(`^acs:ram::([0-9]{16}):user/([A-Za-z0-9._@-]{1,64})$`, text, 1)
} else := _role(account, name, false) if {
	[[_, account, name]] = regex.find_all_string_submatch_n(`^acs:ram::([0-9]{16}):role/([A-Za-z0-9._@-]{1,64})$`, text, 1)
} else := _role(account, name, true) if {
	[[_, account, name]] = regex.find_all_string_submatch_n(
		`^acs:ram::([0-9]{16}):(?:assumed-)?role/([A-Za-z0-9._@-]{1,64})/[A-Za-z0-9._@-]{1,64}$`,
		text, 1,
	)
} else := _principal("owner", account, "root", text) if {
	[[_, account]] = regex.find_all_string_submatch_n(`^acs:ram::([0-9]{16}):root$`, text, 1)
} else := _principal("service", "", text, text) if {
	regex.match(`^([0-9]{16}@)?([a-z0-9-]+\.)+aliyuncs\.com$`, text)
} else := _principal("federated", account, name, text) if {
	[[_, account, name]] = regex.find_all_string_submatch_n(
		`^acs:ram::([0-9]{16}):(?:saml|oidc)-provider/([A-Za-z0-9._@-]{1,64})$`,
		text, 1,
	)
}

# METADATA
# description: True if the principal belongs to an account, so that identity policies can be attached to it.
has_identity(principal) if principal.kind in {"user", "role", "owner"}

# `object.get` returns a constant. OPA would rebuild an object literal each time it is passed to a function
# (measured).
_principal(kind, account, name, arn) := object.get({}, "principal", {
	"kind": kind,
	"account": account,
	"name": name,
	"arn": arn,
	"is_session": false,
})

# 3.4: role names are compared without case.
_role(account, name, is_session) := object.get({}, "principal", {
	"kind": "role",
	"account": account,
	"name": folded,
	"arn": concat("", ["acs:ram::", account, ":role/", folded]),
	"is_session": is_session,
}) if {
	folded := lower(name)
}
