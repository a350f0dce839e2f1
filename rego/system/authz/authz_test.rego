package system.authz_test

import data.system.authz

_runtime := {"env": {
	"RAMGATE_ACCESS": "token",
	"RAMGATE_TOKEN_SHA256": crypto.sha256("right"),
}}

_loopback := {"env": {"RAMGATE_ACCESS": "loopback"}}

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

_metrics := {"method": "GET", "path": ["metrics"], "params": {}, "headers": {}, "identity": "right"}

_with_metrics(runtime) := object.union(runtime, {"env": {"RAMGATE_METRICS": "allow"}})

test_metrics_are_for_programs_with_access_where_they_are_opened_cases if {
	runtimes := [_runtime, _loopback]
	some _ in runtimes
	every runtime in runtimes {
		authz.allow with input as _metrics with opa.runtime as _with_metrics(runtime)
		not authz.allow with input as _metrics with opa.runtime as runtime
	}
}

test_nothing_else_is_opened_with_metrics_cases if {
	changes := [
		{"method": "POST"},
		{"method": "HEAD"},
		{"path": ["metrics", ""]},
		{"path": ["v1", "metrics"]},
		{"path": ["v1", "status"]},
		{"path": ["v1", "data"]},
		{"params": {"name[]": ["go_info"]}},
		{"headers": {"Origin": ["http://page.example"]}},
		{"headers": {"Sec-Fetch-Site": ["none"]}},
		{"identity": "wrong"},
	]
	some _ in changes
	every change in changes {
		request := object.union(_metrics, change)
		not authz.allow with input as request with opa.runtime as _with_metrics(_runtime)
	}
}

test_metrics_need_the_exact_statement_cases if {
	values := ["Allow", "", "deny", true, null]
	some _ in values
	every value in values {
		runtime := object.union(_runtime, {"env": {"RAMGATE_METRICS": value}})
		not authz.allow with input as _metrics with opa.runtime as runtime
	}
	not authz.allow with input as _metrics with opa.runtime as {"env": {"RAMGATE_METRICS": "allow"}}
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

test_loopback_needs_no_token_cases if {
	right := _post("v1/data/ram/authz/decision")
	requests := [
		right,
		object.remove(right, ["identity"]),
		object.union(right, {"identity": "another"}),
	]
	some _ in requests
	every request in requests {
		authz.allow with input as request with opa.runtime as _loopback
	}
}

test_unstated_access_is_refused_cases if {
	right := _post("v1/data/ram/authz/decision")
	hash := crypto.sha256("right")
	environments := [
		{},
		{"RAMGATE_TOKEN_SHA256": hash},
		{"RAMGATE_ACCESS": "token"},
		{"RAMGATE_ACCESS": "token", "RAMGATE_TOKEN_SHA256": ""},
		{"RAMGATE_ACCESS": "token", "RAMGATE_TOKEN_SHA256": "right"},
		{"RAMGATE_ACCESS": "", "RAMGATE_TOKEN_SHA256": hash},
		{"RAMGATE_ACCESS": "Token", "RAMGATE_TOKEN_SHA256": hash},
		{"RAMGATE_ACCESS": "loopback", "RAMGATE_TOKEN_SHA256": hash},
		{"RAMGATE_ACCESS": "loopback", "RAMGATE_TOKEN_SHA256": ""},
		{"RAMGATE_ACCESS": ""},
		{"RAMGATE_ACCESS": "open"},
		{"RAMGATE_ACCESS": true},
		{"RAMGATE_ACCESS": "127.0.0.1"},
	]
	some _ in environments
	every environment in environments {
		not authz.allow with input as right with opa.runtime as {"env": environment}
	}
	not authz.allow with input as right with opa.runtime as {}
}

test_a_browser_is_refused_cases if {
	right := _post("v1/data/ram/authz/decision")
	refused := [
		{"Origin": ["https://evil.example"]},
		{"Origin": ["null"]},
		{"Origin": [""]},
		{"Origin": ["http://127.0.0.1:8181"], "Accept": ["*/*"]},
		{"Sec-Fetch-Site": ["cross-site"]},
		{"Sec-Fetch-Site": ["same-origin"]},
		{"Sec-Fetch-Site": ["none"]},
		{"Sec-Fetch-Site": [""]},
	]
	some _ in refused
	every headers in refused {
		every runtime in [_runtime, _loopback] {
			not authz.allow with input as object.union(right, {"headers": headers})
				with opa.runtime as runtime
		}
	}
	harmless := object.union(right, {"headers": {
		"Accept": ["*/*"],
		"User-Agent": ["curl/8"],
		"Sec-Fetch-Mode": ["cors"],
	}})
	authz.allow with input as harmless with opa.runtime as _runtime
	authz.allow with input as harmless with opa.runtime as _loopback
}

test_unknown_headers_are_refused if {
	right := _post("v1/data/ram/authz/decision")
	not authz.allow with input as object.remove(right, ["headers"]) with opa.runtime as _loopback
	not authz.allow with input as object.union(right, {"headers": null})
		with opa.runtime as _loopback
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
		not authz.allow with input as object.union(right, change) with opa.runtime as _loopback
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
		not authz.allow with input as _post(path) with opa.runtime as _loopback
	}
}

_with_explanations(runtime) := object.union(runtime, {"env": {"RAMGATE_EXPLAIN": "allow"}})

test_explanations_only_where_the_environment_allows_them_cases if {
	count(authz.explaining_paths) == 2
	authz.explaining_paths & authz.public_paths == set()
	some _ in authz.explaining_paths
	every path in authz.explaining_paths {
		every runtime in [_runtime, _loopback] {
			not authz.allow with input as _post(concat("/", path)) with opa.runtime as runtime
			authz.allow with input as _post(concat("/", path)) with opa.runtime as _with_explanations(runtime)
		}
	}
}

test_explanations_need_access_too_cases if {
	right := _post("v1/data/ram/explain/decision")
	allowing := _with_explanations(_runtime)
	refused := [
		{"identity": "wrong"},
		{"method": "GET"},
		{"params": {"explain": ["full"]}},
		{"headers": {"Origin": ["null"]}},
		{"path": ["v1", "data", "ram", "explain"]},
		{"path": ["v1", "data", "ram", "explain", "decision", "hints"]},
	]
	some _ in refused
	every change in refused {
		not authz.allow with input as object.union(right, change) with opa.runtime as allowing
	}
	not authz.allow with input as right with opa.runtime as _with_explanations({})
}

test_unstated_explanations_are_refused_cases if {
	right := _post("v1/data/ram/explain/decision")
	values := ["", "Allow", "true", true, "deny", null]
	some _ in values
	every value in values {
		runtime := object.union(_runtime, {"env": {"RAMGATE_EXPLAIN": value}})
		not authz.allow with input as right with opa.runtime as runtime
	}
}

_patch := {
	"method": "PATCH",
	"path": ["v1", "data"],
	"params": {},
	"headers": {},
	"identity": "writer",
}

_patched(runtime) := object.union(runtime, {"env": {"RAMGATE_WRITE_SHA256": crypto.sha256("writer")}})

test_ramgate_patches_the_store if {
	every runtime in [_runtime, _loopback] {
		authz.allow with input as _patch with opa.runtime as _patched(runtime)
		not authz.allow with input as _patch with opa.runtime as runtime
	}
}

test_nobody_else_patches_the_store_cases if {
	refused := [
		{"identity": "right"},
		{"identity": ""},
		{"identity": null},
		{"identity": crypto.sha256("writer")},
		{"method": "PUT"},
		{"method": "DELETE"},
		{"path": ["v1", "data", ""]},
		{"path": ["v1", "data", "store"]},
		{"path": ["v1", "policies"]},
		{"params": {"metrics": ["true"]}},
		{"headers": {"Origin": ["null"]}},
	]
	some _ in refused
	every change in refused {
		every runtime in [_runtime, _loopback] {
			not authz.allow with input as object.union(_patch, change) with opa.runtime as _patched(runtime)
		}
	}
}

test_without_a_token_nobody_patches_the_store if {
	every runtime in [_runtime, _loopback] {
		not authz.allow with input as object.remove(_patch, ["identity"]) with opa.runtime as _patched(runtime)
	}
}

test_the_token_for_patches_gives_no_other_access if {
	asked := object.union(_post("v1/data/ram/authz/decision"), {"identity": "writer"})
	not authz.allow with input as asked with opa.runtime as _patched(_runtime)
}
