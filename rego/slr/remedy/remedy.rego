# METADATA
# title: Remedies
# description: >-
#   Proposes the change that lets a principal have a service-linked role created. A remedy is returned
#   only if the same request is allowed once it is applied.
package slr.remedy

import data.ram.control
import data.ram.identity
import data.ram.layer
import data.ram.request

# METADATA
# description: >-
#   The remedy for a denied request to create a service-linked role, or null. `remove` lists the Deny
#   statements that match, `policy` is the document to attach, `or_attach` a system policy that works as
#   well. `levels` are the levels of the directory whose control policies must allow the request, 0 being
#   the root folder.
of_creation(ram_request) := _remedy(question) if {
	question := request.question(ram_request)
	_may_have_remedy(question)
} else := null

# An owner needs no policy, and only its service changes the policies of a service-linked role. With a
# damaged or unreadable document attached, the layer denies no matter which other policies change.
_may_have_remedy(question) if {
	question.principal.kind in {"user", "role"}
	not identity.is_service_linked(question.principal)
	not _has_document_that_denies(question)
}

_has_document_that_denies(question) if {
	some id in identity.policy_ids(question.principal)
	not data.store.policies[id].format == 2
}

_remedy(question) := remedy if {
	denies := [{"policy": name, "index": index} | some ["Deny", name, index] in _matching(question)]
	levels := [level | some level in control.denying_levels(question)]
	remedy := object.union_n([_attach(question), _remove(denies), _ask(levels)])
	count(remedy) > 0
} else := null

_matching(question) := layer.matches(identity.policy_ids(question.principal), question)

_has_allow(question) if {
	some ["Allow", _, _] in _matching(question)
}

_remove(denies) := {"remove": denies} if count(denies) > 0

_remove([]) := {}

_ask(levels) := {"ask": "ControlPolicy", "levels": levels} if count(levels) > 0

_ask([]) := {}

# If another attached policy allows it, nothing needs attaching; otherwise propose a policy and verify
# that it allows.
_attach(question) := {} if _has_allow(question)

_attach(question) := object.union(proposal, _system_policy(question)) if {
	not _has_allow(question)
	service_name := question.context["ram:ServiceName"]
	layer.store_verdict([sprintf("creation:%s", [service_name])], question).effect == "Allow"
	proposal := {
		"policy": data.store.service_linked_roles[data.store.services[service_name]].creation_policy,
		"attach_to": question.principal.arn,
	}
}

_system_policy(question) := {"or_attach": _kafka_policy} if {
	layer.store_verdict([_kafka_policy], question).effect == "Allow"
} else := {}

# It allows the creation of ApsaraMQ for Kafka's four roles. No other system policy is proposed.
_kafka_policy := "AliyunKafkaFullAccess"
