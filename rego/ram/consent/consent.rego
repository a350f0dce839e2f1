# METADATA
# title: Consents
# description: >-
#   Decides by the tables about `sts:AssumeRole` (5.8), where no condition of a trust policy matters. A user
#   or a role also needs its own policies; for a cloud service the trust policy alone decides.
package ram.consent

import data.ram.entry

# METADATA
# description: >-
#   The decision on assuming the role with that ARN. Undefined if the general rule decides. A trust policy names roles
#   in lower case (3.4).
# scope: document
decision(principal, resource) := _of_trust([principal, substring(principal, 0, 26), ""], parts) if {
	# the policies of a user or a role allow it, after at most one test
	regex.match(`^acs:ram::[0-9]{16}:(user/|role/[^A-Z]*$)`, principal)
	regex.match(`^acs:ram:\*?:[0-9]{16}:role/[A-Za-z0-9._@-]{1,64}$`, resource)
	parts := split(resource, ":")
	found := data.store.entries[data.store.assuming[data.store.who[parts[3]][principal]]]
	found[{true: "true", false: "false"}[glob.match(found.resource, [":"], resource)]].allow
} else := _of_trust([principal, ""], split(resource, ":")) if {
	# a service asks
	regex.match(`^acs:ram:\*?:[0-9]{16}:role/[A-Za-z0-9._@-]{1,64}$`, resource)
	regex.match(`^([0-9]{16}@)?([a-z0-9-]+\.)+aliyuncs\.com$`, principal)
	count(principal) <= 2048
} else := _of_trust([principal, substring(principal, 0, 26), ""], parts) if {
	# the policies of a user or a role allow it, after several tests
	regex.match(`^acs:ram::[0-9]{16}:(user/|role/[^A-Z]*$)`, principal)
	regex.match(`^acs:ram:\*?:[0-9]{16}:role/[A-Za-z0-9._@-]{1,64}$`, resource)
	parts := split(resource, ":")
	name := data.store.assuming[data.store.who[parts[3]][principal]]
	entry.decision(name, {"resource": resource}).allow
}

# The decision of the role's trust policy on the first of these names that it knows: the principal, the beginning of its ARN
# for its account, or `""` for the principals that the policy does not name.
_of_trust(names, parts) := {"allow": true, "effect": "Allow", "reason": "statement_allows", "policy_type": "AssumeRolePolicy", "statements": statements} if {
	[id, indexes] := _consent(names, parts)
	policy := substring(id, indexof(id, "/") + 1, -1)
	statements := [{"policy": policy, "index": index} | some index in indexes]
	statements != []
} else := {"allow": false, "effect": "ImplicitDeny", "reason": "no_statement_matches", "policy_type": "AssumeRolePolicy", "statements": []} if {
	[_, []] = _consent(names, parts)
}

_consent(names, parts) := [id, indexes] if {
	id := data.store.accounts[parts[3]].roles[lower(substring(parts[4], 5, -1))].trust
	consents := data.store.consents[data.store.trusts[id]]
	indexes := [found | some name in names; found := consents[name]][0]
}
