# METADATA
# title: Evaluation
# description: >-
#   The checks of section 5 of the policy language, in their order; the first that settles a question
#   is final. A question with policies of its own is a simulation, and reads nothing of its principal.
package ram.evaluation

import data.ram.assume
import data.ram.control
import data.ram.decision
import data.ram.identity
import data.ram.layer
import data.ram.principal

# METADATA
# description: The decision on a question.
settled(question) := decision.no("unknown_principal", null) if {
	not question.policies
	not identity.is_known(question.principal)
} else := decision.no("no_statement_matches", null) if {
	# nothing is attached to a service or a provider, and an owner can never assume a role
	not question.policies
	_holds_no_policies(question)
	not _meets_trust_alone(question)
} else := _of_owner(question) if {
	not question.policies
	question.principal.kind == "owner"
} else := by_control if {
	by_control := control.settled(question)
} else := by_session if {
	by_session := _of_session(question)
} else := decision.no("unknown_role", null) if {
	assume.asks(question)
	not assume.knows_role(question)
} else := assume.settled(question) if {
	assume.asks(question)
} else := _within_account(identity.settled(question), question)

_holds_no_policies(question) if not principal.has_identity(question.principal)

_holds_no_policies(question) if {
	question.principal.kind == "owner"
	assume.asks(question)
}

_meets_trust_alone(question) if {
	not principal.has_identity(question.principal)
	assume.asks(question)
}

_of_owner(question) := decision.owner if question.account == question.principal.account

_of_owner(question) := decision.no("resource_of_another_account", null) if {
	question.account != question.principal.account
}

# 5.5: a Deny in any session policy, else one that does not allow
_of_session(question) := decision.of(layer.carried(question.session_policies, question), "SessionPolicy") if {
	layer.carried(question.session_policies, question).effect == "ExplicitDeny"
} else := decision.no("no_statement_matches", "SessionPolicy") if {
	some name, document in question.session_policies
	layer.carried({name: document}, question).effect != "Allow"
}

# 5.7: what the account over there may grant is not read
_within_account(decided, question) := decision.no("resource_of_another_account", decided.policy_type) if {
	decided.allow
	question.account != question.principal.account
} else := decided
