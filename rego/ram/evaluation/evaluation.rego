# METADATA
# title: Evaluation
# description: >-
#   The checks of section 5 of the policy language, in their order. The first check that decides the
#   question is final. A question with `policies` is a simulation: it reads nothing stored about its
#   principal.
package ram.evaluation

import data.ram.answer
import data.ram.assume
import data.ram.control
import data.ram.identity
import data.ram.layer
import data.ram.principal

# METADATA
# description: The decision on a question.
decision(question) := _of_identity(question) if {
	question.policies
} else := _of_stranger(question) if {
	not principal.has_identity(question.principal)
} else := answer.no("unknown_principal", null) if {
	not question.policies
	not identity.is_known(question.principal)
} else := _of_owner(question) if {
	not question.policies
	question.principal.kind == "owner"
} else := _of_identity(question)

_of_owner(question) := answer.no("no_statement_matches", null) if {
	# RAM: an owner can never assume a role
	assume.applies(question)
} else := answer.owner if {
	question.account == question.principal.account
} else := answer.no("resource_of_another_account", null)

# No policy is attached to a service or a provider: only a trust policy can allow it something.
_of_stranger(question) := answer.no("no_statement_matches", null) if {
	not assume.applies(question)
} else := answer.no("unknown_role", null) if {
	not assume.knows_role(question)
} else := assume.trust_decision(question)

_of_identity(question) := by_control if {
	by_control := control.decision(question)
} else := by_session if {
	question.session_policies != {}
	by_session := by_session_policies(question)
} else := identity.decision(question) if {
	not assume.applies(question)
	question.account == question.principal.account
} else := _of_another_account(identity.decision(question)) if {
	not assume.applies(question)
} else := answer.no("unknown_role", null) if {
	not assume.knows_role(question)
} else := assume.decision(question)

# METADATA
# description: >-
#   The decision of the session policies (5.5): a Deny in any of them decides, then one that does not allow.
#   Undefined if each of them allows.
by_session_policies(question) := answer.of(layer.request_verdict(question.session_policies, question), "SessionPolicy") if {
	layer.request_verdict(question.session_policies, question).effect == "ExplicitDeny"
} else := answer.no("no_statement_matches", "SessionPolicy") if {
	some name, document in question.session_policies
	layer.request_verdict({name: document}, question).effect != "Allow"
}

# 5.7: ramgate does not read the grants of another account, such as bucket policies
_of_another_account(own) := answer.no("resource_of_another_account", own.policy_type) if own.allow

else := own
