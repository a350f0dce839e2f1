# METADATA
# title: Decisions
# description: What a caller is told, always whole.
package ram.answer

# METADATA
# description: The decision that a verdict of a layer settles.
of(verdict, policy_type) := object.union(_outcomes[verdict.effect], {
	"policy_type": policy_type,
	"statements": verdict.statements,
})

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
# description: The decision that statements of a layer allow.
yes(statements, policy_type) := {
	"allow": true,
	"effect": "Allow",
	"reason": "statement_allows",
	"policy_type": policy_type,
	"statements": statements,
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

_outcomes := {
	"Allow": {"allow": true, "effect": "Allow", "reason": "statement_allows"},
	"ExplicitDeny": {"allow": false, "effect": "ExplicitDeny", "reason": "statement_denies"},
	"ImplicitDeny": {"allow": false, "effect": "ImplicitDeny", "reason": "no_statement_matches"},
}
