# METADATA
# title: Answers about service-linked roles
# description: What a caller is told, always whole; what is not known is null.
package slr.answer

# METADATA
# description: The answer with that outcome, in which all is null that the parts do not say.
of(outcome, parts) := object.union_n([_nothing, {"allow": outcome in _allowing, "outcome": outcome}, parts])

# METADATA
# description: The answer to a question that cannot be read.
malformed(errors) := of("malformed_request", {"errors": errors})

_allowing := {"create", "delete", "exists", "ready"}

_nothing := {
	"account": null,
	"role": null,
	"service_name": null,
	"authorization": null,
	"remedy": null,
}
