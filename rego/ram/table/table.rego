# METADATA
# title: Decision tables
# description: >-
#   Decisions that `python/ramgate/tables` computed when the policies were translated: a cache of the
#   general rule. A decision from here equals the general rule's; a request that is undefined here is
#   decided there. The bodies of the commonest requests are written out: a call of a function takes as
#   long as three of their lines.
package ram.table

import data.ram.answer
import data.ram.condition
import data.ram.layer
import data.ram.limit

# METADATA
# description: >-
#   The decision on a request about a resource of the principal's own account, or by a service that
#   assumes a role. The lookup of the principal under that account proves that its ARN is well formed
#   and that it exists. Undefined for a malformed request, and for one that no table decides.
decision(request) := entry["true"] if {
	# on `*`, by an entry that tests nothing
	{"principal": principal, "action": action, "resource": "*"} = request
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	entry := data.store.entries[data.store.lines[data.store.who[substring(principal, 9, 16)][principal]][lower(action)]]
	entry.resource == "**"
} else := _decide(_line(data.store.who[split(resource, ":")[3]][principal], lower(action)), request) if {
	# on a resource, without a context
	{"principal": principal, "action": action, "resource": resource} = request
	count(action) <= 2048
	count(resource) <= 2048
	regex.match(`^acs:[^:]*:[^:]*:[^:]*:`, resource)
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
} else := entry[{true: "true", false: "false"}[glob.match(entry.value, [":"], value)]] if {
	# with a context of the one key that the entry tests
	{"principal": principal, "action": action, "resource": resource, "context": context} = request
	entry := data.store.entries[_line(data.store.who[split(resource, ":")[3]][principal], lower(action))]
	{entry.key: value} = context
	count(action) <= 2048
	count(resource) <= 2048
	count(value) <= 2048
	regex.match(`^acs:[^:]*:[^:]*:[^:]*:`, resource)
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
} else := _decide(_line(_set(split(resource, ":")[3], principal, context), lower(action)), request) if {
	# on a resource, with any context
	{"principal": principal, "action": action, "resource": resource, "context": context} = request
	_is_well_formed(action, resource)
} else := _decide(_line(data.store.who[account][role], lower(action)), request) if {
	# by a role session, without a context
	{"principal": principal, "action": action, "resource": resource} = request
	regex.match(`^acs:ram::[0-9]{16}:(assumed-)?role/[A-Za-z0-9._@-]{1,64}/[A-Za-z0-9._@-]{1,64}$`, principal)
	count(action) <= 2048
	count(resource) <= 2048
	regex.match(`^acs:[^:]*:[^:]*:[^:]*:`, resource)
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	account := split(resource, ":")[3]
	account == substring(principal, 9, 16)
	role := concat("", ["acs:ram::", account, ":role/", split(principal, "/")[1]])
} else := _decide_by_trust(request, [_name_in_trust(principal), concat("", ["acs:ram::", account, ":root"])]) if {
	# 5.8: a user or a role assumes a role of its account, if the policies of both allow it
	{"principal": principal, "action": action, "resource": resource} = request
	regex.match(`^acs:ram:\*?:[0-9]{16}:role/[A-Za-z0-9._@-]{1,64}$`, resource)
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	account := split(resource, ":")[3]
	_decide(data.store.assuming[data.store.who[account][principal]][lower(action)], request).allow
} else := _decide_by_trust(request, [principal]) if {
	# 5.8: a service assumes a role, if the trust policy allows it
	{"principal": principal, "action": action, "resource": resource} = request
	regex.match(`^acs:ram:\*?:[0-9]{16}:role/[A-Za-z0-9._@-]{1,64}$`, resource)
	regex.match(`^([0-9]{16}@)?([a-z0-9-]+\.)+aliyuncs\.com$`, principal)
	count(principal) <= 2048
	_is_well_formed(action, resource)
} else := _decide(_line(_set(_account(resource, principal), _holder(principal), context), lower(action)), request) if {
	# on `*` with tests, and by a role session with a context
	count(request) <= 4
	{"principal": principal, "action": action, "resource": resource} = object.remove(request, ["context"])
	context := object.get(request, "context", {})
	_is_well_formed(action, resource)
}

_is_well_formed(action, resource) if {
	count(action) <= 2048
	count(resource) <= 2048
	regex.match(`^(\*$|acs:[^:]*:[^:]*:[^:]*:)`, resource)
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
}

# The principal whose policies decide: a session's role, or the principal itself.
_holder(principal) := concat("", [substring(principal, 0, 26), "role/", split(principal, "/")[1]]) if {
	regex.match(`^acs:ram::[0-9]{16}:(assumed-)?role/[A-Za-z0-9._@-]{1,64}/[A-Za-z0-9._@-]{1,64}$`, principal)
} else := principal

# The account of the resource: `*` is in the principal's.
_account("*", principal) := substring(principal, 9, 16)

_account(resource, _) := split(resource, ":")[3]

# The set of policies that decides under that context: a resource group has sets of its own.
_set(account, holder, context) := data.store.groups[account][holder][group] if {
	group := context["acs:ResourceGroupId"]
	is_string(group)
	count(context) <= 50
	_is_plain(object.remove(context, ["acs:ResourceGroupId"]))
} else := data.store.who[account][holder] if _is_plain(context)

# The line of a set for an action in lower case: the name of an entry, or `[set, index, resource]` of a
# plain grant. A wildcard alone never decides an action of `sts` (5.8): `rest` and `otherwise` leave them
# out, and `services` has a null for them.
_line(set, action) := entry if {
	entry := data.store.lines[set][action]
} else := entry if {
	entry := data.store.rest[set]
	not startswith(action, "sts:")
} else := [set, index, resource] if {
	[index, resource] = data.store.policies[set].grants[action]
} else := line.entries[{true: "true", false: "false"}[strings.any_prefix_match(action, line.prefixes)]] if {
	line := data.store.patterns[set].services[split(action, ":")[0]]
} else := line.entries[{true: "true", false: "false"}[strings.any_prefix_match(action, line.prefixes)]] if {
	line := data.store.patterns[set].otherwise
	not data.store.patterns[set].services[split(action, ":")[0]]
} else := line.entries[matches] if {
	patterns := data.store.patterns[set]
	line := object.get(patterns.services, split(action, ":")[0], patterns.otherwise)
	matches := concat("", {bit |
		some [bit, texts] in line.tests
		some text in texts
		glob.match(text, null, action)
	})
} else := entry if {
	entry := data.store.otherwise[set]
	not startswith(action, "sts:")
}

# The decision that a line leads to: by one pattern for the resource, by one for a key of the context, by
# several tests, or as a plain grant.
_decide(line, request) := entry[{true: "true", false: "false"}[glob.match(entry.resource, [":"], request.resource)]] if {
	entry := data.store.entries[line]
} else := entry[{true: "true", false: "false"}[glob.match(entry.value, [":"], value)]] if {
	entry := data.store.entries[line]
	value := object.get(request, ["context", entry.key], "")
} else := entry.outcomes[matches] if {
	entry := data.store.entries[line]
	matches := concat("", {bit |
		some [bit, path, patterns] in entry.tests
		text := object.get(request, path, null)
		some pattern in patterns
		glob.match(pattern, [":"], text)
	})
} else := answer.yes([{"policy": layer.name(set), "index": index}], "AccountLevelIdentityBasedPolicy") if {
	[set, index, request.resource] = line
} else := answer.no("no_statement_matches", "AccountLevelIdentityBasedPolicy") if {
	is_array(line)
}

# The context has at most 50 keys, every value is a string, every key that RAM names is spelled as RAM spells
# it, and none means more than its conditions: the general rule fills two in, and one names a resource group.
_is_plain(context) if {
	context == {}
} else if {
	count(context) <= 50
	count(concat("", [value | some value in context])) <= 2048
	limit.has_short_keys(context)
	object.filter(context, ["acs:CurrentTime", "acs:PrincipalARN", "acs:ResourceGroupId"]) == {}
	condition.are_spelled(context)
}

# The name of a user or a role in a trust policy.
_name_in_trust(principal) := lower(principal) if {
	contains(principal, ":role/")
} else := principal

# The decision of a role's trust policy that is one Allow without conditions, on a principal that has one of
# these names; if the policy lists two of them, the general rule decides. Written out: through `answer.of` it took 10 µs more.
_decide_by_trust(request, names) := {"allow": allow, "effect": effect, "reason": reason, "policy_type": "AssumeRolePolicy", "statements": statements} if {
	parts := split(request.resource, ":")
	role := data.store.accounts[parts[3]].roles[lower(substring(parts[4], 5, -1))]
	document := data.store.policies[role.trust]
	document.actions[lower(request.action)] == [0]
	[{"effect": "Allow", "principals": listed}] = document.statements
	statements := [{"policy": concat("", ["trust:", role.name]), "index": 0} | some name in names; name in listed]
	[allow, effect, reason] = [[false, "ImplicitDeny", "no_statement_matches"], [true, "Allow", "statement_allows"]][count(statements)]
}
