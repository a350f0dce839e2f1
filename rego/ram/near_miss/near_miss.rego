# METADATA
# title: Near misses
# description: >-
#   Hints about single statements that fail in one element. `scope` is the layer that decided, with the level of
#   control policies.
package ram.near_miss

# METADATA
# description: >-
#   The statements, or the sources, of the layer that decided. The identity layers count as one. Of session policies,
#   those that allow by themselves are left out: one of the others decided.
in_scope(ones, scope, considered) := [one |
	policy_types := _types(scope)
	allowing := {[one.policy_type, one.policy] | some one in considered; one.matches; one.policy_type == "SessionPolicy"}
	some one in ones
	one.policy_type in policy_types
	not [one.policy_type, _name(one)] in allowing
	_is_of_level(one, scope)
]

_types(scope) := {"AccountLevelIdentityBasedPolicy", "ResourceGroupLevelIdentityBasedPolicy"} if {
	scope.policy_type in {"AccountLevelIdentityBasedPolicy", "ResourceGroupLevelIdentityBasedPolicy"}
} else := {scope.policy_type}

_is_of_level(_, scope) if scope.level == null

_is_of_level(one, scope) if {
	some attachment in one.attached
	attachment.name == scope.level
}

_name(one) := one.policy

_name(one) := one.name

# METADATA
# description: The keys that are absent, of statements that fail only in conditions.
absent(ones, scope) := [object.union(_statement("key_absent", one, scope), _condition(failed)) |
	some one in ones
	some failed in _only_conditions(one)
	failed.reason == "key_absent"
]

# METADATA
# description: The keys that are absent, of statements that match because of it.
absent_in_deny(ones, scope) := [object.union(_statement("key_absent", one, scope), _condition(satisfied)) |
	some one in ones
	one.matches
	one.effect == "Deny"
	some satisfied in one.conditions
	satisfied.reason == "satisfied_by_absence"
]

# METADATA
# description: The conditions of statements that fail only in conditions, other than by an absent key.
conditions(ones, scope) := [object.union(_statement("only_condition_differs", one, scope), object.union(
	_condition(failed),
	{"given": failed.given, "reason": failed.reason},
)) |
	some one in ones
	some failed in _only_conditions(one)
	failed.reason != "key_absent"
]

# METADATA
# description: The statements that fail only in the resource, if the request asks for `*`.
wildcard_asked(ones, question, scope) := [object.union(
	_statement("wildcard_resource_asked", one, scope),
	{"pattern": one.resource.pattern},
) |
	question.resource == "*"
	some one in ones
	_only_resource(one)
]

# METADATA
# description: The statements that fail only in the resource, unless the request asks for `*`.
resources(ones, question, scope) := [object.union(_statement("only_resource_differs", one, scope), object.union(
	{"pattern": one.resource.pattern, "field": null, "wanted": null, "given": null},
	_or_empty(one.resource.differs_at),
)) |
	question.resource != "*"
	some one in ones
	_only_resource(one)
]

# METADATA
# description: The statements that fail only in the action.
actions(ones, asked, scope) := [object.union(
	_statement("only_action_differs", one, scope),
	{"pattern": one.action.pattern, "not_action": one.action.not_action, "given": asked.action},
) |
	some one in ones
	not one.action.matches
	_has_target(one)
	_unmet(one) == []
]

_only_conditions(one) := _unmet(one) if {
	one.action.matches
	_has_target(one)
}

_only_resource(one) if {
	one.action.matches
	one.resource.matches == false
	_unmet(one) == []
}

_has_target(one) if one.resource.matches

_has_target(one) if one.principal.matches

_unmet(one) := [failed | some failed in one.conditions; not failed.satisfied]

_or_empty(null) := {}

_or_empty(found) := found if found != null

_condition(one) := object.filter(one, ["operator", "key", "values"])

_statement(code, one, scope) := {
	"code": code,
	"policy": one.policy,
	"index": one.index,
	"effect": one.effect,
	"policy_type": one.policy_type,
	"level": _level(one, scope),
}

# After an Allow, no level decided.
_level(one, scope) := null if {
	one.policy_type != "ControlPolicy"
} else := scope.level if {
	scope.policy_type == "ControlPolicy"
} else := one.attached[0].name
