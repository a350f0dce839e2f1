# METADATA
# title: Nearness
# description: >-
#   Chooses the statements that could have mattered for a question: all that match, then those that are nearest to it.
#   A statement has three elements: the action, its target (a resource, in a trust policy a principal), and the
#   conditions. A row stands for a statement: its source and index, and which elements match. OPA does not remember
#   the result of a function, so a row carries what took time to find.
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
of(sources, question) := {"considered": considered, "more": (count(covering) + count(near)) - count(considered)} if {
	covered := [action.request_statements(source.document, question.action) | some source in sources]
	covering := _covering(sources, covered, question)
	near := _near(sources, covered, question.action)
	asked := pattern.asked(question)
	matching := [[row, _resource(row, question, asked)] | some row in array.slice([row | some row in covering; row.fails == 0], 0, limit)]
	others := [[row, _resource(row, question, asked)] | some row in array.concat(_least_failing(covering), _judged(sources, near, question))]
	nearest := [others[key[count(key) - 1]] | some key in sort([_key(row, found.nearness, number) | some number, [row, found] in others])]
	considered := [_entry(row, sources[row.position], found.shown, question) |
		some [row, found] in array.slice(array.concat(matching, nearest), 0, limit)
	]
}

# The rows of the statements that cover the action, in the order of the sources.
_covering(sources, covered, question) := [_row(one, question, [position, index], true, [0, null]) |
	some position, source in sources
	some index in covered[position]
	one := source.document.statements[index]
]

# `fails` is the number of elements that do not match. `near` is the common beginning of the action with the nearest
# pattern, and that pattern.
_row(one, question, [position, index], covers, near) := {
	"statement": one,
	"position": position,
	"index": index,
	"covers": covers,
	"near": near,
	"has_target": has_target,
	"unmet": unmet,
	"fails": count([1 | some matches in [covers, has_target, unmet == 0]; not matches]),
} if {
	has_target := _has_target(one, question)
	unmet := count(statement.unmet(one, question))
}

_has_target(one, question) if statement.has_target(one, question)

else := false

# Of very many statements that do not match, the first of those that fail in the fewest elements.
_least_failing(covering) := [covering[number] |
	some [_, number] in array.slice(sort([[row.fails, number] | some number, row in covering; row.fails > 0]), 0, 2 * limit)
]

# The statements that do not cover the action but speak of its service, the nearest pattern of each, as
# `[- common beginning, position of the source, index, pattern]`.
_near(sources, covered, asked) := sort([[start, position, index, text] |
	some position, source in sources
	pairs := _uncovered(source.document, covered[position], asked)
	some number, [index, start, text] in pairs
	_is_first(pairs, number)
])

_uncovered(document, covered, asked) := sort([[index, 0 - pattern.common(beginning, text), text] |
	service := split(asked, ":")[0]
	beginning := pattern.beginning(asked)
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

_judged(sources, near, question) := [_row(one, question, [position, index], false, [start, text]) |
	some [start, position, index, text] in array.slice(near, 0, limit)
	one := sources[position].document.statements[index]
]

# The shown resource, and how near it is.
_resource(row, question, asked) := {"shown": null, "nearness": [0, 0]} if {
	row.statement.principals
} else := {"shown": pattern.matching(row.statement, question), "nearness": [4, 0]} if {
	row.has_target
} else := pattern.nearest(row.statement, asked)

_key(row, [fields, start], number) := [
	row.fails,
	{"Allow": 0, "Deny": 1}[row.statement.effect],
	0 - fields,
	0 - start,
	row.near[0],
	row.unmet,
	row.position,
	row.index,
	number,
]

_entry(row, source, resource, question) := {
	"policy": source.name,
	"index": row.index,
	"effect": row.statement.effect,
	"policy_type": source.policy_type,
	"attached": source.attached,
	"matches": row.fails == 0,
	"action": {
		"matches": row.covers,
		"pattern": _pattern(row, source.document, question.action),
		"not_action": "except" in object.keys(row.statement),
	},
	"resource": resource,
	"principal": _principal(row),
	"conditions": [shown.of(condition, row.statement.effect, question) | some condition in row.statement.conditions],
}

_principal(row) := {"matches": row.has_target} if {
	row.statement.principals
} else := null

# The pattern of the action that matches, else the nearest. Null for `NotAction` that covers the action.
_pattern(row, document, asked) := row.near[1] if {
	not row.covers
} else := asked if {
	row.index in document.actions[asked]
} else := found[0] if {
	found := [text |
		some patterns in [object.get(document.wildcards, split(asked, ":")[0], {}), document.service_wildcards]
		some text, indexes in patterns
		row.index in indexes
		glob.match(text, null, asked)
	]
} else := null
