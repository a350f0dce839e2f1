# METADATA
# title: Decisions
# description: What a caller is told, always whole.
package ram.decision

# METADATA
# description: The decision that a verdict of a layer settles.
of(verdict, policy_type) := {
	"allow": verdict.effect == "Allow",
	"effect": verdict.effect,
	"reason": _reasons[verdict.effect],
	"policy_type": policy_type,
	"statements": verdict.statements,
}

# METADATA
# description: The decision of an account's owner in the own account.
owner := {
	"allow": true,
	"effect": "Allow",
	"reason": "account_owner",
	"policy_type": null,
	"statements": [],
}

# METADATA
# description: The decision that nothing allows, for that reason.
no(reason, policy_type) := {
	"allow": false,
	"effect": "ImplicitDeny",
	"reason": reason,
	"policy_type": policy_type,
	"statements": [],
}

# METADATA
# description: The decision on a request that cannot be read.
malformed(errors) := object.union(no("malformed_request", null), {"errors": errors})

_reasons := {
	"Allow": "statement_allows",
	"ExplicitDeny": "statement_denies",
	"ImplicitDeny": "no_statement_matches",
}
