# METADATA
# title: Search of AuthZEN
# description: >-
#   The part that the three searches share (section 8 of the standard). A search decides every candidate as
#   an evaluation would, and returns all candidates that are allowed; there are no pages.
package authzen.search

import data.authzen.evaluation
import data.ram.limit

# METADATA
# description: >-
#   The answer with the allowed ones of the candidates: a list of `[result, evaluation]`. If there are more
#   than an evaluation could have, an error.
answer_of(candidates) := {"status": 200, "body": {"results": results}} if {
	count(candidates) <= limit.requests
	results := [result |
		some [result, one] in candidates
		evaluation.decide(one).decision == true
	]
} else := refusal(sprintf("the search has %d candidates, more than %d", [count(candidates), limit.requests]))

# METADATA
# description: The answer to a search that cannot be answered, with the reason.
refusal(message) := evaluation.refusal({message})
