# METADATA
# title: Survey of the layers
# description: >-
#   Asks every layer for its own opinion of a question, also the layers behind the one that decides. The
#   opinions come from the functions that decide.
package ram.survey

import data.ram.answer
import data.ram.assume
import data.ram.control
import data.ram.evaluation
import data.ram.identity
import data.ram.layer
import data.ram.principal

# METADATA
# description: >-
#   The layers of a question in the order of the evaluation, as docs/reference/http.md describes them.
layers(question) := array.concat(_control(question), [
	_session(question),
	_account(question),
	_group(question),
	_trust(question),
])

_control(question) := [_silent("ControlPolicy", "owner")] if {
	question.principal.kind == "owner"
} else := [_silent("ControlPolicy", "no_directory")] if {
	not control.has_levels(question)
} else := [_said(answer.of(one.verdict, "ControlPolicy"), one.name) | some one in control.levels(question)] if {
	control.levels(question)
} else := [_silent("ControlPolicy", "not_bound")]

_session(question) := _silent("SessionPolicy", "owner") if {
	_is_owner(question)
} else := _silent("SessionPolicy", "none_given") if {
	question.session_policies == {}
} else := _said(evaluation.by_session_policies(question), null) if {
	evaluation.by_session_policies(question)
} else := _said(answer.of(layer.request_verdict(question.session_policies, question), "SessionPolicy"), null)

_account(question) := _said(answer.of(verdict, "AccountLevelIdentityBasedPolicy"), null) if {
	verdict := layer.request_verdict(question.policies, question)
} else := _silent("AccountLevelIdentityBasedPolicy", note) if {
	note := _without_identity(question)
} else := _said(answer.of(verdict, "AccountLevelIdentityBasedPolicy"), null) if {
	verdict := layer.store_verdict(identity.policy_ids(question.principal), question)
}

_group(question) := _silent("ResourceGroupLevelIdentityBasedPolicy", "no_resource_group") if {
	question.policies
} else := _silent("ResourceGroupLevelIdentityBasedPolicy", note) if {
	note := _without_identity(question)
} else := _said(answer.of(verdict, "ResourceGroupLevelIdentityBasedPolicy"), null) if {
	is_string(question.context["acs:ResourceGroupId"])
	verdict := layer.store_verdict(identity.group_policy_ids(question), question)
} else := _silent("ResourceGroupLevelIdentityBasedPolicy", "no_resource_group")

_trust(question) := _silent("AssumeRolePolicy", "owner") if {
	_is_owner(question)
} else := _said(assume.trust_decision(question), null) if {
	assume.applies(question)
	assume.knows_role(question)
} else := _silent("AssumeRolePolicy", "not_a_role")

# A simulation asks about the policies of an owner, too.
_is_owner(question) if {
	question.principal.kind == "owner"
	not question.policies
}

_without_identity(question) := "owner" if {
	_is_owner(question)
} else := "not_bound" if {
	not principal.has_identity(question.principal)
} else := "not_published" if {
	identity.decision(question).reason == "policy_not_published"
}

_said(decision, level) := {
	"policy_type": decision.policy_type,
	"level": level,
	"effect": decision.effect,
	"statements": decision.statements,
	"note": object.get({"policy_unreadable": "policy_unreadable"}, decision.reason, null),
}

_silent(policy_type, note) := {
	"policy_type": policy_type,
	"level": null,
	"effect": null,
	"statements": [],
	"note": note,
}
