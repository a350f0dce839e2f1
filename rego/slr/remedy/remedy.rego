# METADATA
# title: Remedies
# description: >-
#   What would let somebody have a service-linked role created who may not. A remedy is given only if,
#   with it in place, the same request comes out allowed.
package slr.remedy

import data.ram.control
import data.ram.identity
import data.ram.layer
import data.ram.request

# METADATA
# description: >-
#   The remedy for a denied request to create a service-linked role, or null. `remove` names the Denies
#   that are in the way, `policy` is the document to attach and `or_attach` a system policy that does
#   as well, `levels` are those whose control policies must allow it, from 0, the root folder.
of_creation(wanted) := _combined(question) if {
	question := request.question(wanted)
	_may_be_helped(question)
} else := null

# A service-linked role's policies are its service's; an owner needs none. Where a document that is
# attached is damaged, the layer denies whatever is done about the others.
_may_be_helped(question) if {
	question.principal.kind in {"user", "role"}
	not identity.is_service_linked(question.principal)
	not _is_damaged(question)
}

_is_damaged(question) if {
	verdict := layer.stored(identity.attached(question.principal), question)
	verdict == {"effect": "ExplicitDeny", "statements": []}
}

_combined(question) := remedy if {
	denies := [{"policy": name, "index": index} | some ["Deny", name, index] in _matching(question)]
	levels := [level | some level in control.denying(question)]
	remedy := object.union_n([_to_attach(question), _removing(denies), _asking(levels)])
	count(remedy) > 0
} else := null

_matching(question) := layer.matching(identity.attached(question.principal), question)

_allowing(question) := {one | some one in _matching(question); one[0] == "Allow"}

_removing(denies) := {"remove": denies} if count(denies) > 0

_removing([]) := {}

_asking(levels) := {"ask": "ControlPolicy", "levels": levels} if count(levels) > 0

_asking([]) := {}

# What is attached besides the Denies allows it already, or it takes a policy, which is tried.
_to_attach(question) := {} if count(_allowing(question)) > 0

_to_attach(question) := object.union(policy, _alternative(question)) if {
	count(_allowing(question)) == 0
	layer.stored([sprintf("creation:%s", [question.context["ram:ServiceName"]])], question).effect == "Allow"
	policy := {
		"policy": {
			"Version": "1",
			"Statement": [{
				"Action": ["ram:CreateServiceLinkedRole"],
				"Resource": "*",
				"Effect": "Allow",
				"Condition": {"StringEquals": {"ram:ServiceName": question.context["ram:ServiceName"]}},
			}],
		},
		"attach_to": question.principal.arn,
	}
}

_alternative(question) := {"or_attach": _system_policy} if {
	layer.stored([_system_policy], question).effect == "Allow"
} else := {}

_system_policy := "AliyunKafkaFullAccess"
