package system.authz_test

import data.system.authz

_runtime := {"env": {"RAMGATE_TOKEN_SHA256": crypto.sha256("right")}}

_post(path) := {
	"method": "POST",
	"path": split(path, "/"),
	"params": {},
	"headers": {},
	"identity": "right",
}

test_public_path_with_token_cases if {
	some path in authz.public_paths
	every path in authz.public_paths {
		authz.allow with input as _post(concat("/", path)) with opa.runtime as _runtime
	}
}

test_health_without_token if {
	authz.allow with input as {"method": "GET", "path": ["health"], "params": {}}
		with opa.runtime as _runtime
	authz.allow with input as {"method": "GET", "path": ["health"], "params": {"bundles": [""]}}
		with opa.runtime as _runtime
}

test_not_health_cases if {
	refused := [
		{"method": "POST", "path": ["health"], "params": {}},
		{"method": "HEAD", "path": ["health"], "params": {}},
		{"method": "GET", "path": ["health", ""], "params": {}},
		{"method": "GET", "path": ["health", "live"], "params": {}},
		{"method": "GET", "path": ["Health"], "params": {}},
	]
	some _ in refused
	every request in refused {
		not authz.allow with input as request with opa.runtime as _runtime
	}
}

test_token_cases if {
	right := _post("v1/data/ram/authz/decision")
	authz.allow with input as right with opa.runtime as _runtime
	changes := [
		{"identity": "wrong"},
		{"identity": ""},
		{"identity": "Right"},
		{"identity": crypto.sha256("right")},
		{"identity": null},
	]
	some _ in changes
	every change in changes {
		not authz.allow with input as object.union(right, change) with opa.runtime as _runtime
	}
	not authz.allow with input as object.remove(right, ["identity"]) with opa.runtime as _runtime
}

test_without_a_token_hash_in_the_environment_every_token_is_refused if {
	right := _post("v1/data/ram/authz/decision")
	not authz.allow with input as right with opa.runtime as {"env": {}}
	not authz.allow with input as right
		with opa.runtime as {"env": {"RAMGATE_TOKEN_SHA256": ""}}
}

test_method_and_params_cases if {
	right := _post("v1/data/ram/authz/decision")
	changes := [
		{"method": "GET"},
		{"method": "PUT"},
		{"method": "PATCH"},
		{"method": "DELETE"},
		{"params": {"explain": ["full"]}},
		{"params": {"instrument": [""]}},
		{"params": {"pretty": ["true"]}},
	]
	some _ in changes
	every change in changes {
		not authz.allow with input as object.union(right, change) with opa.runtime as _runtime
	}
}

test_other_path_cases if {
	paths := [
		"",
		"v1/data",
		"v1/data/",
		"v1/data/ram",
		"v1/data/ram/authz",
		"v1/data/ram/authz/decision/",
		"v1/data/ram/authz/decision/allow",
		"v1/data/ram/authz//decision",
		"v1/data/ram/authz/./decision",
		"v1/data/ram/authz/Decision",
		"v1/data/store",
		"v0/data/ram/authz/decision",
		"v1/query",
		"v1/compile",
		"v1/compile/ram/authz/decision",
		"v1/policies/x",
		"v1/config",
		"v1/status",
		"metrics",
	]
	some _ in paths
	every path in paths {
		not authz.allow with input as _post(path) with opa.runtime as _runtime
	}
}
