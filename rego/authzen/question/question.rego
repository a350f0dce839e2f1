# METADATA
# title: Questions of AuthZEN in RAM's words
# description: >-
#   Maps an evaluation, whose fields were checked, to a request of RAM: by the templates of the mapping
#   (`data.store.authzen`, from the file that `--authzen` names). If the mapping names no type of subjects, or
#   none of resources, their ids are ARNs. An evaluation that cannot be mapped has faults and no request.
package authzen.question

import data.authzen.entity
import data.authzen.property
import data.authzen.template

# METADATA
# description: The request of RAM. Undefined if the evaluation cannot be mapped.
request(one) := {"principal": principal, "action": action, "resource": resource, "context": context} if {
	principal := _principal(one.subject)
	resource := _resource(one.resource)
	action := _action(one)
	context := _context(one)
}

# METADATA
# description: The reasons why an evaluation cannot be mapped, as sorted messages that begin with the field.
faults(one) := sort(((_of_texts(one) | _of_action(one)) | (_of_properties(mapped) | _of_keys(mapped)))) if {
	mapped := _mapped(one)
}

# METADATA
# description: >-
#   True if the names of a resource type's actions are declared. Those of any other type are RAM's own.
has_actions(type) if data.store.authzen.resources[type].actions

# METADATA
# description: The declared properties of a subject's type, an empty object if there are none.
subject_properties(type) := data.store.authzen.subjects[type].properties if {
	data.store.authzen.subjects[type].properties
} else := {}

# METADATA
# description: True if the mapping names types of subjects. It then takes no others.
names_subjects if {
	some _ in data.store.authzen.subjects
}

# METADATA
# description: True if the mapping names types of resources. It then takes no others.
names_resources if {
	some _ in data.store.authzen.resources
}

_principal(subject) := subject.id if {
	not names_subjects
	template.is_arn(subject.id)
}

_principal(subject) := template.text(data.store.authzen.subjects[subject.type].arn, subject)

_resource(resource) := resource.id if {
	not names_resources
	template.is_arn(resource.id)
}

_resource(resource) := template.text(data.store.authzen.resources[resource.type].arn, _with_known(resource))

_action(one) := one.action.name if not has_actions(one.resource.type)

_action(one) := data.store.authzen.resources[one.resource.type].actions[one.action.name].action

# The mapped properties: the declared ones, the given ones, and the place in messages.
_mapped(one) := [
	[subject_properties(one.subject.type), entity.properties(one.subject), "subject.properties"],
	[_action_properties(one), entity.properties(one.action), "action.properties"],
	[_resource_properties(one.resource.type), _resource_given(one.resource), "resource.properties"],
	[_context_properties, object.get(one, "context", {}), "context"],
]

_action_properties(one) := data.store.authzen.resources[one.resource.type].actions[one.action.name].properties if {
	data.store.authzen.resources[one.resource.type].actions[one.action.name].properties
} else := {}

_resource_properties(type) := data.store.authzen.resources[type].properties if {
	data.store.authzen.resources[type].properties
} else := {}

# The properties of a known resource count where the request does not give them.
_resource_given(resource) := object.union(known, entity.properties(resource)) if {
	known := data.store.authzen.resources[resource.type].known[resource.id]
} else := entity.properties(resource)

_with_known(resource) := {"id": resource.id, "properties": _resource_given(resource)}

_context_properties := data.store.authzen.context if {
	data.store.authzen.context
} else := {}

_context(one) := merged if {
	parts := [
		property.read(subject_properties(one.subject.type), one.subject),
		property.read(_action_properties(one), one.action),
		property.read(_resource_properties(one.resource.type), _with_known(one.resource)),
		property.read(_context_properties, {"properties": object.get(one, "context", {})}),
	]
	merged := object.union_n(parts)
	count(merged) == sum([count(part) | some part in parts])
}

_of_texts(one) := _of_subject(one.subject) | _of_resource(one.resource)

_of_subject(subject) := template.faults(data.store.authzen.subjects[subject.type].arn, subject, "subject") if {
	data.store.authzen.subjects[subject.type]
} else := {_unknown("subject", subject)} if {
	names_subjects
} else := {_no_arn("subject")} if {
	not template.is_arn(subject.id)
} else := set()

_of_resource(resource) := template.faults(data.store.authzen.resources[resource.type].arn, _with_known(resource), "resource") if {
	data.store.authzen.resources[resource.type]
} else := {_unknown("resource", resource)} if {
	names_resources
} else := {_no_arn("resource")} if {
	not template.is_arn(resource.id)
} else := set()

_unknown(place, one) := sprintf("%s.type: the mapping has no %ss of the type %s", [place, place, _shown(one.type)])

_no_arn(place) := sprintf("%s.id: must be an ARN, because the mapping has no templates for %ss", [place, place])

_of_action(one) := {sprintf("action.name: the mapping has no action %s for resources of the type %s", [
	_shown(one.action.name),
	_shown(one.resource.type),
])} if {
	not _action(one)
} else := set()

# All items of `evaluations` may have one long default: the answer would repeat it thousands of times.
_shown(text) := json.marshal(text) if {
	count(text) <= 128
} else := sprintf("(%d characters)", [count(text)])

_of_properties(mapped) := {message |
	some [declared, given, place] in mapped
	some message in property.faults(declared, given, place)
}

_of_keys(mapped) := {sprintf("the mapping gives the condition key `%s` two values", [key]) |
	some i, [first, given, _] in mapped
	some j, [second, also, _] in mapped
	i < j
	some key in (object.keys(property.context(first, given)) & object.keys(property.context(second, also)))
}
