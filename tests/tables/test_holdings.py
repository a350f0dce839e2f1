"""The policies that decide about a principal, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.tables.holdings import CONTROL, IN_GROUP, OWN, Holding, Policies, digest, holdings

if TYPE_CHECKING:
    from ramgate.accounts.store import Account

NUMBER = "1234567890123456"
ACCOUNT: Account = {
    "roles": {
        "app": {"name": "App", "trust": "t", "policies": ["a"]},
        "linked": {"name": "Linked", "trust": "t", "policies": ["b"]},
        "hidden": {"name": "Hidden", "trust": "t", "policies": []},
        "bare": {"name": "Bare", "trust": "t", "policies": []},
    },
    "users": {"alice": {"policies": ["a", "b"], "resource_groups": {"rg-1": ["c"]}}},
}
LINKED = {"linked", "hidden"}


def test_control_policies_bind_all_but_service_linked_roles() -> None:
    found = list(holdings(NUMBER, ACCOUNT, [["x"], ["y", "z"]], LINKED))
    control, arn = (("x",), ("y", "z")), f"acs:ram::{NUMBER}"
    assert found == [
        Holding(f"{arn}:role/App", "", Policies(control, ("a",))),
        Holding(f"{arn}:role/app", "", Policies(control, ("a",))),
        Holding(f"{arn}:role/Linked", "", Policies((), ("b",))),
        Holding(f"{arn}:role/linked", "", Policies((), ("b",))),
        Holding(f"{arn}:role/Bare", "", Policies(control, ())),
        Holding(f"{arn}:role/bare", "", Policies(control, ())),
        Holding(f"{arn}:user/alice", "", Policies(control, ("a", "b"))),
        Holding(f"{arn}:user/alice", "rg-1", Policies(control, ("a", "b"), ("c",))),
    ]


def test_the_layers_decide_in_their_order() -> None:
    assert list(Policies((("x",), ("y",)), ("a",), ("c",)).layers) == [
        (CONTROL, ("x",)),
        (CONTROL, ("y",)),
        (OWN, ("a",)),
        (IN_GROUP, ("c",)),
    ]
    assert list(Policies((), ()).layers) == [(OWN, ())]


def test_a_set_has_the_ids_of_all_its_layers() -> None:
    assert Policies((("x",), ("y",)), ("a",), ("c",)).ids == {"x", "y", "a", "c"}


def test_a_set_of_one_policy_has_its_id() -> None:
    assert Policies((), ("a",)).name == "a"


def test_other_sets_are_named_by_a_digest() -> None:
    names = {
        Policies((), ("a", "b")).name,
        Policies((), ()).name,
        Policies((("a",),), ("a",)).name,
        Policies((), ("a",), ()).name,
        Policies((), ("a",), ("a",)).name,
    }
    assert len(names) == 5
    assert all(name.startswith("set:") for name in names)
    assert Policies((), ("a", "b")).name == Policies((), ("a", "b")).name


def test_a_digest_tells_values_apart() -> None:
    assert digest(("a", "b")) != digest(("ab",))
    assert len(digest(())) == 32
