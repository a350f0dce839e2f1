"""The principals of trusted accounts that the accounts do not contain."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from accounts_files import CATALOG, HERE, THERE, write
from policy_documents import TRUST, policy, statement
from ramgate import Request, translate
from ramgate.accounts import reader
from ramgate.analysis.engine import decide_all
from ramgate.analysis.sides.outsiders import with_outsiders

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.accounts.store import Store

FURTHER = "7777777777777777"


def arn(name: str, account: str = THERE) -> str:
    return f"acs:ram::{account}:{name}"


def like(*patterns: str) -> dict[str, Any]:
    return {"Condition": {"StringLike": {"acs:PrincipalARN": list(patterns)}}}


def trusting(*statements: dict[str, Any]) -> dict[str, Any]:
    root = {"Principal": {"RAM": arn("root")}}
    return {"trust": policy(*({**TRUST, **root, **one} for one in statements))}


def store(folder: Path, roles: dict[str, Any], **parts: object) -> Store:
    document = {"accounts": {HERE: {"roles": roles}}, **parts}
    return reader.load(write(folder, json.dumps(document), "accounts.json"), CATALOG)


def outsiders(*stores: Store, documents: list[Any] | None = None) -> list[str]:
    """Return the principals that all stores get, in the order of their ARNs."""
    extended = with_outsiders(*stores, documents=documents or [])
    assert extended.doubts == ()
    found = []
    for before, after in zip(stores, extended.stores, strict=True):
        added = {
            number: members
            for number, members in after["accounts"].items()
            if number not in before["accounts"]
        }
        found.append(
            sorted(
                f"acs:ram::{number}:{kind}/{name}"
                for number, members in added.items()
                for kind, names in (("user", members["users"]), ("role", members["roles"]))
                for name in names
            )
        )
    assert all(one == found[0] for one in found)
    return found[0]


def test_one_user_stands_for_an_account_whose_principals_are_treated_alike(
    tmp_path: Path,
) -> None:
    numbers = {"Condition": {"NumericEquals": {"acs:PrincipalARN": "1"}}}
    other_key = {"Condition": {"StringLike": {"sts:ExternalId": "a*"}}}
    found = store(tmp_path, {"App": trusting({}, numbers, other_key)})
    assert outsiders(found) == [arn("user/any")]
    assert outsiders(found, store(tmp_path, {})) == [arn("user/any")]


def test_no_account_of_a_side_gets_principals(tmp_path: Path) -> None:
    one = store(tmp_path, {"App": trusting({})})
    document: object = {"accounts": {HERE: {}, THERE: {}}}
    other = reader.load(write(tmp_path, json.dumps(document), "accounts.json"), CATALOG)
    assert with_outsiders(one, other).stores == (one, other)


def test_each_kind_of_principal_that_conditions_tell_apart_is_there(tmp_path: Path) -> None:
    roles = {
        "App": trusting(like("*:role/*"), like("*:user/b?")),
        "Ops": trusting({"Principal": {"RAM": [arn("root", FURTHER), arn("user/ann")]}}),
    }
    found = outsiders(store(tmp_path, roles))
    assert [one.replace("/ba", "/bx").replace("/bb", "/bx") for one in found] == [
        *(arn("role/any"), arn("user/ann"), arn("user/any"), arn("user/bx")),
        *(arn("role/any", FURTHER), arn("user/any", FURTHER), arn("user/bx", FURTHER)),
    ]


def test_conditions_of_control_policies_tell_principals_apart(tmp_path: Path) -> None:
    limit = policy(statement(Action="*"), statement(Effect="Deny", Action="*", **like("*/b*")))
    directory = {
        "management": "1" * 16,
        "policies": {"limit": limit},
        "root": {
            "control_policies": ["FullAliyunAccess"],
            "accounts": {HERE: {"control_policies": ["limit"]}},
        },
    }
    found = store(tmp_path, {"App": trusting({})}, directory=directory)
    assert outsiders(found) == [arn("user/any"), arn("user/b")]
    [extended] = with_outsiders(found).stores
    role = f"acs:ram::{HERE}:role/App"
    requests = [Request(arn(name), "sts:AssumeRole", role) for name in ("user/any", "user/b")]
    assert [one.effect for one in decide_all(extended, requests)] == ["Allow", "ExplicitDeny"]


def test_conditions_of_further_documents_tell_principals_apart(tmp_path: Path) -> None:
    found = store(tmp_path, {"App": trusting({})})
    document = translate(policy(statement(**like("*/a", "*/any"))))
    assert outsiders(found, documents=[document]) == [arn("user/any"), arn("user/b")]


def test_none_is_one_that_a_trust_policy_names(tmp_path: Path) -> None:
    denied = {"Effect": "Deny", "Principal": {"RAM": [arn("user/any"), arn("user/a")]}}
    found = outsiders(store(tmp_path, {"App": trusting({}, denied)}))
    assert found == [arn("user/a"), arn("user/any"), arn("user/b")]


def test_no_more_kinds_than_can_be_compared(tmp_path: Path) -> None:
    many = [like(f"*{letter}*") for letter in "bdfghijk"]
    found = with_outsiders(store(tmp_path, {"App": trusting(*many)}))
    assert found.doubts == (
        f"the principals of the account `{THERE}`: conditions tell more than 32 kinds apart",
    )
    assert list(found.stores[0]["accounts"]) == [HERE]
