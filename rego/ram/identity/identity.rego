# METADATA
# title: Identity policies
# description: >-
#   The policies that are attached to a principal (5.6): for its whole account, or for one resource group.
#   A simulation replaces the policies of account scope by its own.
package ram.identity

import data.ram.answer
import data.ram.layer
import data.ram.principal

# METADATA
# description: True if the principal exists. Cloud services and federated principals always count as known.
# scope: document
is_known(asking) if not principal.has_identity(asking)

is_known(asking) if {
	asking.kind == "owner"
	data.store.accounts[asking.account].users
}

is_known(asking) if policy_ids(asking)

# METADATA
# description: True if the principal has the name of a service-linked role of the catalog.
is_service_linked(asking) if {
	asking.kind == "role"
	data.store.service_linked_roles[asking.name].service_name
}

# METADATA
# description: >-
#   The decision of the identity policies: those of account scope, or else those of the resource group. The
#   policy of a service-linked role is unknown if neither the catalog nor the accounts have its document.
decision(question) := answer.of(layer.request_verdict(question.policies, question), "AccountLevelIdentityBasedPolicy") if {
	question.policies
} else := answer.no("policy_not_published", null) if {
	question.principal.kind == "role"
	data.store.service_linked_roles[question.principal.name].is_published == false
	is_service_linked(question.principal)
	policy_ids(question.principal) == []
} else := answer.of(verdict, "AccountLevelIdentityBasedPolicy") if {
	verdict := layer.store_verdict(policy_ids(question.principal), question)
	verdict.effect != "ImplicitDeny"
} else := answer.of(verdict, "ResourceGroupLevelIdentityBasedPolicy") if {
	is_string(question.context["acs:ResourceGroupId"])
	verdict := layer.store_verdict(group_policy_ids(question), question)
} else := answer.no("no_statement_matches", "AccountLevelIdentityBasedPolicy")

# METADATA
# description: The ids of the policies that are attached to a user or a role for its whole account.
# scope: document
policy_ids(asking) := data.store.accounts[asking.account].users[asking.name].policies if {
	asking.kind == "user"
}

policy_ids(asking) := data.store.accounts[asking.account].roles[asking.name].policies if {
	asking.kind == "role"
}

# METADATA
# description: The ids of the policies that are attached for the resource group that the context names.
group_policy_ids(question) := [id |
	some id in resource_groups(question.principal)[question.context["acs:ResourceGroupId"]]
]

# METADATA
# description: The ids of the policies that are attached for a resource group, by the group. Undefined without such.
# scope: document
resource_groups(asking) := data.store.accounts[asking.account].users[asking.name].resource_groups if {
	asking.kind == "user"
}

resource_groups(asking) := data.store.accounts[asking.account].roles[asking.name].resource_groups if {
	asking.kind == "role"
}
