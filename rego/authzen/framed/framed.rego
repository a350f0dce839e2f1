# METADATA
# title: AuthZEN behind a proxy
# description: >-
#   The answers for a proxy that can neither read nor write JSON, such as nginx. It frames the body of a
#   request, `["MARK", BODY, "MARK"]`, with a random mark for each request, so that a body which is not one
#   JSON value breaks the frame. It gets the body of a good answer from `body`, and that of an error from
#   `error`; each is undefined in the other case, where OPA's API v0 answers 404.
package authzen.framed

import data.authzen.action_search
import data.authzen.evaluation
import data.authzen.evaluations
import data.authzen.metadata
import data.authzen.resource_search
import data.authzen.subject_search

# METADATA
# description: The body of the answer with the status 200, by the name of the endpoint.
# scope: document
body["evaluation"] := _good(evaluation.answer_to(_framed))

body["evaluations"] := _good(evaluations.answer_to(_framed))

body["subject_search"] := _good(subject_search.answer_to(_framed))

body["resource_search"] := _good(resource_search.answer_to(_framed))

body["action_search"] := _good(action_search.answer_to(_framed))

body["metadata"] := _good(metadata.answer_to(_framed))

# METADATA
# description: The body of the answer with the status 400, by the name of the endpoint.
# scope: document
error["evaluation"] := _bad(evaluation.answer_to(_framed))

error["evaluations"] := _bad(evaluations.answer_to(_framed))

error["subject_search"] := _bad(subject_search.answer_to(_framed))

error["resource_search"] := _bad(resource_search.answer_to(_framed))

error["action_search"] := _bad(action_search.answer_to(_framed))

error["metadata"] := _bad(metadata.answer_to(_framed))

# OPA decodes a byte that is not UTF-8, and half of a surrogate pair, as U+FFFD. Such a body is not JSON, so no
# text of a request may have this character.
_is_json if {
	text := json.marshal(_framed)
	not contains(text, "\ufffd")
}

# A broken frame is answered as a request that is no object.
_framed := input[1] if {
	is_array(input)
	count(input) == 3
	regex.match(`^[0-9a-f]{32}$`, input[0])
	input[0] == input[2]
} else := null

_good(reply) := reply.body if {
	reply.status == 200
	_is_json
}

_bad(reply) := "the body is not JSON in UTF-8, or has the character U+FFFD" if {
	not _is_json
} else := reply.body if reply.status != 200
