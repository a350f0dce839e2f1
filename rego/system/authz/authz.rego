# METADATA
# title: Access to this OPA
# description: >-
#   OPA evaluates this package before it serves a request, if it runs with
#   `--authentication=token --authorization=basic`, as ramgate starts every OPA that listens on TCP.
#   OPA's environment states who has access: `RAMGATE_ACCESS=token` and the SHA-256 of the token, or
#   `RAMGATE_ACCESS=loopback`. Without such a statement nobody has. `RAMGATE_EXPLAIN=allow` opens the
#   explanations to those who have, `RAMGATE_METRICS=allow` OPA's metrics. `RAMGATE_WRITE_SHA256` is the SHA-256 of the token with which
#   ramgate patches the store.
package system.authz

# METADATA
# title: Public paths
# description: The paths that a caller with access may POST to, split as OPA splits them.
public_paths := {
	["v1", "data", "ram", "authz", "decision"],
	["v1", "data", "ram", "authz", "decisions"],
	["v1", "data", "ram", "simulate", "decision"],
	["v1", "data", "ram", "simulate", "decisions"],
	["v1", "data", "system", "status", "revision"],
	["v1", "data", "system", "status", "serial"],
	["v1", "data", "slr", "creation", "decision"],
	["v1", "data", "slr", "feature", "decision"],
	["v1", "data", "slr", "deletion", "decision"],
	["v1", "data", "authzen", "evaluation", "answer"],
	["v1", "data", "authzen", "evaluations", "answer"],
	["v1", "data", "authzen", "subject_search", "answer"],
	["v1", "data", "authzen", "resource_search", "answer"],
	["v1", "data", "authzen", "action_search", "answer"],
	["v1", "data", "authzen", "metadata", "answer"],
	["v1", "data", "authzen", "route", "answer"],
	["v0", "data", "authzen", "framed", "body", "evaluation"],
	["v0", "data", "authzen", "framed", "body", "evaluations"],
	["v0", "data", "authzen", "framed", "body", "subject_search"],
	["v0", "data", "authzen", "framed", "body", "resource_search"],
	["v0", "data", "authzen", "framed", "body", "action_search"],
	["v0", "data", "authzen", "framed", "body", "metadata"],
	["v0", "data", "authzen", "framed", "error", "evaluation"],
	["v0", "data", "authzen", "framed", "error", "evaluations"],
	["v0", "data", "authzen", "framed", "error", "subject_search"],
	["v0", "data", "authzen", "framed", "error", "resource_search"],
	["v0", "data", "authzen", "framed", "error", "action_search"],
	["v0", "data", "authzen", "framed", "error", "metadata"],
}

# METADATA
# title: Explaining paths
# description: The paths that show policies. A caller with access may POST to them only under `RAMGATE_EXPLAIN=allow`.
explaining_paths := {
	["v1", "data", "ram", "explain", "decision"],
	["v1", "data", "ram", "explain", "simulation"],
}

# METADATA
# title: Allow
# description: True for a POST to an open path by a program with access, for GET /health and GET /metrics, and for ramgate's patches.
# scope: document
default allow := false

# Probes have no token. The response shows only whether OPA is ready.
allow if {
	input.method == "GET"
	input.path == ["health"]
}

# The metrics count requests, but show no policy and no request.
allow if {
	input.method == "GET"
	input.path == ["metrics"]
	_env.RAMGATE_METRICS == "allow"
	_has_access
	_is_from_a_program
	input.params == {}
}

# No query parameters: `explain` and `instrument` would show the policies behind a decision.
allow if {
	input.method == "POST"
	_is_open(input.path)
	input.params == {}
	_is_from_a_program
	_has_access
}

# ramgate itself patches the store, with a token that it keeps in memory.
allow if {
	input.method == "PATCH"
	input.path == ["v1", "data"]
	input.params == {}
	_is_from_a_program
	crypto.sha256(input.identity) == _env.RAMGATE_WRITE_SHA256
}

_is_open(path) if path in public_paths

_is_open(path) if {
	path in explaining_paths
	_env.RAMGATE_EXPLAIN == "allow"
}

# A browser sends `Origin` with every POST, also after DNS rebinding, and newer ones `Sec-Fetch-Site`
# too. OPA shows each header under its canonical name, in whatever case it was sent.
_is_from_a_program if {
	is_object(input.headers)
	not input.headers.Origin
	not input.headers["Sec-Fetch-Site"]
}

_env := opa.runtime().env

# OPA listens on loopback addresses and unix sockets only. A token's hash contradicts that.
_has_access if {
	_env.RAMGATE_ACCESS == "loopback"
	not _env.RAMGATE_TOKEN_SHA256
}

_has_access if {
	_env.RAMGATE_ACCESS == "token"
	crypto.sha256(input.identity) == _env.RAMGATE_TOKEN_SHA256
}
