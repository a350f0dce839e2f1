# METADATA
# title: Decision tables
# description: >-
#   Decisions that were settled when the policies were translated: a cache of the general rule. What is
#   undefined here is decided there; what is decided here is what it would decide. The bodies of the
#   commonest requests are written out, as a function call costs as much as three of their lines.
package ram.table

import data.ram.answer
import data.ram.condition
import data.ram.layer
import data.ram.trust

# METADATA
# description: >-
#   The decision on a request whose principal holds a set of policies that has a table, about a
#   resource of its own account, or by a service on assuming a role. That a principal is found under
#   that account proves its form, and that it is there. Undefined for a request that cannot be read.
decision(request) := entry["true"] if {
	# no resource, and nothing to be tested
	{"principal": principal, "action": action, "resource": "*"} = request
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	entry := data.store.entries[data.store.lines[data.store.who[substring(principal, 9, 16)][principal]][lower(action)]]
	entry.resource == "*"
} else := entry[json.marshal(glob.match(entry.resource, null, resource))] if {
	# a resource, and one pattern for it
	{"principal": principal, "action": action, "resource": resource} = request
	parts := split(resource, ":")
	parts[0] == "acs"
	parts[4]
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	entry := data.store.entries[_line(data.store.who[parts[3]][principal], lower(action))]
} else := entry[json.marshal(glob.match(entry.value, null, value))] if {
	# with the one key of a context that the policies ask for
	{"principal": principal, "action": action, "resource": resource, "context": context} = request
	parts := split(resource, ":")
	parts[0] == "acs"
	parts[4]
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	entry := data.store.entries[_line(data.store.who[parts[3]][principal], lower(action))]
	{entry.key: value} = context
} else := entry[json.marshal(glob.match(entry.resource, null, resource))] if {
	# with a context that nothing is asked of
	{"principal": principal, "action": action, "resource": resource, "context": context} = request
	_is_plain(context)
	parts := split(resource, ":")
	parts[0] == "acs"
	parts[4]
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	entry := data.store.entries[_line(data.store.who[parts[3]][principal], lower(action))]
} else := _trusted(request, {"kind": "role", "account": account, "arn": _arn(principal)}) if {
	# 5.8: a role of the own account, which both have to allow
	{"principal": principal, "action": action, "resource": resource} = request
	["acs", "ram", _, account, _] = split(resource, ":")
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	_settled(data.store.assuming[data.store.who[account][principal]][lower(action)], request).allow
} else := entry[json.marshal(glob.match(entry.resource, null, resource))] if {
	# a role session; a role written in another case than it is stored is not found
	{"principal": principal, "action": action, "resource": resource} = request
	[[_, account, role]] := regex.find_all_string_submatch_n(
		`^acs:ram::([0-9]{16}):(?:assumed-)?role/([A-Za-z0-9._@-]{1,64})/[A-Za-z0-9._@-]{1,64}$`,
		principal, 1,
	)
	parts := split(resource, ":")
	parts[0] == "acs"
	parts[3] == account
	parts[4]
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	holder := concat("", ["acs:ram::", account, ":role/", role])
	entry := data.store.entries[_line(data.store.who[account][holder], lower(action))]
} else := answer.yes([{"policy": layer.name(set), "index": index}], "AccountLevelIdentityBasedPolicy") if {
	# a plain grant
	{"principal": principal, "action": action, "resource": resource} = request
	parts := split(resource, ":")
	parts[0] == "acs"
	parts[4]
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	[set, index, resource] = _line(data.store.who[parts[3]][principal], lower(action))
} else := _trusted(request, {"kind": "service", "arn": principal}) if {
	# 5.8: a service meets the trust policy alone
	{"principal": principal, "action": action, "resource": _} = request
	regex.match(`^([a-z0-9-]+\.)+aliyuncs\.com$`, principal)
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
} else := _settled(_line(data.store.groups[parts[3]][principal][group], lower(action)), request) if {
	# in a resource group
	{"principal": principal, "action": action, "resource": resource, "context": context} = request
	group := context["acs:ResourceGroupId"]
	is_string(group)
	parts := split(resource, ":")
	parts[0] == "acs"
	parts[4]
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	_is_plain(object.remove(context, ["acs:ResourceGroupId"]))
} else := _settled(_line(data.store.who[account][holder], lower(action)), request) if {
	# whatever else
	{"principal": principal, "action": action, "resource": resource} = object.remove(request, ["context"])
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	holder := _holder(principal)
	account := _account(resource, holder)
	_is_plain(object.get(request, "context", {}))
}

# What the set says of an action: an entry's name, or, of a plain grant, whose it is and of what resource.
# What only a wildcard says of `sts` is left to the general rule, which knows of 5.8: there, `services` has a null.
_line(set, action) := entry if {
	entry := data.store.lines[set][action]
} else := entry if {
	entry := data.store.rest[set]
	not startswith(action, "sts:")
} else := [set, index, resource] if {
	[index, resource] = data.store.policies[set].grants[action]
} else := line.entries[json.marshal(strings.any_prefix_match(action, line.prefixes))] if {
	line := data.store.patterns[set].services[split(action, ":")[0]]
} else := line.entries[json.marshal(strings.any_prefix_match(action, line.prefixes))] if {
	line := data.store.patterns[set].otherwise
	not data.store.patterns[set].services[split(action, ":")[0]]
} else := line.entries[held] if {
	patterns := data.store.patterns[set]
	line := object.get(patterns.services, split(action, ":")[0], patterns.otherwise)
	held := concat("", {bit |
		some [bit, texts] in line.tests
		some text in texts
		glob.match(text, null, action)
	})
} else := entry if {
	entry := data.store.otherwise[set]
	not startswith(action, "sts:")
}

# What the line says of the request: by one pattern, by several tests, or as a grant.
_settled(line, request) := entry[json.marshal(glob.match(entry.resource, null, request.resource))] if {
	entry := data.store.entries[line]
} else := entry[json.marshal(glob.match(entry.value, null, object.get(request, ["context", entry.key], "")))] if {
	entry := data.store.entries[line]
} else := entry.outcomes[held] if {
	entry := data.store.entries[line]
	held := concat("", {bit |
		some [bit, path, patterns] in entry.tests
		text := object.get(request, path, null)
		some pattern in patterns
		glob.match(pattern, null, text)
	})
} else := answer.yes([{"policy": layer.name(set), "index": index}], "AccountLevelIdentityBasedPolicy") if {
	[set, index, request.resource] = line
} else := answer.no("no_statement_matches", "AccountLevelIdentityBasedPolicy") if {
	is_array(line)
}

# Who holds the policies: of a session, the role.
_holder(principal) := concat("", ["acs:ram::", account, ":role/", role]) if {
	[[_, account, role]] = regex.find_all_string_submatch_n(
		`^acs:ram::([0-9]{16}):(?:assumed-)?role/([A-Za-z0-9._@-]{1,64})/[A-Za-z0-9._@-]{1,64}$`,
		principal, 1,
	)
} else := principal

# The account that a resource is in.
_account("*", holder) := substring(holder, 9, 16)

_account(resource, _) := parts[3] if {
	parts := split(resource, ":")
	parts[0] == "acs"
	parts[4]
}

# At most 50 keys, every value a string, every key that RAM names spelled as RAM does, and none of the keys that
# mean more than a policy's condition: two are filled in, one names a resource group.
_is_plain(context) if {
	context == {}
} else if {
	count(context) <= 50
	concat("", [value | some value in context])
	object.filter(context, ["acs:CurrentTime", "acs:PrincipalARN", "acs:ResourceGroupId"]) == {}
	condition.are_spelled(context)
}

# As a trust policy names a user or a role.
_arn(principal) := lower(principal) if {
	contains(principal, ":role/")
} else := principal

# What a role's trust policy says that is one Allow without conditions. The decision is written out: by
# `answer.of` it would cost 10 µs more.
_trusted(request, asking) := {"allow": allow, "effect": effect, "reason": reason, "policy_type": "AssumeRolePolicy", "statements": statements} if {
	[[_, account, name]] = regex.find_all_string_submatch_n(
		`^acs:ram:\*?:([0-9]{16}):role/([A-Za-z0-9._@-]{1,64})$`,
		request.resource, 1,
	)
	role := data.store.accounts[account].roles[lower(name)]
	document := data.store.policies[role.trust]
	document.actions[lower(request.action)] == [0]
	[{"effect": "Allow", "principals": listed}] = document.statements
	statements := [{"policy": concat("", ["trust:", role.name]), "index": 0} | trust.admits(listed, asking)]
	[allow, effect, reason] = _outcomes[count(statements)]
}

_outcomes := [[false, "ImplicitDeny", "no_statement_matches"], [true, "Allow", "statement_allows"]]
