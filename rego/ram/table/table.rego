# METADATA
# title: Decision tables
# description: >-
#   Decisions that `python/ramgate/tables` computed when the policies were translated: a cache of the
#   general rule. A decision from here equals the general rule's; a request that is undefined here is
#   decided there. The bodies of the commonest requests are written out: a call of a function takes as
#   long as three of their lines.
package ram.table

import data.ram.condition_keys
import data.ram.consent
import data.ram.entry

# METADATA
# description: >-
#   The decision on a request about a resource of the principal's own account, or by a service that
#   assumes a role. The lookup of the principal under that account proves that its ARN is well formed
#   and that it exists. Undefined for a malformed request, and for one that no table decides.
decision(request) := found["true"] if {
	# on `*`, by an entry that tests nothing
	{"principal": principal, "action": action, "resource": "*"} = request
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	found := data.store.entries[data.store.lines[data.store.who[substring(principal, 9, 16)][principal]][lower(action)]]
	found.resource == "**"
} else := consent.decision(principal, resource) if {
	# 5.8: a role is assumed
	{"principal": principal, "action": "sts:AssumeRole", "resource": resource} = request
} else := entry.decision(_line(set, lower(action)), request) if {
	# on a resource, without a context
	{"principal": principal, "action": action, "resource": resource} = request
	parts := split(resource, ":")
	set := data.store.who[parts[3]][principal]
	parts[0] == "acs"
	parts[4]
	count(resource) <= 2048
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
} else := entry.decision(_line(set, lower(action)), request) if {
	# on a resource in a resource group, which has sets of its own
	{"principal": principal, "action": action, "resource": resource, "context": context} = request
	group := context["acs:ResourceGroupId"]
	parts := split(resource, ":")
	set := data.store.groups[parts[3]][principal][group]
	parts[0] == "acs"
	parts[4]
	count(resource) <= 2048
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	count(concat("", [text | some text in context])) <= 2048
	condition_keys.are_plain(object.keys(context) - {"acs:ResourceGroupId"})
} else := _in_context(set, lower(action), request, context) if {
	# on a resource, with a context
	{"principal": principal, "action": action, "resource": resource, "context": context} = request
	parts := split(resource, ":")
	set := data.store.who[parts[3]][principal]
	parts[0] == "acs"
	parts[4]
	count(resource) <= 2048
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
} else := entry.decision(_line(set, lower(action)), request) if {
	# by a role session, without a context
	{"principal": principal, "action": action, "resource": resource} = request
	regex.match(`^acs:ram::[0-9]{16}:(assumed-)?role/[A-Za-z0-9._@-]{1,64}/[A-Za-z0-9._@-]{1,64}$`, principal)
	parts := split(resource, ":")
	set := data.store.who[parts[3]][_role(principal)]
	parts[0] == "acs"
	parts[4]
	count(resource) <= 2048
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
} else := _in_context(set, lower(action), request, context) if {
	# by a role session, with a context
	{"principal": principal, "action": action, "resource": resource, "context": context} = request
	regex.match(`^acs:ram::[0-9]{16}:(assumed-)?role/[A-Za-z0-9._@-]{1,64}/[A-Za-z0-9._@-]{1,64}$`, principal)
	parts := split(resource, ":")
	set := data.store.who[parts[3]][_role(principal)]
	parts[0] == "acs"
	parts[4]
	count(resource) <= 2048
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
} else := entry.decision(name, {"resource": text}) if {
	# on a resource that states no account (3.5), which is the principal's
	{"principal": principal, "action": action, "resource": resource} = request
	["acs", service, region, account, id] = split(resource, ":")
	account in {"", "*", "system"}
	service != "ram"
	own := substring(principal, 9, 16)
	set := data.store.who[own][principal]
	count(resource) <= 2000
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	text := concat(":", ["acs", service, object.get({"*": ""}, region, region), own, id])
	name := _line(set, lower(action))
	not data.store.entries[name].needs_account
} else := entry.decision(_line(set, lower(action)), request) if {
	# on `*`, without a context
	{"principal": principal, "action": action, "resource": "*"} = request
	set := data.store.who[substring(principal, 9, 16)][principal]
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
} else := _in_context(set, lower(action), request, context) if {
	# on `*`, with a context
	count(request) == 4
	{"principal": principal, "action": action, "resource": "*", "context": context} = request
	set := data.store.who[substring(principal, 9, 16)][principal]
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
}

# The ARN of a session's role.
_role(principal) := concat("", [substring(principal, 0, 26), "role/", split(principal, "/")[1]])

# The decision under a context: first by an entry that tests one key of the context, and maybe the resource and the time.
_in_context(set, action, request, context) := found.outcomes["1"][{true: "1", false: "0"}[regex.match(pattern, value)]] if {
	# the commonest: the context has that key alone, and any resource will do
	found := data.store.entries[data.store.keyed[set][action]]
	pattern := found.of_any_resource
	{found.key: value} = context
	count(value) <= 2048
} else := found.outcomes[of_resource][entry.result(found.kind, found.listed, value)] if {
	# that key among others
	count(context) > 1
	found := data.store.entries[data.store.keyed[set][action]]
	not found.time
	value := context[found.key]
	of_resource := {true: "1", false: "0"}[glob.match(found.resource, [":"], request.resource)]
	count(concat("", [text | some text in context])) <= 2048
	condition_keys.are_plain(object.keys(context))
} else := found.outcomes[of_resource][entry.address_result(found.listed, value)] if {
	# that key alone, and its value is an address
	count(context) == 1
	found := data.store.entries[data.store.keyed[set][action]]
	found.kind == "address"
	{found.key: value} = context
	is_string(value)
	count(value) <= 2048
	of_resource := {true: "1", false: "0"}[glob.match(found.resource, [":"], request.resource)]
} else := found.outcomes[of_resource][entry.result(found.kind, found.listed, value)] if {
	# that key alone
	count(context) == 1
	found := data.store.entries[data.store.keyed[set][action]]
	not found.time
	{found.key: value} = context
	is_string(value)
	count(value) <= 2048
	of_resource := {true: "1", false: "0"}[glob.match(found.resource, [":"], request.resource)]
} else := found.outcomes[of_resource][max(results)] if {
	# that key alone, with a list: it passes a test if one of its elements does
	count(context) == 1
	found := data.store.entries[data.store.keyed[set][action]]
	found.takes_lists
	{found.key: values} = context
	count(values) <= 100
	count(concat("", values)) <= 2048
	results := [entry.result(found.kind, found.listed, value) | some value in values]
	of_resource := {true: "1", false: "0"}[glob.match(found.resource, [":"], request.resource)]
} else := found.outcomes[of_resource][of_key][entry.time_result(found.time, time)] if {
	# that key and the time, or that key alone
	found := data.store.entries[data.store.keyed[set][action]]
	value := context[found.key]
	of_key := entry.result(found.kind, found.listed, value)
	time := object.get(context, "acs:CurrentTime", "")
	not context["acs:CurrentTime"] == ""
	count(concat("", [value, time])) <= 2048
	count(object.remove(context, ["acs:CurrentTime"])) == 1
	of_resource := {true: "1", false: "0"}[glob.match(found.resource, [":"], request.resource)]
} else := entry.decision(_line(set, action), request) if {
	count(concat("", [text | some text in context])) <= 2048
	condition_keys.are_plain(object.keys(context))
}

# The entry of a set for an action in lower case: its name, or `[set, index, resource]` of a plain grant. A wildcard
# alone never decides an action of `sts` (5.8): `rest` and `otherwise` leave them out, and `services` has a null for them.
_line(set, action) := name if {
	name := data.store.lines[set][action]
} else := name if {
	count(action) <= 2048
	name := data.store.rest[set]
	not startswith(action, "sts:")
} else := [set, index, resource] if {
	[index, resource] = data.store.policies[set].grants[action]
} else := line.entries[{true: "true", false: "false"}[strings.any_prefix_match(action, line.prefixes)]] if {
	count(action) <= 2048
	line := data.store.patterns[set].services[split(action, ":")[0]]
} else := line.entries[{true: "true", false: "false"}[strings.any_prefix_match(action, line.prefixes)]] if {
	count(action) <= 2048
	line := data.store.patterns[set].otherwise
	not data.store.patterns[set].services[split(action, ":")[0]]
} else := line.entries[results] if {
	count(action) <= 2048
	patterns := data.store.patterns[set]
	line := object.get(patterns.services, split(action, ":")[0], patterns.otherwise)
	results := concat("", [entry.result("action", texts, action) | some texts in line.tests])
} else := name if {
	count(action) <= 2048
	name := data.store.otherwise[set]
	not startswith(action, "sts:")
}
