# METADATA
# title: Templates
# description: >-
#   Fills in a template of the mapping (`data.store.authzen`): an ARN with placeholders for the id and the
#   properties of an AuthZEN entity. A value brings nothing into an ARN that a pattern or another field of
#   the ARN could be: no colon, no wildcard, and a slash only for a placeholder that says so. The id of a type
#   that takes ARNs is the whole text.
package authzen.template

import data.ram.limit

# METADATA
# description: >-
#   The text of a template, a list of texts and placeholders. Undefined if a value is missing or unusable.
text(parts, entity) := concat("", pieces) if {
	pieces := [piece | some part in parts; piece := _piece(part, entity)]
	count(pieces) == count(parts)
}

# METADATA
# description: The faults of an entity that a template needs values of, as messages that begin with the place.
faults(parts, entity, place) := {message |
	some part in parts
	not _piece(part, entity)
	message := sprintf("%s.%s: must be %s", [place, _name(part), _form(part)])
}

# METADATA
# description: >-
#   The id that fills in a template so that it becomes this text. Undefined if there is none, and for a
#   template with another placeholder than one `{id}`.
id(parts, whole) := found if {
	[{"field": "id", "name": "", "slashes": _}] = [part | some part in parts; is_object(part)]
	[start, end] := _around(parts)
	startswith(whole, start)
	endswith(whole, end)
	found := substring(whole, count(start), (count(whole) - count(start)) - count(end))
	text(parts, {"id": found}) == whole
}

# METADATA
# description: True if the value can stand for a placeholder, one part of a path unless `slashes` is true.
is_usable(value, slashes) if {
	is_string(value)
	count(value) <= limit.name
	regex.match(_patterns[slashes], value)
	not regex.match(`(^|/)\.\.?(/|$)`, value)
}

# METADATA
# description: True if the value begins as the ARN of a principal or a resource. `ram.request` reads the rest.
is_arn(value) if {
	is_string(value)
	startswith(value, "acs:")
}

_patterns := {
	false: `^[A-Za-z0-9._@=+,~-]+$`,
	true: `^[A-Za-z0-9._@=+,~-]+(/[A-Za-z0-9._@=+,~-]+)*$`,
}

_piece(part, _) := part if is_string(part)

_piece(part, entity) := entity.id if {
	part.field == "arn"
	is_arn(entity.id)
}

_piece(part, entity) := value if {
	value := _given(part, entity)
	is_usable(value, part.slashes)
}

_given(part, entity) := entity.id if part.field == "id"

_given(part, entity) := entity.properties[part.name] if part.field == "properties"

_name(part) := concat(".", ["properties", part.name]) if part.field == "properties"

else := "id"

_form(part) := "an ARN" if part.field == "arn"

else := "a text of letters, digits and ._@=+,~- in segments between slashes, none of them `.` or `..`" if part.slashes

else := "a text of letters, digits and ._@=+,~- that is not `.` or `..`"

# The texts before and after the only placeholder.
_around(parts) := [parts[0], ""] if {
	count(parts) == 2
	is_string(parts[0])
} else := ["", parts[1]] if {
	count(parts) == 2
} else := [parts[0], parts[2]] if {
	count(parts) == 3
} else := ["", ""]
