# METADATA
# title: Decisions
# description: Builds complete decisions, as docs/reference/http.md describes them.
package ram.answer

# METADATA
# description: The decision for the verdict of a layer.
of(verdict, policy_type) := object.union(_outcomes[verdict.effect], {
	"policy_type": policy_type,
	"statements": verdict.statements,
})

# METADATA
# description: The decision for an account's owner in their own account (5.3).
owner := {
	"allow": true,
	"effect": "Allow",
	"reason": "account_owner",
	"policy_type": null,
	"statements": [],
}

# METADATA
# description: The decision for a request that these statements of a layer allow.
yes(statements, policy_type) := {
	"allow": true,
	"effect": "Allow",
	"reason": "statement_allows",
	"policy_type": policy_type,
	"statements": statements,
}

# METADATA
# description: The implicit denial, with its reason.
no(reason, policy_type) := {
	"allow": false,
	"effect": "ImplicitDeny",
	"reason": reason,
	"policy_type": policy_type,
	"statements": [],
}

# METADATA
# description: The decision on a malformed request (5.1), with its faults.
malformed(errors) := object.union(no("malformed_request", null), {"errors": errors})

_outcomes := {
	"Allow": {"allow": true, "effect": "Allow", "reason": "statement_allows"},
	"ExplicitDeny": {"allow": false, "effect": "ExplicitDeny", "reason": "statement_denies"},
	"ImplicitDeny": {"allow": false, "effect": "ImplicitDeny", "reason": "no_statement_matches"},
	"Unreadable": {"allow": false, "effect": "ImplicitDeny", "reason": "policy_unreadable"},
}
