# METADATA
# title: AuthZEN entities
# description: >-
#   Checks that a request has the fields that AuthZEN 1.0 requires, of the types that it requires (sections
#   5 and 6). Fields that the standard does not know are ignored, as it says.
package authzen.entity

# METADATA
# description: >-
#   The faults of a request, as messages that begin with the field. `required` maps each entity to the
#   fields that it must have, such as `{"subject": {"type", "id"}}`.
faults(one, _) := {"the request must be a JSON object"} if not is_object(one)

faults(one, required) := (_of_entities(one, required) | _of_properties(one, required)) | _of_context(one) if is_object(one)

# METADATA
# description: True if an evaluation has no faults. It takes a quarter of the time of `faults`.
is_whole(one) if {
	is_string(one.subject.type)
	is_string(one.subject.id)
	is_string(one.action.name)
	is_string(one.resource.type)
	is_string(one.resource.id)
	_has_objects(one.subject, "properties")
	_has_objects(one.action, "properties")
	_has_objects(one.resource, "properties")
	_has_objects(one, "context")
}

_has_objects(one, field) if is_object(object.get(one, field, {}))

# METADATA
# description: The entities of an evaluation, with their required fields.
all := {"subject": {"type", "id"}, "action": {"name"}, "resource": {"type", "id"}}

# METADATA
# description: The properties of an entity, an empty object if it has none.
properties(entity) := object.get(entity, "properties", {})

_of_entities(one, required) := {message |
	some name, fields in required
	message := _fault(one, name, fields)
}

_fault(one, name, _) := sprintf("%s: is missing", [name]) if not name in object.keys(one)

_fault(one, name, _) := sprintf("%s: must be an object", [name]) if {
	name in object.keys(one)
	not is_object(one[name])
}

_fault(one, name, fields) := concat("; ", sort(texts)) if {
	is_object(one[name])
	texts := {sprintf("%s.%s: must be a text", [name, field]) | some field in fields; not is_string(object.get(one[name], field, null))}
	count(texts) > 0
}

_of_properties(one, required) := {sprintf("%s.properties: must be an object", [name]) |
	some name, _ in required
	is_object(one[name])
	not is_object(properties(one[name]))
}

_of_context(one) := {"context: must be an object"} if not is_object(object.get(one, "context", {}))

else := set()
