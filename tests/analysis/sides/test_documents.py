from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts_files import CATALOG
from policy_documents import TRUST, policy, statement
from ramgate import Request, translate
from ramgate.accounts.reader import Reader
from ramgate.analysis.engine import decide_all
from ramgate.analysis.sides.documents import Documents, stores
from ramgate.analysis.sides.names import ACCOUNT

if TYPE_CHECKING:
    from ramgate.accounts.store import Store

NAMED = "2222222222222222"


def pairs(old: Documents, new: Documents) -> list[tuple[Store, Store]]:
    found, doubts = stores(Reader(CATALOG).examine(None, {})[0], old, new)  # type: ignore[arg-type]
    assert doubts == []
    return found


def made(old: Documents, new: Documents) -> tuple[Store, Store]:
    [pair] = pairs(old, new)
    return pair


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
    (old, new), (beside, _) = pairs(held, Documents({}, {}))
    assert "may-do-all" in beside["policies"]
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


def test_a_role_that_tells_several_documents_apart_is_there_once() -> None:
    def both(resource: str) -> Documents:
        held = translate(policy(statement(Action="sts:AssumeRole", Resource=resource)))
        return Documents({"a": held, "b": held}, {})

    old, new = made(both("acs:ram::*:role/x"), both("acs:ram::*:role/y*"))
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


def test_both_sides_have_the_same_principals() -> None:
    found = pairs(of_policy(statement()), of_trust(Service="ecs.aliyuncs.com"))
    assert len(found) == 2
    for pair in found:
        names: list[Any] = [
            {number: (sorted(one["users"]), sorted(one["roles"])) for number, one in accounts}
            for accounts in (store["accounts"].items() for store in pair)
        ]
        assert names[0] == names[1]
        assert names[0]


def test_documents_that_name_the_same_principal_are_in_stores_of_their_own() -> None:
    ann = f"acs:ram::{NAMED}:user/ann"
    only = {"StringEquals": {"acs:PrincipalARN": ann}}
    one = translate(policy(statement(Condition=only)))
    other = translate(policy(statement(Action="oss:*", Condition=only)))
    held = Documents({"a": one, "b": other, "c": translate(policy(statement()))}, {})
    (first, _), (second, _) = pairs(held, held)
    assert [store["accounts"][NAMED]["users"]["ann"]["policies"] for store in (first, second)] == [
        *([f"{NAMED}/a"], [f"{NAMED}/b"])
    ]
    assert [sorted(store["accounts"][ACCOUNT]["users"]) for store in (first, second)] == [
        *(["a", "c"], ["b"])
    ]


def test_the_holder_of_one_document_may_be_a_principal_of_another() -> None:
    only = {"StringEquals": {"acs:PrincipalARN": f"acs:ram::{NAMED}:user/b"}}
    one = translate(policy(statement(Condition=only)))
    held = Documents({"a": one, "b": translate(policy(statement(Action="oss:*")))}, {})
    found = [store["accounts"][NAMED]["users"] for store, _ in pairs(held, held)]
    assert [users["b"]["policies"] for users in found] == [[f"{NAMED}/a"], [f"{NAMED}/b"]]


def test_a_document_is_compared_for_any_principal_if_another_names_its_holder() -> None:
    def only(like: str) -> dict[str, object]:
        return {"StringLike": {"acs:PrincipalARN": f"acs:ram::{ACCOUNT}:user/{like}"}}

    def side(like: str, effect: str, named: str) -> Documents:
        more = [statement(Action="ecs:*")] if effect == "Deny" else []
        own = policy(statement(Effect=effect, Condition=only(like)), *more)
        other = policy(statement(Action="oss:*", Condition=only(named)))
        return Documents({"a": translate(own), "z": translate(other)}, {})

    for effect, named in (("Allow", "a"), ("Deny", "a-may-do-all")):
        found = pairs(side("ops-*", effect, named), side("dev-*", effect, named))
        held = [
            (name, member["policies"][1:])
            for store, _ in found
            for name, member in store["accounts"][ACCOUNT]["users"].items()
            if f"{ACCOUNT}/a" in member["policies"]
        ]
        assert ("dev-", [] if effect == "Allow" else ["may-do-all"]) in held


def test_trust_policies_with_one_name_in_two_cases_are_compared_each() -> None:
    found = [
        Documents({}, {name: translate(policy({**TRUST, "Principal": {"Service": service}}))})
        for name, service in (("app", "ecs.aliyuncs.com"), ("App", "fc.aliyuncs.com"))
    ]
    both = Documents({}, {**found[0].trust, **found[1].trust})
    assert len(pairs(both, both)) == 2
    assert len(pairs(*found)) == 2


def test_a_role_that_may_assume_the_role_of_its_name_leaves_its_trust_policy() -> None:
    own = f"acs:ram::{ACCOUNT}:role/app"
    old, new = made(of_trust(RAM=own), of_trust(RAM=own, Service="ecs.aliyuncs.com"))
    asked = [(one, "sts:AssumeRole", own) for one in (own, "ecs.aliyuncs.com")]
    assert effects(old, *asked) == ["Allow", "ImplicitDeny"]
    assert effects(new, *asked) == ["Allow", "Allow"]


def test_an_account_of_each_kind_that_patterns_tell_apart_has_a_holder() -> None:
    def on(*accounts: str) -> Documents:
        return of_policy(statement(Resource=[f"acs:oss:*:{one}:b/*" for one in accounts]))

    old, _ = made(on("99998888777766??"), on("*cn*"))
    assert sorted(old["accounts"]) == [ACCOUNT, "9999888877776611"]
    fields = statement(Resource=f"acs:oss:*cn*:{NAMED}:b/*")
    old, _ = made(of_policy(fields), of_policy(fields))
    assert sorted(old["accounts"]) == [ACCOUNT, NAMED]


def test_more_kinds_of_accounts_than_can_be_compared_are_a_doubt() -> None:
    many = [f"acs:oss:*:*{one}{two}*:b/*" for one in "13579" for two in "24680"]
    held = of_policy(statement(Resource=[*many, f"acs:oss:*:{NAMED}:b/*"]))
    [(old, _)], doubts = stores(Reader(CATALOG).examine(None, {})[0], held, held)  # type: ignore[arg-type]
    assert [one[:14] for one in doubts] == ["patterns tell "]
    assert {ACCOUNT, NAMED} < set(old["accounts"])
