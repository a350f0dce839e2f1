# METADATA
# title: Patterns of a statement
# description: >-
#   Finds the pattern of a statement that matches a question's resource, else the pattern that is nearest to it, and
#   the first field in which they differ.
package ram.pattern

import data.ram.resource
import data.ram.written

# METADATA
# description: >-
#   The parts of a question that patterns are compared with. Without `fields` if its resource is `*`. `unstated` are the
#   fields with an empty account, if the request states none (3.5).
asked(question) := {
	"fields": array.concat(["acs"], fields),
	"unstated": _unstated(question),
	"is_role": question.is_role,
	"beginning": beginning(fields[3]),
} if {
	fields := resource.fields(question.resource)
} else := {}

_unstated(question) := array.concat(["acs"], resource.fields(question.unstated)) if {
	is_string(question.unstated)
} else := null

# METADATA
# description: The first pattern of a statement that matches the question, as docs/reference/http.md describes it.
matching(statement, question) := {"matches": true, "pattern": _spelled(found[0], statement), "differs_at": null} if {
	found := [one | some one in _singles(statement); resource.covers(one, question)]
}

# METADATA
# description: >-
#   The nearest pattern of a statement, none of which matches what was asked, as `{"shown", "nearness"}`. `nearness` is
#   the number of fields that match, and the length of the common beginning of the relative ids.
nearest(statement, question) := {
	"shown": {
		"matches": false,
		"pattern": _spelled(found.single, statement),
		"differs_at": _difference(found),
	},
	"nearness": [fields, start],
} if {
	compared := [_compare(one, question) | some one in _singles(statement)]
	[fields, start, number] := max([array.concat(one.nearness, [0 - position]) | some position, one in compared])
	found := compared[0 - number]
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
} else := [{"effect": statement.effect, form: [one]} |
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
		spelled := written.pattern(other)
		_without_region(spelled) == _without_region(written.pattern(text))
	]
} else := written.pattern(text)

_leaves_region_out(glob) if contains(glob, ":{,[*]}:")

_without_region(text) := [part | some index, part in split(text, ":"); index != 2]

_text(single) := single.resource_patterns[0] if {
	single.resource_patterns
} else := concat(":", single.resource_fields[0])

_compare(single, question) := {"single": single, "nearness": [-1, 0]} if {
	_leaves_region_out(_text(single))
	question.fields[2] != ""
} else := {
	"single": single,
	"globs": globs,
	"fields": fields,
	"differing": differing,
	"nearness": [4 - count(differing - {0}), common(question.beginning, written.unescaped(folded[4]))],
} if {
	globs := _globs(single)
	folded := _folded(globs, question)
	fields := _fields(single, globs, question)
	differing := {index | some index, field in fields; not _matches(folded[index], field)}
} else := {"single": single, "nearness": [-1, 0]}

# Most fields of most patterns are `*`, and a comparison takes twice as long.
_matches(one, field) if {
	one in {"*", "**"}
} else := glob.match(one, null, field)

_difference(found) := {
	"field": names[first],
	"wanted": written.pattern(found.globs[first]),
	"given": found.fields[first],
} if {
	names := ["acs", "service", "region", "account", "relative_id"]
	first := min(found.differing)
	first > 0
} else := null

_folded(globs, question) := [lower(one) | some one in globs] if {
	# 3.4
	question.is_role
} else := globs

# 3.5: in an Allow, an empty account is compared with one that the request does not state
_fields(single, globs, question) := question.unstated if {
	single.effect == "Allow"
	globs[3] == ""
	question.unstated != null
} else := question.fields

# The globs of the five fields. Undefined for a pattern that matches no resource by its fields.
_globs(single) := _split(written.escaped(single.resources[0])) if {
	single.resources
} else := _split(concat("", [written.escaped(single.resource_prefixes[0]), "**"])) if {
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
