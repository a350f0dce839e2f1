from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policy_documents import policy, statement
from proving import ACCOUNT, ALICE, OTHER, world
from ramgate.analysis.prover.access import allowed
from ramgate.analysis.prover.budget import Budget
from ramgate.analysis.prover.space import Asker, Space

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.analysis.prover.access import Access
    from ramgate.analysis.prover.world import World

UNREADABLE = {"unreadable": "unknown operator `Null`", "document": "{odd"}
SERVICE = Asker("service", "", "ecs.aliyuncs.com")


def trust(**principals: object) -> dict[str, object]:
    return policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principals})


def document(**account: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """Return an accounts document of one account with the user alice."""
    return {"accounts": {ACCOUNT: {"users": {"alice": {"policies": ["p"]}}, **account}}}


def policies(*others: str, **changes: object) -> dict[str, object]:
    return {name: policy(statement(**changes)) for name in ("p", *others)}


def actions(access: Access) -> list[list[tuple[str, ...]]]:
    """Return the actions of the Allows of each layer, way by way."""
    return [
        [tuple(a for one in layer for a in one.actions) for layer in way.layers] for way in access
    ]


def test_users_and_roles_ask_in_order(tmp_path: Path) -> None:
    roles = {"App": {"trust": trust(RAM=f"acs:ram::{ACCOUNT}:root")}}
    found = world(tmp_path, document(policies=policies(), roles=roles))
    assert list(found.askers()) == [ALICE, Asker("role", ACCOUNT, "app")]
    assert list(found.roles()) == [(ACCOUNT, "app")]


def test_the_access_of_a_user_has_the_policies_of_its_groups(tmp_path: Path) -> None:
    users = {"alice": {"policies": ["p"], "groups": ["g"]}}
    groups = {"g": {"policies": ["q", "q"]}}
    both = {
        "p": policy(statement(), statement(Effect="Deny")),
        "q": policy(statement(Action="a:b")),
    }
    found = world(tmp_path, document(policies=both, users=users, groups=groups))
    (way,) = found.access(ALICE)
    assert actions((way,)) == [[("ecs:startinstance", "a:b")]]
    assert [one.effect for one in way.denies] == ["Deny"]
    assert way.group is None


def test_an_unknown_principal_has_no_access(tmp_path: Path) -> None:
    found = world(tmp_path, document(policies=policies()))
    assert found.access(Asker("user", ACCOUNT, "nobody")) == ()
    assert found.access(Asker("user", OTHER, "alice")) == ()
    assert found.digest(Asker("user", ACCOUNT, "nobody")) == ""


def test_any_user_may_hold_the_policies_of_another(tmp_path: Path) -> None:
    found = world(tmp_path, document(policies=policies()))
    for kind in ("user", "role"):
        (way,) = found.access(Asker(kind, ACCOUNT, None, like="alice"))
        assert actions((way,)) == [[("ecs:startinstance",)]]


def test_a_resource_group_is_a_way_of_its_own(tmp_path: Path) -> None:
    attached = ["p", {"policy": "q", "resource_group": "rg-a"}]
    documents = policies() | {"q": policy(statement(Action="a:b"), statement(Effect="Deny"))}
    users = {"alice": {"policies": attached}}
    own, grouped = world(tmp_path, document(policies=documents, users=users)).access(ALICE)
    assert (own.group, grouped.group) == (None, "rg-a")
    assert actions((own, grouped)) == [[("ecs:startinstance",)], [("a:b",)]]
    assert own.denies == ()
    assert len(grouped.denies) == 1


def test_an_unreadable_policy_allows_nothing_in_its_layer(tmp_path: Path) -> None:
    documents = {"p": UNREADABLE, "q": policy(statement())}
    users = {"alice": {"policies": ["p", "q"]}}
    assert world(tmp_path, document(policies=documents, users=users)).access(ALICE) == ()
    in_group = {"alice": {"policies": ["q", {"policy": "p", "resource_group": "rg-a"}]}}
    (way,) = world(tmp_path, document(policies=documents, users=in_group)).access(ALICE)
    assert way.group is None


def directory(**levels: object) -> dict[str, object]:
    return {
        "management": OTHER,
        "policies": {
            "some": policy(statement(Action="a:*"), statement(Effect="Deny", Action="a:b")),
            "odd": UNREADABLE,
        },
        "root": {"control_policies": ["FullAliyunAccess"], **levels},
    }


def test_each_level_of_control_policies_must_allow(tmp_path: Path) -> None:
    below = {"accounts": {ACCOUNT: {"control_policies": ["some"]}}}
    found = world(tmp_path, document(policies=policies()) | {"directory": directory(**below)})
    (way,) = found.access(ALICE)
    assert actions((way,)) == [[("*",), ("a:*",), ("ecs:startinstance",)]]
    assert [one.actions for one in way.denies] == [("a:b",)]
    odd = {"accounts": {ACCOUNT: {"control_policies": ["odd"]}}}
    found = world(tmp_path, document(policies=policies()) | {"directory": directory(**odd)})
    assert found.access(ALICE) == ()


def test_control_policies_do_not_bind_the_management_account(tmp_path: Path) -> None:
    given = document(policies=policies())
    given["accounts"][OTHER] = given["accounts"][ACCOUNT]
    below: dict[str, object] = {"accounts": {ACCOUNT: {"control_policies": []}}}
    found = world(tmp_path, given | {"directory": directory(**below)})
    assert actions(found.access(Asker("user", OTHER, "alice"))) == [[("ecs:startinstance",)]]
    assert actions(found.access(ALICE)) == [[("*",), (), ("ecs:startinstance",)]]


def test_control_policies_of_a_role_do_not_bind_the_management_account(tmp_path: Path) -> None:
    given = document(policies=policies())
    trusted = trust(RAM=f"acs:ram::{OTHER}:root")
    given["accounts"][ACCOUNT]["roles"] = {"App": {"trust": trusted}}
    given["accounts"][OTHER] = {
        "policies": policies(Action="sts:AssumeRole"),
        "users": {"alice": {"policies": ["p"]}},
    }
    below: dict[str, object] = {"accounts": {ACCOUNT: {"control_policies": []}}}
    found = world(tmp_path, given | {"directory": directory(**below)})
    assert assumable(found, Asker("user", OTHER, "alice"))


def test_control_policies_do_not_bind_service_linked_roles(tmp_path: Path) -> None:
    given = document(policies=policies(), service_linked_roles=["AliyunServiceRoleForAlikafka"])
    below: dict[str, object] = {"accounts": {ACCOUNT: {"control_policies": []}}}
    found = world(tmp_path, given | {"directory": directory(**below)})
    linked = Asker("role", ACCOUNT, "aliyunserviceroleforalikafka")
    (way,) = found.access(linked)
    assert len(way.layers) == 1


def test_a_role_whose_policy_is_not_published_has_no_access(tmp_path: Path) -> None:
    name = "AliyunServiceRoleForActionTrail"
    found = world(tmp_path, document(policies=policies(), service_linked_roles=[name]))
    asker = Asker("role", ACCOUNT, name.lower())
    assert found.access(asker) == ()
    assert found.digest(asker) != found.digest(ALICE)


def assumable(found: World, asker: Asker, role: str = "app", account: str = ACCOUNT) -> bool:
    """True if the principal may assume the role."""
    space = Space(asker, role=f"acs:ram::{account}:role/{role}")
    return allowed(found.assuming(asker, account, role), space, Budget()) is not None


@pytest.mark.parametrize(
    ("action", "principals", "expected"),
    [
        ("sts:AssumeRole", {"RAM": f"acs:ram::{ACCOUNT}:root"}, True),
        ("sts:*", {"RAM": [ALICE.arn]}, True),
        ("sts:AssumeRole", {"RAM": f"acs:ram::{ACCOUNT}:user/bob"}, False),
        ("sts:AssumeRole", {"RAM": f"acs:ram::{OTHER}:root"}, False),
        ("sts:GetCallerIdentity", {"RAM": f"acs:ram::{ACCOUNT}:root"}, False),
    ],
)
def test_a_role_is_assumed_if_policy_and_trust_allow(
    tmp_path: Path, action: str, principals: dict[str, object], *, expected: bool
) -> None:
    roles = {"App": {"trust": trust(**principals)}}
    found = world(tmp_path, document(policies=policies(Action=action), roles=roles))
    assert assumable(found, ALICE) == expected
    assert not assumable(found, ALICE, "other")


def test_a_deny_of_a_trust_policy_decides(tmp_path: Path) -> None:
    root = {"RAM": f"acs:ram::{ACCOUNT}:root"}
    denied = {"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": {"RAM": ALICE.arn}}
    both = trust(**root)
    both["Statement"].append(denied)  # type: ignore[attr-defined]
    given = document(policies=policies(Action="sts:AssumeRole"), roles={"App": {"trust": both}})
    given["accounts"][ACCOUNT]["users"]["bob"] = {"policies": ["p"]}
    found = world(tmp_path, given)
    assert not assumable(found, ALICE)
    assert assumable(found, Asker("user", ACCOUNT, "bob"))


def test_a_service_needs_the_trust_policy_alone(tmp_path: Path) -> None:
    roles = {"App": {"trust": trust(Service="ecs.aliyuncs.com")}, "Odd": {"trust": UNREADABLE}}
    found = world(tmp_path, document(policies=policies(), roles=roles))
    assert assumable(found, SERVICE)
    assert not assumable(found, Asker("service", "", "oss.aliyuncs.com"))
    assert found.assuming(SERVICE, ACCOUNT, "odd") == ()
    assert found.trusted(ACCOUNT, "app") == {"ecs.aliyuncs.com"}
    assert found.trusted(ACCOUNT, "odd") == frozenset()
    assert found.admitting(SERVICE) == [(ACCOUNT, "app")]
    assert found.admitting(ALICE) == []


def test_principals_with_equal_policies_have_one_digest(tmp_path: Path) -> None:
    given = document(policies=policies("q") | {"r": policy(statement(Action="a:b"))})
    given["accounts"][ACCOUNT]["users"] |= {
        "bob": {"policies": ["q"]},
        "carol": {"policies": ["q", "p"]},
        "dave": {"policies": ["p", "r"]},
        "erin": {"policies": ["p", {"policy": "r", "resource_group": "rg-a"}]},
        "frank": {"policies": ["p", {"policy": "q", "resource_group": "rg-a"}]},
    }
    found = world(tmp_path, given)
    digests = [found.digest(Asker("user", ACCOUNT, name)) for name in ("alice", "bob", "carol")]
    assert len(set(digests)) == 1
    others = [found.digest(Asker("user", ACCOUNT, name)) for name in ("dave", "erin", "frank")]
    assert len({*digests, *others}) == 4


def test_an_unreadable_policy_has_a_digest_of_its_own(tmp_path: Path) -> None:
    found = world(tmp_path, document(policies=policies()))
    unreadable = world(tmp_path, document(policies={"p": UNREADABLE}))
    assert found.digest(ALICE) != unreadable.digest(ALICE)
    assert unreadable.statements(f"{ACCOUNT}/p") is None
    assert found.statements("nothing") is None


def test_trust_policies_and_levels_have_digests(tmp_path: Path) -> None:
    roles = {
        "a": {"trust": trust(RAM=f"acs:ram::{ACCOUNT}:root")},
        "b": {"trust": trust(RAM=f"acs:ram::{ACCOUNT}:root")},
        "c": {"trust": trust(Service="ecs.aliyuncs.com")},
    }
    given = document(policies=policies(), roles=roles)
    found = world(tmp_path, given)
    trusts = [found.trust_digest(ACCOUNT, name) for name in "abc"]
    assert trusts[0] == trusts[1] != trusts[2]
    assert found.trust_digest(ACCOUNT, "nothing") == ""
    below = {"accounts": {ACCOUNT: {"control_policies": ["some"]}}}
    bound = world(tmp_path, given | {"directory": directory(**below)})
    levels = {
        found.levels_digest(ACCOUNT),
        bound.levels_digest(ACCOUNT),
        bound.levels_digest(OTHER),
    }
    assert len(levels) == 3
    assert found.digest(ALICE) != bound.digest(ALICE)


CONDITION = {"StringLike": {"acs:PrincipalARN": "*:user/a*"}}


def test_a_policy_may_test_the_principal(tmp_path: Path) -> None:
    tested = policies(Condition=CONDITION)
    assert world(tmp_path, document(policies=tested)).tests_principal(ALICE)
    other = {"StringLike": {"k": "a"}}
    found = world(tmp_path, document(policies=policies(Condition=other)))
    assert not found.tests_principal(ALICE)
    assert not found.tests_principal(Asker("user", ACCOUNT, "nobody"))
    users = {"alice": {"policies": [{"policy": "p", "resource_group": "rg-a"}]}}
    assert world(tmp_path, document(policies=tested, users=users)).tests_principal(ALICE)


def test_a_trust_policy_or_a_level_may_test_the_principal(tmp_path: Path) -> None:
    tested = trust(RAM=f"acs:ram::{ACCOUNT}:root")
    tested["Statement"][0]["Condition"] = CONDITION  # type: ignore[index]
    found = world(tmp_path, document(policies=policies(), roles={"App": {"trust": tested}}))
    assert not found.tests_principal(ALICE)
    assert found.tests_principal(ALICE, [(ACCOUNT, "app")])
    assert not found.tests_principal(ALICE, [(ACCOUNT, "nothing")])
    given = document(policies=policies())
    given["accounts"]["1" * 16] = {
        "roles": {"app": {"trust": trust(RAM=f"acs:ram::{ACCOUNT}:root")}}
    }
    below = directory(accounts={"1" * 16: {"control_policies": ["named"]}})
    below["policies"]["named"] = policy(statement(Condition=CONDITION))  # type: ignore[index]
    found = world(tmp_path, given | {"directory": below})
    assert not found.tests_principal(ALICE)
    assert found.tests_principal(ALICE, [("1" * 16, "app")])
