"""Test each sentence of the documentation of 2026-03-11 on Kafka's four roles, and all 233 roles.

Each world is an accounts file of its own, and one OPA loads the worlds one after the other. A test
of a remedy applies the remedy to the file, and asks OPA the question again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ramgate import FeatureDenied, InvalidRequest, Request, Sidecar, Usage
from ramgate.bundle import builder as bundle
from ramgate.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ramgate import Client, Remedy

    World = Callable[..., Client]

HERE = "1234567890123456"
MANAGEMENT = "1000000000000001"
ARN = f"acs:ram::{HERE}:"
OWNER, ALICE = f"{ARN}root", f"{ARN}user/alice"
ROLES = catalog.load().roles
KAFKA = [role for role in ROLES.values() if role.feature]
UNPUBLISHED = [role for role in ROLES.values() if not role.is_published]
CREATE, DELETE = "ram:CreateServiceLinkedRole", "ram:DeleteServiceLinkedRole"
TAG = "kms:tag/acs:alikafka:instance-encryption"

# The page, in its own order: role, service name, feature.
PAGE = [
    ("AliyunServiceRoleForAlikafka", "alikafka.aliyuncs.com", "alikafka.activation"),
    (
        "AliyunServiceRoleForAlikafkaConnector",
        "connector.alikafka.aliyuncs.com",
        "alikafka.connector",
    ),
    (
        "AliyunServiceRoleForAlikafkaInstanceEncryption",
        "instanceencryption.alikafka.aliyuncs.com",
        "alikafka.disk_encryption",
    ),
    ("AliyunServiceRoleForAlikafkaETL", "etl.alikafka.aliyuncs.com", "alikafka.etl"),
]
EVERY = pytest.mark.parametrize(
    ("role", "service_name", "feature"), PAGE, ids=[feature for _, _, feature in PAGE]
)


@pytest.fixture(scope="module")
def sidecar() -> Iterator[Sidecar]:
    with Sidecar() as running:
        yield running


@pytest.fixture(scope="module")
def client(sidecar: Sidecar) -> Iterator[Client]:
    with sidecar.client(timeout=30) as found:
        yield found


@pytest.fixture
def world(sidecar: Sidecar, client: Client, tmp_path: Path) -> World:
    """Make OPA decide by one account and, where it is given, a directory."""

    def make(account: dict[str, Any], directory: dict[str, Any] | None = None) -> Client:
        document: dict[str, Any] = {"accounts": {HERE: account}}
        if directory:
            document["directory"] = directory
        path = tmp_path / "accounts.json"
        path.write_text(json.dumps(document))
        sidecar.publish(bundle.build(path))
        return client

    return make


def account(*attached: object, roles: tuple[str, ...] = (), **policies: object) -> dict[str, Any]:
    """An account with a user, alice, the service-linked roles that are there, and own policies."""
    return {
        "service_linked_roles": list(roles),
        "policies": policies,
        "users": {"alice": {"policies": list(attached)}},
    }


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "1", "Statement": list(statements)}


def statement(effect: str, action: str, **more: object) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": "*", **more}


def attached(before: dict[str, Any], remedy: Remedy) -> dict[str, Any]:
    """The account with the remedy's policy as a custom policy of alice's."""
    assert remedy.attach_to == ALICE
    return account(
        *before["users"]["alice"]["policies"],
        "remedy",
        **before["policies"],
        remedy=remedy.policy,
    )


# "... creates automatically the first time you use the associated feature."


@EVERY
def test_the_role_is_created_automatically_the_first_time_a_feature_is_used(
    world: World, role: str, service_name: str, feature: str
) -> None:
    client = world(account())
    first = client.feature(OWNER, feature)
    assert (first.outcome, first.role, first.service_name) == ("create", role, service_name)
    assert client.creation(OWNER, service_name).outcome == "create"
    client = world(account(roles=(role,)))
    second = client.feature(OWNER, feature)
    assert (second.outcome, second.role, second.authorization) == ("ready", role, None)
    assert client.creation(OWNER, service_name).outcome == "exists"


def test_the_page_has_four_roles_each_with_its_feature_and_its_service(world: World) -> None:
    client = world(account())
    for role, service_name, feature in PAGE:
        found = client.feature(OWNER, feature)
        assert (found.role, found.service_name) == (role, service_name)
    assert len(PAGE) == len(KAFKA) == 4


def test_creating_one_role_makes_no_other_feature_ready(world: World) -> None:
    client = world(account(roles=("AliyunServiceRoleForAlikafka",)))
    outcomes = [client.feature(ALICE, feature).outcome for _, _, feature in PAGE]
    assert outcomes == ["ready", "denied", "denied", "denied"]


# "Encrypt, decrypt, and data key generation operations are restricted to keys tagged with ..."


def test_the_encryption_role_uses_keys_only_with_the_tag(world: World) -> None:
    role = "AliyunServiceRoleForAlikafkaInstanceEncryption"
    client = world(account(roles=(role,)))
    for action in ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"):
        key = f"acs:kms:cn-hangzhou:{HERE}:key/k-1"
        assert client.decide(f"{ARN}role/{role}", action, key, {TAG: "true"})
        assert not client.decide(f"{ARN}role/{role}", action, key, {TAG: "false"})
        assert not client.decide(f"{ARN}role/{role}", action, key)
    for action in ("kms:ListKeys", "kms:DescribeKey", "kms:TagResource"):
        assert client.decide(f"{ARN}role/{role}", action, "*")


# "Delete the service-linked role itself", scoped to its own service.


@EVERY
def test_a_role_deletes_itself_and_none_of_the_other_roles(
    world: World, role: str, service_name: str, feature: str
) -> None:
    client = world(account(roles=tuple(name for name, _, _ in PAGE)))
    for other, _, _ in PAGE:
        found = client.deletion(f"{ARN}role/{role}", other)
        assert found.outcome == ("delete" if other == role else "denied")
        if found:
            assert found.service_name == service_name
            assert found.loss
            assert found.loss.features == (feature,)


# "Deleting a service-linked role removes the permissions that ApsaraMQ for Kafka relies on for the
# associated feature. That feature stops working until you recreate the role."


@EVERY
@pytest.mark.ramgate_unknown
def test_deletion_removes_the_permissions_and_the_feature_stops_until_the_role_is_recreated(
    world: World, role: str, service_name: str, feature: str
) -> None:
    holder = f"{ARN}role/{role}"
    asked = Request(holder, DELETE, "*", {"ram:ServiceName": service_name})
    client = world(account(roles=(role,)))
    deletion = client.deletion(OWNER, role)
    assert deletion.outcome == "delete"
    assert deletion.loss
    assert deletion.loss.features == (feature,)
    assert deletion.loss.created_when == ROLES[role.lower()].created_when
    [before] = client.decide_all([asked])
    assert before
    assert client.feature(ALICE, feature)

    client = world(account())
    [after] = client.decide_all([asked])
    assert (bool(after), after.reason) == (False, "unknown_principal")
    assert not client.feature(ALICE, feature)
    assert client.deletion(OWNER, role).outcome == "unknown_role"

    assert client.feature(OWNER, feature).outcome == "create"
    client = world(account(roles=(role,)))
    assert list(client.decide_all([asked])) == [before]
    assert client.feature(ALICE, feature).outcome == "ready"


def test_deletion_waits_for_what_still_uses_the_role(world: World) -> None:
    client = world(account(roles=("AliyunServiceRoleForAlikafka",)))
    usage = Usage("cn-hangzhou", (f"acs:alikafka:cn-hangzhou:{HERE}:alikafka_post-cn-1",))
    found = client.deletion(OWNER, "aliyunSERVICEroleforalikafka", [usage])
    assert (found.outcome, found.role) == ("in_use", "AliyunServiceRoleForAlikafka")
    assert found.remedy
    assert found.remedy.release == (usage,)
    assert found.loss == client.deletion(OWNER, "AliyunServiceRoleForAlikafka").loss
    assert client.deletion(ALICE, "AliyunServiceRoleForAlikafka", [usage]).outcome == "denied"


def test_kafka_full_access_creates_roles_and_deletes_none(world: World) -> None:
    client = world(account("AliyunKafkaFullAccess", roles=("AliyunServiceRoleForAlikafka",)))
    assert client.feature(ALICE, "alikafka.etl").outcome == "create"
    assert client.deletion(ALICE, "AliyunServiceRoleForAlikafka").outcome == "denied"


# "If the role already exists under your Alibaba Cloud account, your RAM user inherits it
# automatically."


@EVERY
def test_a_user_without_permissions_inherits_the_role_that_already_exists(
    world: World, role: str, service_name: str, feature: str
) -> None:
    client = world(account(roles=(role,)))
    found = client.require_feature(ALICE, feature)
    assert (found.outcome, found.authorization) == ("ready", None)
    assert client.creation(ALICE, service_name).outcome == "exists"


def test_a_denied_user_inherits_the_role_that_already_exists_as_well(world: World) -> None:
    denying = policy(statement("Deny", "*"))
    client = world(account("stop", roles=("AliyunServiceRoleForAlikafkaETL",), stop=denying))
    assert client.feature(ALICE, "alikafka.etl").outcome == "ready"
    assert client.feature(ALICE, "alikafka.connector").outcome == "denied"


def test_only_the_linked_service_assumes_a_role_that_is_there(world: World) -> None:
    client = world(account("AdministratorAccess", roles=tuple(name for name, _, _ in PAGE)))
    for role, service_name, _ in PAGE:
        asked = [
            Request(principal, "sts:AssumeRole", f"{ARN}role/{role}")
            for principal in (service_name, OWNER, ALICE, f"{ARN}role/{role}", "ecs.aliyuncs.com")
        ]
        assert [bool(one) for one in client.decide_all(asked)] == [True] + [False] * 4


# "If inheritance fails, create a custom policy that grants ram:CreateServiceLinkedRole for the
# relevant service and attach it to your RAM user."


@EVERY
def test_a_user_without_permission_is_denied_and_the_custom_policy_of_the_page_helps(
    world: World, role: str, service_name: str, feature: str
) -> None:
    before = account()
    client = world(before)
    denied = client.feature(ALICE, feature)
    assert (denied.outcome, denied.role) == ("denied", role)
    assert denied.authorization is not None
    assert denied.authorization.reason == "no_statement_matches"
    assert denied.remedy
    assert denied.remedy.policy == {
        "Version": "1",
        "Statement": [
            {
                "Action": [CREATE],
                "Resource": "*",
                "Effect": "Allow",
                "Condition": {"StringEquals": {"ram:ServiceName": service_name}},
            }
        ],
    }
    client = world(attached(before, denied.remedy))
    assert client.feature(ALICE, feature).outcome == "create"
    outcomes = [client.feature(ALICE, other).outcome for _, _, other in PAGE if other != feature]
    assert outcomes == ["denied"] * 3


def test_every_permission_but_creation_does_not_create_the_role(world: World) -> None:
    kafka = policy(statement("Allow", "alikafka:*"))
    client = world(account("kafka", "AliyunKafkaReadOnlyAccess", kafka=kafka))
    for _, service_name, feature in PAGE:
        assert client.feature(ALICE, feature).outcome == "denied"
        assert client.creation(ALICE, service_name).outcome == "denied"


# "If the role is still not created after you attach the policy, attach the AliyunKafkaFullAccess
# system policy to your RAM user."


@EVERY
def test_kafka_full_access_is_the_way_out_for_each_of_the_four(
    world: World, role: str, service_name: str, feature: str
) -> None:
    client = world(account())
    denied = client.feature(ALICE, feature)
    assert denied.remedy
    assert denied.remedy.or_attach == "AliyunKafkaFullAccess"
    with pytest.raises(FeatureDenied, match="the system policy `AliyunKafkaFullAccess`, or"):
        client.require_feature(ALICE, feature)
    client = world(account(denied.remedy.or_attach))
    created = client.require_feature(ALICE, feature)
    assert (created.outcome, created.role) == ("create", role)
    assert client.creation(ALICE, service_name).outcome == "create"


def test_kafka_full_access_is_no_way_out_for_another_service(world: World) -> None:
    before = account("AliyunKafkaFullAccess")
    client = world(before)
    service_name = "adbpg.aliyuncs.com"
    denied = client.creation(ALICE, service_name)
    assert denied.remedy
    assert denied.remedy.or_attach is None
    assert world(attached(before, denied.remedy)).creation(ALICE, service_name)


# Where more than a missing permission is in the way.

STOP = policy(
    statement("Deny", "oss:*"),
    statement("Allow", "alikafka:*"),
    statement("Deny", "ram:*ServiceLinkedRole"),
)
MEMBER = {
    "management": MANAGEMENT,
    "policies": {"only-kafka": policy(statement("Allow", "alikafka:*"))},
}


def levels(*held: str) -> dict[str, Any]:
    """A directory of the root folder, a folder in it, and the account in that."""
    root, folder, member = ([name] for name in held)
    accounts = {HERE: {"control_policies": member}}
    folders = {"inner": {"control_policies": folder, "accounts": accounts}}
    return MEMBER | {"root": {"control_policies": root, "accounts": {}, "folders": folders}}


def without(before: dict[str, Any], remedy: Remedy) -> dict[str, Any]:
    """The account without the statements that the remedy names."""
    found: dict[str, Any] = json.loads(json.dumps(before))
    assert remedy.remove
    for one in sorted(remedy.remove, key=lambda one: -one.index):
        statements = found["policies"][one.policy]["Statement"]
        assert statements.pop(one.index)["Effect"] == "Deny"
    return found


def test_a_deny_in_the_way_is_named_and_without_it_the_role_is_created(world: World) -> None:
    before = account("AliyunKafkaFullAccess", "stop", stop=STOP)
    denied = world(before).feature(ALICE, "alikafka.etl")
    assert denied.authorization is not None
    assert denied.authorization.effect == "ExplicitDeny"
    assert denied.remedy
    assert (denied.remedy.policy, denied.remedy.ask) == (None, None)
    assert [str(one) for one in denied.remedy.remove] == ["stop[2]"]
    assert world(without(before, denied.remedy)).feature(ALICE, "alikafka.etl").outcome == "create"


def test_a_deny_and_a_missing_allow_take_both_and_neither_alone_is_enough(world: World) -> None:
    before = account("stop", stop=STOP)
    denied = world(before).feature(ALICE, "alikafka.connector")
    remedy = denied.remedy
    assert remedy
    assert remedy.policy
    assert remedy.remove
    assert not world(without(before, remedy)).feature(ALICE, "alikafka.connector")
    assert not world(attached(before, remedy)).feature(ALICE, "alikafka.connector")
    healed = attached(without(before, remedy), remedy)
    assert world(healed).feature(ALICE, "alikafka.connector").outcome == "create"


def test_every_deny_of_every_policy_in_the_way_is_named(world: World) -> None:
    one, two = (
        policy(statement("Deny", "*")),
        policy(statement("Deny", CREATE), statement("Deny", "ram:*")),
    )
    rest = statement("Allow", "oss:*")
    before = account("AliyunKafkaFullAccess", "one", "two", one=one, two=two)
    remedy = world(before).feature(ALICE, "alikafka.etl").remedy
    assert remedy
    assert [str(named) for named in remedy.remove] == ["one[0]", "two[0]", "two[1]"]
    for own in (one, two):
        own["Statement"].append(rest)
    assert world(without(before, remedy)).feature(ALICE, "alikafka.etl")


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        (("only-kafka", "FullAliyunAccess", "FullAliyunAccess"), (0,)),
        (("FullAliyunAccess", "only-kafka", "FullAliyunAccess"), (1,)),
        (("FullAliyunAccess", "only-kafka", "only-kafka"), (1, 2)),
    ],
)
def test_a_control_policy_in_the_way_is_named_by_its_level(
    world: World, held: tuple[str, ...], asked: tuple[int, ...]
) -> None:
    before = account("AliyunKafkaFullAccess")
    denied = world(before, levels(*held)).feature(ALICE, "alikafka.etl")
    assert denied.authorization is not None
    assert denied.authorization.policy_type == "ControlPolicy"
    remedy = denied.remedy
    assert remedy
    assert (remedy.ask, remedy.levels, remedy.policy) == ("ControlPolicy", asked, None)
    for missing in (None, *asked):
        healed = [
            "FullAliyunAccess" if level in asked and level != missing else name
            for level, name in enumerate(held)
        ]
        assert bool(world(before, levels(*healed)).feature(ALICE, "alikafka.etl")) is (
            missing is None
        )


def test_all_parts_of_a_remedy_together_lead_to_a_yes(world: World) -> None:
    before = account("stop", stop=STOP)
    held = levels("only-kafka", "FullAliyunAccess", "FullAliyunAccess")
    remedy = world(before, held).feature(ALICE, "alikafka.etl").remedy
    assert remedy
    assert remedy.policy
    assert remedy.remove
    assert remedy.ask
    healed = attached(without(before, remedy), remedy)
    assert not world(healed, held).feature(ALICE, "alikafka.etl")
    allowing = levels(*["FullAliyunAccess"] * 3)
    assert world(healed, allowing).feature(ALICE, "alikafka.etl").outcome == "create"


def test_a_control_policy_does_not_hold_the_role_itself(world: World) -> None:
    role = "AliyunServiceRoleForAlikafka"
    held = levels("only-kafka", "FullAliyunAccess", "FullAliyunAccess")
    client = world(account(roles=(role,)), held)
    assert client.deletion(f"{ARN}role/{role}", role)


# Who asks, and about what.


def test_a_service_linked_role_gets_no_remedy(world: World) -> None:
    client = world(account(roles=("AliyunServiceRoleForAlikafka",)))
    denied = client.feature(f"{ARN}role/AliyunServiceRoleForAlikafka", "alikafka.etl")
    assert (denied.outcome, denied.remedy) == ("denied", None)


def test_who_is_not_there_is_denied_before_anything_else(world: World) -> None:
    client = world(account(roles=("AliyunServiceRoleForAlikafka",)))
    for principal in (
        f"{ARN}user/nobody",
        "acs:ram::0000000000000000:root",
        "alikafka.aliyuncs.com",
    ):
        for found in (
            client.feature(principal, "alikafka.activation"),
            client.feature(principal, "nothing"),
            client.creation(principal, "alikafka.aliyuncs.com"),
            client.deletion(principal, "AliyunServiceRoleForAlikafka"),
            client.deletion(principal, "nothing"),
        ):
            assert (found.outcome, found.remedy) == ("denied", None)


def test_what_is_not_known_is_said_to_be_unknown(world: World) -> None:
    held = account(roles=("AliyunServiceRoleForAlikafka",))
    trust = policy(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": ["ecs.aliyuncs.com"]},
        }
    )
    held["roles"] = {"AppRole": {"trust": trust}}
    client = world(held)
    assert client.creation(OWNER, "AliyunServiceRoleForAlikafka").outcome == "unknown_service"
    assert client.feature(OWNER, "alikafka.aliyuncs.com").outcome == "unknown_feature"
    assert client.deletion(OWNER, "alikafka.aliyuncs.com").outcome == "unknown_role"
    assert client.deletion(OWNER, "AliyunServiceRoleForAlikafkaETL").outcome == "unknown_role"
    assert client.deletion(OWNER, "approle").outcome == "not_service_linked"
    with pytest.raises(InvalidRequest, match="ram:ServiceName: comes from the role"):
        client.creation(
            OWNER, "alikafka.aliyuncs.com", {"ram:ServiceName": "alikafka.aliyuncs.com"}
        )


# The 233


def test_the_owner_may_have_each_of_the_233_roles_created(world: World) -> None:
    client = world(account())
    assert len(ROLES) == 233
    for role in ROLES.values():
        found = client.creation(OWNER, role.service_name)
        assert (found.outcome, found.role, found.service_name) == (
            "create",
            role.role,
            role.service_name,
        )


def test_the_page_s_policy_helps_with_each_of_the_233_roles(world: World) -> None:
    users = {f"{ARN}user/{role.role}": role for role in ROLES.values()}
    before: dict[str, Any] = {"users": {role.role: {} for role in ROLES.values()}}
    client = world(before)
    policies, holding = {}, {}
    for user, role in users.items():
        remedy = client.creation(user, role.service_name).remedy
        assert remedy
        assert remedy.attach_to == user
        assert remedy.policy == role.creation_policy
        assert (remedy.or_attach is not None) is (role in KAFKA)
        policies[role.role] = remedy.policy
        holding[role.role] = {"policies": [role.role]}
    client = world({"policies": policies, "users": holding})
    for user, role in users.items():
        assert client.creation(user, role.service_name).outcome == "create"


def test_what_a_role_without_a_document_may_do_is_not_guessed(world: World) -> None:
    assert len(UNPUBLISHED) == 158
    client = world(account(roles=tuple(role.role for role in UNPUBLISHED)))
    holders = [(f"{ARN}role/{role.role}", role) for role in UNPUBLISHED]
    asked = [Request(holder, "ecs:DescribeInstances", "*") for holder, _ in holders]
    asked += [
        Request(holder, DELETE, "*", {"ram:ServiceName": role.service_name})
        for holder, role in holders
    ]
    for decision in client.decide_all(asked):
        assert (decision.effect, decision.reason, decision.policy_type, decision.statements) == (
            "ImplicitDeny",
            "policy_not_published",
            None,
            (),
        )


def test_a_role_without_a_document_is_assumed_and_deleted_as_any_other(world: World) -> None:
    client = world(account("AdministratorAccess", roles=tuple(role.role for role in UNPUBLISHED)))
    for principals, allowed in (
        ([role.service_name for role in UNPUBLISHED], True),
        ([ALICE] * len(UNPUBLISHED), False),
        (["ecs.aliyuncs.com"] * len(UNPUBLISHED), False),
    ):
        asked = [
            Request(principal, "sts:AssumeRole", f"{ARN}role/{role.role}")
            for principal, role in zip(principals, UNPUBLISHED, strict=True)
        ]
        assert {bool(one) for one in client.decide_all(asked)} == {allowed}
    for role in UNPUBLISHED:
        assert client.creation(ALICE, role.service_name).outcome == "exists"
        found = client.deletion(ALICE, role.role.upper())
        assert (found.outcome, found.role) == ("delete", role.role)
        assert found.loss
        assert (found.loss.features, found.loss.created_when) == ((), None)
        itself = client.deletion(f"{ARN}role/{role.role}", role.role)
        assert itself.authorization is not None
        assert itself.authorization.reason == "policy_not_published"
