# METADATA
# title: Condition keys
# description: >-
#   RAM's condition keys in the text of a rule, which OPA reads faster than stored data. Written
#   by `tests/support/condition_key_rego.py` from `catalog/condition-keys.yaml`; a test compares.
package ram.condition_keys

import data.ram.condition

# METADATA
# description: >-
#   True if each of the keys is short, and either spelled as RAM spells it or not one of RAM's.
#   Undefined for the caller's ARN and the resource group, which mean more than their conditions.
are_plain(keys) if {
	# the usual case, and the cheap one: no other key has the service of one of RAM's
	count(keys) <= 50
	others := concat("\n", keys - {
		"acs:CurrentTime",
		"acs:MFAPresent",
		"acs:SecureTransport",
		"acs:Service",
		"acs:SourceIp",
		"acs:SourceVpc",
		"acs:VpcSourceIp",
		"alikafka:Acl",
		"alikafka:DeployModule",
		"alikafka:DiskEncryption",
		"alikafka:SpecType",
		"oidc:aud",
		"oidc:iss",
		"oidc:sub",
		"ram:ServiceName",
		"ram:ServiceNames",
		"ram:TrustedPrincipalTypes",
		"saml:recipient",
		"sts:ExternalId",
	})
	count(others) <= 256
	regex.match(
		`(?m)^(?:(?:[A][cC][sS]|a(?:[C][sS]|c[S])):|acs:(?:[^R]|$|R(?:[^e]|$|e(?:[^qs]|$|q(?:[^u]|$|u(?:[^e]|$|e(?:[^s]|$|s(?:[^t]|$|t(?:[^T]|$|T(?:[^a]|$|a(?:[^g]|$|g(?:[^/]|$))))))))|s(?:[^o]|$|o(?:[^u]|$|u(?:[^r]|$|r(?:[^c]|$|c(?:[^e]|$|e(?:[^T]|$|T(?:[^a]|$|a(?:[^g]|$|g(?:[^/]|$))))))))))))|[aA][lL][iIİ][kKK][aA][fF][kKK][aA]:|(?:[KK][mM][sS]|k(?:[M][sS]|m[S])):|kms:(?:[^t]|$|t(?:[^a]|$|a(?:[^g]|$|g(?:[^/]|$))))|[oO][iIİ][dD][cC]:|[rR][aA][mM]:|[sS][aA][mM][lL]:|[sS][tT][sS]:)`,
		others,
	) == false
} else if {
	count(keys) <= 50
	count(concat("", keys)) <= 256
	not "acs:PrincipalARN" in keys
	not "acs:ResourceGroupId" in keys
	condition.are_spelled(keys)
}
