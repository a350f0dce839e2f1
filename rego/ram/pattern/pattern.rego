# METADATA
# title: Patterns of a statement
# description: >-
#   Finds the pattern of a statement that matches a question's resource, else the pattern that is nearest to it, and
#   the first field in which they differ.
package ram.pattern

import data.ram.resource
import data.ram.spelling

# METADATA
# description: >-
#   The pattern as `{"matches", "pattern", "differs_at", "nearness"}`. `nearness` is the number of fields that match
#   and the length of the common beginning of the relative ids.
of(statement, question) := {"matches": true, "pattern": _spelled(found[0], statement), "differs_at": null, "nearness": [4, 0]} if {
	resource.covers(statement, question)
	found := [one | some one in _singles(statement); resource.covers(one, question)]
} else := {
	"matches": false,
	"pattern": _spelled(singles[0 - number], statement),
	"differs_at": _difference(singles[0 - number], question),
	"nearness": [fields, start],
} if {
	singles := _singles(statement)
	[fields, start, number] := max([array.concat(_nearness(one, question), [0 - position]) | some position, one in singles])
}

# METADATA
# description: >-
#   The length of the common beginning of two texts, of their first 200 characters. `beginning` is that of one text.
common(beginning, text) := count(concat("", regex.find_n(beginning, text, 1)))

# METADATA
# description: A regular expression for the longest beginning that a text shares with this one.
beginning(text) := concat("", ["(?s)^(?:", concat("(?:", characters), concat("", [")?" | some _ in characters])]) if {
	text != ""
	characters := [regex.replace(one, `[\\.+*?()|\[\]{}^$]`, `\$0`) | some one in split(substring(text, 0, 200), "")]
} else := "^"

# The statement once for each of its patterns, with that pattern alone.
_singles(statement) := [{"effect": statement.effect, "any_resource": true}] if {
	statement.any_resource
} else := [object.union({"effect": statement.effect}, {form: [one]}) |
	some form in ["resources", "resource_prefixes", "resource_patterns", "resource_fields"]
	some one in statement[form]
]

_spelled(single, statement) := "*" if {
	single.any_resource
} else := single.resources[0] if {
	single.resources
} else := concat("", [single.resource_prefixes[0], "*"]) if {
	single.resource_prefixes
} else := _of_whole(_text(single), statement)

# In a Deny, a glob by fields stands beside one of the whole text, which has the region (3.1, 3.5).
_of_whole(text, statement) := whole[0] if {
	_leaves_region_out(text)
	whole := [spelled |
		some form in ["resource_patterns", "resource_fields"]
		some one in statement[form]
		other := _text({form: [one]})
		not _leaves_region_out(other)
		spelled := spelling.pattern(other)
		_without_region(spelled) == _without_region(spelling.pattern(text))
	]
} else := spelling.pattern(text)

_leaves_region_out(glob) if contains(glob, ":{,[*]}:")

_without_region(text) := [part | some index, part in split(text, ":"); index != 2]

_text(single) := single.resource_patterns[0] if {
	single.resource_patterns
} else := concat(":", single.resource_fields[0])

# The number of fields that match, and the length of the common beginning of the relative ids.
_nearness(single, question) := [-1, 0] if {
	_leaves_region_out(_text(single))
	_fields(single, _globs(single), question)[2] != ""
} else := [count(_matching(globs, fields, question) - {0}), common(beginning(fields[4]), spelling.unescaped(id))] if {
	globs := _globs(single)
	fields := _fields(single, globs, question)
	id := _folded(globs[4], question)
} else := [-1, 0]

_difference(single, question) := {"field": names[first], "wanted": spelling.pattern(globs[first]), "given": fields[first]} if {
	globs := _globs(single)
	fields := _fields(single, globs, question)
	names := ["acs", "service", "region", "account", "relative_id"]
	first := min({0, 1, 2, 3, 4} - _matching(globs, fields, question))
	first > 0
} else := null

# The positions of the fields that match.
_matching(globs, fields, question) := {index |
	some index, field in fields
	glob.match(_folded(globs[index], question), null, field)
}

_folded(text, question) := lower(text) if {
	# 3.4
	question.is_role
} else := text

# The fields that the pattern is compared with. In an Allow, an empty account is compared with one that the request
# does not state (3.5). Undefined for the resource `*`.
_fields(single, globs, question) := array.concat(["acs"], resource.fields(question.unstated)) if {
	single.effect == "Allow"
	globs[3] == ""
	is_string(question.unstated)
} else := array.concat(["acs"], resource.fields(question.resource))

# The globs of the five fields. Undefined for a pattern that matches no resource by its fields.
_globs(single) := _split(spelling.escaped(single.resources[0])) if {
	single.resources
} else := _split(concat("", [spelling.escaped(single.resource_prefixes[0]), "**"])) if {
	single.resource_prefixes
} else := _split(single.resource_patterns[0]) if {
	single.resource_patterns
} else := single.resource_fields[0] if {
	count(single.resource_fields[0]) == 5
}

_split(text) := array.concat(array.slice(parts, 0, 4), [concat(":", array.slice(parts, 4, count(parts)))]) if {
	parts := split(text, ":")
	count(parts) > 4
} else := array.concat(array.concat(head, [trim_suffix(last, "*")]), array.slice(["*", "*", "*", "**"], count(parts) - 1, 4)) if {
	# 3.1: cut short, and the fields behind match
	endswith(text, "**")
	parts := split(text, ":")
	head := array.slice(parts, 0, count(parts) - 1)
	last := parts[count(parts) - 1]
}
