# METADATA
# title: Trust
# description: Matches the principals of a trust policy's statement.
package ram.trust

# METADATA
# description: >-
#   True if the list names the principal or its account. An account stands for its users, roles and role
#   sessions, and never for its owner, who cannot assume a role.
# scope: document
admits(listed, principal) if {
	principal.kind != "owner"
	principal.arn in listed
}

admits(listed, principal) if {
	principal.kind in {"user", "role"}
	concat("", ["acs:ram::", principal.account, ":root"]) in listed
}
