# METADATA
# title: Statements
# description: Matches one statement of a translated document with a question.
package ram.statement

import data.ram.condition
import data.ram.resource
import data.ram.trust

# METADATA
# description: >-
#   True if the statement applies to the question: one of its resources (in a trust policy, one of its
#   principals) matches, and all of its conditions are satisfied. The caller has matched the action already.
applies(statement, question) if {
	resource.covers(statement, question)
	every one in object.get(statement, "conditions", []) {
		condition.is_satisfied(one, statement.effect, question)
	}
}

applies(statement, question) if {
	trust.admits(statement.principals, question.principal)
	every one in object.get(statement, "conditions", []) {
		condition.is_satisfied(one, statement.effect, question)
	}
}
