# METADATA
# title: Metadata of AuthZEN
# description: >-
#   The metadata of this policy decision point (section 9 of the standard). A search that no type of the
#   mapping can answer has no endpoint.
package authzen.metadata

import data.authzen.evaluation
import data.authzen.question
import data.authzen.subject_search

# METADATA
# description: >-
#   The answer to the input, an object with the URL that clients use, `policy_decision_point`.
# entrypoint: true
# schemas:
#   - input: schema.metadata
answer := answer_to(input)

default answer := {"status": 400, "body": "the request is missing, or could not be evaluated"}

# METADATA
# description: The answer to any value.
answer_to(one) := {"status": 200, "body": object.union(endpoints, {"policy_decision_point": one.policy_decision_point})} if {
	regex.match(`^https?://[A-Za-z0-9.:\[\]-]+$`, one.policy_decision_point)
	endpoints := {name: concat("", [one.policy_decision_point, _paths[name]]) | some name in _offered}
} else := evaluation.refusal({"policy_decision_point: must be a URL without a path, such as https://pdp.example.com"})

_paths := {
	"access_evaluation_endpoint": "/access/v1/evaluation",
	"access_evaluations_endpoint": "/access/v1/evaluations",
	"search_subject_endpoint": "/access/v1/search/subject",
	"search_resource_endpoint": "/access/v1/search/resource",
	"search_action_endpoint": "/access/v1/search/action",
}

_offered contains "access_evaluation_endpoint"

_offered contains "access_evaluations_endpoint"

_offered contains "search_subject_endpoint" if {
	some type, _ in data.store.authzen.subjects
	subject_search.is_searchable(type)
}

_offered contains "search_resource_endpoint" if {
	some type, _ in data.store.authzen.resources
	data.store.authzen.resources[type].known
}

_offered contains "search_action_endpoint" if {
	some type, _ in data.store.authzen.resources
	question.has_actions(type)
}
