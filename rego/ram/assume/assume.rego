# METADATA
# title: Assuming a role
# description: >-
#   Decides the actions that need the consent of a role's trust policy (5.8). A user or a role also needs
#   its own policies; for a cloud service or a federated principal the trust policy alone decides.
package ram.assume

import data.ram.action
import data.ram.answer
import data.ram.identity
import data.ram.layer

# METADATA
# description: True if the question is about assuming a role.
applies(question) if question.action in action.trust_actions

# METADATA
# description: True if the question's resource is a role that exists.
knows_role(question) if trust_id(question)

# METADATA
# description: The decision of the identity policies and the trust policy together.
decision(question) := _combine(identity.decision(question), trust_decision(question))

_combine(by_identity, by_trust) := by_identity if by_identity.effect == "ExplicitDeny"

# 5.9: final, so the trust policy is not asked
else := by_identity if by_identity.reason == "policy_unreadable"

else := by_trust if by_trust.effect == "ExplicitDeny"

else := by_identity if by_identity.effect == "ImplicitDeny"

else := by_trust

# METADATA
# description: The decision of the role's trust policy alone.
trust_decision(question) := answer.of(layer.store_verdict([trust_id(question)], question), "AssumeRolePolicy")

# METADATA
# description: The id of the trust policy of the role that the question's resource names. Undefined if there is none.
trust_id(question) := data.store.accounts[question.account].roles[name].trust if {
	question.is_role
	name := split(question.resource, "/")[1]
}
