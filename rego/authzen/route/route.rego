# METADATA
# title: Routes of HTTP requests
# description: >-
#   Decides an HTTP request that a proxy asks about before it forwards it, such as Envoy with `ext_authz`.
#   The part `http` of the mapping names the subject and, for each path and method, the action and the
#   resource. A path that two programs could read in two ways is refused.
package authzen.route

import data.authzen.evaluation
import data.authzen.template

# METADATA
# description: >-
#   The answer to the input, an object with `method`, `path`, `query` and `headers`, a list of values for
#   each name in lower case. `status` is 200 if the request may pass, else 403.
# entrypoint: true
# schemas:
#   - input: schema.route
answer := answer_to(input)

default answer := {
	"status": 403,
	"body": {"decision": false, "context": {"reason": "malformed_request", "errors": ["the request is missing, or could not be evaluated"]}},
}

# METADATA
# description: The answer to any value.
answer_to(asked) := {"status": 200, "body": decided} if {
	decided := _decide(asked)
	decided.decision == true
} else := {"status": 403, "body": _decide(asked)}

_decide(asked) := _no(faults) if {
	faults := _faults(asked)
	faults != set()
} else := _of_all(_decisions(asked))

# If the path fits several routes, each of them must allow: no order of routes opens anything.
_of_all(decisions) := _no({"path: no route of the mapping has this path with this method"}) if {
	decisions == []
} else := denied[0] if {
	denied := [one | some one in decisions; one.decision != true]
	denied != []
} else := decisions[0]

_no(faults) := {"decision": false, "context": {"reason": "malformed_request", "errors": sort(faults)}}

_decisions(asked) := [decided |
	some route in data.store.authzen.http.routes
	action := route.methods[asked.method]
	parameters := _parameters(route.path, _segments(asked.path))
	decided := _decision(route, action, {"path": parameters, "header": _headers(asked)})
]

# A route that fits is never left out, also without a header that it needs.
_decision(route, action, values) := evaluation.decide(one) if {
	context := {name: text | some name, parts in data.store.authzen.http.context; text := _text(parts, values)}
	count(context) == count(data.store.authzen.http.context)
	one := {
		"subject": {"type": data.store.authzen.http.subject.type, "id": _text(data.store.authzen.http.subject.id, values)},
		"action": {"name": action},
		"resource": {"type": route.resource.type, "id": _joined(route.resource.id, values)},
		"context": context,
	}
} else := _no({"the route needs a header that is missing, is there twice or has a character that its template does not take"})

_segments(path) := array.slice(split(path, "/"), 1, count(path) + 1)

# The values of the parameters of a route's path. Undefined if it does not fit.
_parameters(path, segments) := _named(path, segments) if {
	not _takes_rest(path)
	count(path) == count(segments)
	_fits(path, segments)
}

_parameters(path, segments) := object.union(_named(first, segments), {path[last].name: rest}) if {
	_takes_rest(path)
	last := count(path) - 1
	count(segments) > last
	first := array.slice(path, 0, last)
	_fits(first, segments)
	rest := concat("/", array.slice(segments, last, count(segments)))
}

_takes_rest(path) if path[count(path) - 1].rest

_fits(path, segments) if {
	every index, part in path {
		_is_parameter_or(part, segments[index])
	}
}

_is_parameter_or(part, _) if is_object(part)

_is_parameter_or(part, segment) if part == segment

_named(path, segments) := {part.name: segments[index] | some index, part in path; is_object(part)}

# The headers with one value that can be read.
_headers(asked) := {name: value |
	some name, [value] in asked.headers
	regex.match(`^[!-+\-.-~]{1,512}$`, value)
}

# A header that is the whole text may be any text, such as an IP address. Beside other parts a value could be read
# as another part, so it has the characters of a path, as in the id of a resource.
_text(parts, values) := values.header[parts[0].name] if {
	count(parts) == 1
	parts[0].field == "header"
} else := _joined(parts, values)

_joined(parts, values) := concat("", pieces) if {
	pieces := [piece | some part in parts; piece := _piece(part, values)]
	count(pieces) == count(parts)
}

_piece(part, _) := part if is_string(part)

_piece(part, values) := value if {
	value := values[part.field][part.name]
	template.is_usable(value, part.slashes)
}

_faults(asked) := {"http: the mapping has no routes"} if {
	not data.store.authzen.http.routes
} else := {"the request must have a method, a path, a query and headers"} if {
	not _is_readable(asked)
} else := (_of_path(asked.path) | _of_query(asked.query)) | (_of_overrides(asked.headers) | _of_headers(asked))

_is_readable(asked) if {
	is_string(asked.method)
	is_string(asked.path)
	is_string(asked.query)
	is_object(asked.headers)
}

_of_path(path) := set() if {
	count(path) <= 2048
	regex.match(`^(/|(/[A-Za-z0-9._@=+,~-]+)+)$`, path)
	every segment in _segments(path) {
		not segment in {".", ".."}
	}
} else := {"path: must be segments of letters, digits and ._@=+,~- that are not `.`, `..` or empty"}

# Frameworks let a parameter or a header replace the method. PHP reads `.method` and ` [method` as `_method`,
# and a name up to a `[` or a NUL.
_of_query(query) := {"query: must not name another method with `_method`"} if {
	some name, _ in urlquery.decode_object(query)
	regex.match(`^[^a-z0-9]+method([^a-z0-9]|$)`, lower(name))
} else := {"query: cannot be read"} if {
	not urlquery.decode_object(query)
} else := set()

_overrides := {
	"x-http-method",
	"x-http-method-override",
	"x-method-override",
	"x-original-url",
	"x-rewrite-url",
}

# CGI and WSGI know no difference between `_` and `-` in the name of a header.
_of_overrides(headers) := {sprintf("%s: must not be sent, it can replace the method or the path", [name]) |
	some name, _ in headers
	replace(name, "_", "-") in _overrides
}

_of_headers(asked) := {sprintf("%s: must be one header of visible ASCII characters without a comma", [part.name]) |
	some parts in [parts | some parts in object.union(
		data.store.authzen.http.context,
		{"": data.store.authzen.http.subject.id},
	)]
	some part in parts
	part.field == "header"
	not _headers(asked)[part.name]
}
