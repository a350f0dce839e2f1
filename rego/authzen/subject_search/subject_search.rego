# METADATA
# title: Subject search of AuthZEN
# description: >-
#   Finds the users, roles and account owners of the accounts that may do an action. Their type needs a
#   template with `{id}` as the only placeholder. Role sessions, services and providers are not stored, so
#   their types cannot be searched.
package authzen.subject_search

import data.authzen.entity
import data.authzen.evaluation
import data.authzen.property
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
#   The answer to any value. A type that the mapping does not know has no subjects. The properties of the given
#   subject are those of each candidate.
answer_to(one) := evaluation.refusal(faults) if {
	faults := entity.faults(one, object.union(entity.all, {"subject": {"type"}}))
	faults != set()
} else := search.refusal("subjects cannot be searched: the mapping has no templates for them") if {
	not question.names_subjects
} else := {"status": 200, "body": {"results": []}} if {
	not data.store.authzen.subjects[one.subject.type]
} else := search.refusal(sprintf("subjects of the type %s cannot be searched: they need more than an id, or no accounts file lists them", [json.marshal(one.subject.type)])) if {
	not is_searchable(one.subject.type)
} else := search.answer_of([[result, asked] |
	given := object.filter(one.subject, ["properties"])
	some id in _ids(data.store.authzen.subjects[one.subject.type].arn)
	result := {"type": one.subject.type, "id": id}
	asked := object.union(object.remove(one, ["subject"]), {"subject": object.union(result, given)})
])

# METADATA
# description: >-
#   True if subjects of the type can be found - they differ in the id alone, and are users, roles or account owners.
is_searchable(type) if {
	placeholders := [part | some part in data.store.authzen.subjects[type].arn; is_object(part)]
	[{"field": "id", "name": "", "slashes": _}] = placeholders

	# sixteen digits can be the name of a user or a role, or an account
	regex.match(`^acs:ram::[0-9]{16}:(root|(user|role)/[^/]+)$`, template.text(data.store.authzen.subjects[type].arn, {"id": "1234567890123456"}))
	not property.has_required(question.subject_properties(type))
}

_ids(parts) := sort({id |
	some account in _accounts(parts)
	some arn in _principals(account)
	id := template.id(parts, arn)
})

# The account that the template names, or all accounts.
_accounts(parts) := {account | data.store.accounts[account].users} if {
	[[_, account]] := regex.find_all_string_submatch_n(`^acs:ram::([0-9]{16}):`, parts[0], 1)
} else := object.keys(data.store.accounts)

_principals(account) := (users | roles) | {concat("", ["acs:ram::", account, ":root"])} if {
	users := {arn | some name, _ in data.store.accounts[account].users; arn := concat("", ["acs:ram::", account, ":user/", name])}
	roles := {arn |
		some role in data.store.accounts[account].roles
		arn := concat("", ["acs:ram::", account, ":role/", role.name])
	}
}
