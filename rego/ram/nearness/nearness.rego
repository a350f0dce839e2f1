# METADATA
# title: Nearness
# description: >-
#   Chooses the statements that could have mattered for a question: all that match, then those that are nearest to it.
#   A statement has three elements: the action, its target (a resource, in a trust policy a principal), and the
#   conditions.
package ram.nearness

import data.ram.action
import data.ram.pattern
import data.ram.shown
import data.ram.statement

# METADATA
# description: The maximal number of statements.
limit := 50

# METADATA
# description: >-
#   The statements of the sources (`ram.source`) as `{"considered", "more"}`, as docs/reference/http.md describes
#   them.
of(sources, question) := {"considered": array.concat(matching, nearest), "more": (count(covering) + count(near)) - count(shown)} if {
	covering := _covering(sources, question)
	near := _near(sources, question)
	matching := [_entry(row, sources, question) | some row in array.slice([row | some row in covering; row.fails == 0], 0, limit)]
	nearest := array.slice(_nearest(sources, question, covering, near), 0, limit - count(matching))
	shown := array.concat(matching, nearest)
}

# The rows of the statements that cover the action, in the order of the sources. `fails` is the number of elements
# that do not match.
_covering(sources, question) := [row |
	some position, source in sources
	some index in action.request_statements(source.document, question.action)
	row := {
		"fails": _fails(source.document.statements[index], question),
		"position": position,
		"index": index,
		"covers": true,
		"start": 0,
	}
]

_fails(one, question) := 0 if {
	statement.applies(one, question)
} else := count(_failing(one, question))

_failing(one, question) := array.concat(["target" | not statement.has_target(one, question)], ["conditions" |
	statement.unmet(one, question) != []
])

# The rows of the other statements about the action's service, the nearest patterns first, as
# `[common beginning, position of the source, index, pattern]`.
_near(sources, question) := sort([row |
	some position, source in sources
	pairs := _uncovered(source.document, question.action)
	some number, [index, start, text] in pairs
	_is_first(pairs, number)
	row := [start, position, index, text]
])

# The patterns of a document that do not cover the action but speak of its service, as
# `[index, - common beginning, pattern]`.
_uncovered(document, asked) := sort([[index, 0 - pattern.common(beginning, text), text] |
	service := split(asked, ":")[0]
	beginning := pattern.beginning(asked)
	covered := action.request_statements(document, asked)
	some [text, index] in array.concat(_listed(document, service), _excepted(document, asked))
	not index in covered
])

_listed(document, service) := [[text, index] |
	some patterns in [
		{text: indexes | some text, indexes in document.actions; startswith(text, concat("", [service, ":"]))},
		object.get(document.wildcards, service, {}),
		{text: indexes | some text, indexes in document.service_wildcards; glob.match(split(text, ":")[0], null, service)},
	]
	some text, indexes in patterns
	some index in indexes
]

_excepted(document, asked) := [[text, index] |
	some index in document.not_actions
	some text in document.statements[index].except
	glob.match(text, null, asked)
]

_is_first(_, 0)

_is_first(pairs, number) if pairs[number - 1][0] != pairs[number][0]

# The entries of the statements that do not match, the nearest first. Of very many, only the first are compared.
_nearest(sources, question, covering, near) := [_entry(rows[key[count(key) - 1]], sources, question) | some key in keys] if {
	compared := 2 * limit
	by_target := [[row.fails, row.position, number] | some number, row in covering; row.fails > 0]
	by_action := [row | some row in array.slice(near, 0, limit)]
	rows := array.concat(
		[covering[number] | some [_, _, number] in array.slice(sort(by_target), 0, compared)],
		[row |
			some [start, position, index, text] in by_action
			row := {
				"fails": 1 + count(_failing(sources[position].document.statements[index], question)),
				"position": position,
				"index": index,
				"covers": false,
				"start": start,
				"pattern": text,
			}
		],
	)
	keys := array.slice(sort([_key(row, number, sources, question) | some number, row in rows]), 0, limit)
}

_key(row, number, sources, question) := [
	row.fails,
	{"Allow": 0, "Deny": 1}[one.effect],
	0 - fields,
	0 - start,
	row.start,
	count(statement.unmet(one, question)),
	row.position,
	row.index,
	number,
] if {
	one := sources[row.position].document.statements[row.index]
	[fields, start] := _resource(one, question).nearness
}

_resource(one, question) := {"matches": false, "nearness": [0, 0]} if {
	one.principals
} else := pattern.of(one, question)

_entry(row, sources, question) := {
	"policy": source.name,
	"index": row.index,
	"effect": one.effect,
	"policy_type": source.policy_type,
	"attached": source.attached,
	"matches": row.fails == 0,
	"action": {
		"matches": row.covers,
		"pattern": object.get(row, "pattern", _pattern(source.document, row.index, question.action)),
		"not_action": "except" in object.keys(one),
	},
	"resource": _shown_resource(one, question),
	"principal": _shown_principal(one, question),
	"conditions": [shown.of(condition, one.effect, question) | some condition in one.conditions],
} if {
	source := sources[row.position]
	one := source.document.statements[row.index]
}

_shown_resource(one, question) := null if {
	one.principals
} else := object.remove(pattern.of(one, question), ["nearness"])

_shown_principal(one, question) := null if {
	not one.principals
} else := {"matches": count([1 | statement.has_target(one, question)]) == 1}

# The pattern by which a statement covers the action. Null for `NotAction`.
_pattern(document, index, asked) := asked if {
	index in document.actions[asked]
} else := found[0] if {
	found := [text |
		some patterns in [object.get(document.wildcards, split(asked, ":")[0], {}), document.service_wildcards]
		some text, indexes in patterns
		index in indexes
		glob.match(text, null, asked)
	]
} else := null
