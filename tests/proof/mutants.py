"""Deliberate faults, each of which the tests must catch: `make mutants`.

A mutant is one change of one file, in a copy of the project. Mutants of the Rego are run against
`opa test`, and if that passes, against tests in Python that ask a real OPA. Mutants of the Python
are run against the tests of their package; those of language, accounts and tables also against the
property tests, and those of the prover against the shares of `make prove`. `sighted` leaves out the
tests that cannot see the file. At the end, the tests that caught mutants are run on an unchanged
copy: a test that fails there has caught nothing.

The program prints the tests that caught each mutant, and exits with 1 if a mutant survived.
`--only TEXT` runs the mutants whose fault or file contains a text. `--near` leaves out the tests
that take a minute, such as the property tests: a mutant that they alone can catch survives.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import authzen_faults
import comparison_faults
import framework_faults
import middleware_faults
import prover_faults
import service_faults
import sighted
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
CASES = "build/cases/data.json"
SECONDS = 600.0
FAILED = (1, 2)  # pytest's exit codes for a failed test, and for a file that cannot be imported
ENDLESS = " and others do not end"
# The others take longer to be loaded than many a test takes.
PLUGINS = ("-p", "ramgate.pytest_plugin", "-p", "_hypothesis_pytestplugin")
COPIED = (
    "LICENSE",
    "README.md",
    "catalog",
    "deploy",
    "docs",
    "engine",
    "examples",
    "opa-config.yaml",
    "pyproject.toml",
    "python",
    "rego",
    "schemas",
    "tests",
    "tools",
)


class Mutant(NamedTuple):
    """A fault: `text`, which must occur once in `file`, is replaced by `becomes`."""

    fault: str
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
AUTHZ = "rego/system/authz/authz.rego"
SURVEY = "rego/ram/survey/survey.rego"
SOURCES = "rego/ram/source/source.rego"
NEARNESS = "rego/ram/nearness/nearness.rego"
NEAREST = "rego/ram/pattern/pattern.rego"
SHOWN = "rego/ram/shown/shown.rego"
WRITTEN = "rego/ram/written/written.rego"
NEAR_MISS = "rego/ram/near_miss/near_miss.rego"
HINT = "rego/ram/hint/hint.rego"
INVOCATION = "python/ramgate/sidecar/invocation.py"
SETTINGS = "python/ramgate/sidecar/settings.py"
SOCKET_ACCESS = "python/ramgate/sidecar/socket_access.py"
HEALTH = "python/ramgate/sidecar/health.py"
HTTP_SERVER = "python/ramgate/sidecar/http_server.py"
KEEPER = "python/ramgate/sidecar/keeper.py"
PROCESS = "python/ramgate/sidecar/process.py"
BUNDLE_SERVER = "python/ramgate/sidecar/bundle_server.py"
HISTORY = "python/ramgate/bundle/history.py"
CHANGE = "python/ramgate/bundle/change.py"
ENCODED = "python/ramgate/bundle/encoded.py"
SCAN = "python/ramgate/bundle/scan.py"
SOURCE = "python/ramgate/documents/source.py"
STATUS_SERVER = "python/ramgate/sidecar/status_server.py"
WATCH = "python/ramgate/bundle/watch.py"
BELIEVED = "python/ramgate/bundle/believed.py"
BASE = "python/ramgate/client/base.py"
PRINCIPAL = "rego/ram/principal/principal.rego"
ADDRESS = "rego/ram/address/address.rego"
DOCUMENT = "rego/ram/document/document.rego"
VALUES = "python/ramgate/language/condition.py"
TRANSLATE = "python/ramgate/language/translation.py"
RESOURCES = "python/ramgate/language/resource_element.py"
CONDITIONS = "python/ramgate/language/condition_element.py"
KEYS = "python/ramgate/language/keys.py"
PATTERN = "python/ramgate/language/resource_pattern.py"
GRANTS = "python/ramgate/tables/grants.py"
ACCOUNTS = "python/ramgate/accounts/account.py"
POLICIES = "python/ramgate/accounts/policies.py"
STORED = "python/ramgate/accounts/stored.py"
NAMED_FILES = "python/ramgate/accounts/named_files.py"
PART = "python/ramgate/accounts/part.py"
SYSTEM_POLICIES = "python/ramgate/accounts/system_policies.py"
CLAUSES = "python/ramgate/tables/clauses.py"
ENTRIES = "python/ramgate/tables/entries.py"
SETS = "python/ramgate/tables/sets.py"
TABLES = "python/ramgate/tables/tables.py"
TABLE = "rego/ram/table/table.rego"
ENTRY = "rego/ram/entry/entry.rego"
LINE = "rego/ram/line/line.rego"
CONSENT = "rego/ram/consent/consent.rego"
KEY_CONSTANTS = "rego/ram/condition_keys/condition_keys.rego"
TRUSTS = "python/ramgate/tables/trusts.py"
INDEXES = "python/ramgate/tables/indexes.py"
HOLDINGS = "python/ramgate/tables/holdings.py"
WRITE = "python/ramgate/documents/atomic_write.py"
DESCRIPTORS = "python/ramgate/documents/descriptors.py"
ATTRIBUTES = "python/ramgate/documents/attributes.py"
IMPORTS = "python/ramgate/imports"
ALICLOUD = f"{IMPORTS}/alicloud"
TERRAFORM = f"{IMPORTS}/terraform"
INSTALL = "python/ramgate/opa/install.py"
DOWNLOAD = "python/ramgate/opa/download.py"
CHECKSUMS = "python/ramgate/opa/checksums.py"

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
        "\tsome element in elements\n\tnot is_readable",
        "\tsome element in elements\n\tis_readable",
    ),
    Mutant(
        "the quantifier `every` is read as `some`",
        CONDITION,
        '\tcondition.quantifier == "every"\n\tevery value in values {\n'
        "\t\t_holds_of(condition, value, listed)\n\t}",
        '\tcondition.quantifier == "every"\n\tsome value in values\n'
        "\t_holds_of(condition, value, listed)",
    ),
    Mutant(
        "an `IgnoreCase` operator compares with case",
        CONDITION,
        "lower(one) == folded",
        "one == value",
    ),
    Mutant(
        "`acs:PrincipalARN` of a role is compared with case (3.4)",
        CONDITION,
        'question.principal.kind == "role"',
        'question.principal.kind == "user"',
    ),
    Mutant(
        "`NumericLessThanEquals` compares like `NumericLessThan`",
        CONDITION,
        '"NumericLessThanEquals"\n\tsome one in listed\n\tnot number.is_less(one, value)',
        '"NumericLessThanEquals"\n\tsome one in listed\n\tnumber.is_less(value, one)',
    ),
    Mutant(
        "`DateGreaterThan` holds for equal dates",
        CONDITION,
        "\tvalue > one",
        "\tvalue >= one",
    ),
    Mutant(
        "`StringEquals` does not compare a boolean as `true` or `false`",
        CONDITION,
        "else := json.marshal(element) if is_boolean(element)",
        'else := "boolean" if is_boolean(element)',
    ),
    Mutant(
        "trailing zeros change a number",
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
    Mutant(
        "a block is a valid address of a request",
        ADDRESS,
        "`^[0-9A-Fa-f:.]+$`",
        "`^[0-9A-Fa-f:./]+$`",
    ),
    Mutant(
        "a date after 2261 is valid",
        "rego/ram/date/date.rego",
        "22[0-5][0-9]|226[01]",
        "22[0-9][0-9]",
    ),
    Mutant(
        "a wildcard in a resource pattern stops at `/`",
        RESOURCE,
        'glob.match(pattern, [":"], text)',
        'glob.match(pattern, [":", "/"], text)',
    ),
    Mutant(
        "a wildcard in a field of a resource matches a `:` (3.1)",
        RESOURCE,
        'glob.match(pattern, [":"], text)',
        "glob.match(pattern, null, text)",
    ),
    Mutant(
        "a resource with several `*` in a field is compared with case (3.4)",
        RESOURCE,
        "_matches_fields([lower(one) | some one in globs], text)",
        "_matches_fields(globs, text)",
    ),
    Mutant(
        "a role's ARN is compared with case on one side (3.4)",
        RESOURCE,
        "\tlower(one) == text",
        "\tone == text",
    ),
    Mutant(
        "a prefix matches anywhere in a resource",
        RESOURCE,
        "startswith(text, prefix)",
        "contains(text, prefix)",
    ),
    Mutant(
        "a resource of the account `system` belongs to another account (5.7)",
        RESOURCE,
        '"*": own, "system": own}',
        '"*": own}',
    ),
    Mutant(
        "a region `*` of a request is not an empty one (3.5)",
        RESOURCE,
        'object.get({"*": ""}, region, region)',
        "region",
    ),
    Mutant(
        "an account `*` of a request is not the caller's (3.5)",
        RESOURCE,
        'account in {"", "*"}',
        'account == ""',
    ),
    Mutant(
        "an empty account of a request is not the caller's (3.5)",
        RESOURCE,
        'account in {"", "*"}',
        'account == "*"',
    ),
    Mutant(
        "an empty account of an Allow never matches (3.5)",
        RESOURCE,
        '\tstatement.effect == "Allow"\n\t_matches(_without',
        '\tstatement.effect == "Deny"\n\t_matches(_without',
    ),
    Mutant(
        "a Deny is compared with a resource without its account (3.5)",
        RESOURCE,
        '\tstatement.effect == "Allow"\n\t_matches(',
        "\t_matches(",
    ),
    Mutant(
        "the account of a federated principal completes a resource (3.5)",
        REQUEST,
        '"" if caller.kind == "federated"',
        '"" if caller.kind == "none"',
    ),
    Mutant(
        "a table takes a service with an account of any length",
        CONSENT,
        "([0-9]{16}@)?",
        "([0-9]+@)?",
    ),
    Mutant(
        "a table decides by a value that is too long",
        TABLE,
        "\t{found.key: value} = context\n\tcount(value) <= 2048\n}",
        "\t{found.key: value} = context\n}",
    ),
    Mutant(
        "a table decides with a condition key that is too long",
        KEY_CONSTANTS,
        "\tcount(others) <= 256\n",
        "",
    ),
    Mutant(
        "a table decides with too many condition keys",
        KEY_CONSTANTS,
        "of one of RAM's\n\tcount(keys) <= 50\n",
        "of one of RAM's\n",
    ),
    Mutant(
        "a table decides with a key in another spelling beside one that RAM does not name",
        KEY_CONSTANTS,
        "\tcondition.are_spelled(keys)\n",
        "",
    ),
    Mutant(
        "a table takes the resource group from a context for a key like any other",
        KEY_CONSTANTS,
        '\tnot "acs:ResourceGroupId" in keys\n',
        "",
    ),
    Mutant(
        "a table decides on a service whose name is too long",
        CONSENT,
        "\tcount(principal) <= 2048\n",
        "",
    ),
    Mutant(
        "in a table an absent key satisfies a negated operator in an Allow (4.5)",
        CLAUSES,
        'return [(match,), (Expectation(readable, holds=True),)] if one["negated"] else [(match,)]',
        "return [(match,)]",
    ),
    Mutant(
        "a table decides without the policies of the resource group in the request",
        ENTRIES,
        "    if key == GROUP or any(",
        "    if any(",
    ),
    Mutant(
        "the tables ignore the resource group of a request",
        KEY_CONSTANTS,
        '\t\t"acs:MFAPresent",\n',
        '\t\t"acs:MFAPresent",\n\t\t"acs:ResourceGroupId",\n',
    ),
    Mutant(
        "a table decides with a key in another spelling",
        KEY_CONSTANTS,
        "\t) == false\n",
        "\t) in {true, false}\n",
    ),
    Mutant(
        "a table allows an action on every resource",
        ENTRY,
        "\trequest.resource == resource\n",
        "",
    ),
    Mutant(
        "in a table a test that fails is answered like one that holds",
        SETS,
        'by_result = {"false": entries["0"], "true": entries["1"]}',
        'by_result = {"false": entries["1"], "true": entries["1"]}',
    ),
    Mutant(
        "in a table the wildcard of all actions allows `sts:AssumeRole`",
        LINE,
        'name := data.store.rest[set]\n\tnot startswith(action, "sts:")',
        "name := data.store.rest[set]",
    ),
    Mutant(
        "in a table a trust policy admits every principal of an account that it names",
        TRUSTS,
        'listed = {name, _OF_ACCOUNT.sub(r"\\1root", name)}',
        'listed = {name, _OF_ACCOUNT.sub(r"\\1root", name), *about[0]["principals"]}',
    ),
    Mutant(
        "in a table the conditions of a trust policy are ignored",
        TRUSTS,
        ' or "conditions" in one',
        "",
    ),
    Mutant(
        "in a table a Deny of a trust policy is ignored",
        TRUSTS,
        'one["effect"] == "Deny" or ',
        "",
    ),
    Mutant(
        "in a table a role is assumed without the policies of the caller",
        CONSENT,
        '\tentry.decision(name, {"resource": resource}).allow\n',
        '\tentry.decision(name, {"resource": resource})\n',
    ),
    Mutant(
        "a table allows a resource of another account",
        TABLE,
        "\tdecision.allow == false\n",
        "",
    ),
    Mutant(
        "a table decides about another account without its control policies (5.4)",
        TABLE,
        "\tnot data.store.directory.levels\n",
        "",
    ),
    Mutant(
        "in a table a statement about one's own account matches the account `system` (3.5)",
        TABLE,
        'object.get({"": own, "*": own}, account, account)',
        'object.get({"": own, "*": own, "system": own}, account, account)',
    ),
    Mutant(
        "a table ignores an Allow for a request that states no account (3.5)",
        TABLE,
        "\tnot data.store.entries[name].needs_account\n",
        "",
    ),
    Mutant(
        "in a table a list is compared by elements where the condition asks for each",
        CLAUSES,
        'return bool(one["negated"] is (one["quantifier"] == "every"))',
        "return True",
    ),
    Mutant(
        "in a table an address may have a prefix length",
        ENTRY,
        "\tregex.match(`^[0-9A-Fa-f:.]+$`, value)\n",
        "",
    ),
    Mutant(
        "in a table a time that the request gives is ignored",
        ENTRY,
        "\t_is_in(date.parse(text), spans)\n",
        "\t_is_in(time.now_ns(), spans)\n",
    ),
    Mutant(
        "in a table the span of `DateLessThan` has its end",
        CLAUSES,
        '"DateLessThan": (_FIRST, instant - 1)',
        '"DateLessThan": (_FIRST, instant)',
    ),
    Mutant(
        "in a table an unreadable value does not count against the caller (4.6)",
        CLAUSES,
        "counts_against: Clause = (match, Expectation(readable, holds=False))",
        "counts_against: Clause = (match,)",
    ),
    Mutant(
        "an index takes a shorter beginning",
        INDEXES,
        "ordered = sorted(keys, key=lambda key: (-len(key), key))",
        "ordered = sorted(keys)",
    ),
    Mutant(
        "an index leaves out patterns with a shorter beginning",
        INDEXES,
        "starts = [key[:length] for length in range(len(key) + 1)]",
        "starts = [key]",
    ),
    Mutant(
        "an index reads a wildcard across fields as one of the relative id",
        INDEXES,
        'r"[^:]*$)" if needs_five else ")"',
        '")" if needs_five else ")"',
    ),
    Mutant(
        "an index decides about a role by a pattern in its own case (3.4)",
        SETS,
        "entries[part.key] = self._put(entry(part.layers, left, most))",
        "entries[part.key] = self._put(entry(part.layers, [], most))",
    ),
    Mutant(
        "a table compares a role with patterns in their own case (3.4)",
        SETS,
        "of_roles = entry(self._layers(about, is_assuming=True), [], most)",
        "of_roles = entry(self._layers(about, is_assuming=False), [], most)",
    ),
    Mutant(
        "a table knows a role in lower case alone",
        HOLDINGS,
        'dict.fromkeys((role["name"], folded))',
        "dict.fromkeys((folded,))",
    ),
    Mutant(
        "a service may have an account of any length",
        PRINCIPAL,
        "([0-9]{16}@)?",
        "([0-9]+@)?",
    ),
    Mutant(
        "the key of a tag may have any case in a context",
        CONDITION,
        "spellings[lower(start)] != start",
        'start == ""',
    ),
    Mutant(
        "the key of a tag may have any case in a policy",
        KEYS,
        "if slash and of_tags:",
        "if not slash and of_tags:",
    ),
    Mutant(
        "a Deny is compared as a whole text only (3.1, 3.5)",
        PATTERN,
        "return [*wholes, *by_fields]",
        "return [crossing(glob(text))]",
    ),
    Mutant(
        "a Deny is compared by fields only (3.1)",
        PATTERN,
        "if by_fields and includes_whole else",
        "if by_fields else",
    ),
    Mutant(
        "a Deny on a region misses a request that states none (3.5)",
        PATTERN,
        ')},,[*]}}"',
        ')}}}"',
    ),
    Mutant(
        "an empty region of a Deny matches only a region that is not stated (3.5)",
        PATTERN,
        'if not region.strip("*"):\n        globs',
        'if region and not region.strip("*"):\n        globs',
    ),
    Mutant(
        "a Deny with an empty account misses a region that is stated (3.5)",
        PATTERN,
        "if account and not is_alone:",
        "if not is_alone:",
    ),
    Mutant(
        "an empty account of a Deny matches nothing (3.5)",
        PATTERN,
        "if not account:",
        "if account is None:",
    ),
    Mutant(
        "an Allow that is cut short covers the fields behind it without a `*` (3.1)",
        PATTERN,
        'if text.endswith("*") else _field(text)',
        "if text else _field(text)",
    ),
    Mutant(
        "a wildcard in a field leaves its field (3.1)",
        PATTERN,
        '_STARS.sub("*", glob(text))',
        '_STARS.sub("**", glob(text))',
    ),
    Mutant(
        "in a relative id `?` does not match a `:` (3.1)",
        PATTERN,
        '.replace("?", ANY_CHARACTER)',
        "",
    ),
    Mutant(
        "in a table an empty region of an Allow does not match `*` (3.5)",
        CLAUSES,
        '"{,[*]}"',
        '""',
    ),
    Mutant(
        "in a table a region `?` of an Allow matches `*` (3.5)",
        CLAUSES,
        'region.count("?") == 1',
        'region.count("?") > 9',
    ),
    Mutant(
        "a table decides on a Deny that may match a region that is not stated (3.5)",
        CLAUSES,
        '("::" in pattern or ANY_CHARACTER in pattern)',
        "ANY_CHARACTER in pattern",
    ),
    Mutant(
        "a literal without a region is a plain grant (3.5)",
        GRANTS,
        "and region and account",
        "and account",
    ),
    Mutant(
        "a literal without an account is a plain grant (3.5)",
        GRANTS,
        "and region and account",
        "and region",
    ),
    Mutant(
        "actions are compared with case (2.1)",
        REQUEST,
        '"action": lower(operation)',
        '"action": operation',
    ),
    Mutant(
        "`NotAction` applies to the actions that it lists (2.2)",
        ACTION,
        "\t\tnot _is_excepted(data.store.",
        "\t\t_is_excepted(data.store.",
    ),
    Mutant(
        "action patterns with a wildcard in the service are ignored",
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
        "a translated document of another format is evaluated",
        LAYER,
        "every id in ids {\n\t\tdata.store.policies[id].format == 2",
        "every id in ids {\n\t\tdata.store.policies[id].format > 0",
    ),
    Mutant(
        "a document of another format is evaluated beside an unreadable one",
        LAYER,
        "every id in readable {\n\t\tdata.store.policies[id].format == 2",
        "every id in readable {\n\t\tdata.store.policies[id].format > 0",
    ),
    Mutant(
        "an unreadable document counts as none (5.9)",
        LAYER,
        '} else := {"effect": "Unreadable", "statements": []}',
        "} else := _verdict(matches(readable, question))",
    ),
    Mutant(
        "a Deny beside an unreadable document does not decide (5.9)",
        LAYER,
        'verdict.effect == "ExplicitDeny"',
        'verdict.effect == "Nothing"',
    ),
    Mutant(
        "an unreadable document denies explicitly (5.9)",
        LAYER,
        "some id in ids; not data.store.policies[id].unreadable",
        "some id in ids",
    ),
    Mutant(
        "the resource group is asked after an unreadable policy of the account (5.9)",
        IDENTITY,
        'verdict.effect != "ImplicitDeny"',
        'not verdict.effect in {"ImplicitDeny", "Unreadable"}',
    ),
    Mutant(
        "the trust policy is asked after an unreadable identity policy (5.9)",
        ASSUME,
        'by_identity.reason == "policy_unreadable"',
        'by_identity.reason == "nothing"',
    ),
    Mutant(
        "a service-linked role's document in the accounts is not read (5.6)",
        IDENTITY,
        "\tpolicy_ids(question.principal) == []\n",
        "",
    ),
    Mutant(
        "the last denying level of control policies decides, not the first",
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
        "control policies apply to service-linked roles",
        CONTROL,
        "_is_exempt(question) if identity.is_service_linked(question.principal)",
        '_is_exempt(question) if question.principal.kind == "nobody"',
    ),
    Mutant(
        "a session policy without a matching Allow does not deny (5.5)",
        EVALUATION,
        'question).effect != "Allow"',
        'question).effect == "ExplicitDeny"',
    ),
    Mutant(
        "an Allow extends to a resource of another account (5.7)",
        EVALUATION,
        "\tnot assume.applies(question)\n\tquestion.account == question.principal.account",
        "\tnot assume.applies(question)\n\tquestion.account",
    ),
    Mutant(
        "an account owner is allowed everything in every account (5.3)",
        EVALUATION,
        "answer.owner if {\n\tquestion.account == question.principal.account",
        "answer.owner if {\n\tquestion.account",
    ),
    Mutant(
        "an account owner can assume a role (5.3)",
        EVALUATION,
        "can never assume a role\n\tassume.applies(question)",
        "can never assume a role\n\tassume.applies(question)\n\tfalse",
    ),
    Mutant(
        "the policies of a resource group are evaluated after an Allow (5.6)",
        IDENTITY,
        'verdict.effect != "ImplicitDeny"',
        'verdict.effect == "ExplicitDeny"',
    ),
    Mutant(
        "a value that is not a string names a resource group (5.6)",
        IDENTITY,
        'is_string(question.context["acs:ResourceGroupId"])',
        'question.context["acs:ResourceGroupId"] != null',
    ),
    Mutant(
        "a Deny in a trust policy does not override the identity policies (5.8)",
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
    Mutant("trust in an account admits its owner", TRUST, '\tprincipal.kind != "owner"\n', ""),
    Mutant(
        "trust in an account does not admit its users and roles",
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
        "null is a valid value in a context",
        REQUEST,
        '{"string", "number", "boolean"}',
        '{"string", "number", "boolean", "null"}',
    ),
    Mutant(
        "an unknown field of a request is ignored",
        REQUEST,
        "= _fields(request)",
        '= _fields(object.filter(request, {"principal", "action", "resource", "context"}))',
    ),
    Mutant(
        "a request may set `acs:PrincipalARN` to another principal",
        REQUEST,
        '\tobject.get(context, "acs:PrincipalARN", arn) == arn',
        '\tobject.get(context, "acs:PrincipalARN", arn) != 5',
    ),
    Mutant(
        "an OPA without the list of condition keys reads a context",
        CONDITION,
        '\tspellings["acs:principalarn"] == "acs:PrincipalARN"\n',
        "",
    ),
    Mutant(
        "the number of requests in a batch is not limited",
        REQUEST,
        "\tcount(value.requests) <= limit.requests\n",
        "",
    ),
    Mutant(
        "the number of keys in a context is not limited",
        REQUEST,
        "\tcount(context) <= limit.keys\n",
        "",
    ),
    Mutant(
        "the lengths of principal, action and resource are not limited",
        REQUEST,
        "\tlimit.are_short([text, operation, target])\n",
        "",
    ),
    Mutant(
        "the length of a condition key is not limited",
        REQUEST,
        "\tlimit.has_short_keys(context)\n",
        "",
    ),
    Mutant(
        "the length of a value is not limited",
        REQUEST,
        "\tlimit.is_short(value)\n",
        "",
    ),
    Mutant(
        "the number of elements in a list is not limited",
        REQUEST,
        "\tcount(limit.list(value)) <= limit.elements\n",
        "",
    ),
    Mutant(
        "the number of elements in a context is not limited",
        REQUEST,
        "\tcount(texts) <= limit.all_elements\n",
        "",
    ),
    Mutant(
        "the length of all values together is not limited",
        REQUEST,
        '\tcount(concat("", texts)) <= limit.all_values\n',
        "",
    ),
    Mutant(
        "the number of session policies is not limited",
        REQUEST,
        "\tcount(documents) <= limit.session_policies\n",
        "",
    ),
    Mutant(
        "the length of all documents of a simulation is not limited",
        REQUEST,
        "\tlimit.size(policies) <= limit.all_policies\n",
        "",
    ),
    Mutant(
        "products of conditions and context are not limited for session policies",
        REQUEST,
        "\tare_affordable(documents, context, [operation, target])\n",
        "",
    ),
    Mutant(
        "a document in a request may contain an unescaped pattern",
        DOCUMENT,
        r"`^([^\\\[\]{}]|\\[\\\[\]{}])*$`",
        "`^.*$`",
    ),
    Mutant(
        "the special characters of globs are not escaped (3.3)",
        VALUES,
        r"""return _LIVE_IN_GLOB.sub(r"\\\g<0>", pattern)""",
        "return pattern",
    ),
    Mutant(
        "the time zone offset of a date is added, not subtracted",
        VALUES,
        "else -offset",
        "else offset",
    ),
    Mutant(
        "leading zeros of a number change its exponent",
        VALUES,
        "len(significant) - len(fraction)",
        "len(whole)",
    ),
    Mutant(
        "an IPv4-mapped address is compared as an IPv6 address",
        VALUES,
        'return None if match[2] else f"{mapped}/32"',
        "return str(network)",
    ),
    Mutant(
        "action patterns keep their case",
        TRANSLATE,
        "return text.lower(), grammar.ACTION_PATTERN",
        "return text, grammar.ACTION_PATTERN",
    ),
    Mutant(
        "one element is enough to satisfy a negated operator (4.3)",
        CONDITIONS,
        '"every" if operator.negated else "some"',
        '"some" if operator.negated else "every"',
    ),
    Mutant(
        "the resource pattern `a?*` is read as the prefix `a?`",
        RESOURCES,
        "is_prefix = has_wildcard and not grammar.WILDCARD.search(start)",
        'is_prefix = text.endswith("*")',
    ),
    Mutant(
        "an unknown operator is ignored",
        CONDITIONS,
        'place.fault(f"unknown operator {describe(name)}")',
        'place.advise(f"unknown operator {describe(name)}")',
    ),
    Mutant(
        "users do not get the policies of their groups",
        ACCOUNTS,
        "_scopes([*own, *itertools.chain(*groups.values())])",
        "_scopes(own)",
    ),
    Mutant(
        "an attachment in a resource group applies to the whole account",
        ACCOUNTS,
        "yield policy, group",
        'yield policy, ""',
    ),
    Mutant(
        "an unreadable document becomes one without statements (5.9)",
        STORED,
        'return {"unreadable": texts.get("unreadable")}',
        'return {"format": 2, "kind": "identity", "statements": [], "actions": {}, '
        '"wildcards": {}, "service_wildcards": {}, "not_actions": []}',
    ),
    Mutant(
        "a name in an accounts file leads out of the folder",
        NAMED_FILES,
        'if name.startswith("."):',
        'if name.startswith(".") and name != "..":',
    ),
    Mutant(
        "an absolute path in an accounts file is read",
        NAMED_FILES,
        'if path.startswith("/"):',
        "if False:",
    ),
    Mutant(
        "a changed file that accounts name is not read again",
        PART,
        "others.file(path).digest == one.digest for path, one in self.named.items()",
        "True for _ in self.named",
    ),
    Mutant(
        "a fault in a file that accounts name is lost",
        STORED,
        "Named(file.digest, kept)",
        "Named(file.digest, Findings())",
    ),
    Mutant(
        "`type: System` attaches a custom policy of that name",
        POLICIES,
        "own = None if kind == _SYSTEM else self._ids.get(name)",
        "own = self._ids.get(name)",
    ),
    Mutant(
        "a system policy stands before a custom one of its name",
        POLICIES,
        "found = own or (None if kind == _CUSTOM else self._system.id_of(name))",
        "found = (None if kind == _CUSTOM else self._system.id_of(name)) or own",
    ),
    Mutant(
        "the system policies of two files mix",
        SYSTEM_POLICIES,
        'f"system-{digest}/{name}"',
        'f"system-0/{name}"',
    ),
    Mutant(
        "a system policy of the catalog stands before that of the file",
        SYSTEM_POLICIES,
        'self._ids[name] = f"system-{digest}/{name}"',
        'self._ids.setdefault(name, f"system-{digest}/{name}")',
    ),
    Mutant(
        "a table shows a statement of two policies of one name twice",
        ENTRIES,
        "sorted({*deciding})",
        "sorted(deciding)",
    ),
    Mutant(
        "the tables ignore control policies",
        TABLES,
        'levels = store["directory"]["levels"].get(number, [])',
        "levels = []",
    ),
    Mutant(
        "in a table an Allow beats a Deny",
        ENTRIES,
        'effect = "ExplicitDeny" if matching["Deny"] else "Allow" if deciding else "ImplicitDeny"',
        'effect = "Allow" if matching["Allow"] else "ExplicitDeny" if deciding else "ImplicitDeny"',
    ),
    Mutant(
        "in a table the policies of a resource group are evaluated after a Deny (5.6)",
        ENTRIES,
        'OWN: "ImplicitDeny"',
        'OWN: "ExplicitDeny"',
    ),
    Mutant(
        "in a table a role's resource is compared with case (3.4)",
        CLAUSES,
        "if is_assuming:",
        "if not is_assuming:",
    ),
    Mutant(
        "in a table an action pattern with a wildcard allows `sts:AssumeRole`",
        SETS,
        "by_service | _NO_STS",
        "by_service",
    ),
    Mutant(
        "in a table the entry of all services replaces a service's own wildcards",
        LINE,
        '\n\tnot data.store.patterns[set].services[split(action, ":")[0]]',
        "",
    ),
    Mutant(
        "a device, a pipe or a socket is replaced by a file",
        WRITE,
        "if kind != stat.S_IFREG:",
        "if kind == stat.S_IFDIR:",
    ),
    Mutant(
        "a file with several hard links is replaced",
        WRITE,
        "if found.st_nlink > 1:",
        "if found.st_nlink > 2:",
    ),
    Mutant(
        "a symbolic link is replaced",
        WRITE,
        "target = Path(os.path.realpath(path))",
        "target = path.absolute()",
    ),
    Mutant(
        "a file loses its owner",
        ATTRIBUTES,
        "os.fchown(new, kept.st_uid, kept.st_gid)",
        "os.fchown(new, kept.st_uid, -1)",
    ),
    Mutant(
        "a private file is opened to all",
        ATTRIBUTES,
        "os.fchmod(new, stat.S_IMODE(kept.st_mode))",
        "os.fchmod(new, 0o644)",
    ),
    Mutant(
        "a file loses its access control list",
        ATTRIBUTES,
        "if acl != _acl(new):",
        "if acl is None and acl != _acl(new):",
    ),
    Mutant(
        "a change by another process is overwritten",
        WRITE,
        "if _look(target, old, replaces) != before:",
        "if False:",
    ),
    Mutant(
        "two processes write a file at the same time",
        DESCRIPTORS,
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
    ),
    Mutant(
        "a new file replaces one that came meanwhile",
        WRITE,
        "os.link(temporary, target)",
        "temporary.replace(target)",
    ),
    Mutant(
        "a file is renamed before it is on the disk",
        WRITE,
        "            os.fsync(file.fileno())\n",
        "",
    ),
    Mutant(
        "an import attaches a custom policy for the system policy of its name",
        f"{IMPORTS}/policies.py",
        "if is_system and name in self._custom:",
        "if False:",
    ),
    Mutant(
        "an import takes a policy of the account for a group that was not read",
        f"{IMPORTS}/policies.py",
        "if name in self._custom and self._custom[name].missing != reason:",
        "if False:",
    ),
    Mutant(
        "an import writes policies whose names differ in case to one file",
        f"{IMPORTS}/policies.py",
        "name if len(same) == 1 else",
        "name if same else",
    ),
    Mutant(
        "an import takes a trust policy for a policy to attach",
        f"{IMPORTS}/stored_document.py",
        'if translated["kind"] != kind:',
        "if False:",
    ),
    Mutant(
        "an import writes names that YAML reads as booleans without quotes",
        f"{IMPORTS}/yaml_file.py",
        " and text.lower() not in _RESERVED",
        "",
    ),
    Mutant(
        "an import overwrites a file that it did not make",
        f"{IMPORTS}/plan.py",
        "wanted.keys() & present.keys() - known",
        "known - known",
    ),
    Mutant(
        "an import writes through a link",
        f"{IMPORTS}/plan.py",
        "stat.S_ISREG(file.lstat().st_mode)",
        "stat.S_ISREG(file.stat().st_mode)",
    ),
    Mutant(
        "a manifest leads out of its folder",
        f"{IMPORTS}/manifest.py",
        "if form is None or not form.fullmatch(file):",
        "if form is None:",
    ),
    Mutant(
        "an import that is killed leaves half of its policies",
        f"{IMPORTS}/commit.py",
        "[] if is_one_step else changes.touched",
        "[]",
    ),
    Mutant(
        "the files of an interrupted import are not known to the next one",
        f"{IMPORTS}/plan.py",
        "manifest.to_json({**before, **both})",
        "manifest.to_json(before)",
    ),
    Mutant(
        "two imports write into a folder at the same time",
        f"{IMPORTS}/commit.py",
        "            lock(descriptor)\n",
        "            pass\n",
    ),
    Mutant(
        "an import overwrites a change that was made meanwhile",
        f"{IMPORTS}/commit.py",
        "if plan.make(folder, files) != changes:",
        "if False:",
    ),
    Mutant(
        "a list that changed while it was read passes for complete",
        f"{ALICLOUD}/pages.py",
        "if len(found) != total or len(set(found)) != total:",
        "if len(found) < 0:",
    ),
    Mutant(
        "a list with a repeated marker passes for complete",
        f"{ALICLOUD}/pages.py",
        "        if marker in seen:\n",
        "        if marker in seen:\n            return found\n        if False:\n",
    ),
    Mutant(
        "a group whose members may not be read limits nobody",
        f"{ALICLOUD}/account.py",
        "[*kept(held.users.of(name)), *unread.attachments]",
        "kept(held.users.of(name))",
    ),
    Mutant(
        "the stand-in of a group limits users of the whole account alone",
        f"{ALICLOUD}/account.py",
        'Attachment(name, "Custom", scope) for scope in scopes',
        'Attachment(name, "Custom", "") for scope in scopes',
    ),
    Mutant(
        "a policy that may not be read is left out",
        f"{ALICLOUD}/entities.py",
        "            documents[policy] = Document(missing=str(outcome))\n        elif not",
        "            pass\n        elif not",
    ),
    Mutant(
        "a trust policy that may not be read is an empty text",
        f"{ALICLOUD}/entities.py",
        "trusts[role] = Document(missing=str(outcome))",
        "trusts[role] = Document()",
    ),
    Mutant(
        "a control policy whose targets may not be read limits nobody",
        f"{ALICLOUD}/control_policies.py",
        'result.unread.append(f"{outcome}: the targets of `{name}`")',
        "pass",
    ),
    Mutant(
        "control policies that may not be listed limit nobody",
        f"{ALICLOUD}/directory.py",
        "policies.targets.setdefault(tree.id, []).append(UNREAD)",
        "pass",
    ),
    Mutant(
        "an account that no folder lists is limited by nothing",
        f"{ALICLOUD}/directory.py",
        "if account not in {outcome.master_account_id, *_accounts(tree)}:",
        "if False:",
    ),
    Mutant(
        "an account in a folder that may not be listed is limited by nothing",
        f"{ALICLOUD}/directory.py",
        "        tree.accounts = [*tree.accounts, *sorted(lost)]\n",
        "",
    ),
    Mutant(
        "accounts that may not be listed leave the root open",
        f"{ALICLOUD}/directory.py",
        "    policies.unread.extend(unread)\n",
        "",
    ),
    Mutant(
        "an account that moved while the folders were read is in both",
        f"{ALICLOUD}/tree.py",
        "if len({*ids}) < len(ids) or not seen.isdisjoint(ids):",
        "if len({*ids}) < len(ids):",
    ),
    Mutant(
        "the reason why an AccessKey is refused is not told",
        f"{ALICLOUD}/failures.py",
        "    for start, text in _FINAL:\n",
        "    for start, text in _FINAL if status != 404 else ():\n",
    ),
    Mutant(
        "an import goes on without the calls that never succeeded",
        f"{ALICLOUD}/caller.py",
        "            raise CloudError(text) from error\n",
        "            return {}\n",
    ),
    Mutant(
        "the policy of an import allows one action too many",
        f"{ALICLOUD}/calls.py",
        "sorted({action for call",
        'sorted({"ram:ListAccessKeys"} | {action for call',
    ),
    Mutant(
        "a strict import goes on after a refusal",
        f"{ALICLOUD}/notices.py",
        "        if self._strict:\n",
        "        if False:\n",
    ),
    Mutant(
        "a Deny of a principal that Terraform does not know limits nobody",
        f"{TERRAFORM}/attachments.py",
        "if self._may_deny(attachment):",
        "if False:",
    ),
    Mutant(
        "a Deny of a group with a member that Terraform does not know limits nobody",
        f"{TERRAFORM}/attachments.py",
        "if any(one is None or any(map(self._may_deny, one)) for one in held):",
        "if False:",
    ),
    Mutant(
        "an instance is taken by its key from a resource with other instances",
        f"{TERRAFORM}/references.py",
        " or group.keys() != scope.keys",
        "",
    ),
    Mutant(
        "a policy has the document that a plan repeats in the other attribute",
        f"{TERRAFORM}/references.py",
        "values = changed or values",
        "values = dict(list(values.items())[:1])",
    ),
    Mutant(
        "a policy has the document of another one that its expression names",
        f"{TERRAFORM}/references.py",
        ' or meaning == "document"',
        "",
    ),
    Mutant(
        "two things have one name because the expression of one names the other",
        f"{TERRAFORM}/references.py",
        "not (is_own or meaning",
        "not (meaning",
    ),
    Mutant(
        "member accounts are allowed what FullAliyunAccess allows without anyone saying so",
        f"{TERRAFORM}/directory.py",
        "elif reader.accounts and not all(",
        "elif False and not all(",
    ),
    Mutant(
        "a principal that is not in a Terraform file has no other policies",
        f"{TERRAFORM}/world.py",
        "closes_others: bool = True",
        "closes_others: bool = False",
    ),
    Mutant(
        "the resources of two accounts are one account's",
        f"{TERRAFORM}/number.py",
        "if len(found) > 1:",
        "if False:",
    ),
    Mutant(
        "a statement without an effect allows only",
        f"{TERRAFORM}/documents.py",
        'one.get("Effect") == "Allow"',
        'one.get("Effect") != "Deny"',
    ),
    Mutant(
        "a plan that failed is read",
        f"{TERRAFORM}/content.py",
        'if value.get("errored") is True:',
        "if False:",
    ),
    Mutant(
        "a resource that only leaves the state is gone after a plan",
        f"{TERRAFORM}/content.py",
        '["forget"] and address in before',
        "[] and address in before",
    ),
    Mutant(
        "a pinned checksum is not compared",
        DOWNLOAD,
        "expected = checksum or _published_checksum(opener, url)",
        "expected = _published_checksum(opener, url)",
    ),
    Mutant(
        "a download that differs from its checksum is used",
        DOWNLOAD,
        "if digest.hexdigest() != expected:",
        "if not digest.hexdigest():",
    ),
    Mutant(
        "a required checksum is not required",
        INSTALL,
        "requires_pin = require_checksum or _checksum(system, architecture) is not None",
        "requires_pin = _checksum(system, architecture) is not None",
    ),
    Mutant(
        "a download on TLS alone passes for a pinned one",
        INSTALL,
        "            target = unpinned\n",
        "            pass\n",
    ),
    Mutant(
        "an earlier download on TLS alone stays in use after it is pinned",
        INSTALL,
        "if is_unpinned and (require_checksum or _checksum(*_host()) is not None):",
        "if is_unpinned and require_checksum:",
    ),
    Mutant(
        "a damaged line of checksums is skipped",
        CHECKSUMS,
        "        if entry is None:\n",
        "        if entry is None:\n            continue\n        if False:\n",
    ),
    Mutant(
        "a caller without the token has access",
        AUTHZ,
        "\tcrypto.sha256(input.identity) == _env.RAMGATE_TOKEN_SHA256\n",
        "\tcrypto.sha256(input.identity)\n",
    ),
    Mutant(
        "a token is enough, whatever access is stated",
        AUTHZ,
        '\t_env.RAMGATE_ACCESS == "token"\n',
        "",
    ),
    Mutant(
        "access that is not stated is loopback",
        AUTHZ,
        '_env.RAMGATE_ACCESS == "loopback"',
        'object.get(_env, "RAMGATE_ACCESS", "loopback") == "loopback"',
    ),
    Mutant(
        "any statement of access is loopback",
        AUTHZ,
        '_env.RAMGATE_ACCESS == "loopback"',
        "_env.RAMGATE_ACCESS",
    ),
    Mutant(
        "loopback has access beside the hash of a token",
        AUTHZ,
        "\tnot _env.RAMGATE_TOKEN_SHA256\n",
        "",
    ),
    Mutant(
        "access needs no token and no loopback",
        AUTHZ,
        "\t_has_access\n}\n",
        "}\n",
    ),
    Mutant(
        "a web page is answered",
        AUTHZ,
        "\t_is_from_a_program\n\t_has_access",
        "\t_has_access",
    ),
    Mutant(
        "`Origin` is not looked at",
        AUTHZ,
        "\tnot input.headers.Origin\n",
        "",
    ),
    Mutant(
        "`Sec-Fetch-Site` is not looked at",
        AUTHZ,
        '\tnot input.headers["Sec-Fetch-Site"]\n',
        "",
    ),
    Mutant(
        "a request without known headers is from a program",
        AUTHZ,
        "\tis_object(input.headers)\n",
        "",
    ),
    Mutant(
        "query parameters are accepted",
        AUTHZ,
        "\tinput.params == {}\n\t_is_from_a_program\n\t_has_access",
        "\t_is_from_a_program\n\t_has_access",
    ),
    Mutant(
        "everyone with access may patch the store",
        AUTHZ,
        "\tcrypto.sha256(input.identity) == _env.RAMGATE_WRITE_SHA256\n",
        "\t_has_access\n",
    ),
    Mutant(
        "whoever has the token for patches may send them anywhere",
        AUTHZ,
        '\tinput.path == ["v1", "data"]\n',
        "",
    ),
    Mutant(
        "an OPA with another revision takes a patch",
        HISTORY,
        '            operation("remove", f"{_RECORD}/metadata/at/{revision}"),\n',
        "",
    ),
    Mutant(
        "a patch does not give the store back to the bundle",
        HISTORY,
        '            operation("replace", f"{_RECORD}/roots", PATCHABLE_ROOTS),\n',
        "",
    ),
    Mutant(
        "an OPA that may be patched or not is believed to have its bundle",
        BUNDLE_SERVER,
        "self._offer = offer._replace(patched=None, since=offer.number)",
        "self._offer = offer",
    ),
    Mutant(
        "an OPA that started meanwhile is taken for the patched one",
        BUNDLE_SERVER,
        "if is_applied and patch.starts == self._starts:",
        "if is_applied:",
    ),
    Mutant(
        "an OPA is patched while it may be loading a bundle",
        BUNDLE_SERVER,
        "len(etags) != 1",
        "len(etags) > 1",
    ),
    Mutant(
        "joined changes begin in the middle",
        CHANGE,
        "members[place].old if place in members else pair.old",
        "pair.old",
    ),
    Mutant(
        "a group keeps what is encoded of a member that is gone",
        ENCODED,
        "sorted(left & members.keys())",
        "sorted(left)",
    ),
    Mutant(
        "every method may go to a public path",
        AUTHZ,
        '\tinput.method == "POST"\n',
        "",
    ),
    Mutant(
        "every path is public",
        AUTHZ,
        "\t_is_open(input.path)\n",
        "",
    ),
    Mutant(
        "all paths below health are open",
        AUTHZ,
        'input.path == ["health"]',
        'input.path[0] == "health"',
    ),
    Mutant(
        "health takes every method",
        AUTHZ,
        '\tinput.method == "GET"\n\tinput.path == ["health"]\n',
        '\tinput.path == ["health"]\n',
    ),
    Mutant(
        "metrics need no permission",
        AUTHZ,
        '\t_env.RAMGATE_METRICS == "allow"\n',
        "",
    ),
    Mutant(
        "metrics need no token",
        AUTHZ,
        "\t_has_access\n\t_is_from_a_program\n",
        "\t_is_from_a_program\n",
    ),
    Mutant(
        "a web page sees metrics",
        AUTHZ,
        "\t_has_access\n\t_is_from_a_program\n",
        "\t_has_access\n",
    ),
    Mutant(
        "a batch carries the span of its first caller",
        "python/ramgate/client/batches.py",
        'return first if all(pending.trace == first for pending in batch) else b""',
        "return first",
    ),
    Mutant(
        "any tracestate is passed on",
        "python/ramgate/client/tracing.py",
        "if not _TRACESTATE.fullmatch(state):",
        "if not state:",
    ),
    Mutant(
        "other machines can read metrics",
        SETTINGS,
        "if not address.private or not (address.path or address.port):",
        "if not (address.path or address.port):",
    ),
    Mutant(
        "every program with access sees explanations",
        AUTHZ,
        '\t_env.RAMGATE_EXPLAIN == "allow"\n',
        "",
    ),
    Mutant(
        "an explanation asks an owner about the policies of a simulation",
        SURVEY,
        "\tnot question.policies\n",
        "",
    ),
    Mutant(
        "a policy of a resource group seems to come through each group that has it",
        SOURCES,
        "_held(scopes, group) := scopes.resource_groups[group]",
        "_held(scopes, group) := scopes.policies if group != null",
    ),
    Mutant(
        "plain grants are explained as denials",
        SOURCES,
        '{"effect": "Allow", "resources": [resources[index]]}',
        '{"effect": "Deny", "resources": [resources[index]]}',
    ),
    Mutant(
        "an explanation leaves out the first statement that matches",
        NEARNESS,
        "some row in covering; row.fails == 0], 0, limit)]",
        "some row in covering; row.fails == 0], 1, limit)]",
    ),
    Mutant(
        "a statement with an action of a longer common beginning is farther",
        NEARNESS,
        "0 - pattern.common(beginning, text), text]",
        "pattern.common(beginning, text), text]",
    ),
    Mutant(
        "an explanation shows the farthest pattern",
        NEAREST,
        ":= max([array.concat(",
        ":= min([array.concat(",
    ),
    Mutant(
        "an explanation names the last field that differs",
        NEAREST,
        "first := min(",
        "first := max(",
    ),
    Mutant(
        "an explanation compares an unstated account as a stated one (3.5)",
        NEAREST,
        '\tglobs[3] == ""\n',
        '\tglobs[3] != ""\n',
    ),
    Mutant(
        "an explanation calls an unreadable value a different one",
        SHOWN,
        "\tnot condition.is_readable(one, element)\n",
        "\tnot is_string(element)\n",
    ),
    Mutant(
        "an explanation does not tell that a key is absent",
        SHOWN,
        "object.get(question.context, one.key, []) == []",
        "question.context[one.key] == []",
    ),
    Mutant(
        "an explanation leaves the quantifier out",
        WRITTEN,
        '"every": "ForAllValues:"',
        '"every": ""',
    ),
    Mutant(
        "a number is shown with its digits twice",
        WRITTEN,
        "substring(digits, exponent, -1)",
        "substring(digits, 0, -1)",
    ),
    Mutant(
        "a condition that is satisfied counts as a failure in a hint",
        NEAR_MISS,
        "some failed in one.conditions; not failed.satisfied",
        "some failed in one.conditions",
    ),
    Mutant(
        "a resource group is named although another layer denies",
        HINT,
        "\tevaluation.decision(again).allow\n",
        "",
    ),
    Mutant(
        "OPA listens before its bundle is active",
        INVOCATION,
        '[f"--ready-timeout={max(1, math.ceil(seconds))}"]',
        "[]",
    ),
    Mutant(
        "a timeout below a second turns the readiness off",
        INVOCATION,
        "max(1, math.ceil(seconds))",
        "int(seconds)",
    ),
    Mutant(
        "an OPA on TCP without a token does not authorize",
        SETTINGS,
        "return not self.open and (tcp or self.token is not None)",
        "return not self.open and self.token is not None",
    ),
    Mutant(
        "a TCP address beside a unix socket does not authorize",
        SETTINGS,
        "not all(address.path for address in self.addresses)",
        "not any(address.path for address in self.addresses)",
    ),
    Mutant(
        "other machines need no TLS",
        SETTINGS,
        "if self.certificate is None and not self.plain_http:",
        "if False:",
    ),
    Mutant(
        "an address of other machines can be open",
        SETTINGS,
        'raise ValueError(f"`{address}` cannot be open: other machines can reach it")',
        "pass",
    ),
    Mutant(
        "a socket is widened before it has its group",
        SOCKET_ACCESS,
        """        if self.group is not None:
            os.chown(path, -1, self._gid(), follow_symlinks=False)
        path.chmod(self.mode)
""",
        """        path.chmod(self.mode)
        if self.group is not None:
            os.chown(path, -1, self._gid(), follow_symlinks=False)
""",
    ),
    Mutant(
        "a client sends its token over plain HTTP to any host",
        BASE,
        "if token is not None and parsed.exposed and not plain_http:",
        "if False:",
    ),
    Mutant(
        "the probes of a sidecar trust every certificate",
        HEALTH,
        "certificate.trust(also_expired=True)",
        "__import__('ssl')._create_unverified_context()",
    ),
    Mutant(
        "a bundle is active because OPA asked for another one",
        KEEPER,
        "while (runtime := self.runtime).active() != bundle.revision:",
        "while not (runtime := self.runtime)._server.heard.is_set():",
    ),
    Mutant(
        "a late bundle is taken back",
        KEEPER,
        "            if left <= 0:\n",
        """            if left <= 0:
                runtime.want(type(bundle)(b"", "before", {}))
""",
    ),
    Mutant(
        "a stranger on the address of an ended OPA is asked for decisions",
        KEEPER,
        "                self._failure = (\n",
        "                _ = (\n",
    ),
    Mutant(
        "another program passes for an OPA that has not fetched the bundle",
        PROCESS,
        "            self._server.delivered\n            and self",
        "            self",
    ),
    Mutant(
        "slow strangers keep OPA from its bundle",
        HTTP_SERVER,
        "            if not connection.trusted:\n",
        "            if False:\n",
    ),
    Mutant(
        "the bundle server waits for the head of a request for ever",
        HTTP_SERVER,
        "seconds = _IDLE_SECONDS if self.trusted else _HEAD_SECONDS",
        "seconds = None",
    ),
    Mutant(
        "a file that cannot be read takes its denials with it",
        BELIEVED,
        """            if file != self._path:
                _keep(file, valid, contents)""",
        "            pass",
    ),
    Mutant(
        "a file that is missing for a moment takes its denials with it",
        BELIEVED,
        "if now - since < RESTLESS_SECONDS:",
        "if False:",
    ),
    Mutant(
        "a file that changes all the time holds up every change",
        WATCH,
        "if self._restless is not None and now - self._restless < RESTLESS_SECONDS:",
        "if self._restless is not None:",
    ),
    Mutant(
        "a file that accounts name takes its denials with it",
        WATCH,
        "self._named.believe(valid, now)",
        "self._named.believe({}, now)",
    ),
    Mutant(
        "a file that is no longer named delays a change",
        WATCH,
        "for file, data in self._named.valid.items() if file in wanted",
        "for file, data in self._named.valid.items()",
    ),
    Mutant(
        "a hanging file that is no longer named stops the others",
        SCAN,
        "for file, at in self._named.items() if file in files",
        "for file, at in self._named.items()",
    ),
    Mutant(
        "a second change with the same time stamp is lost",
        SCAN,
        "(known.trusted or now < known.read_at + _COARSEST_SECONDS)",
        "True",
    ),
    Mutant(
        "a FIFO is opened",
        SOURCE,
        "if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):",
        "if False:",
    ),
    Mutant(
        "others can ask the status server",
        STATUS_SERVER,
        "        Path(address.path).chmod(_OWNER_ONLY)\n",
        "",
    ),
    Mutant(
        "other machines can ask the status server",
        SETTINGS,
        "if self.status_address is not None and not self.status_address.private:",
        "if False:",
    ),
    *(Mutant(*fault) for fault in prover_faults.FAULTS),
    *(Mutant(*fault) for fault in comparison_faults.FAULTS),
    *(Mutant(*fault) for fault in authzen_faults.FAULTS),
    *(Mutant(*fault) for fault in framework_faults.FAULTS),
    *(Mutant(*fault) for fault in middleware_faults.FAULTS),
    *(Mutant(*fault) for fault in service_faults.FAULTS),
]


class UselessMutantError(Exception):
    """The text of a mutant is not there, or the tests cannot be run on it."""


class Copy:
    """A copy of the project, in which one mutant after the other is tested."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, folder / name, ignore=ignored)
            else:
                shutil.copy(source, folder / name)

    def failures(self, mutant: Mutant, *, near: bool) -> list[str]:
        """Return the tests that fail on the mutant; it is an empty list if none does."""
        path = self._folder / mutant.file
        text = path.read_text()
        if (count := text.count(mutant.text)) != 1:
            raise UselessMutantError(f"{mutant.file} has the text {count} times")
        try:
            _write(path, text.replace(mutant.text, mutant.becomes))
            paths = sighted.python_tests(mutant.file, near=near)
            if path.suffix == ".rego":
                for pattern in sighted.rego_tests(mutant.file):
                    if failed := self.opa_test(pattern):
                        return failed
            # a test may have been added while the mutants run
            files = [f"tests/{one}" for one in paths if (self._folder / "tests" / one).exists()]
            return self._caught_by(files) if files else []
        finally:
            _write(path, text)

    def _caught_by(self, files: Sequence[str]) -> list[str]:
        """Return the first tests that fail, also a second time if they are not the nearest.

        Such a test may fail by chance, for example because the machine is busy.
        """
        by_chance: list[str] = []
        while failed := self.pytest([*files, *(f"--deselect={one}" for one in by_chance)]):
            if failed[0].startswith(files[0]) or self.pytest(failed):
                return failed
            by_chance += failed
        return []

    def opa_test(self, pattern: str) -> list[str]:
        """Return the tests of Rego that fail, among those whose names fit the pattern."""
        command = [str(find_opa()), "test", "--format=json", "--run", pattern]
        done = subprocess.run(
            [*command, "rego", "tests/rego/cases_test.rego", str(ROOT / CASES)],
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode == 0:
            return []
        try:
            results = json.loads(done.stdout)
        except ValueError:
            raise UselessMutantError(
                f"it is not valid Rego: {done.stderr or done.stdout}"
            ) from None
        return [
            f"{one['package']}.{one['name']}"
            for one in results
            if one.get("fail") or one.get("error")
        ]

    def pytest(self, tests: Sequence[str], *, stops: bool = True) -> list[str]:
        """Return the tests in Python that fail; with `stops` the first one ends the run."""
        cache = self._folder / ".failed"
        shutil.rmtree(cache, ignore_errors=True)
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", *PLUGINS]
        command += [f"--override-ini=cache_dir={cache}", "--hypothesis-profile=first-failure"]
        command += [*(["-x"] if stops else []), *tests]
        try:
            done = subprocess.run(
                command,
                cwd=self._folder,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
                env={
                    **os.environ,
                    "PYTHONPATH": str(self._folder / "python"),
                    "OPA": str(find_opa()),
                    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                },
            )
        except subprocess.TimeoutExpired:
            return [f"{tests[0]}{ENDLESS}"]
        if done.returncode == 0:
            return []
        if done.returncode not in FAILED:
            raise UselessMutantError(f"the tests did not run: {done.stdout}{done.stderr}")
        failed = json.loads((cache / "v/cache/lastfailed").read_text())
        return [*failed]


def _write(path: Path, text: str) -> None:
    """Write a module so that Python does not take the code that it compiled from another text."""
    path.write_text(text)
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def void(copy: Copy, caught: Sequence[str]) -> list[str]:
    """Return those of the tests that also fail without a mutant."""
    rego = {test for test in caught if test.startswith("data.")}
    python = sorted({test for test in caught if not test.endswith(ENDLESS)} - rego)
    found = sorted(rego.intersection(copy.opa_test("."))) if rego else []
    return found + (copy.pytest(python, stops=False) if python else [])


def summarize(names: Sequence[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def chosen(texts: Sequence[str]) -> list[Mutant]:
    """Return the mutants whose fault or file contains one of the texts; without texts, all."""
    found = [
        mutant
        for mutant in MUTANTS
        if not texts or any(text in mutant.fault or text in mutant.file for text in texts)
    ]
    if not found:
        raise SystemExit(f"no mutant has one of: {', '.join(texts)}")
    return found


def main() -> int:
    """Test each mutant, and print the tests that caught it."""
    parser = argparse.ArgumentParser(description="Run the tests against deliberate faults.")
    parser.add_argument("--only", metavar="TEXT", action="extend", nargs="+", default=[])
    parser.add_argument("--near", action="store_true")
    parser.add_argument("--workers", metavar="N", type=int, default=os.cpu_count())
    options = parser.parse_args()
    mutants = chosen(options.only)
    # A program in the background ignores SIGINT, and so would those that tests stop with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    caught: dict[str, str] = {}
    copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()
    started = time.monotonic()

    def run(mutant: Mutant) -> list[str] | UselessMutantError:
        copy = copies.get()
        try:
            return copy.failures(mutant, near=options.near)
        except UselessMutantError as error:
            return error
        finally:
            copies.put(copy)

    with (
        tempfile.TemporaryDirectory(prefix="ramgate-mutants-") as folder,
        ThreadPoolExecutor(options.workers) as pool,
    ):
        for number in range(options.workers):
            copies.put(Copy(Path(folder, str(number))))
        for mutant, tests in zip(mutants, pool.map(run, mutants), strict=True):
            if isinstance(tests, UselessMutantError):
                word, why = "USELESS ", str(tests)
            elif tests:
                word, why = "caught  ", summarize(tests)
                caught[mutant.fault] = tests[0]
            else:
                word, why = "SURVIVED", mutant.file
            print(f"{word}  {mutant.fault}  <- {why}", flush=True)
        failing = void(copies.get(), list(dict.fromkeys(caught.values())))
    if failing:
        print(f"these tests fail without a mutant: {', '.join(failing)}")
    seconds = time.monotonic() - started
    print(f"{len(caught)} of {len(mutants)} mutants caught in {seconds:.0f} s")
    return 1 if failing or len(caught) < len(mutants) else 0


if __name__ == "__main__":
    sys.exit(main())
