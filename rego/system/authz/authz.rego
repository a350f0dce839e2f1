# METADATA
# title: Access to this OPA
# description: >-
#   OPA evaluates this package before it serves a request, if it runs with
#   `--authentication=token --authorization=basic`. The environment contains the SHA-256 of the token,
#   never the token itself.
package system.authz

# METADATA
# title: Public paths
# description: The paths that a caller with the token may POST to, split as OPA splits them.
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
# description: True for a POST to a public path with the token, and for GET /health.
# scope: document
default allow := false

# Probes have no token. The response shows only whether OPA is ready.
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
