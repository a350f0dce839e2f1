# METADATA
# title: Who may talk to this OPA
# description: >-
#   OPA asks this package before it serves any request, once it runs with
#   `--authentication=token --authorization=basic`. It knows the SHA-256 of the
#   token, from the environment it was started with, and never the token.
package system.authz

# METADATA
# title: Public paths
# description: The paths that whoever holds the token may POST to, as OPA splits them.
public_paths := {
	["v1", "data", "ram", "authz", "decision"],
	["v1", "data", "ram", "authz", "decisions"],
	["v1", "data", "ram", "simulate", "decision"],
	["v1", "data", "ram", "simulate", "decisions"],
	["v1", "data", "system", "status", "revision"],
	["v1", "data", "slr", "creation", "decision"],
	["v1", "data", "slr", "feature", "decision"],
	["v1", "data", "slr", "deletion", "decision"],
}

# METADATA
# title: Allow
# description: The request is a POST to a public path with the token, or GET /health.
# scope: document
default allow := false

# Probes carry no token, and the answer says no more than whether OPA is ready.
allow if {
	input.method == "GET"
	input.path == ["health"]
}

# No query parameters: `explain` and `instrument` would show the policies behind a decision.
allow if {
	input.method == "POST"
	input.path in public_paths
	input.params == {}
	_has_token
}

_has_token if crypto.sha256(input.identity) == opa.runtime().env.RAMGATE_TOKEN_SHA256
