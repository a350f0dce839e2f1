from __future__ import annotations

import json

from lint_remarks import NOW
from policy_documents import policy, statement
from ramgate.analysis.lint.account import Accounts, read_accounts
from ramgate.documents import source

NUMBER = "1234567890123456"
READS = policy(statement(Action="alikafka:List*"))
TRUST = policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x"}})


def accounts_of(value: object) -> Accounts:
    root = source.parse(json.dumps(value, indent=1), "a.json", root="", is_json=True)
    return read_accounts(root.value, root.place, NOW)


def test_the_policies_of_accounts_files_have_their_places() -> None:
    account = {"policies": {"p": READS}, "roles": {"r": {"trust": TRUST}, "odd": "text"}}
    directory = {"policies": {"c": READS}}
    accounts = accounts_of({"accounts": {NUMBER: account, "odd": []}, "directory": directory})
    found = list(accounts.documents)
    path = f"accounts.{NUMBER}"
    assert [(one.policy, str(one.place), one.account) for one in found] == [
        ("p", f"{path}.policies.p", NUMBER),
        ("r", f"{path}.roles.r.trust", NUMBER),
        ("odd", f"{path}.roles.odd.trust", NUMBER),
        ("c", "directory.policies.c", ""),
    ]
    assert [len(one.statements) for one in found] == [1, 1, 0, 1]
    assert [one.is_trust for one in found] == [False, True, False, False]
    assert {one.now for one in found} == {NOW}
    effect = found[0].statements[0].place / "Effect"
    assert (effect.findings.file, effect.findings.line_of(effect.steps)) == ("a.json", 9)


def test_a_document_that_says_that_it_is_unreadable_has_no_statements() -> None:
    odd = {"unreadable": "why", "document": "{"}
    account = {"policies": {"odd": odd, "p": READS}, "roles": {"r": {"trust": odd}}}
    accounts = accounts_of({"accounts": {NUMBER: account}, "directory": {"policies": {"c": odd}}})
    assert [one.policy for one in accounts.documents if one.statements] == ["p"]


def test_accounts_of_another_shape_have_no_documents() -> None:
    assert [*accounts_of({"accounts": [], "directory": "x"}).documents] == []
