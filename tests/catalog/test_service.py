from __future__ import annotations

import dataclasses
import datetime

import pytest

from ramgate.catalog.service import Action, ConditionKey, Entry, Origin, ResourceForm, Service

NEW, OLD = Origin("K1", "new pages", "2026"), Origin("K3", "an old list", "2021")
ANY = ResourceForm("*", required=True)
INSTANCE = ResourceForm("acs:alikafka:*:*:{instance}")
DAY = datetime.date(2026, 11, 29)


def action(*entries: Entry, name: str = "ListTopic") -> Action:
    return Action("alikafka", name, entries)


def test_an_action_joins_its_entries_in_their_order_each_value_once() -> None:
    found = action(
        Entry(NEW, resources=(ANY,), operations=("GetTopicList (2019-09-16)",)),
        Entry(NEW, level="get", resources=(INSTANCE,), operations=("GetTopicStatus", "List all")),
        Entry(OLD, level="list", resources=(INSTANCE,), condition_keys=("k:a", "k:b")),
        Entry(OLD, condition_keys=("k:b",), operations=("GetTopicList (2018-10-15)",), note="old"),
    )
    assert str(found) == "alikafka:ListTopic"
    assert found.level == "get"
    assert found.resources == (ANY, INSTANCE)
    assert found.condition_keys == ("k:a", "k:b")
    assert found.operations == ("GetTopicList", "GetTopicStatus", "List all")
    assert found.notes == ("old",)
    assert found.sources == (NEW, OLD)
    assert (found.needs_no_allow, found.contradictions) == (False, ())


def test_an_action_without_facts_has_none() -> None:
    found = action(Entry(OLD))
    assert (found.level, found.resources, found.only_any_resource) == ("", (), False)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([Entry(NEW, resources=(ANY,))], True),
        ([Entry(NEW, resources=(ANY,)), Entry(OLD)], True),
        ([Entry(NEW, resources=(ANY, INSTANCE))], False),
        ([Entry(NEW, resources=(ANY,)), Entry(OLD, resources=(INSTANCE,))], False),
        ([Entry(NEW, resources=(ANY,), contradiction="another page prints an ARN")], False),
    ],
)
def test_only_any_resource_is_certain_only_if_no_source_disagrees(
    entries: list[Entry], *, expected: bool
) -> None:
    assert action(*entries).only_any_resource is expected


@pytest.mark.parametrize(
    ("entries", "contradictions"),
    [
        ([Entry(NEW, resources=(ANY,)), Entry(NEW, resources=(INSTANCE,))], ()),
        ([Entry(NEW, resources=(ANY, INSTANCE)), Entry(OLD, resources=(INSTANCE,))], ()),
        (
            [Entry(OLD, resources=(INSTANCE,), contradiction="x"), Entry(NEW, resources=(ANY,))],
            ("x", "checked against `*` according to K1, against an ARN according to K3"),
        ),
    ],
)
def test_sources_contradict_each_other_if_one_knows_no_arn_and_another_nothing_else(
    entries: list[Entry], contradictions: tuple[str, ...]
) -> None:
    assert action(*entries).contradictions == contradictions


def test_an_action_needs_no_allow_if_a_source_says_so() -> None:
    assert action(Entry(OLD), Entry(NEW, needs_no_allow="says the page")).needs_no_allow


def test_renames_are_the_operations_with_another_name_than_their_actions() -> None:
    listing = action(Entry(NEW, operations=("ListTopic", "GetTopicList (2019-09-16)")))
    other = action(Entry(OLD, operations=("GetTopicList", "Copy with versionId")), name="Get")
    service = Service("alikafka", DAY, actions={"listtopic": listing, "get": other})
    assert service.renames == {
        "GetTopicList": ("ListTopic", "Get"),
        "Copy with versionId": ("Get",),
    }
    assert service.find("LISTTOPIC") is listing
    assert service.find("GetTopicList") is None


def test_services_are_joined_with_the_first_one_s_facts_first() -> None:
    user = Service(
        "alikafka",
        datetime.date(2026, 12, 1),
        names=("Mine",),
        products=("Alikafka 2026",),
        granularity=("resource",),
        notes=("a",),
        contradictions=("c",),
        arn_forms={"Instance": "*"},
        condition_keys={"k:a": ConditionKey("k:a", actions=("X",)), "k:u": ConditionKey("k:u")},
        actions={
            "listtopic": action(Entry(NEW, level="get"), name="LISTTOPIC"),
            "mine": action(Entry(NEW), name="Mine"),
        },
        operation_sources=(NEW,),
        operations=frozenset({"B"}),
        operations_without_action=("U",),
        hints=("H",),
    )
    shipped = Service(
        "alikafka",
        DAY,
        names=("Kafka",),
        products=("alikafka 2019",),
        granularity=("service",),
        notes=("b",),
        contradictions=("d",),
        arn_forms={"Instance": "acs:alikafka:*:*:i", "Topic": "acs:alikafka:*:*:t"},
        condition_keys={
            "k:a": ConditionKey("k:a", type="String", actions=("Y",), note="more"),
            "k:s": ConditionKey("k:s"),
        },
        actions={
            "listtopic": action(Entry(OLD, level="list")),
            "old": action(Entry(OLD), name="Old"),
        },
        operation_sources=(OLD,),
        operations=frozenset({"A"}),
        operations_without_action=("S",),
        hints=("I",),
    )
    assert user.joined(shipped) == Service(
        "alikafka",
        datetime.date(2026, 12, 1),
        names=("Mine", "Kafka"),
        products=("Alikafka 2026", "alikafka 2019"),
        granularity=("resource", "service"),
        notes=("a", "b"),
        contradictions=("c", "d"),
        arn_forms={"Instance": "*", "Topic": "acs:alikafka:*:*:t"},
        condition_keys={
            "k:a": ConditionKey("k:a", type="String", actions=("X", "Y"), note="more"),
            "k:s": ConditionKey("k:s"),
            "k:u": ConditionKey("k:u"),
        },
        actions={
            "listtopic": action(Entry(NEW, level="get"), Entry(OLD, level="list")),
            "mine": action(Entry(NEW), name="Mine"),
            "old": action(Entry(OLD), name="Old"),
        },
        operation_sources=(NEW, OLD),
        operations=frozenset({"A", "B"}),
        operations_without_action=("U", "S"),
        hints=("H", "I"),
    )


def test_every_field_of_a_service_is_joined() -> None:
    full = Service(
        "x",
        DAY,
        names=("n",),
        products=("p",),
        granularity=("g",),
        notes=("n",),
        contradictions=("c",),
        arn_forms={"a": "*"},
        condition_keys={"k:a": ConditionKey("k:a")},
        actions={"a": Action("x", "A", ())},
        operation_sources=(NEW,),
        operations=frozenset({"A"}),
        operations_without_action=("B",),
        hints=("H",),
    )
    assert all(getattr(full, field.name) for field in dataclasses.fields(full))
    assert Service("x", DAY).joined(full) == full.joined(Service("x", DAY)) == full
