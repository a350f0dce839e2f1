from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from ramgate import Decision, Feature, Remedy, Statement
from ramgate.accounts import reader
from ramgate.analysis import steps
from ramgate.analysis.fixes import AlsoAllows
from ramgate.catalog import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.accounts.store import Account, Store

NUMBER = "1234567890123456"
ACCOUNT = f"acs:ram::{NUMBER}"
OWNER, ALICE = f"{ACCOUNT}:root", f"{ACCOUNT}:user/alice"
ROLE, SERVICE = "AliyunServiceRoleForAlikafkaETL", "etl.alikafka.aliyuncs.com"
LEVEL = "AccountLevelIdentityBasedPolicy"
REST = AlsoAllows(proved=True, only="nothing")
WORLD = f"""\
accounts:
  "{NUMBER}":
    service_linked_roles: [AliyunServiceRoleForAlikafka]
    roles:
      App:
        trust:
          Version: "1"
          Statement:
            - Effect: Allow
              Action: "sts:AssumeRole"
              Principal: {{Service: [ecs.aliyuncs.com]}}
        policies: [AliyunKafkaReadOnlyAccess]
    users:
      alice:
        policies:
          - {{policy: AliyunKafkaReadOnlyAccess, resource_group: rg-1}}
          - AliyunKafkaFullAccess
      carol: {{}}
"""
UNKNOWN, UNMATCHED, ALLOWED = (
    msgspec.convert(fields, Decision)
    for fields in (
        {
            "allow": False,
            "effect": "ImplicitDeny",
            "reason": "unknown_principal",
            "policy_type": None,
            "statements": [],
        },
        {
            "allow": False,
            "effect": "ImplicitDeny",
            "reason": "no_statement_matches",
            "policy_type": LEVEL,
            "statements": [],
        },
        {
            "allow": True,
            "effect": "Allow",
            "reason": "statement_allows",
            "policy_type": LEVEL,
            "statements": [{"policy": "kafka", "index": 1}],
        },
    )
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    path = tmp_path / "accounts.yaml"
    path.write_text(WORLD)
    return reader.load(path, catalog.load())


def feature(outcome: str, **parts: object) -> Feature:
    fields = {
        "allow": outcome in {"create", "ready"},
        "outcome": outcome,
        "account": NUMBER,
        "role": ROLE,
        "service_name": SERVICE,
        "authorization": None,
        "remedy": None,
    }
    return msgspec.convert(fields | parts, Feature, from_attributes=True)


def phrased(answer: Feature, principal: str, store: Store) -> dict[str, tuple[bool, str]]:
    found = steps.before_proof(answer, principal, store)
    return {step.step: (step.passed, step.answer) for step in found}


def test_a_principal_that_is_not_known_ends_the_diagnosis(store: Store) -> None:
    answer = feature("denied", authorization=UNKNOWN, role=None, service_name=None)
    zoe = f"{ACCOUNT}:user/zoe"
    assert phrased(answer, zoe, store) == {
        "principal": (
            False,
            (
                f"no: account `{NUMBER}` does not have it; it has "
                "`role/AliyunServiceRoleForAlikafka`, `role/App`, `user/alice`, `user/carol`"
            ),
        )
    }


def test_a_principal_without_an_account_ends_it_too(store: Store) -> None:
    answer = feature("denied", authorization=UNMATCHED, account=None, role=None, service_name=None)
    [step] = steps.before_proof(answer, "ecs.aliyuncs.com", store)
    assert step.answer == (
        "no: it belongs to no account, and a service-linked role is created in an account"
    )
    assert step.evidence == {"decision": UNMATCHED}


def test_of_many_accounts_ten_are_named(store: Store) -> None:
    accounts: dict[str, Account] = {
        f"{number:016}": {"roles": {}, "users": {}} for number in range(12)
    }
    many: Store = {**store, "accounts": accounts}
    text = steps.absence("acs:ram::9999999999999999:user/x", many)
    assert text.endswith("`0000000000000009`, 2 more")
    assert steps.absence("acs:ram::0000000000000000:user/x", many).endswith("it has none")


@pytest.mark.parametrize(
    ("principal", "answer"),
    [
        ("root", f"yes: the owner of account `{NUMBER}`, who needs no policy"),
        (
            "user/alice",
            (
                f"yes: user `alice` of account `{NUMBER}`, "
                "with `AliyunKafkaFullAccess`, `AliyunKafkaReadOnlyAccess` attached"
            ),
        ),
        ("user/carol", f"yes: user `carol` of account `{NUMBER}`, with no policy attached"),
        (
            "role/App",
            f"yes: role `app` of account `{NUMBER}`, with `AliyunKafkaReadOnlyAccess` attached",
        ),
        (
            "assumed-role/APP/session",
            f"yes: role `app` of account `{NUMBER}`, with `AliyunKafkaReadOnlyAccess` attached",
        ),
    ],
)
def test_a_known_principal_is_shown_with_its_policies(
    principal: str, answer: str, store: Store
) -> None:
    found = phrased(feature("create", authorization=ALLOWED), f"{ACCOUNT}:{principal}", store)
    assert found["principal"] == (True, answer)


def test_a_role_that_exists_ends_the_diagnosis(store: Store) -> None:
    _, step = steps.before_proof(feature("ready"), ALICE, store)
    assert (step.step, step.passed) == ("role", True)
    assert step.answer.startswith(f"yes: `{ROLE}` exists")
    assert step.evidence == {
        "role": ROLE,
        "service_linked_roles": ["AliyunServiceRoleForAlikafka"],
    }


def test_a_role_that_may_be_created_ends_it_too(store: Store) -> None:
    found = phrased(feature("create", authorization=ALLOWED), ALICE, store)
    assert found["role"] == (False, f"no: `{ROLE}` does not exist in account `{NUMBER}`")
    assert list(found) == ["principal", "role", "creation"]
    assert found["creation"][0]


def test_every_obstacle_is_named_and_the_remedy_is_quoted(store: Store) -> None:
    remedy = Remedy(
        policy={"Version": "1"},
        attach_to=ALICE,
        remove=(Statement("stop", 0),),
        ask="ControlPolicy",
        levels=(0, 2),
    )
    answer = feature("denied", authorization=UNMATCHED, remedy=remedy)
    found = phrased(answer, ALICE, store)
    assert found["creation"] == (False, "no: ImplicitDeny, no_statement_matches")
    assert found["obstacle"] == (
        True,
        (
            "the statement `stop[0]` denies it; "
            "the control policies of level 0 (the root folder) do not allow it; "
            "the control policies of level 2 do not allow it; "
            "no policy of the principal allows it"
        ),
    )
    assert found["remedy"] == (True, str(remedy))


def test_without_a_remedy_the_last_two_steps_say_so(store: Store) -> None:
    found = phrased(feature("denied", authorization=UNMATCHED), ALICE, store)
    assert found["obstacle"] == (False, "no change to the principal's policies would allow it")
    assert found["remedy"] == (False, "none: let another principal have the role created")


def test_an_unreadable_policy_is_the_obstacle(store: Store) -> None:
    unreadable = msgspec.structs.replace(UNMATCHED, reason="policy_unreadable")
    found = phrased(feature("denied", authorization=unreadable), ALICE, store)
    assert found["creation"] == (False, "no: ImplicitDeny, policy_unreadable")
    assert found["obstacle"] == (
        False,
        "a policy of the principal is `unreadable` in the accounts",
    )
    assert found["remedy"] == (
        False,
        "none: first replace that policy by a document that ramgate can read",
    )


def test_a_proof_is_passed_only_by_an_allow_for_every_alternative() -> None:
    allowed = feature("create", authorization=ALLOWED)
    denied = feature("denied", authorization=UNMATCHED)
    step = steps.proof({"A": (allowed, REST)})
    assert (step.passed, step.answer) == (
        True,
        "yes: with A, the outcome is `create` by `kafka[1]`; it allows nothing else: proved",
    )
    step = steps.proof({"A": (allowed, REST), "B": (denied, REST), "C": (feature("ready"), REST)})
    assert not step.passed
    assert step.answer == (
        "no: with A, the outcome is `create` by `kafka[1]`; it allows nothing else: proved; "
        "with B, the outcome is `denied`; it allows nothing else: proved; "
        "with C, the outcome is `ready`; it allows nothing else: proved"
    )
    assert step.evidence["answers"] == {
        "A": {"outcome": "create", "authorization": ALLOWED, "also_allows": REST},
        "B": {"outcome": "denied", "authorization": UNMATCHED, "also_allows": REST},
        "C": {"outcome": "ready", "authorization": None, "also_allows": REST},
    }
