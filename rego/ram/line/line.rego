# METADATA
# title: Lines of the decision tables
# description: >-
#   Which entry decides about an action, for a set of policies.
package ram.line

import data.ram.entry as tests

# METADATA
# description: >-
#   The entry of a set for an action in lower case: its name, or `[set, index, resource]` of a plain grant. A
#   wildcard alone never decides an action of `sts` (5.8): `rest` and `otherwise` leave them out, and `services`
#   has a null for them.
# scope: document
entry(set, action) := name if {
	name := data.store.lines[set][action]
} else := name if {
	count(action) <= 2048
	name := data.store.rest[set]
	not startswith(action, "sts:")
} else := [set, index, resource] if {
	[index, resource] = data.store.policies[set].grants[action]
} else := found.entries[{true: "true", false: "false"}[strings.any_prefix_match(action, found.prefixes)]] if {
	count(action) <= 2048
	found := data.store.patterns[set].services[split(action, ":")[0]]
} else := found.entries[{true: "true", false: "false"}[strings.any_prefix_match(action, found.prefixes)]] if {
	count(action) <= 2048
	found := data.store.patterns[set].otherwise
	not data.store.patterns[set].services[split(action, ":")[0]]
} else := found.entries[results] if {
	count(action) <= 2048
	patterns := data.store.patterns[set]
	found := object.get(patterns.services, split(action, ":")[0], patterns.otherwise)
	results := concat("", [tests.result("action", texts, action) | some texts in found.tests])
} else := name if {
	count(action) <= 2048
	name := data.store.otherwise[set]
	not startswith(action, "sts:")
}
