# METADATA
# title: Hints
# description: >-
#   The likely causes of a denial that follow from the policies alone, the most telling first.
#   docs/reference/http.md lists the codes and their fields.
package ram.hint

import data.ram.action
import data.ram.assume
import data.ram.evaluation
import data.ram.identity
import data.ram.near_miss
import data.ram.principal
import data.ram.source
import data.ram.trust

# METADATA
# description: >-
#   The hints about the decision on a question, at most three of a kind. `asked` is its request; `found` has the
#   `layers` of `ram.survey`, their `sources`, and the `considered` statements of `ram.nearness`.
of(decision, question, asked, found) := [one |
	some group in _groups(decision, question, asked, _scope(decision, found.layers), found)
	some one in array.slice(group, 0, 3)
]

# METADATA
# description: The hints about a decision for which no layer was asked.
without_layers(decision, asked) := [_unknown_principal(principal.parse(asked.principal), asked)] if {
	decision.reason == "unknown_principal"
} else := []

_unknown_principal(caller, asked) := _unknown(caller.kind, caller.account, split(asked.principal, "/")[1]) if {
	data.store.accounts[caller.account]
} else := _unknown("account", caller.account, null)

_unknown(kind, account, name) := {"code": "unknown_name", "kind": kind, "account": account, "name": name}

# The layer that decided; of control policies also the name of the level.
_scope(decision, layers) := {"policy_type": "ControlPolicy", "level": levels[0]} if {
	decision.policy_type == "ControlPolicy"
	levels := [layer.level |
		some layer in layers
		layer.policy_type == "ControlPolicy"
		layer.effect != "Allow"
	]
} else := {"policy_type": decision.policy_type, "level": null}

# The hints of one kind after the other.
_groups(decision, question, asked, scope, found) := [near_miss.wildcard_asked(denies, question, scope)] if {
	decision.allow
	denies := [one | some one in found.considered; one.effect == "Deny"]
} else := [near_miss.absent_in_deny(near_miss.in_scope(found.considered, scope, []), scope)] if {
	decision.effect == "ExplicitDeny"
} else := [_unreadable(question, scope)] if {
	decision.reason == "policy_unreadable"
} else := [[_unknown_role(question, asked)]] if {
	decision.reason == "unknown_role"
} else := [[_owner_cannot_assume(question)]] if {
	decision.reason == "no_statement_matches"
	question.principal.kind == "owner"
	decision.policy_type == null
} else := [
	_identity_missing(question, asked, scope),
	_in_resource_group(question, scope),
	near_miss.absent(allows, scope),
	near_miss.conditions(allows, scope),
	near_miss.wildcard_asked(near, question, scope),
	near_miss.resources(allows, question, scope),
	near_miss.actions(allows, asked, scope),
	_trust_admits(question, scope),
	_not_spoken_of(question, scope, sources),
	_nothing_attached(question, scope, sources),
] if {
	decision.reason == "no_statement_matches"
	near := near_miss.in_scope(found.considered, scope, found.considered)
	sources := near_miss.in_scope(found.sources, scope, found.considered)
	allows := [one | some one in near; one.effect == "Allow"]
} else := []

_unreadable(question, scope) := [object.union(scope, {"code": "unreadable_policy", "policy": name}) |
	some name in source.unreadable(question, scope.policy_type, scope.level)
]

_unknown_role(question, asked) := _unknown("role", question.account, split(asked.resource, "/")[1]) if {
	question.is_role
	data.store.accounts[question.account]
} else := _unknown("account", question.account, null) if {
	question.is_role
} else := _unknown("role", null, null)

# RAM: an owner can never assume a role
_owner_cannot_assume(question) := {
	"code": "owner_cannot_assume",
	"role": source.role_name(question),
	"account": question.account,
	"admits": _admitted(question),
} if {
	assume.knows_role(question)
} else := {"code": "owner_cannot_assume", "role": null, "account": null, "admits": []}

# The principals of the Allow statements of the trust policy.
_admitted(question) := sort({one |
	some statement in data.store.policies[assume.trust_id(question)].statements
	statement.effect == "Allow"
	some one in statement.principals
})

_is_identity(scope) if scope.policy_type in {"AccountLevelIdentityBasedPolicy", "ResourceGroupLevelIdentityBasedPolicy"}

_identity_missing(question, asked, scope) := [hint |
	_is_identity(scope)
	assume.applies(question)
	assume.trust_decision(question).allow
	hint := {
		"code": "identity_missing",
		"role": source.role_name(question),
		"account": question.account,
		"action": asked.action,
		"resource": asked.resource,
	}
]

# The question is asked again for each other group, as a whole: another layer might deny it.
_in_resource_group(question, scope) := [hint |
	_is_identity(scope)
	not question.policies
	some group, _ in identity.resource_groups(question.principal)
	again := object.union(question, {"context": object.union(question.context, {"acs:ResourceGroupId": group})})
	evaluation.decision(again).allow
	own := identity.decision(again)
	own.policy_type == "ResourceGroupLevelIdentityBasedPolicy"
	hint := object.union(own.statements[0], {
		"code": "would_allow_in_resource_group",
		"effect": "Allow",
		"policy_type": own.policy_type,
		"level": null,
		"resource_group": group,
	})
]

_trust_admits(question, scope) := [hint |
	_reaches_trust(scope)
	assume.applies(question)
	assume.knows_role(question)
	not _is_admitted(question)
	hint := {
		"code": "trust_admits",
		"policy_type": "AssumeRolePolicy",
		"level": null,
		"role": source.role_name(question),
		"account": question.account,
		"admits": _admitted(question),
		"given": question.principal.arn,
	}
]

_reaches_trust(scope) if _is_identity(scope)

_reaches_trust(scope) if scope.policy_type == "AssumeRolePolicy"

_is_admitted(question) if {
	some statement in data.store.policies[assume.trust_id(question)].statements
	statement.effect == "Allow"
	trust.admits(statement.principals, question.principal)
}

_not_spoken_of(question, scope, sources) := [hint |
	sources != []
	service := split(question.action, ":")[0]
	speaking := [1 | some one in sources; action.speaks_of(one.document, service)]
	speaking == []
	hint := object.union(scope, {
		"code": "no_statement_for_service",
		"service": service,
		"services": sort({named | some one in sources; some named in action.services(one.document)}),
	})
]

_nothing_attached(question, scope, sources) := [hint |
	sources == []
	not identity.resource_groups(question.principal)
	hint := object.union(scope, {"code": "nothing_attached", "kind": question.principal.kind})
]
