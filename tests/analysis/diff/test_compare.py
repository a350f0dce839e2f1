from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from accounts_files import HERE, THERE
from policy_documents import TRUST, policy, statement
from ramgate import resources
from ramgate.analysis.diff import Cause, Diff, compare, diff
from ramgate.analysis.diff.result import Undecided
from ramgate.analysis.unread import UNREAD
from ramgate.bundle.builder import build
from ramgate.errors import InvalidFiles
from ramgate.model.decision import Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate.accounts.store import Store
    from ramgate.model.decision import Request

EXAMPLE = resources.path("examples/accounts.yaml")
ALICE, BOB, OWNER = (f"acs:ram::{HERE}:{name}" for name in ("user/alice", "user/bob", "root"))
SECURE = {"Bool": {"acs:SecureTransport": "true"}}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(name: str, document: object) -> str:
    Path(f"{name}.json").write_text(json.dumps(document))
    return f"{name}.json"


def account(*statements: object, **parts: object) -> dict[str, Any]:
    """Return an account in which alice and bob hold a policy with these statements."""
    users = {"alice": {"policies": ["own"]}, "bob": {"policies": ["own"]}}
    return {"policies": {"own": policy(*statements)}, "users": users, **parts}


def compared(old: object, new: object, **options: Any) -> Diff:  # noqa: ANN401 - those of `diff`
    sides = [{"accounts": {HERE: one}} for one in (old, new)]
    return diff(written("old", sides[0]), written("new", sides[1]), **options)


def asked(found: Diff) -> list[tuple[str, str, str]]:
    changes = found.newly_allowed + found.newly_denied
    return [(one.request.action.lower(), one.before.effect, one.after.effect) for one in changes]


def test_a_trust_policy_may_tell_equal_principals_apart() -> None:
    assume = statement(Action="sts:AssumeRole")
    root = {**TRUST, "Principal": {"RAM": f"acs:ram::{HERE}:root"}}
    no_bob = {**TRUST, "Effect": "Deny", "Principal": {"RAM": BOB}}
    names = ([ALICE], [ALICE, BOB])
    only = [{**root, "Condition": {"StringEquals": {"acs:PrincipalARN": one}}} for one in names]
    for before, after in (([root, no_bob], [root]), ([only[0]], [only[1]])):
        sides = [account(assume, roles={"App": {"trust": policy(*one)}}) for one in (before, after)]
        found = compared(*sides)
        assert [one.principals for one in found.newly_allowed] == [(BOB,)]


def test_a_control_policy_of_the_role_may_tell_equal_principals_apart() -> None:
    trust = {**TRUST, "Principal": {"RAM": f"acs:ram::{HERE}:root"}}
    accounts = {
        HERE: account(statement(Action="sts:AssumeRole")),
        THERE: {"roles": {"App": {"trust": policy(trust)}}},
    }
    sides = []
    for name, *denied in (("old", BOB), ("new",)):
        denies = [
            statement(
                Effect="Deny", Action="*", Condition={"StringEquals": {"acs:PrincipalARN": one}}
            )
            for one in denied
        ]
        directory = {
            "management": "1" * 16,
            "policies": {"limit": policy(statement(Action="*"), *denies)},
            "root": {
                "control_policies": ["FullAliyunAccess"],
                "accounts": {THERE: {"control_policies": ["limit"]}},
            },
        }
        sides.append(written(name, {"accounts": accounts, "directory": directory}))
    found = diff(*sides)
    assert [one.principals for one in found.newly_allowed] == [(BOB,)]


def test_the_account_of_a_role_need_not_be_stated() -> None:
    trust = {**TRUST, "Principal": {"RAM": f"acs:ram::{HERE}:root"}}
    roles = {"App": {"trust": policy(trust)}}
    assume = statement(Action="sts:AssumeRole", Resource="acs:ram:*::role/App")
    found = compared(account(statement(), roles=roles), account(statement(), assume, roles=roles))
    assert found.newly_allowed[0].request.resource == "acs:ram:::role/app"


def test_a_wider_statement_is_found_with_a_request() -> None:
    start, stop = statement(), statement(Action=["ecs:StartInstance", "ecs:StopInstance"])
    found = compared(account(start), account(stop))
    assert found.result == "wider"
    assert (found.principals.changed, found.principals.of) == (2, 3)
    assert asked(found) == [("ecs:stopinstance", "ImplicitDeny", "Allow")]
    [change] = found.newly_allowed
    assert change.principals == (ALICE, BOB)
    assert change.principal == change.request.principal == ALICE
    assert change.because == (Cause("new", "own", 0, "Action", "ecs:stopinstance"),)
    assert str(change.because[0]) == "own[0] of the new side: Action: ecs:stopinstance"
    back = compared(account(stop), account(start))
    assert (back.result, asked(back)) == (
        "narrower",
        [("ecs:stopinstance", "Allow", "ImplicitDeny")],
    )
    [change] = back.newly_denied
    assert change.because == (Cause("old", "own", 0, "Action", "without ecs:stopinstance"),)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([statement()], [statement(Action="ECS:startINSTANCE")]),
        ([statement(), statement(Action="oss:*")], [statement(Action="oss:*"), statement()]),
        ([statement(Action="ecs:*")], [statement(Action="ecs:**")]),
        ([statement(Action="ecs:*")], [statement(Action="ecs:*"), statement()]),
        ([statement(Resource="*")], [statement(Resource=["acs:ecs:*:*:*", "*"])]),
        (
            [statement(), statement(Effect="Deny")],
            [statement(Condition=SECURE), statement(Effect="Deny")],
        ),
    ],
)
def test_another_spelling_is_no_change(old: Sequence[object], new: Sequence[object]) -> None:
    for sides in ((old, new), (new, old)):
        found = compared(*(account(*side) for side in sides))
        assert (found.result, asked(found)) == ("equivalent", [])
        assert found.principals.changed == 0


def test_changes_of_both_kinds_are_incomparable() -> None:
    found = compared(account(statement()), account(statement(Action="oss:GetObject")))
    assert found.result == "incomparable"
    assert asked(found) == [
        ("oss:getobject", "ImplicitDeny", "Allow"),
        ("ecs:startinstance", "Allow", "ImplicitDeny"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            [statement(), statement(Effect="Deny", Action="ecs:*")],
            [statement()],
            Cause("old", "own", 1, "statement", ""),
        ),
        (
            [statement(), statement(Effect="Deny")],
            [statement(), statement(Effect="Deny", Condition=SECURE)],
            Cause("old", "own", 1, "Condition", "Bool acs:SecureTransport true"),
        ),
        (
            [statement(Resource="acs:ecs:*:*:instance/i")],
            [statement(Resource="acs:ecs:*:*:instance/*")],
            Cause("new", "own", 0, "Resource", "acs:ecs:*:*:instance/i → acs:ecs:*:*:instance/*"),
        ),
        (
            [statement(Effect="Deny")],
            [statement(Action="oss:*")],
            Cause("new", "own", 0, "statement", ""),
        ),
    ],
)
def test_the_cause_is_named(old: Sequence[object], new: Sequence[object], expected: Cause) -> None:
    found = compared(account(*old), account(*new))
    assert expected in found.newly_allowed[0].because


def test_an_attached_policy_is_the_cause() -> None:
    before = account(statement())
    after = account(statement())
    before["users"]["bob"] = {}
    found = compared(before, after)
    [change] = found.newly_allowed
    assert change.principals == (BOB,)
    assert change.because == (Cause("new", "own", 0, "attached", ""),)
    [change] = compared(after, before).newly_denied
    assert change.because == (Cause("old", "own", 0, "detached", ""),)
    del before["users"]["bob"]
    [change] = compared(before, after).newly_allowed
    assert change.before.reason == "unknown_principal"
    before["policies"] = {"other": policy(statement(Action="x:y"))}
    before["users"] = {"alice": {}, "bob": {}}
    assert compared(before, after).newly_allowed[0].because[0].change == "attached"


def test_control_policies_are_compared() -> None:
    members = {HERE: {"control_policies": ["only"]}}

    def side(action: str) -> dict[str, Any]:
        limit = policy(statement(Action=action))
        root = {"control_policies": ["FullAliyunAccess"], "accounts": members}
        directory = {"management": THERE, "policies": {"only": limit}, "root": root}
        return {"accounts": {HERE: account(statement(Action="*"))}, "directory": directory}

    limit, free = written("limit", side("ecs:StartInstance")), written("free", side("ecs:*"))
    found = diff(limit, free)
    assert (found.result, found.newly_allowed[0].before.policy_type) == ("wider", "ControlPolicy")
    assert found.newly_allowed[0].because == (
        Cause("new", "only", 0, "Action", "ecs:startinstance → ecs:*"),
    )
    odd = side("ecs:*")
    odd["accounts"][HERE]["policies"]["own"] = {"unreadable": "has an odd operator", "document": ""}
    found = diff(written("odd", odd), free)
    assert found.result == "wider"
    assert found.newly_allowed[0].because == (
        Cause("new", "own", 0, "unreadable", "has an odd operator"),
    )


def test_a_change_that_an_unreadable_policy_may_make_wider_is_not_decided() -> None:
    odd = {"unreadable": "was refused", "document": ""}

    def side(held: list[str], trusted: object) -> dict[str, object]:
        more = {"more": policy(statement()), "odd": odd}
        trust = policy({**TRUST, "Principal": trusted})
        users = {"alice": {"policies": held}}
        return {"policies": more, "users": users, "roles": {"App": {"trust": trust}}}

    service = {"Service": "ecs.aliyuncs.com"}
    old = side(["odd"], service)
    found = compared(old, side(["odd"], {**service, "RAM": f"acs:ram::{HERE}:root"}))
    assert found.result == "not_decided"
    assert found.not_decided == (Undecided((ALICE,), UNREAD),)
    found = compared(old, side(["odd", "more"], service))
    assert found.not_decided == (Undecided((ALICE,), "was refused"),)
    assert compared(old, old).result == "equivalent"
    found = compared(side(["odd"], service), side(["more"], service))
    assert found.result == "wider"
    # a change beside the unreadable policy is found as before
    found = compared(side(["more"], service), {**side(["more"], service), "users": {"bob": {}}})
    assert found.result == "narrower"


def test_a_role_of_another_account_may_let_a_principal_in() -> None:
    role = f"acs:ram::{THERE}:role/prod"
    old, hop = account(statement()), statement(Action="sts:AssumeRole", Resource=role)
    found = compared(old, account(statement(), hop))
    reason = f"`{role}`, of an account that is not stated, may let it in"
    assert (found.result, found.newly_allowed) == ("not_decided", ())
    assert found.not_decided == (Undecided((ALICE,), reason), Undecided((BOB,), reason))
    assert compared(old, account(statement(), hop), principals=[BOB]).not_decided == (
        Undecided((BOB,), reason),
    )
    # a principal that is newly allowed a request is not also in doubt
    assert compared(old, account(statement(), statement(Action="*"))).result == "wider"
    many = [f"acs:ram::*{one}{two}*:role/r" for one in "13579" for two in "24680"]
    found = compared(old, account(statement(), {**hop, "Resource": many}))
    assert found.result == "not_decided"
    assert {one.reason[:14] for one in found.not_decided} == {"patterns tell "}


def test_services_and_owners_are_compared() -> None:
    old = {"accounts": {THERE: account(statement())}}
    trust = {"Service": ["ecs.aliyuncs.com"], "Federated": f"acs:ram::{HERE}:saml-provider/idp"}
    role = {"trust": policy({**TRUST, "Principal": trust})}
    new = {"accounts": {**old["accounts"], HERE: {"roles": {"App": role}}}}
    found = diff(written("old", old), written("new", new))
    assert {one.principal: one.before.reason for one in found.newly_allowed} == {
        OWNER: "unknown_principal",
        "ecs.aliyuncs.com": "unknown_role",
        f"acs:ram::{HERE}:saml-provider/idp": "unknown_role",
    }
    owner = next(one for one in found.newly_allowed if one.principal == OWNER)
    assert owner.because == (Cause("old", None, None, "unknown_principal", ""),)
    assert str(owner.because[0]) == "the old side denies: unknown_principal"
    assert diff("new.json", "old.json").result == "narrower"
    alone = diff("old.json", "new.json", principals=["ecs.aliyuncs.com"])
    assert [one.principal for one in alone.newly_allowed] == ["ecs.aliyuncs.com"]


def test_a_newly_trusted_account_may_come_in() -> None:
    user, other = f"acs:ram::{THERE}:user/ann", f"acs:ram::{THERE}:role/ops"
    whole = "acs:ram::3333333333333333:root"

    def side(*trusted: str) -> dict[str, Any]:
        trust = policy({**TRUST, "Principal": {"RAM": [BOB, *trusted]}})
        return account(statement(), roles={"App": {"trust": trust}})

    found = compared(side(user), side(user, other, whole))
    assert {one.principal for one in found.newly_allowed} == {
        other,
        whole.replace("root", "user/any"),
    }
    assert {one.request.action for one in found.newly_allowed} == {"sts:AssumeRole"}
    assert compared(side(user, whole), side(user, whole)).result == "equivalent"
    assert compared(side(user), side()).newly_denied[0].principal == user


def test_the_comparison_can_be_limited_to_principals() -> None:
    before, after = account(statement()), account(statement(Action="*"))
    roles = {"App": {"trust": policy(TRUST), "policies": ["own"]}}
    for side in (before, after):
        side["roles"] = roles
    app = f"acs:ram::{HERE}:role/App"
    found = compared(before, after, principals=[BOB, app.replace("App", "APP")])
    assert found.principals.of == 2
    members = {one for change in found.newly_allowed for one in change.principals}
    assert members == {BOB, app}
    found = compared(before, after, principals=[OWNER, "ecs.aliyuncs.com"])
    assert (found.result, found.principals.of) == ("equivalent", 2)
    with pytest.raises(
        ValueError, match=r"^neither side has the principal `.*alcie`: did you mean"
    ):
        compared(before, after, principals=[ALICE.replace("alice", "alcie")])
    with pytest.raises(ValueError, match=r"`x`: write an ARN or a service of a side$"):
        compared(before, after, principals=["x"])


def test_policy_documents_are_compared() -> None:
    for name, action in (("old", "oss:GetObject"), ("new", "oss:*Object")):
        written(name, policy(statement(Action=action, Resource=f"acs:oss:*:{THERE}:b/*")))
    found = diff("old.json", "new.json")
    assert (found.result, found.principals.changed) == ("wider", 1)
    assert found.newly_allowed[0].principal == f"acs:ram::{THERE}:user/holder"
    written("new", policy({**TRUST, "Principal": {"Service": "ecs.aliyuncs.com"}}))
    written("old", policy({**TRUST, "Principal": {"Service": "fc.aliyuncs.com"}}))
    found = diff("old.json", "new.json")
    assert [one.principal for one in found.newly_allowed] == ["ecs.aliyuncs.com"]
    assert [one.principal for one in found.newly_denied] == ["fc.aliyuncs.com"]


def test_a_bundle_is_compared_with_its_accounts(tmp_path: Path) -> None:
    (tmp_path / "bundle.tar.gz").write_bytes(build().content)
    assert diff("bundle.tar.gz", EXAMPLE).result == "equivalent"


def test_faulty_sides_are_refused() -> None:
    with pytest.raises(InvalidFiles):
        diff(EXAMPLE, written("new", {"accounts": {"x": {}}}))


def test_nothing_is_decided_after_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    sides = account(statement()), account(statement(Action="ecs:*"))
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    found = compared(*sides, timeout=-1.0)
    assert (found.result, found.newly_allowed, found.newly_denied) == ("not_decided", (), ())
    assert [(one.principals, one.reason) for one in found.not_decided] == [
        ((ALICE, BOB), "the time is over: the rest was not compared")
    ] * 2


def test_a_request_that_opa_does_not_confirm_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def deny(store: Store, requests: Sequence[Request]) -> list[Decision]:
        assert "accounts" in store
        no = Decision(
            allow=False,
            effect="ImplicitDeny",
            reason="no_statement_matches",
            policy_type=None,
            statements=(),
        )
        return [no for _ in requests]

    monkeypatch.setattr(compare, "decide_all", deny)
    found = compared(account(statement()), account(statement(Action="ecs:*")))
    assert (found.result, found.newly_allowed) == ("not_decided", ())
    [open_question] = found.not_decided
    assert open_question.reason.startswith("OPA does not confirm a request")


def test_the_state_of_the_work_is_shown() -> None:
    shown: list[str] = []
    compared(account(statement()), account(statement(Action="ecs:*")), show=shown.append)
    assert shown == ["requests found that only the new side allows: 1"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("attached", "the policy is attached"),
        ("detached", "the policy is detached"),
        ("statement", "only this side has the statement"),
    ],
)
def test_a_cause_tells_how_the_sides_differ(change: str, text: str) -> None:
    assert str(Cause("old", "own", 1, change, "")) == f"own[1] of the old side: {text}"


def test_a_deny_limits_the_other_policies_of_its_holder() -> None:
    put, get = (statement(Effect="Deny", Action=f"oss:{one}*") for one in ("Put", "Get"))
    only = {"StringNotLike": {"acs:PrincipalARN": "*:role/admin*"}}
    for number, (before, after, result) in enumerate(
        (
            ([put], [put, get], "narrower"),
            ([put, get], [get], "wider"),
            ([put], [{**put, "Condition": only}], "wider"),
            ([statement(), put], [statement()], "wider"),
            ([statement(), put], [put, statement()], "equivalent"),
        )
    ):
        sides = [
            written(f"{name}{number}", policy(*one)) for name, one in (("a", before), ("b", after))
        ]
        assert diff(*sides).result == result


def test_a_user_who_may_do_all_has_a_free_name() -> None:
    old = {
        "holder": policy(statement(), statement(Effect="Deny", Action="oss:*")),
        "holder-may-do-all": policy(statement()),
        "x" * 60: policy(statement(), statement(Effect="Deny", Action="log:*")),
    }
    new = {
        "holder": policy(statement()),
        "holder-may-do-all": policy(statement(Action="ecs:StopInstance")),
        "x" * 60: policy(statement()),
    }
    for folder, documents in (("old", old), ("new", new)):
        Path(folder).mkdir()
        for name, document in documents.items():
            written(f"{folder}/{name}", document)
    found = diff("old", "new")
    assert found.result == "incomparable"
    names = {one.principal.rpartition("/")[2] for one in found.newly_allowed}
    assert names == {"holder-may-do-all", "may-do-all-1", "may-do-all-2"}


def folders(**documents: tuple[Sequence[object], Sequence[object]]) -> tuple[str, str]:
    """Write a folder of documents for each side, and return their names."""
    for place, folder in enumerate(("old", "new")):
        Path(folder).mkdir(exist_ok=True)
        for name, sides in documents.items():
            written(f"{folder}/{name}", policy(*sides[place]))
    return "old", "new"


@pytest.mark.parametrize("named", [ALICE, "acs:ram::*:user/dev-*"])
def test_each_of_two_documents_for_the_same_principals_is_compared(named: str) -> None:
    only = {"Condition": {"StringLike": {"acs:PrincipalARN": named}}}
    get, every = (statement(Action=f"oss:{one}", **only) for one in ("GetObject", "*"))
    describe, all_of_ecs = (statement(Action=f"ecs:{one}", **only) for one in ("Describe*", "*"))
    sides = folders(p1=([get], [every]), p2=([all_of_ecs], [describe]))
    found = diff(*sides)
    assert found.result == "incomparable"
    assert {one.request.action.partition(":")[0] for one in found.newly_allowed} == {"oss"}
    assert {one.request.action.partition(":")[0] for one in found.newly_denied} == {"ecs"}
    folders(p1=([every], [get]))
    assert diff(*sides).result == "narrower"
    trust = {**TRUST, "Principal": {"RAM": f"acs:ram::{HERE}:root"}}
    folders(p2=([{**trust, **only}], [trust]))
    assert diff(*sides).result == "incomparable"


def test_documents_in_several_stores_can_be_limited_to_principals() -> None:
    only = {"Condition": {"StringEquals": {"acs:PrincipalARN": ALICE}}}
    changed = [statement(**only)], [statement(Action="ecs:*", **only)]
    sides = folders(p1=changed, p2=changed, p3=([statement()], [statement(Action="oss:*")]))
    found = diff(*sides, principals=[ALICE])
    assert (found.result, found.principals.of, found.principals.changed) == ("wider", 1, 1)
    assert len(found.newly_allowed) == 2
    holder = f"acs:ram::{HERE}:user/p3"
    assert diff(*sides, principals=[holder]).result == "incomparable"
    with pytest.raises(ValueError, match="neither side has the principal"):
        diff(*sides, principals=[BOB])


def deploy(*statements: dict[str, Any]) -> dict[str, Any]:
    """Return an account with a role of these statements about another account."""
    root = {"RAM": f"acs:ram::{THERE}:root"}
    trust = policy(*({**TRUST, "Principal": root, **one} for one in statements))
    return account(statement(), roles={"Deploy": {"trust": trust}})


def only(*names: str) -> dict[str, Any]:
    arns = [f"acs:ram::{THERE}:{name}" for name in names]
    return {"Condition": {"StringLike": {"acs:PrincipalARN": arns}}}


@pytest.mark.parametrize(
    ("old", "new", "gained"),
    [
        ([only("role/ci-*")], [only("role/*")], ["role/any"]),
        ([only("user/bob")], [only("user/mallory")], ["user/mallory"]),
        ([only("user/bob")], [only("user/bob", "user/b*")], ["user/b"]),
        ([{}, {"Effect": "Deny", **only("user/*")}], [{}], ["user/any"]),
    ],
)
def test_each_kind_of_principal_of_a_trusted_account_is_compared(
    old: list[dict[str, Any]], new: list[dict[str, Any]], gained: list[str]
) -> None:
    found = compared(deploy(*old), deploy(*new))
    assert [one.principal for one in found.newly_allowed] == [
        f"acs:ram::{THERE}:{name}" for name in gained
    ]
    assert compared(deploy(*new), deploy(*new)).result == "equivalent"


def test_a_trusted_account_with_too_many_kinds_of_principals_is_not_decided() -> None:
    denies = [{"Effect": "Deny", **only(f"*/*{letter}*")} for letter in "bdfghijk"]
    found = compared(deploy(*denies), deploy(*denies))
    assert (found.result, len(found.not_decided)) == ("not_decided", 1)
    assert "tell more than 32 kinds apart" in found.not_decided[0].reason
