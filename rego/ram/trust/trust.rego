# METADATA
# title: Trust
# description: Whom the principals of a trust policy's statement stand for.
package ram.trust

# METADATA
# description: >-
#   The principal is one of those listed, or belongs to an account that is. An account stands for its
#   users, roles and role sessions, never for its owner, who cannot assume a role.
# scope: document
admits(listed, principal) if {
	principal.kind != "owner"
	principal.arn in listed
}

admits(listed, principal) if {
	principal.kind in {"user", "role"}
	concat("", ["acs:ram::", principal.account, ":root"]) in listed
}
