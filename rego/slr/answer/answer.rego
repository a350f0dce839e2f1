# METADATA
# title: Answers about service-linked roles
# description: The answer that a caller gets. It always has all fields; an unknown or absent one is null.
package slr.answer

# METADATA
# description: The answer with an outcome and the given fields; all other fields are null.
of(outcome, fields) := object.union_n([_nulls, {"allow": outcome in _allowing, "outcome": outcome}, fields])

# METADATA
# description: The answer to a malformed question.
malformed(errors) := of("malformed_request", {"errors": errors})

_allowing := {"create", "delete", "exists", "ready"}

_nulls := {
	"account": null,
	"role": null,
	"service_name": null,
	"authorization": null,
	"remedy": null,
}
