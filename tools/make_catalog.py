"""Make the files of the catalog from a folder of facts.

    python tools/make_catalog.py FACTS

FACTS holds `actions.json`, `service-codes.json`, `operations-by-service.json`,
`system-policies.json` and `service-linked-role-policies.json`. The script replaces the files of
`catalog/` that it made, so read the difference before you commit it: corrections that were made by
hand must be put back. An entry with a `purpose`, and its document, stay as they are.
"""

from __future__ import annotations

import datetime
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policy_facts import write_roles, write_system_policies
from ramgate.catalog.service import Action, ConditionKey, Entry, Origin, ResourceForm, Service
from ramgate.catalog.service_file import ARN, NAME, carriers
from ramgate.catalog.service_text import service_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# The facts are JSON of which only the parts that the catalog needs are read.
Facts = dict[str, Any]

POLICIES: Final = "Alibaba Cloud's policy documents, of which at most four are named"
DATE: Final = """\
# The day on which the facts of the catalog were collected. Messages about names that the catalog
# does not have state it, because Alibaba Cloud adds policies and roles.
date: "{date}"
"""
NEEDS_NO_ALLOW: Final = {
    ("sts", "GetCallerIdentity"): Entry(
        Origin(
            "S0",
            "alibabacloud.com/help/id/ram/developer-reference/api-sts-2015-04-01-getcalleridentity",
            "2025-12-24",
        ),
        operations=("GetCallerIdentity (2015-04-01)",),
        needs_no_allow="the page says that there is no authorization for this operation",
    ),
    ("kms", "DescribeRegions"): Entry(
        Origin("M1", "AlibabaCloudDocs/kms@53ad4d2 使用RAM实现对资源的访问控制.md", "2021-07-12"),
        needs_no_allow="the page says that the operation needs no permission",
    ),
}
CONTRADICTION: Final = re.compile(r"CONTRADICTION: |(granularity) changed or contradicts(: )")


def make(facts: Path, catalog: Path) -> None:
    """Write the files of the catalog into its folder."""
    actions = _read(facts / "actions.json")
    codes = _read(facts / "service-codes.json")
    operations = _read(facts / "operations-by-service.json")
    date = datetime.date.fromisoformat(actions["_about"]["collected"])
    folder = catalog / "services"
    folder.mkdir(parents=True, exist_ok=True)
    known = {*actions["services"], *codes["codes"], *operations["services"]}
    for path in folder.glob("*.yaml"):
        if path.stem not in known:
            path.unlink()
    for code in sorted(known):
        service = make_service(code, date, actions, codes, operations)
        (folder / f"{code}.yaml").write_text(service_text(service), encoding="utf-8")
    text = "".join(_product_codes(operations["product_to_code"]))
    (catalog / "product-codes.yaml").write_text(text, encoding="utf-8")
    write_system_policies(_read(facts / "system-policies.json"), catalog)
    write_roles(_read(facts / "service-linked-role-policies.json"), catalog)
    (catalog / "catalog.yaml").write_text(DATE.format(date=date), encoding="utf-8")


def make_service(
    code: str, date: datetime.date, actions: Facts, codes: Facts, operations: Facts
) -> Service:
    """Return the service that the facts describe."""
    facts = actions["services"].get(code, {})
    entry = codes["codes"].get(code, {})
    called = operations["services"].get(code, {})
    origins = {
        "policies": Origin("policies", POLICIES, date.isoformat()),
        **{key: _origin(key, fact) for key, fact in actions["sources"].items()},
    }
    found = {
        name.lower(): Action(code, name, tuple(_entries(action, origins)))
        for name, action in facts.get("actions", {}).items()
    }
    for (service, name), free in NEEDS_NO_ALLOW.items():
        if service == code:
            known = found.get(name.lower(), Action(code, name, ()))
            found[name.lower()] = Action(code, name, (*known.entries, free))
    texts = _unique(
        facts.get("complete_note"),
        facts.get("arn_note"),
        facts.get("note"),
        entry.get("note"),
        *_other_notes(facts, entry),
    )
    letters = re.findall(r"\[([A-Z]+)\]", " ".join(called.get("products", [])))
    return Service(
        code,
        date,
        names=_unique(facts.get("product"), entry.get("name_on_page"), *entry.get("product", [])),
        products=tuple(text.partition(" [")[0] for text in called.get("products", [])),
        granularity=tuple(_granularity(facts, entry)),
        notes=tuple(text for text in texts if not CONTRADICTION.match(text)),
        contradictions=tuple(
            CONTRADICTION.sub(r"\1\2", text) for text in texts if CONTRADICTION.match(text)
        ),
        arn_forms=_arn_forms(facts.get("arn", {})),
        condition_keys=_condition_keys(facts, found.values()),
        actions=found,
        operation_sources=tuple(
            Origin(letter, *_title_and_date(operations["_about"]["sources"][letter]))
            for letter in sorted(set("".join(letters)))
        ),
        operations=frozenset(called.get("operations", [])),
        operations_without_action=tuple(facts.get("operations_without_a_known_action", [])),
        hints=tuple(facts.get("weak_names", [])),
    )


def _entries(action: Facts, origins: dict[str, Origin]) -> Iterator[Entry]:
    """Yield the entries of an action; its policies get one of their own if no entry holds them."""
    entries = action.get("entries", [action] if "source" in action else [])
    for fact in entries:
        forms = [form for form in fact.get("resources", []) if ARN.fullmatch(form["arn"])]
        others = [form["arn"] for form in fact.get("resources", []) if form not in forms]
        note = fact.get("note", "")
        contradiction = CONTRADICTION.sub("", note) if CONTRADICTION.match(note) else ""
        notes = [note] if note and not contradiction else []
        notes += [f"the resource is printed as {text}" for text in others]
        yield Entry(
            origins[fact["source"]],
            page="" if "read_file" in fact.get("page", "") else fact.get("page", ""),
            level=fact.get("level", ""),
            resources=tuple(
                ResourceForm(form["arn"], required=form.get("required", False)) for form in forms
            ),
            condition_keys=tuple(fact.get("condition_keys", [])),
            operations=tuple(fact.get("operations", [])),
            dependent_actions=tuple(fact.get("dependent_actions", [])),
            other_spellings=tuple(fact.get("other_spellings", [])),
            seen_in=tuple(fact.get("seen_in_policies", [])),
            note="; ".join(notes),
            contradiction=contradiction,
        )
    if "entries" in action or not entries:
        spellings = tuple(action.get("other_spellings", []))
        seen = tuple(action.get("seen_in_policies", []))
        if seen or spellings or not entries:
            yield Entry(origins["policies"], other_spellings=spellings, seen_in=seen)


def _granularity(facts: Facts, entry: Facts) -> Iterator[str]:
    if now := entry.get("granularity"):
        yield f"{now['value']} ({', '.join(filter(None, (_public(now['source']), now['date'])))})"
    elif facts.get("granularity"):
        yield facts["granularity"].lower()
    if then := entry.get("granularity_2021"):
        yield f"{then} (list of services that work with RAM, 2021-05-31)"


def _other_notes(facts: Facts, entry: Facts) -> Iterator[str]:
    if codes := facts.get("ram_code_printed"):
        yield f"a page prints the codes `{codes}`"
    if rule := facts.get("rule"):
        yield f"rule of 2021: {rule['action']} on {rule['resource']}"
    if tags := entry.get("tag_keys_documented"):
        yield f"documented condition keys of tags: {tags}"
    if groups := entry.get("resource_group_authorization"):
        kind = f" for {groups['resource_type']}" if "resource_type" in groups else ""
        yield f"resource groups are supported{kind} ({_public(groups['source'])})"


def _arn_forms(forms: dict[str, str]) -> dict[str, str]:
    """Return the forms; `…` at the start of one stands for the first form."""
    first = next(iter(forms.values()), "")
    return {name: form.replace("…", first, 1) for name, form in forms.items()}


def _condition_keys(facts: Facts, actions: Iterable[Action]) -> dict[str, ConditionKey]:
    types = facts.get("condition_key_types", {})
    texts = facts.get("condition_keys", {})
    named = carriers(actions)
    found = {}
    for key in sorted({*types, *texts, *named}):
        names = texts.get(key, "").split(", ")
        is_list = all(NAME.fullmatch(name) for name in names) and names != ["any"]
        listed = {*named.get(key, ()), *(names if is_list else ())}
        note = "" if is_list else texts.get(key, "")
        found[key] = ConditionKey(key, types.get(key, ""), tuple(sorted(listed)), note)
    return found


def _product_codes(products: Facts) -> Iterator[str]:
    yield "# The service codes of API products that RAM knows by another name than their own.\n"
    for product, fact in sorted(products.items()):
        if product != fact["code"]:
            note = f", note: {json.dumps(fact['note'])}" if "note" in fact else ""
            yield f"{product}: {{code: {fact['code']}, how: {json.dumps(fact['how'])}{note}}}\n"


def _origin(key: str, fact: Facts) -> Origin:
    return Origin(key, _public(fact["what"]), fact["date"])


def _title_and_date(text: str) -> tuple[str, str]:
    """Split `a title (2026-08-22), more` into `a title, more` and the date."""
    date = re.search(r" \(([0-9-]{10})\)", text)
    return (text.replace(date[0], "", 1), date[1]) if date else (text, "")


def _public(text: str) -> str:
    """Return a source without the number that the collector of the facts gave it."""
    return re.sub(r"[;,]? ?read_file id [0-9]+", "", text)


def _unique(*texts: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts)))


def _read(path: Path) -> Facts:
    found: Facts = json.loads(path.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(__file__).parents[1] / "catalog")
