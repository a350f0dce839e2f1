"""Deliberate faults of AuthZEN and of the routes, which `mutants` runs against their tests."""

from __future__ import annotations

from typing import Final

__all__ = ["FAULTS"]

_ROOM: Final = "rego/authzen"

_TEMPLATE: Final = f"{_ROOM}/template/template.rego"
_PROPERTY: Final = f"{_ROOM}/property/property.rego"
_QUESTION: Final = f"{_ROOM}/question/question.rego"
_EVALUATION: Final = f"{_ROOM}/evaluation/evaluation.rego"
_EVALUATIONS: Final = f"{_ROOM}/evaluations/evaluations.rego"
_ROUTE: Final = f"{_ROOM}/route/route.rego"
_FRAMED: Final = f"{_ROOM}/framed/framed.rego"
_RESOURCES: Final = f"{_ROOM}/resource_search/resource_search.rego"
_SUBJECTS: Final = f"{_ROOM}/subject_search/subject_search.rego"
_APP: Final = "python/ramgate/web/app.py"
_CLIENT: Final = "python/ramgate/client/authzen_client.py"
_TEMPLATES: Final = "python/ramgate/authzen/templates.py"
_MAPPING: Final = "python/ramgate/authzen/mapping.py"
_ROUTES: Final = "python/ramgate/authzen/routes.py"

FAULTS: Final = (
    (
        "a value of a template may be `..`",
        _TEMPLATE,
        r"(^|/)\.\.?(/|$)",
        r"(^|/)\.(/|$)",
    ),
    (
        "a template without a value is filled in all the same",
        _TEMPLATE,
        "	count(pieces) == count(parts)\n}\n",
        "}\n",
    ),
    (
        "a value of a template may have a colon",
        _TEMPLATE,
        "	false: `^[A-Za-z0-9._@=+,~-]+$`,",
        "	false: `^[A-Za-z0-9._@=+,:~-]+$`,",
    ),
    (
        "a required property may be missing",
        _PROPERTY,
        '_problem(declaration, name, given) := "is missing" if {\n	not declaration.optional\n',
        '_problem(declaration, name, given) := "is missing" if {\n	declaration.optional == 0\n',
    ),
    ("an empty list is a value of a property", _PROPERTY, "	value != []\n", ""),
    (
        "a subject of another type takes an ARN",
        _QUESTION,
        "	not names_subjects\n",
        "",
    ),
    (
        "a resource of another type takes an ARN",
        _QUESTION,
        "	not names_resources\n",
        "",
    ),
    (
        "a type that takes ARNs takes any id",
        _TEMPLATE,
        "	is_arn(entity.id)\n",
        "",
    ),
    (
        "two values for one condition key are merged",
        _QUESTION,
        "	count(merged) == sum([count(part) | some part in parts])\n",
        "",
    ),
    (
        "the known properties count before those of the request",
        _QUESTION,
        "object.union(known, entity.properties(resource))",
        "object.union(entity.properties(resource), known)",
    ),
    (
        "the effect of a decision is not looked at",
        _EVALUATION,
        '	decision.effect == "Allow"\n',
        "",
    ),
    (
        "the id and the properties of a default stay",
        _EVALUATIONS,
        'object.union({"type": type}, item[field]) if {',
        'object.union(object.union(batch[field], {"type": type}), item[field]) if {',
    ),
    (
        "the first denial does not end a list",
        _EVALUATIONS,
        '"deny_on_first_deny": false, ',
        "",
    ),
    (
        "the first route that fits decides",
        _ROUTE,
        "	denied := [one | some one in decisions; one.decision != true]\n",
        "	denied := [one | one := decisions[0]; one.decision != true]\n",
    ),
    (
        "a path may have an escaped character",
        _ROUTE,
        "`^(/|(/[A-Za-z0-9._@=+,~-]+)+)$`",
        "`^(/|(/[A-Za-z0-9._@=+,~%-]+)+)$`",
    ),
    (
        "of two headers with the name the first counts",
        _ROUTE,
        "	some name, [value] in asked.headers\n",
        "	some name, values in asked.headers\n	value := values[0]\n",
    ),
    (
        "a parameter of the query may replace the method",
        _ROUTE,
        "	regex.match(`^[^a-z0-9]+method([^a-z0-9]|$)`, lower(name))\n",
        '	name == "_Method"\n',
    ),
    (
        "a parameter that PHP reads as `_method` may replace the method",
        _ROUTE,
        "`^[^a-z0-9]+method([^a-z0-9]|$)`",
        "`^_method$`",
    ),
    (
        "a header with `_` for `-` may replace the method",
        _ROUTE,
        'replace(name, "_", "-") in _overrides',
        "name in _overrides",
    ),
    (
        "a header brings any character into the id of a resource",
        _ROUTE,
        "_joined(route.resource.id, values)",
        "_text(route.resource.id, values)",
    ),
    (
        "a field of the context that cannot be filled in is left out",
        _ROUTE,
        "	count(context) == count(data.store.authzen.http.context)\n",
        "",
    ),
    (
        "a search of resources drops the given properties",
        _RESOURCES,
        '{"resource": object.union(result, given)}',
        '{"resource": result}',
    ),
    (
        "a given property counts before the one that is known",
        _RESOURCES,
        "object.get(given, name, value) == value",
        "object.get(given, name, value) != null",
    ),
    (
        "a search of subjects drops the given properties",
        _SUBJECTS,
        '{"subject": object.union(result, given)}',
        '{"subject": result}',
    ),
    (
        "a search of subjects that no accounts file lists has an empty list",
        _SUBJECTS,
        "(root|(user|role)/[^/]+)$`",
        "`",
    ),
    (
        "a template is filled in without the known properties",
        _QUESTION,
        "[resource.type].arn, _with_known(resource))",
        "[resource.type].arn, resource)",
    ),
    (
        "a property that only the template names may differ from the known one",
        _RESOURCES,
        'some part in declared.arn; part.field == "properties"',
        'some part in declared.arn; part.field == "arn"',
    ),
    (
        "an error repeats a long name of the request",
        _QUESTION,
        "	count(text) <= 128\n",
        "",
    ),
    (
        "a known number may be rounded",
        _MAPPING,
        "    if Decimal(repr(found)) != Decimal(text):\n",
        "    if False:\n",
    ),
    (
        "two paths make one resource",
        _TEMPLATES,
        "    elif message := _ambiguity(parts):\n        place.fault(message)\n    return parts\n",
        "    return parts\n",
    ),
    (
        "a route may have a type that the mapping does not",
        _ROUTES,
        '    elif types and "type" in entry and kind not in types:\n',
        "    elif False:\n",
    ),
    (
        "a body behind a proxy may have bytes that are not UTF-8",
        _FRAMED,
        '	not contains(text, "\\ufffd")\n',
        "",
    ),
    (
        "the marks around a body may differ",
        _FRAMED,
        "	input[0] == input[2]\n",
        "",
    ),
    (
        "a number of a request is rounded",
        _APP,
        "msgspec.json.Decoder(float_hook=msgspec.Raw).decode",
        "msgspec.json.Decoder().decode",
    ),
    (
        "an answer may have fewer decisions than its batch has items",
        _CLIENT,
        "return len(items) == count <= len(batch.evaluations)",
        "return len(items) <= len(batch.evaluations)",
    ),
    (
        "a proxy gets 200 for a denial",
        _APP,
        "200 if reply.allows else 403",
        "reply.status",
    ),
    (
        "without an answer of OPA the status is 200",
        _APP,
        "await exchange.answer(503, _UNAVAILABLE",
        "await exchange.answer(200, _UNAVAILABLE",
    ),
    (
        "a request without the token is answered",
        _APP,
        "return self._token is None or hmac",
        "return not given or self._token is None or hmac",
    ),
)
