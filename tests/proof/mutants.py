"""Deliberate faults, each of which the tests must catch: `make mutants`.

A mutant is one change of one file, in a copy of the project. A mutant of the Rego meets `opa test`,
and, if that passes, the property tests; a mutant of the translator meets its tests and those.
Prints what caught each, and exits with 1 where one survived.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from ramgate.opa.find import find_opa

ROOT = Path(__file__).parents[2]
CASES = "build/cases/data.json"
SECONDS = 600.0
NOT_RUN = (4, 5)  # pytest's codes for a path that is not there and for no test
PROPERTIES = "rego/test_properties.py"
COPIED = ("catalog", "examples", "opa-config.yaml", "pyproject.toml", "python", "rego", "schemas")


class Mutant(NamedTuple):
    """A fault: in the file, the text that stands there once, and what it becomes."""

    what: str
    file: str
    text: str
    becomes: str


CONDITION = "rego/ram/condition/condition.rego"
EVALUATION = "rego/ram/evaluation/evaluation.rego"
IDENTITY = "rego/ram/identity/identity.rego"
RESOURCE = "rego/ram/resource/resource.rego"
REQUEST = "rego/ram/request/request.rego"
NUMBER = "rego/ram/number/number.rego"
LAYER = "rego/ram/layer/layer.rego"
CONTROL = "rego/ram/control/control.rego"
ASSUME = "rego/ram/assume/assume.rego"
ACTION = "rego/ram/action/action.rego"
TRUST = "rego/ram/trust/trust.rego"
PRINCIPAL = "rego/ram/principal/principal.rego"
ADDRESS = "rego/ram/address/address.rego"
DOCUMENT = "rego/ram/document/document.rego"
VALUES = "python/ramgate/language/condition.py"
TRANSLATE = "python/ramgate/language/translation.py"
RESOURCES = "python/ramgate/language/resource_element.py"
CONDITIONS = "python/ramgate/language/condition_element.py"
ACCOUNTS = "python/ramgate/accounts/account.py"
TABLES = "python/ramgate/tables/tables.py"
TABLE = "rego/ram/table/table.rego"

MUTANTS = [
    Mutant(
        "a negated operator is not negated",
        CONDITION,
        "\tnot _matches(condition.operator,",
        "\t_matches(condition.operator,",
    ),
    Mutant(
        "an absent key satisfies a negated operator in an Allow (4.5)",
        CONDITION,
        "# METADATA\n# description: The names of all",
        "is_satisfied(condition, _, question) if {\n"
        "\tobject.get(question.context, condition.key, []) == []\n"
        "\t_counts_against(condition, [])\n}\n\n"
        "# METADATA\n# description: The names of all",
    ),
    Mutant(
        "an absent key satisfies a positive operator in a Deny (4.4)",
        CONDITION,
        "_counts_against(condition, []) if not _needs_an_element(condition)",
        "_counts_against(_, []) := true",
    ),
    Mutant(
        "an unreadable value satisfies an Allow (4.6)",
        CONDITION,
        "# METADATA\n# description: The names of all",
        "is_satisfied(condition, _, question) if {\n"
        "\telements := object.get(question.context, condition.key, [])\n"
        "\telements != []\n\t_counts_against(condition, elements)\n}\n\n"
        "# METADATA\n# description: The names of all",
    ),
    Mutant(
        "an unreadable value does not satisfy a Deny (4.6)",
        CONDITION,
        "\tsome element in elements\n\tnot _is_readable",
        "\tsome element in elements\n\t_is_readable",
    ),
    Mutant(
        "`every` is `some`",
        CONDITION,
        '\tcondition.quantifier == "every"\n\tevery element in elements {\n'
        "\t\t_holds_of(condition, element, question)\n\t}",
        '\tcondition.quantifier == "every"\n\tsome element in elements\n'
        "\t_holds_of(condition, element, question)",
    ),
    Mutant(
        "`IgnoreCase` does not ignore it",
        CONDITION,
        "lower(value) == lower(one)",
        "value == one",
    ),
    Mutant(
        "`acs:PrincipalARN` of a role is compared with case (3.4)",
        CONDITION,
        'question.principal.kind == "role"',
        'question.principal.kind == "user"',
    ),
    Mutant(
        "`NumericLessThanEquals` is `NumericLessThan`",
        CONDITION,
        '"NumericLessThanEquals"\n\tsome one in listed\n\tnot number.is_less(one, value)',
        '"NumericLessThanEquals"\n\tsome one in listed\n\tnumber.is_less(value, one)',
    ),
    Mutant(
        "`DateGreaterThan` holds for equals",
        CONDITION,
        "\tvalue > one",
        "\tvalue >= one",
    ),
    Mutant(
        "a boolean is no string to `StringEquals`",
        CONDITION,
        "else := json.marshal(element) if is_boolean(element)",
        'else := "boolean" if is_boolean(element)',
    ),
    Mutant(
        "trailing zeros count",
        NUMBER,
        'digits := trim_right(_significant(text), "0")',
        "digits := _significant(text)",
    ),
    Mutant(
        "negative numbers compare like positive ones",
        NUMBER,
        "\t[other_exponent, other_digits] < [exponent, digits]",
        "\t[exponent, digits] < [other_exponent, other_digits]",
    ),
    Mutant("a block is an address", ADDRESS, "`^[0-9A-Fa-f:.]+$`", "`^[0-9A-Fa-f:./]+$`"),
    Mutant(
        "a date of any year is read",
        "rego/ram/date/date.rego",
        "22[0-5][0-9]|226[01]",
        "22[0-9][0-9]",
    ),
    Mutant(
        "a resource's wildcard stops at `/`",
        RESOURCE,
        "glob.match(pattern, null, question.resource)",
        'glob.match(pattern, ["/"], question.resource)',
    ),
    Mutant(
        "a role's ARN is compared with case on one side (3.4)",
        RESOURCE,
        "\tlower(text) == question.resource",
        "\ttext == question.resource",
    ),
    Mutant(
        "a prefix is found anywhere",
        RESOURCE,
        "startswith(question.resource, text)",
        "contains(question.resource, text)",
    ),
    Mutant(
        "`system` is another account (5.7)",
        RESOURCE,
        r"[^:]*:(\*|system)?:)`",
        r"[^:]*:(\*)?:)`",
    ),
    Mutant(
        "actions are compared with case (2.1)",
        REQUEST,
        '"action": lower(operation)',
        '"action": operation',
    ),
    Mutant(
        "`NotAction` covers what it lists (2.2)",
        ACTION,
        "\t\tnot _is_excepted(data.store.",
        "\t\t_is_excepted(data.store.",
    ),
    Mutant(
        "patterns with a wildcard service are not looked at",
        ACTION,
        "in data.store.policies[id].service_wildcards",
        "in {}",
    ),
    Mutant(
        "an Allow beats a Deny",
        LAYER,
        "\tdenies != []\n",
        '\tdenies != []\n\t{entry | some entry in entries; entry[0] == "Allow"} == set()\n',
    ),
    Mutant(
        "a document of another format is read",
        LAYER,
        "data.store.policies[id].format == 1",
        "data.store.policies[id].format > 0",
    ),
    Mutant(
        "the last level of control policies settles it, not the first",
        CONTROL,
        "[min(_denying_positions(verdicts))]",
        "[max(_denying_positions(verdicts))]",
    ),
    Mutant(
        "control policies are skipped",
        EVALUATION,
        "by_control := control.decision(question)",
        "by_control := control.decision(question)\n\tfalse",
    ),
    Mutant(
        "service-linked roles are bound by control policies",
        CONTROL,
        "_is_exempt(question) if identity.is_service_linked(question.principal)",
        '_is_exempt(question) if question.principal.kind == "nobody"',
    ),
    Mutant(
        "a session policy that does not allow is no bar (5.5)",
        EVALUATION,
        'question).effect != "Allow"',
        'question).effect == "ExplicitDeny"',
    ),
    Mutant(
        "another account's resource is allowed (5.7)",
        EVALUATION,
        "\tnot assume.applies(question)\n\tquestion.account == question.principal.account",
        "\tnot assume.applies(question)\n\tquestion.account",
    ),
    Mutant(
        "an owner is allowed everything in every account (5.3)",
        EVALUATION,
        "answer.owner if {\n\tquestion.account == question.principal.account",
        "answer.owner if {\n\tquestion.account",
    ),
    Mutant(
        "an owner assumes roles (5.3)",
        EVALUATION,
        "can never assume a role\n\tassume.applies(question)",
        "can never assume a role\n\tassume.applies(question)\n\tfalse",
    ),
    Mutant(
        "a resource group's policies are read after an Allow (5.6)",
        IDENTITY,
        'verdict.effect != "ImplicitDeny"',
        'verdict.effect == "ExplicitDeny"',
    ),
    Mutant(
        "any value names a resource group (5.6)",
        IDENTITY,
        'is_string(question.context["acs:ResourceGroupId"])',
        'question.context["acs:ResourceGroupId"] != null',
    ),
    Mutant(
        "a Deny in a trust policy is read last (5.8)",
        ASSUME,
        'by_trust.effect == "ExplicitDeny"',
        'by_trust.effect == "Nothing"',
    ),
    Mutant(
        "trust alone lets a user assume a role (5.8)",
        ASSUME,
        'by_identity.effect == "ImplicitDeny"',
        'by_identity.effect == "Nothing"',
    ),
    Mutant("an account's trust admits its owner", TRUST, '\tprincipal.kind != "owner"\n', ""),
    Mutant(
        "an account's trust admits nobody",
        TRUST,
        'principal.kind in {"user", "role"}',
        'principal.kind in {"owner"}',
    ),
    Mutant(
        "role names are compared with case",
        PRINCIPAL,
        "folded := lower(name)",
        "folded := name",
    ),
    Mutant(
        "a context's null is a value",
        REQUEST,
        '{"string", "number", "boolean"}',
        '{"string", "number", "boolean", "null"}',
    ),
    Mutant(
        "an unknown field is ignored",
        REQUEST,
        "= _parts(request)",
        "= _parts(object.filter(request, _fields))",
    ),
    Mutant(
        "a caller says who asks (`acs:PrincipalARN`)",
        REQUEST,
        '\tobject.get(given, "acs:PrincipalARN", said) == said',
        '\tobject.get(given, "acs:PrincipalARN", said) != 5',
    ),
    Mutant(
        "an OPA without the list of condition keys reads a context",
        CONDITION,
        '\tspellings["acs:principalarn"] == "acs:PrincipalARN"\n',
        "",
    ),
    Mutant(
        "a batch is of any length",
        REQUEST,
        "\tcount(value.requests) <= limit\n",
        "",
    ),
    Mutant(
        "a context has any number of keys",
        REQUEST,
        "\tcount(given) <= limit\n",
        "",
    ),
    Mutant(
        "a request's document may hold a pattern that is none",
        DOCUMENT,
        r"`^([^\\\[\]{}]|\\[\\\[\]{}])*$`",
        "`^.*$`",
    ),
    Mutant(
        "glob characters are live (3.3)",
        VALUES,
        r"""return _LIVE_IN_GLOB.sub(r"\\\g<0>", pattern)""",
        "return pattern",
    ),
    Mutant("an offset is added, not taken away", VALUES, "else -offset", "else offset"),
    Mutant(
        "a number's leading zeros count",
        VALUES,
        "len(significant) - len(fraction)",
        "len(whole)",
    ),
    Mutant(
        "a mapped address is an IPv6 address",
        VALUES,
        'return None if match[2] else f"{mapped}/32"',
        "return str(network)",
    ),
    Mutant(
        "patterns keep their case",
        TRANSLATE,
        "pattern = text.lower()",
        "pattern = text",
    ),
    Mutant(
        "a negated operator is satisfied by some element (4.3)",
        CONDITIONS,
        '"every" if operator.negated else "some"',
        '"some" if operator.negated else "every"',
    ),
    Mutant(
        "`a?*` is the prefix `a?`",
        RESOURCES,
        'elif not grammar.WILDCARD.search(text.rstrip("*")):',
        'elif text.endswith("*"):',
    ),
    Mutant(
        "an unknown operator is skipped",
        CONDITIONS,
        'place.fault(f"unknown operator {describe(name)}")',
        'place.advise(f"unknown operator {describe(name)}")',
    ),
    Mutant(
        "a group's policies are not its users'",
        ACCOUNTS,
        "attached += groups[group]",
        "attached += []",
    ),
    Mutant(
        "a resource group's attachment is the account's",
        ACCOUNTS,
        "yield policy, group",
        'yield policy, ""',
    ),
    Mutant(
        "a table does not know of control policies",
        TABLES,
        'levels = store["directory"]["levels"].get(number, [])',
        "levels = []",
    ),
    Mutant(
        "in a table an Allow beats a Deny",
        TABLES,
        'effect = "ExplicitDeny" if matching["Deny"] else "Allow" if settling else "ImplicitDeny"',
        'effect = "Allow" if matching["Allow"] else "ExplicitDeny" if settling else "ImplicitDeny"',
    ),
    Mutant(
        "in a table an absent key satisfies a negated operator in an Allow (4.5)",
        TABLES,
        'return [(*wanted,), ((given, True),)] if one["negated"] else [(*wanted,)]',
        "return [(*wanted,)]",
    ),
    Mutant(
        "in a table the account's own Deny does not end the check of a resource group (5.6)",
        TABLES,
        '_OWN: "ImplicitDeny"',
        '_OWN: "ExplicitDeny"',
    ),
    Mutant(
        "a table decides by the account's own policies where a group's are asked",
        TABLES,
        'if pattern.strip("*") and key != _GROUP:',
        'if pattern.strip("*"):',
    ),
    Mutant(
        "in a table an absent key is given",
        TABLES,
        'if pattern.strip("*") and key != _GROUP:',
        "if key != _GROUP:",
    ),
    Mutant(
        "in a table a role's resource is compared with case (3.4)",
        TABLES,
        "if is_assuming:",
        "if not is_assuming:",
    ),
    Mutant(
        "a table knows nothing of a resource group",
        TABLE,
        ', "acs:ResourceGroupId"]) == {}',
        "]) == {}",
    ),
    Mutant(
        "a table grants whatever the resource is",
        TABLE,
        "[set, index, request.resource] = line",
        "[set, index, _] = line",
    ),
    Mutant(
        "a wildcard assumes a role",
        TABLES,
        "by_service | _NOT_OF_STS",
        "by_service",
    ),
    Mutant(
        "in a table what is said of all services goes for one that has wildcards of its own",
        TABLE,
        '\n\tnot data.store.patterns[set].services[split(action, ":")[0]]',
        "",
    ),
    Mutant(
        "in a table a pattern that does not match is a prefix",
        TABLES,
        'found = {"false": entries[""], "true": entries["a"]}',
        'found = {"false": entries["a"], "true": entries["a"]}',
    ),
    Mutant(
        "the wildcard of all actions assumes a role",
        TABLE,
        'entry := data.store.rest[set]\n\tnot startswith(action, "sts:")',
        "entry := data.store.rest[set]",
    ),
    Mutant(
        "in a table everybody is trusted",
        TABLE,
        '"index": 0} | trust.admits(listed, asking)]',
        '"index": 0} | listed]',
    ),
    Mutant(
        "in a table the conditions of a trust policy are not read",
        TABLE,
        '[{"effect": "Allow", "principals": listed}] = document.statements',
        "listed := document.statements[0].principals",
    ),
    Mutant(
        "in a table the account of the resource is not the principal's",
        TABLE,
        "parts[3] == account",
        'parts[3] != ""',
    ),
]


def copied(target: Path) -> None:
    """What the tests need, in a folder of its own."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    shutil.copytree(ROOT / "tests", target / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    (target / "tools").mkdir()
    shutil.copy(ROOT / "tools/go.mod", target / "tools/go.mod")


def caught(mutant: Mutant) -> str:
    """What caught the mutant, empty where nothing did."""
    with tempfile.TemporaryDirectory(prefix="ramgate-mutant-") as folder:
        target = Path(folder)
        copied(target)
        path = target / mutant.file
        text = path.read_text()
        if text.count(mutant.text) != 1:
            raise SystemExit(f"{mutant.what}: its text stands not once in {mutant.file}")
        path.write_text(text.replace(mutant.text, mutant.becomes))
        if mutant.file.startswith("rego/"):
            return by_opa_test(target) or by_pytest(target, PROPERTIES)
        own = ("language", "accounts", "tables")
        return by_pytest(target, *own) or by_pytest(target, PROPERTIES)


def by_opa_test(target: Path) -> str:
    command = [str(find_opa()), "test", "--format=json", "rego", "tests/rego/cases_test.rego"]
    done = subprocess.run(
        [*command, str(ROOT / CASES)],
        cwd=target,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode == 0:
        return ""
    try:
        results = json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"a mutant is no Rego: {done.stderr or done.stdout}") from None
    failed = [
        f"{one['package'].removeprefix('data.')}.{one['name']}"
        for one in results
        if one.get("fail")
    ]
    return shown(failed)


def by_pytest(target: Path, *paths: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header"]
    done = subprocess.run(
        [*command, *(f"tests/{path}" for path in paths)],
        cwd=target,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={**os.environ, "PYTHONPATH": str(target / "python"), "OPA": str(find_opa())},
    )
    if done.returncode == 0:
        return ""
    if done.returncode in NOT_RUN:
        raise SystemExit(f"the tests did not run: {done.stdout}{done.stderr}")
    lines = done.stdout.splitlines()
    return shown(
        [line.split()[1] for line in lines if line.startswith(("FAILED", "ERROR"))] or lines[-1:]
    )


def shown(names: list[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def main() -> int:
    """Try each mutant, and print what caught it."""
    survivors = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutant, by in zip(MUTANTS, pool.map(caught, MUTANTS), strict=True):
            survivors += not by
            print(
                f"{'caught  ' if by else 'SURVIVED'}  {mutant.what}  <- {by or mutant.file}",
                flush=True,
            )
    print(f"{len(MUTANTS) - survivors} of {len(MUTANTS)} mutants caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
