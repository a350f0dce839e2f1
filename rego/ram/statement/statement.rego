# METADATA
# title: Statements
# description: One statement of a translated document, held against a question.
package ram.statement

import data.ram.condition
import data.ram.resource
import data.ram.trust

# METADATA
# description: >-
#   The statement, whose actions are known to be about the question's, applies to it: its resources,
#   or in a trust policy its principals, and all of its conditions.
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
