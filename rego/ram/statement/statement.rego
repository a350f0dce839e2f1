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

# METADATA
# description: >-
#   True if one of the statement's resources, or in a trust policy one of its principals, matches the question.
# scope: document
has_target(statement, question) if resource.covers(statement, question)

has_target(statement, question) if trust.admits(statement.principals, question.principal)

# METADATA
# description: The conditions of the statement that the question does not satisfy.
unmet(statement, question) := [one |
	some one in statement.conditions
	not condition.is_satisfied(one, statement.effect, question)
]
