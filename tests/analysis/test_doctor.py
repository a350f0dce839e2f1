from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ramgate import InvalidFiles
from ramgate.analysis import doctor

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = "1234567890123456"
CAROL, LINKED = (
    f"acs:ram::{NUMBER}:{name}" for name in ("user/carol", "role/AliyunServiceRoleForAlikafka")
)
WORLD = f"""\
accounts:
  "{NUMBER}":
    service_linked_roles: [AliyunServiceRoleForAlikafka]
    users: {{carol: {{}}}}
"""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.yaml"
    path.write_text(WORLD)
    return path


def test_a_remedy_is_applied_and_tried_without_changing_the_file(world: Path) -> None:
    diagnosis = doctor.diagnose(world, CAROL, "alikafka.etl")
    assert (diagnosis.principal, diagnosis.feature) == (CAROL, "alikafka.etl")
    assert (diagnosis.allow, diagnosis.outcome, diagnosis.remedied) == (False, "denied", True)
    assert [step.step for step in diagnosis.steps] == [
        "principal",
        "role",
        "creation",
        "obstacle",
        "remedy",
        "proof",
    ]
    assert diagnosis.steps[-1].answer == (
        "yes: with the policy attached, the outcome is `create` by `way-out-1[0]`; "
        f"it also allows, for example: {CAROL} ram:CreateServiceLinkedRole "
        f'acs:ram::{NUMBER}:example with {{"ram:ServiceName":"etl.alikafka.aliyuncs.com"}}; '
        "with `AliyunKafkaFullAccess` attached instead, "
        "the outcome is `create` by `AliyunKafkaFullAccess[1]`; "
        f"it also allows, for example: {CAROL} alikafka:DeleteGroup "
        f"acs:alikafka:cn-hangzhou:{NUMBER}:example"
    )
    assert world.read_text() == WORLD


def test_a_feature_that_works_needs_no_remedy(world: Path) -> None:
    diagnosis = doctor.diagnose(world, CAROL, "alikafka.activation")
    assert (diagnosis.allow, diagnosis.outcome, diagnosis.remedied) == (True, "ready", None)


def test_without_a_remedy_nothing_is_tried(world: Path) -> None:
    diagnosis = doctor.diagnose(world, LINKED, "alikafka.etl")
    assert (diagnosis.allow, diagnosis.outcome, diagnosis.remedied) == (False, "denied", False)
    assert diagnosis.steps[-1].step == "remedy"


def test_an_own_policy_may_have_the_name_of_the_system_policy_to_attach(world: Path) -> None:
    own = "{AliyunKafkaFullAccess: {unreadable: why, document: '{'}}"
    world.write_text(f"{WORLD}    policies: {own}\n")
    assert doctor.diagnose(world, CAROL, "alikafka.etl").remedied is True


def test_beside_an_unreadable_policy_nothing_is_tried(world: Path) -> None:
    text = WORLD.replace("carol: {}", "carol: {policies: [odd]}")
    world.write_text(f"{text}    policies: {{odd: {{unreadable: why, document: '{{'}}}}\n")
    diagnosis = doctor.diagnose(world, CAROL, "alikafka.etl")
    assert (diagnosis.allow, diagnosis.outcome, diagnosis.remedied) == (False, "denied", False)
    assert diagnosis.steps[-1].answer.startswith("none: first replace that policy")


def test_a_system_policy_that_denies_is_detached_for_the_proof(world: Path) -> None:
    deny = '{Version: "1", Statement: [{Effect: Deny, Action: "ram:*", Resource: "*"}]}'
    text = WORLD.replace("carol: {}", "carol: {policies: [AliyunNoRamAccess]}")
    world.write_text(f"{text}system_policies: {{AliyunNoRamAccess: {{document: {deny}}}}}\n")
    diagnosis = doctor.diagnose(world, CAROL, "alikafka.etl")
    assert "the statement `AliyunNoRamAccess[0]` denies it" in diagnosis.steps[3].answer
    assert diagnosis.remedied is True


def test_an_unknown_feature_and_faulty_accounts_start_no_opa(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPA", "/nowhere/opa")
    with pytest.raises(ValueError, match=r"did you mean `alikafka\.connector`\?"):
        doctor.diagnose(world, CAROL, "alikafka.conector")
    world.write_text(WORLD.replace("carol: {}", "carol: {policies: [gone]}"))
    with pytest.raises(InvalidFiles, match="there is no policy `gone`"):
        doctor.diagnose(world, CAROL, "alikafka.etl")


def test_a_remedy_is_tried_with_the_files_that_the_accounts_name(world: Path) -> None:
    (world.parent / "p.json").write_text(
        '{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "ram:*", "Resource": "*"}]}'
    )
    text = WORLD.replace("carol: {}", "carol: {policies: [p, q]}")
    named = "{file: p.json}"
    world.write_text(f"{text}    policies: {{p: {named}, q: {named}}}\n")
    diagnosis = doctor.diagnose(world, CAROL, "alikafka.etl")
    assert "the statement `p[0]` denies it" in diagnosis.steps[3].answer
    assert diagnosis.remedied is True
