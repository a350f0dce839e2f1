# METADATA
# title: Assuming a role
# description: >-
#   The actions that a role's trust policy has a say in. An identity needs both: its own policies and
#   the role's trust; a cloud service or a federated principal meets the trust policy alone.
package ram.assume

import data.ram.action
import data.ram.answer
import data.ram.identity
import data.ram.layer

# METADATA
# description: The question is one of assuming a role.
applies(question) if question.action in action.trust_actions

# METADATA
# description: The role that the question is about is there.
knows_role(question) if _trust(question)

# METADATA
# description: The decision of the identity policies and the trust policy.
decision(question) := _of_both(identity.decision(question), trust_decision(question))

_of_both(by_identity, by_trusting) := by_identity if by_identity.effect == "ExplicitDeny"

else := by_trusting if by_trusting.effect == "ExplicitDeny"

else := by_identity if by_identity.effect == "ImplicitDeny"

else := by_trusting

# METADATA
# description: The decision of the role's trust policy alone.
trust_decision(question) := answer.of(layer.store_verdict([_trust(question)], question), "AssumeRolePolicy")

_trust(question) := data.store.accounts[question.account].roles[name].trust if {
	question.is_role
	name := split(question.resource, "/")[1]
}
