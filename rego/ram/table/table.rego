# METADATA
# title: Decision tables
# description: >-
#   Decisions that were settled when the policies were translated: a cache of the general rule. What is
#   undefined here is decided there; what is decided here is what it would decide. The bodies of the
#   commonest requests are written out, as a function call costs as much as three of their lines.
package ram.table

import data.ram.action as actions
import data.ram.condition
import data.ram.decision as whole

# METADATA
# description: >-
#   The decision on a request whose principal holds a set of policies that has a table, about a
#   resource of its own account. That the principal is found under that account proves its form, and
#   that it is there. Undefined for a request that cannot be read.
decision(request) := data.store.entries[entry].outcomes[held] if {
	{"principal": principal, "action": action, "resource": resource} = request
	["acs", _, _, account, _] = split(resource, ":")
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	entry := data.store.sets[data.store.who[account][principal]].actions[lower(action)]
	held := concat("", {bit |
		some [bit, path, patterns] in data.store.entries[entry].tests
		some pattern in patterns
		glob.match(pattern, null, object.get(request, path, null))
	})
} else := data.store.entries[entry].outcomes[held] if {
	{"principal": principal, "action": action, "resource": "*"} = request
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	entry := data.store.sets[data.store.who[split(principal, ":")[3]][principal]].actions[lower(action)]
	held := concat("", {bit |
		some [bit, path, patterns] in data.store.entries[entry].tests
		some pattern in patterns
		glob.match(pattern, null, object.get(request, path, null))
	})
} else := data.store.entries[entry].outcomes[held] if {
	{"principal": principal, "action": action, "resource": resource, "context": context} = request
	["acs", _, _, account, _] = split(resource, ":")
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)

	# few keys, every value a string, and of the known keys only some, as they are spelled
	count(context) <= 50
	concat("", [value | some value in context])
	every key in object.keys(context) - _plain_keys {
		not condition.known[lower(key)]
	}
	entry := data.store.sets[data.store.who[account][principal]].actions[lower(action)]
	held := concat("", {bit |
		some [bit, path, patterns] in data.store.entries[entry].tests
		some pattern in patterns
		glob.match(pattern, null, object.get(request, path, null))
	})
} else := data.store.entries[entry].outcomes[held] if {
	{"principal": principal, "action": action, "resource": resource} = request
	["acs", _, _, account, _] = split(resource, ":")
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	set := data.store.who[account][principal]
	entry := data.store.sets[set].rest
	not data.store.sets[set].actions[lower(action)]
	not lower(action) in actions.assuming
	held := concat("", {bit |
		some [bit, path, patterns] in data.store.entries[entry].tests
		some pattern in patterns
		glob.match(pattern, null, object.get({"action": lower(action), "resource": resource}, path, null))
	})
} else := data.store.entries[entry].outcomes[held] if {
	{"principal": principal, "action": action, "resource": resource} = request
	role := _role(principal)
	["acs", _, _, account, _] = split(resource, ":")
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	entry := data.store.sets[data.store.who[account][role]].actions[lower(action)]
	held := concat("", {bit |
		some [bit, path, patterns] in data.store.entries[entry].tests
		some pattern in patterns
		glob.match(pattern, null, object.get(request, path, null))
	})
} else := data.store.entries[entry].outcomes[held] if {
	{"principal": principal, "action": action, "resource": resource} = request
	["acs", _, _, account, _] = split(resource, ":")
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	entry := _unlisted(data.store.who[account][principal], lower(action))
	held := concat("", {bit |
		some [bit, path, patterns] in data.store.entries[entry].tests
		some pattern in patterns
		glob.match(pattern, null, object.get({"action": lower(action), "resource": resource}, path, null))
	})
} else := whole.of({"effect": "Allow", "statements": [{"policy": policy, "index": index}]}, "AccountLevelIdentityBasedPolicy") if {
	{"principal": principal, "action": action, "resource": resource} = request
	["acs", _, _, account, _] = split(resource, ":")
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	id := data.store.who[account][principal]
	[index, resource] = data.store.policies[id].grants[lower(action)]
	policy := substring(id, indexof(id, "/") + 1, -1)
}

# The role of a session. One written in another case than it is stored is not found.
_role(principal) := concat("", ["acs:ram::", account, ":role/", name]) if {
	regex.match(`^acs:ram::[0-9]{16}:(assumed-role|role)/[A-Za-z0-9._@-]{1,64}/[A-Za-z0-9._@-]{1,64}$`, principal)
	[_, name, _] = split(principal, "/")
	account := split(principal, ":")[3]
}

_unlisted(set, action) := data.store.sets[set].services[service] if {
	not _is_listed(set, action)
	not action in actions.assuming
	service := split(action, ":")[0]
} else := data.store.sets[set].otherwise if {
	not _is_listed(set, action)
	not data.store.sets[set].services[split(action, ":")[0]]
	not action in actions.assuming
}

_is_listed(set, action) if data.store.sets[set].actions[action]

_is_listed(set, action) if data.store.policies[set].grants[action]

# Known keys that are neither the principal's own nor a resource group's.
_plain_keys := {
	"acs:MFAPresent", "acs:SecureTransport", "acs:Service", "acs:SourceIp", "acs:SourceVpc", "acs:VpcSourceIp",
	"alikafka:Acl", "alikafka:DeployModule", "alikafka:DiskEncryption", "alikafka:SpecType",
	"ram:ServiceName", "ram:ServiceNames", "ram:TrustedPrincipalTypes",
}
