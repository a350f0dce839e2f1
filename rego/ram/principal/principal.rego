# METADATA
# title: Principals
# description: Who asks, read from the text that names them (section 5 of the policy language).
package ram.principal

# METADATA
# description: >-
#   The principal that a text names. `kind` is user, role (a role session too), owner, service or
#   federated; `arn` is what `acs:PrincipalARN` says, and what a trust policy names.
# scope: document
parsed(text) := {"kind": "user", "account": account, "name": name, "arn": text, "is_session": false} if {
	[account, ["user", name]] = _parts(text)
}

parsed(text) := {"kind": "owner", "account": account, "name": "root", "arn": text, "is_session": false} if {
	[account, ["root"]] = _parts(text)
}

parsed(text) := _role(account, name, false) if [account, ["role", name]] = _parts(text)

parsed(text) := _role(account, name, true) if [account, ["role", name, _]] = _parts(text)

parsed(text) := _role(account, name, true) if [account, ["assumed-role", name, _]] = _parts(text)

parsed(text) := {"kind": "federated", "account": account, "name": name, "arn": text, "is_session": false} if {
	[account, [provider, name]] = _parts(text)
	provider in {"saml-provider", "oidc-provider"}
}

parsed(text) := {"kind": "service", "account": "", "name": text, "arn": text, "is_session": false} if {
	regex.match(`^([a-z0-9-]+\.)+aliyuncs\.com$`, text)
}

# METADATA
# description: The principal belongs to an account, so that identity policies may be attached to it.
has_identity(principal) if principal.kind in {"user", "role", "owner"}

# Role names are compared without case.
_role(account, name, is_session) := {
	"kind": "role",
	"account": account,
	"name": lower(name),
	"arn": lower(concat("", ["acs:ram::", account, ":role/", name])),
	"is_session": is_session,
}

_parts(text) := [segments[3], split(segments[4], "/")] if {
	regex.match(`^acs:ram::[0-9]{16}:[a-z-]+(/[A-Za-z0-9._@-]{1,64}){0,2}$`, text)
	segments := split(text, ":")
}
