# METADATA
# title: Conditions
# description: >-
#   A condition of a translated statement, held against the context of a request. What is absent or
#   unreadable counts against the caller: satisfied in a Deny, not satisfied in an Allow.
package ram.condition

import data.ram.address
import data.ram.date
import data.ram.number

# METADATA
# description: The condition is satisfied, in a statement of that effect, by the question's context.
# scope: document
is_satisfied(condition, effect, question) if {
	elements := _elements(question.context, condition.key)
	_is_satisfied(condition, effect, elements, question)
}

# METADATA
# description: The comparisons that a condition may make.
comparisons := {
	"Bool",
	"DateEquals",
	"DateGreaterThan",
	"DateGreaterThanEquals",
	"DateLessThan",
	"DateLessThanEquals",
	"IpAddress",
	"NumericEquals",
	"NumericGreaterThan",
	"NumericGreaterThanEquals",
	"NumericLessThan",
	"NumericLessThanEquals",
	"StringEquals",
	"StringEqualsIgnoreCase",
	"StringLike",
}

# METADATA
# description: A condition key as RAM spells it, where it is one that differs from a known one only in case.
spelling(key) := object.get(_known_keys, lower(key), key)

# 4.4, 4.5: the key is absent or its list is empty
_is_satisfied(condition, "Deny", [], _) if not _needs_an_element(condition)

# 4.6
_is_satisfied(condition, "Deny", elements, question) if {
	some element in elements
	not _is_readable(condition, element, question)
}

_is_satisfied(condition, _, elements, question) if {
	count(elements) > 0
	every element in elements {
		_is_readable(condition, element, question)
	}
	_holds(condition, elements, question)
}

_needs_an_element(condition) if {
	condition.quantifier == "some"
	condition.negated == false
}

_elements(context, key) := context[key] if is_array(context[key])

_elements(context, key) := [context[key]] if not is_array(context[key])

_elements(context, key) := [] if not key in object.keys(context)

_holds(condition, elements, question) if {
	condition.quantifier == "some"
	some element in elements
	_holds_of(condition, element, question)
}

_holds(condition, elements, question) if {
	condition.quantifier == "every"
	every element in elements {
		_holds_of(condition, element, question)
	}
}

_holds_of(condition, element, question) if {
	condition.negated == false
	_matches(condition, _read(condition, element, question), question)
}

_holds_of(condition, element, question) if {
	condition.negated == true
	not _matches(condition, _read(condition, element, question), question)
}

_is_readable(condition, element, question) if {
	_read(condition, element, question) != null
}

_matches(condition, value, question) if {
	some listed in condition.values
	_compares(condition.operator, value, _listed(condition, listed, question))
}

# 3.4: role names are compared without case, so both sides are folded
_listed(condition, listed, question) := lower(listed) if _is_folded(condition, question)

_listed(condition, listed, question) := listed if not _is_folded(condition, question)

_is_folded(condition, question) if {
	condition.key == "acs:PrincipalARN"
	question.principal.kind == "role"
	startswith(condition.operator, "String")
}

_read(condition, element, question) := lower(_text(element)) if {
	startswith(condition.operator, "String")
	_is_folded(condition, question)
}

_read(condition, element, question) := _text(element) if {
	startswith(condition.operator, "String")
	not _is_folded(condition, question)
}

_read(condition, element, _) := number.parsed(element) if startswith(condition.operator, "Numeric")

_read(condition, element, _) := date.parsed(element) if startswith(condition.operator, "Date")

_read(condition, element, _) := lower(_text(element)) == "true" if {
	condition.operator == "Bool"
	lower(_text(element)) in {"true", "false"}
}

_read(condition, element, _) := element if {
	condition.operator == "IpAddress"
	address.is_valid(element)
}

_text(element) := element if is_string(element)

_text(element) := json.marshal(element) if is_boolean(element)

_compares(operator, value, listed) if {
	operator == "StringEquals"
	value == listed
}

_compares(operator, value, listed) if {
	operator == "StringEqualsIgnoreCase"
	lower(value) == lower(listed)
}

_compares(operator, value, listed) if {
	operator == "StringLike"
	glob.match(listed, null, value)
}

_compares(operator, value, listed) if {
	operator == "NumericEquals"
	value == listed
}

_compares(operator, value, listed) if {
	operator == "NumericLessThan"
	number.is_less(value, listed)
}

_compares(operator, value, listed) if {
	operator == "NumericLessThanEquals"
	not number.is_less(listed, value)
}

_compares(operator, value, listed) if {
	operator == "NumericGreaterThan"
	number.is_less(listed, value)
}

_compares(operator, value, listed) if {
	operator == "NumericGreaterThanEquals"
	not number.is_less(value, listed)
}

_compares(operator, value, listed) if {
	operator == "DateEquals"
	value == listed
}

_compares(operator, value, listed) if {
	operator == "DateLessThan"
	value < listed
}

_compares(operator, value, listed) if {
	operator == "DateLessThanEquals"
	value <= listed
}

_compares(operator, value, listed) if {
	operator == "DateGreaterThan"
	value > listed
}

_compares(operator, value, listed) if {
	operator == "DateGreaterThanEquals"
	value >= listed
}

_compares(operator, value, listed) if {
	operator == "Bool"
	value == listed
}

_compares(operator, value, listed) if {
	operator == "IpAddress"
	address.is_in(value, listed)
}

# The keys of section 6, by their folded spelling.
_known_keys := {
	"acs:currenttime": "acs:CurrentTime",
	"acs:mfapresent": "acs:MFAPresent",
	"acs:principalarn": "acs:PrincipalARN",
	"acs:resourcegroupid": "acs:ResourceGroupId",
	"acs:securetransport": "acs:SecureTransport",
	"acs:service": "acs:Service",
	"acs:sourceip": "acs:SourceIp",
	"acs:sourcevpc": "acs:SourceVpc",
	"acs:vpcsourceip": "acs:VpcSourceIp",
	"alikafka:acl": "alikafka:Acl",
	"alikafka:deploymodule": "alikafka:DeployModule",
	"alikafka:diskencryption": "alikafka:DiskEncryption",
	"alikafka:spectype": "alikafka:SpecType",
	"oidc:aud": "oidc:aud",
	"oidc:iss": "oidc:iss",
	"oidc:sub": "oidc:sub",
	"ram:servicename": "ram:ServiceName",
	"ram:servicenames": "ram:ServiceNames",
	"ram:trustedprincipaltypes": "ram:TrustedPrincipalTypes",
	"saml:recipient": "saml:recipient",
	"sts:externalid": "sts:ExternalId",
}
