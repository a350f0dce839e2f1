# METADATA
# title: Action search of AuthZEN
# description: >-
#   Finds the actions that a subject may do on a resource, among those that the mapping declares for the
#   resource's type.
package authzen.action_search

import data.authzen.entity
import data.authzen.evaluation
import data.authzen.question
import data.authzen.search
import data.authzen.template

# METADATA
# description: The answer to the input, which is the body of an AuthZEN request.
# entrypoint: true
# schemas:
#   - input: schema.evaluation
answer := answer_to(input)

default answer := {"status": 400, "body": "the request is missing, or could not be evaluated"}

# METADATA
# description: >-
#   The answer to any value. A type that the mapping does not know has no actions, unless the mapping knows no
#   type and the resource is an ARN: it then has actions of RAM, which no list has.
answer_to(one) := evaluation.refusal(faults) if {
	faults := entity.faults(one, object.remove(entity.all, ["action"]))
	faults != set()
} else := search.answer_of([[{"name": name}, object.union(object.remove(one, ["action"]), {"action": {"name": name}})] |
	some name in sort(object.keys(data.store.authzen.resources[one.resource.type].actions))
]) if {
	question.has_actions(one.resource.type)
} else := {"status": 200, "body": {"results": []}} if {
	_is_unknown(one.resource)
} else := search.refusal(sprintf("actions on resources of the type %s cannot be searched: the mapping declares none", [json.marshal(one.resource.type)]))

_is_unknown(resource) if {
	question.names_resources
	not data.store.authzen.resources[resource.type]
}

_is_unknown(resource) if {
	not question.names_resources
	not template.is_arn(resource.id)
}
