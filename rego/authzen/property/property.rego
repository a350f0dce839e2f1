# METADATA
# title: Mapped properties
# description: >-
#   Turns the properties of an AuthZEN entity that the mapping names into condition keys. A mapped property
#   without a usable value is a fault: a context without its key could miss a Deny.
package authzen.property

import data.ram.request

# METADATA
# description: >-
#   The context of the mapped properties that are given, as condition keys with their values. `declared`
#   maps a property to its `key` and `optional`.
context(declared, given) := {declaration.key: given[name] | some name, declaration in declared}

# METADATA
# description: The faults of the mapped properties, as messages that begin with the place.
faults(declared, given, place) := {message |
	some name, declaration in declared
	problem := _problem(declaration, name, given)
	message := sprintf("%s.%s: %s, and stands for the condition key `%s`", [place, name, problem, declaration.key])
}

# METADATA
# description: The context of an entity's properties. Undefined if a mapped property is at fault.
read(declared, _) := {} if declared == {}

read(declared, entity) := context(declared, given) if {
	declared != {}
	given := object.get(entity, "properties", {})
	every name, declaration in declared {
		not _problem(declaration, name, given)
	}
}

# METADATA
# description: True if an entity without properties has a fault.
has_required(declared) if {
	some declaration in declared
	not declaration.optional
}

_problem(declaration, name, given) := "is missing" if {
	not declaration.optional
	not name in object.keys(given)
}

_problem(_, name, given) := "must be a text, a number, a boolean or a list of these that is not empty" if {
	name in object.keys(given)
	not _is_value(given[name])
}

_is_value(value) if {
	value != []
	request.is_scalars(value)
}
