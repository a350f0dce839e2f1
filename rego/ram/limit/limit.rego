# METADATA
# title: Limits
# description: >-
#   The sizes that a request may have, and the products of two sizes that decide how long it takes. Anything
#   larger is malformed. A character is a Unicode code point. `docs/decisions/0019-limits-of-a-request.md`
#   has the figures behind the limits.
package ram.limit

# METADATA
# description: The maximal number of requests in a batch.
requests := 10000

# METADATA
# description: The maximal number of fields that are looked at in a request that has too many.
fields := 20

# METADATA
# description: The maximal length of a principal, an action and a resource, in characters.
name := 2048

# METADATA
# description: The maximal number of keys in a context.
keys := 200

# METADATA
# description: The maximal length of a condition key, in characters.
key := 256

# METADATA
# description: >-
#   The maximal length of a value in a context, in characters: of a list, of all its elements together. The
#   text of a number or a boolean is its JSON.
value := 2048

# METADATA
# description: The maximal number of elements in a list of a context.
elements := 100

# METADATA
# description: The maximal number of elements in a context. A value that is not a list counts as one.
all_elements := 1000

# METADATA
# description: The maximal length of all values of a context together, in characters.
all_values := 8192

# METADATA
# description: The maximal number of session policies.
session_policies := 10

# METADATA
# description: >-
#   The maximal length of a session policy, in characters of its JSON. RAM's limit of 2,048 characters is on
#   the document before its translation, of which a request has no trace; a translation is at most eight times as long, unless
#   its resources have hundreds of `?`, each of which becomes ten or twenty characters.
session_policy := 16384

# METADATA
# description: The maximal number of documents in a simulation.
policies := 100

# METADATA
# description: The maximal length of a document in a simulation, in characters of its JSON.
policy := 65536

# METADATA
# description: The maximal length of all documents of a simulation together, in characters of their JSON.
all_policies := 262144

# METADATA
# description: >-
#   How often the conditions of a request's own policies may compare an element of the context with a listed value.
comparisons := 20000

# METADATA
# description: >-
#   The maximal product of the wildcards in a request's own policies, and of the characters that they may have
#   to search: those of the action, the resource and the context.
searches := 2097152

# METADATA
# description: The maximal number of usages in a question about a deletion.
usages := 1000

# METADATA
# description: The maximal number of resources in all usages of such a question.
resources := 10000

# METADATA
# description: True if each of the names has at most 2,048 characters.
are_short(names) if {
	# together: the usual case, and the cheap one
	count(concat("", names)) <= name
} else if {
	every one in names {
		count(one) <= name
	}
}

# METADATA
# description: True if an object of keys and values, or of names, has no key that is too long.
has_short_keys(context) if {
	count(concat("", object.keys(context))) <= key
} else if {
	every one, _ in context {
		count(one) <= key
	}
}

# METADATA
# description: True if the value is not too long.
is_short(one) if count(concat("", [text(element) | some element in list(one)])) <= value

# METADATA
# description: The text of an element of a context, the JSON if it is a number or a boolean.
text(element) := element if {
	is_string(element)
} else := json.marshal(element)

# METADATA
# description: The elements of a value in a context. A value that is not a list is its only element.
list(one) := one if {
	is_array(one)
} else := [one]

# METADATA
# description: The texts of all elements of a context.
texts(context) := [text(element) | some one in context; some element in list(one)]

# METADATA
# description: The length of a document's JSON, in characters.
size(document) := count(json.marshal(document))

# METADATA
# description: How often the conditions of the documents may compare an element with a listed value.
compared(documents, context) := sum([comparison |
	some document in documents
	some statement in document.statements
	some one in statement.conditions
	comparison := count(one.values) * count(list(context[one.key]))
])

# METADATA
# description: The product of the wildcards in the documents and of the characters that they may have to search.
searched(documents, searchable) := count(regex.find_n(`[*?\x{10FFFF}]`, json.marshal(documents), -1)) * count(concat("", searchable))

# METADATA
# description: >-
#   The faults of documents that together with the rest of their request would take too long, as messages.
products(documents, context, searchable) := compare | search if {
	compare := {message |
		compared(documents, context) > comparisons
		message := sprintf("the conditions must compare values with the context at most %d times", [comparisons])
	}
	search := {message |
		searched(documents, array.concat(searchable, texts(context))) > searches
		message := sprintf("wildcards times characters of action, resource and context must be at most %d", [searches])
	}
}
