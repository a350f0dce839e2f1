from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts_files import CATALOG
from policy_documents import TRUST, policy, statement
from ramgate import Request, translate
from ramgate.accounts.reader import Reader
from ramgate.analysis.engine import decide_all
from ramgate.analysis.sides.documents import ACCOUNT, Documents, stores

if TYPE_CHECKING:
    from ramgate.accounts.store import Store

NAMED = "2222222222222222"


def made(old: Documents, new: Documents) -> tuple[Store, Store]:
    before, after, doubts = stores(Reader(CATALOG).examine(None, {})[0], old, new)  # type: ignore[arg-type]
    assert doubts == []
    return before, after


def of_policy(*statements: object) -> Documents:
    return Documents({"holder": translate(policy(*statements))}, {})


def of_trust(**principals: object) -> Documents:
    return Documents({}, {"app": translate(policy({**TRUST, "Principal": principals}))})


def effects(store: Store, *requests: tuple[str, str, str]) -> list[str]:
    decisions = decide_all(store, [Request(*request) for request in requests])
    return [decision.effect for decision in decisions]


def test_a_grant_in_a_named_account_is_one_for_its_holder_there() -> None:
    bucket = f"acs:oss:*:{NAMED}:bucket"
    old, new = made(of_policy(statement()), of_policy(statement(Action="oss:*", Resource=bucket)))
    asked = (f"acs:ram::{NAMED}:user/holder", "oss:GetBucket", bucket)
    assert (effects(old, asked), effects(new, asked)) == (["ImplicitDeny"], ["Allow"])
    assert sorted(new["accounts"]) == [ACCOUNT, NAMED]


def test_the_account_of_the_other_holders_is_one_that_no_document_names() -> None:
    resource = f"acs:oss:*:{ACCOUNT}:bucket"
    old, _ = made(of_policy(statement(Resource=resource)), of_policy(statement()))
    assert sorted(old["accounts"]) == [ACCOUNT, "6543210987654321"]


def test_principals_that_conditions_name_hold_the_document() -> None:
    names = [f"acs:ram::{NAMED}:user/ann", "acs:ram::*:role/Admin-*", "acs:ram::*:other", "x"]
    condition = {
        "StringLike": {"acs:PrincipalARN": names},
        "Bool": {"acs:SecureTransport": "true"},
        "IpAddress": {"acs:PrincipalARN": "10.0.0.1"},
    }
    held = of_policy(statement(), statement(Effect="Deny", Condition=condition))
    old, new = made(held, Documents({}, {}))
    assert old["accounts"][NAMED]["users"]["ann"]["policies"] == [f"{NAMED}/holder"]
    assert new["accounts"][NAMED]["users"]["ann"]["policies"] == []
    assert old["accounts"][ACCOUNT]["roles"]["admin-x"]["policies"] == [f"{ACCOUNT}/holder"]


def test_a_role_that_a_document_names_can_be_assumed() -> None:
    for effect, pattern, name in (
        ("Allow", "acs:ram::*:role/App-*", "App-x"),
        ("Deny", "acs:ram:*:*:role/App?", "Appx"),
    ):
        held = of_policy(
            statement(Action="sts:AssumeRole", Resource="*"),
            statement(Effect=effect, Action="sts:AssumeRole", Resource=pattern),
        )
        old, _ = made(held, held)
        start = f"acs:ram::{ACCOUNT}"
        holder = (f"{start}:user/holder", "sts:AssumeRole")
        assert effects(old, (*holder, f"{start}:role/{name}"), (*holder, f"{start}:role/role")) == [
            "Allow" if effect == "Allow" else "ExplicitDeny",
            "Allow",
        ]


def test_principals_that_a_trust_policy_names_may_assume_the_role() -> None:
    ann, app = f"acs:ram::{NAMED}:user/ann", f"acs:ram::{NAMED}:role/App"
    whole = "acs:ram::3333333333333333:root"
    old, new = made(of_trust(RAM=[ann]), of_trust(RAM=[app, whole], Service="ecs.aliyuncs.com"))
    role = f"acs:ram::{ACCOUNT}:role/app"
    asked = [
        (one, "sts:AssumeRole", role)
        for one in (ann, app, "acs:ram::3333333333333333:user/any", "ecs.aliyuncs.com")
    ]
    assert effects(old, *asked) == ["Allow", *["ImplicitDeny"] * 3]
    assert effects(new, *asked) == ["ImplicitDeny", *["Allow"] * 3]


def test_both_sides_have_the_same_principals() -> None:
    old, new = made(of_policy(statement()), of_trust(Service="ecs.aliyuncs.com"))
    names: list[Any] = [
        {number: (sorted(account["users"]), sorted(account["roles"]))}
        for store in (old, new)
        for number, account in store["accounts"].items()
    ]
    assert names[0] == names[1]


def test_a_role_that_tells_several_documents_apart_is_there_once() -> None:
    def both(resource: str) -> Documents:
        held = translate(policy(statement(Action="sts:AssumeRole", Resource=resource)))
        return Documents({"a": held, "b": held}, {})

    old, new, doubts = stores(
        Reader(CATALOG).examine(None, {})[0],  # type: ignore[arg-type]
        both("acs:ram::*:role/x"),
        both("acs:ram::*:role/y*"),
    )
    assert doubts == []
    roles = list(new["accounts"][ACCOUNT]["roles"])
    assert list(old["accounts"][ACCOUNT]["roles"]) == roles
    assert len(set(roles)) == len(roles)
    asked = [
        (f"acs:ram::{ACCOUNT}:user/{name}", "sts:AssumeRole", f"acs:ram::{ACCOUNT}:role/{role}")
        for name in ("a", "b")
        for role in roles
        if role.startswith("y")
    ]
    assert set(effects(new, *asked)) == {"Allow"}
    assert set(effects(old, *asked)) == {"ImplicitDeny"}
