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
	_is_plain(context)
	entry := data.store.sets[data.store.who[account][principal]].actions[lower(action)]
	held := concat("", {bit |
		some [bit, path, patterns] in data.store.entries[entry].tests
		some pattern in patterns
		glob.match(pattern, null, object.get(request, path, null))
	})
} else := whole.of({"effect": "Allow", "statements": [{"policy": policy, "index": index}]}, "AccountLevelIdentityBasedPolicy") if {
	{"principal": principal, "action": action, "resource": resource} = request
	["acs", _, _, account, _] = split(resource, ":")
	regex.match(`^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$`, action)
	id := data.store.who[account][principal]
	[index, resource] = data.store.policies[id].grants[lower(action)]
	policy := substring(id, indexof(id, "/") + 1, -1)
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
}

_unlisted(set, action) := data.store.sets[set].services[service] if {
	not data.store.sets[set].actions[action]
	service := split(action, ":")[0]
} else := data.store.sets[set].rest if {
	not data.store.sets[set].actions[action]
	not data.store.sets[set].services[split(action, ":")[0]]
	not action in actions.assuming
}

# Few keys, every value a string, and no key misspelled, the principal's own, or a resource group's.
_is_plain(context) if {
	count(context) <= 50
	concat("", [value | some value in context])
	every key in object.keys(context) - _plain_keys {
		condition.spelling(key) == key
		not key in {"acs:PrincipalARN", "acs:ResourceGroupId"}
	}
}

_plain_keys := {
	"acs:MFAPresent", "acs:SecureTransport", "acs:Service", "acs:SourceIp", "acs:SourceVpc", "acs:VpcSourceIp",
	"alikafka:Acl", "alikafka:DeployModule", "alikafka:DiskEncryption", "alikafka:SpecType",
	"ram:ServiceName", "ram:ServiceNames", "ram:TrustedPrincipalTypes",
}
