# METADATA
# title: Sources
# description: The policies that the layers of a question read, and through which attachment each came to them.
package ram.source

import data.ram.assume
import data.ram.control
import data.ram.identity
import data.ram.layer

# METADATA
# description: >-
#   The policies of the layers that were asked, in the order of the layers. A source has the name of the
#   policy, its translated document, the layer as `policy_type`, and `attached`. A document that cannot be
#   read is left out.
of(question, layers) := array.concat(
	array.concat(_control(question, asked), _session(question, asked)),
	array.concat(array.concat(_account(question, asked), _group(question, asked)), _trust(question, asked)),
) if {
	asked := {layer.policy_type | some layer in layers; layer.effect != null}
}

# METADATA
# description: >-
#   The names of the documents of a layer that cannot be read (5.9). The level is null, or the name of a level of
#   control policies.
unreadable(question, policy_type, level) := sort({layer.name(id) |
	some id in ids(question, policy_type, level)
	data.store.policies[id].unreadable
})

# METADATA
# description: The name, as stored, of the role that the question's resource names.
role_name(question) := data.store.accounts[question.account].roles[split(question.resource, "/")[1]].name

# METADATA
# description: The ids of the stored policies of a layer, or of a level of control policies.
# scope: document
ids(question, "ControlPolicy", name) := [id |
	some level in control.levels(question)
	level.name == name
	some id in level.ids
]

ids(question, "AccountLevelIdentityBasedPolicy", _) := identity.policy_ids(question.principal)

ids(question, "ResourceGroupLevelIdentityBasedPolicy", _) := identity.group_policy_ids(question)

ids(question, "AssumeRolePolicy", _) := [assume.trust_id(question)]

_control(question, asked) := [_stored(id, document, "ControlPolicy", attachments) |
	"ControlPolicy" in asked
	levels := control.levels(question)
	some id in {id | some level in levels; some id in level.ids}
	document := _document(id)
	attachments := [_attachment("level", level.name, null) | some level in levels; id in level.ids]
]

_session(question, asked) := [source |
	"SessionPolicy" in asked
	some name, document in question.session_policies
	source := {
		"name": name,
		"document": document,
		"policy_type": "SessionPolicy",
		"attached": [_attachment("session", trim_prefix(name, "session:"), null)],
	}
]

_account(question, asked) := [source |
	"AccountLevelIdentityBasedPolicy" in asked
	some name, document in question.policies
	source := {
		"name": name,
		"document": document,
		"policy_type": "AccountLevelIdentityBasedPolicy",
		"attached": [_attachment(_kind(question.principal), _own_name(question.principal), null)],
	}
] if {
	question.policies
} else := [_stored(id, document, "AccountLevelIdentityBasedPolicy", attached(question.principal, id, null)) |
	"AccountLevelIdentityBasedPolicy" in asked
	some id in identity.policy_ids(question.principal)
	document := _document(id)
]

_group(question, asked) := [_stored(id, document, "ResourceGroupLevelIdentityBasedPolicy", attached(question.principal, id, group)) |
	"ResourceGroupLevelIdentityBasedPolicy" in asked
	some id in identity.group_policy_ids(question)
	group := question.context["acs:ResourceGroupId"]
	document := _document(id)
]

_trust(question, asked) := [_stored(id, document, "AssumeRolePolicy", [_attachment("trust", role_name(question), null)]) |
	"AssumeRolePolicy" in asked
	id := assume.trust_id(question)
	document := _document(id)
]

_stored(id, document, policy_type, attachments) := {
	"name": layer.name(id),
	"document": document,
	"policy_type": policy_type,
	"attached": attachments,
}

# METADATA
# description: >-
#   The attachments of a stored policy to a principal: for its whole account if the resource group is null. A user
#   may also have the policy through its groups.
attached(principal, id, group) := array.concat(own, through) if {
	principal.kind == "user"
	user := data.store.accounts[principal.account].users[principal.name]
	user.groups
	groups := data.store.accounts[principal.account].groups
	own := [_attachment("user", principal.name, group) | id in _held(user.own, group)]
	through := [_attachment("group", name, group) | some name in user.groups; id in _held(groups[name], group)]
} else := [_attachment(_kind(principal), _own_name(principal), group)]

_held(scopes, null) := scopes.policies

_held(scopes, group) := scopes.resource_groups[group]

_attachment(to, name, group) := {"to": to, "name": name, "resource_group": group}

_kind(principal) := "role" if principal.kind == "role"

else := "user"

# The name of a role as stored, else as asked.
_own_name(principal) := data.store.accounts[principal.account].roles[principal.name].name if {
	principal.kind == "role"
} else := principal.name

# A stored document, as if a request carried it: its plain grants are statements again.
_document(id) := document if {
	document := data.store.policies[id]
	document.format == 2
	not document.grants
} else := object.union(document, {
	"statements": [_filled(stored, index, resources) | some index, stored in document.statements],
	"actions": object.union(document.actions, {action: [index] | some action, [index, _] in document.grants}),
}) if {
	document := data.store.policies[id]
	document.format == 2
	resources := {index: text | some [index, text] in document.grants}
}

_filled(null, index, resources) := {"effect": "Allow", "resources": [resources[index]]}

_filled(statement, _, _) := statement if statement != null
