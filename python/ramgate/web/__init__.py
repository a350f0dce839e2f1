"""Answer AuthZEN and Envoy's `ext_authz` over HTTP, by the rules of an OPA."""
