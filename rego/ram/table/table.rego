# METADATA
# title: Decision tables
# description: >-
#   Decisions that `python/ramgate/tables` computed when the policies were translated: a cache of the general
#   rule, which decides what is undefined here. The bodies of the commonest requests are written out: a call
#   of a function takes as long as three of their lines.
package ram.table

import data.ram.condition_keys
import data.ram.consent
import data.ram.entry
import data.ram.line
import data.ram.resource as arns

# METADATA
# description: >-
#   The decision on a request by a user or a role, or by a service that assumes a role. The lookup of the
#   principal under its account proves that its ARN is well formed and that it exists. Undefined for a
#   malformed request, and for one that no table decides.
decision(request) := found["true"] if {
	# on `*`, by an entry that tests nothing
	request.resource == "*"
	{"principal": principal, "action": action, "resource": "*"} = request
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	found := data.store.entries[data.store.lines[data.store.who[substring(principal, 9, 16)][principal]][lower(action)]]
	found.resource == "**"
} else := consent.decision(principal, resource) if {
	# 5.8: a role is assumed
	{"principal": principal, "action": "sts:AssumeRole", "resource": resource} = request
} else := entry.decision(line.entry(set, lower(action)), request) if {
	# on a resource, without a context
	{"principal": principal, "action": action, "resource": resource} = request
	parts := split(resource, ":")
	set := data.store.who[parts[3]][principal]
	parts[0] == "acs"
	parts[4]
	count(resource) <= 2048
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
} else := entry.decision(line.entry(set, lower(action)), request) if {
	# on a resource in a resource group, which has sets of its own
	group := request.context["acs:ResourceGroupId"]
	{"principal": principal, "action": action, "resource": resource, "context": context} = request
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
} else := entry.decision(line.entry(set, lower(action)), request) if {
	# by a role session, without a context
	{"principal": principal, "action": action, "resource": resource} = request
	parts := split(resource, ":")
	set := data.store.who[parts[3]][_role(principal)]
	parts[0] == "acs"
	parts[4]
	count(resource) <= 2048
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
} else := _in_context(set, lower(action), request, context) if {
	# by a role session, with a context
	{"principal": principal, "action": action, "resource": resource, "context": context} = request
	parts := split(resource, ":")
	set := data.store.who[parts[3]][_role(principal)]
	parts[0] == "acs"
	parts[4]
	count(resource) <= 2048
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
} else := entry.decision(name, {"resource": text}) if {
	# on a resource that states no account (3.5), which is the principal's, without a context
	{"principal": principal, "action": action, "resource": resource} = request
	["acs", service, region, account, id] = split(resource, ":")
	account in {"", "*"}
	own := substring(principal, 9, 16)
	text := concat(":", ["acs", service, object.get({"*": ""}, region, region), own, id])
	set := data.store.who[own][principal]
	count(resource) <= 2000
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	name := line.entry(set, lower(action))
	not data.store.entries[name].needs_account
} else := entry.decision(line.entry(set, lower(action)), request) if {
	# on `*`, without a context
	{"principal": principal, "action": action, "resource": "*"} = request
	set := data.store.who[substring(principal, 9, 16)][principal]
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
} else := _in_context(set, lower(action), request, context) if {
	# on `*`, with a context
	{"principal": principal, "action": action, "resource": "*", "context": context} = request
	set := data.store.who[substring(principal, 9, 16)][principal]
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
} else := found if {
	# any other resource: one that states no account or that of Alibaba Cloud (3.5), or one of another account
	{"principal": principal, "action": action, "resource": text, "context": context} = object.union({"context": {}}, request)
	[service, region, account, id] := arns.fields(text)
	own := substring(principal, 9, 16)
	set := data.store.who[own][principal]
	not _needs_account(account, line.entry(set, lower(action)))
	count(text) <= 2000
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	completed := concat(":", ["acs", service, object.get({"*": ""}, region, region), object.get({"": own, "*": own}, account, account), id])
	found := _in_context(set, lower(action), {"resource": completed, "context": context}, context)
	_is_whole(account, own, found)
}

# The ARN of a session's role.
_role(principal) := concat("", [substring(principal, 0, 26), "role/", split(principal, "/")[1]]) if {
	regex.match(`^acs:ram::[0-9]{16}:(assumed-)?role/[A-Za-z0-9._@-]{1,64}/[A-Za-z0-9._@-]{1,64}$`, principal)
}

# True if a statement needs to know that the account is not stated (3.5).
_needs_account(account, name) if {
	account in {"", "*"}
	data.store.entries[name].needs_account
}

# True if the policies of the principal's account alone decide: those of a resource's account could allow it, and could
# bind it by control policies.
_is_whole(account, own, _) if account in {"", "*", "system", own}

_is_whole(_, _, decision) if {
	decision.allow == false
	not data.store.directory.levels
}

# The decision under a context: first by an entry that tests one key of the context, and maybe the resource and the time.
_in_context(set, action, request, context) := found.outcomes["1"][{true: "1", false: "0"}[regex.match(pattern, value)]] if {
	# the commonest: the context has that key alone, and any resource will do
	found := data.store.entries[data.store.keyed[set][action]]
	pattern := found.of_any_resource
	{found.key: value} = context
	count(value) <= 2048
} else := found.outcomes[of_resource][{true: "1", false: "0"}[regex.match(pattern, value)]] if {
	# that key among others, compared as a text
	count(context) > 1
	found := data.store.entries[data.store.keyed[set][action]]
	pattern := found.pattern
	value := context[found.key]
	of_resource := {true: "1", false: "0"}[glob.match(found.resource, [":"], request.resource)]
	count(concat("", [text | some text in context])) <= 2048
	condition_keys.are_plain(object.keys(context))
} else := found.outcomes[of_resource][entry.address_result(found.listed, value)] if {
	# that key alone, and its value is an address
	found := data.store.entries[data.store.keyed[set][action]]
	found.kind == "address"
	{found.key: value} = context
	is_string(value)
	count(value) <= 2048
	of_resource := {true: "1", false: "0"}[glob.match(found.resource, [":"], request.resource)]
} else := found.outcomes[of_resource][entry.result(found.kind, found.listed, value)] if {
	# that key alone
	found := data.store.entries[data.store.keyed[set][action]]
	{found.key: value} = context
	is_string(value)
	count(value) <= 2048
	of_resource := {true: "1", false: "0"}[glob.match(found.resource, [":"], request.resource)]
} else := found.outcomes[of_resource][max(results)] if {
	# that key alone, with a list: it passes a test if one of its elements does
	found := data.store.entries[data.store.keyed[set][action]]
	found.takes_lists
	{found.key: values} = context
	count(values) <= 100
	count(concat("", values)) <= 2048
	results := [entry.result(found.kind, found.listed, value) | some value in values]
	of_resource := {true: "1", false: "0"}[glob.match(found.resource, [":"], request.resource)]
} else := found.outcomes[of_resource][of_key][entry.time_result(found.time, time)] if {
	# that key and the time, or that key alone
	found := data.store.entries[data.store.timed[set][action]]
	value := context[found.key]
	of_key := entry.result(found.kind, found.listed, value)
	time := object.get(context, "acs:CurrentTime", "")
	not context["acs:CurrentTime"] == ""
	count(concat("", [value, time])) <= 2048
	count(object.remove(context, ["acs:CurrentTime"])) == 1
	of_resource := {true: "1", false: "0"}[glob.match(found.resource, [":"], request.resource)]
} else := entry.decision(line.entry(set, action), request) if {
	count(concat("", [text | some text in context])) <= 2048
	condition_keys.are_plain(object.keys(context))
}
