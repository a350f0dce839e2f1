from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from command_line import (
    ACCOUNT,
    ALICE,
    CAROL,
    ERIN,
    ETL,
    NUMBER,
    OWNER,
    SERVICE,
    WORLD,
    accounts_with,
    policy,
)
from ramgate import resources
from ramgate.accounts import reader
from ramgate.analysis import doctor
from ramgate.catalog import catalog
from ramgate.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.accounts.store import Store


def steps(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    status = main(["doctor", *map(str, arguments), "--json"])
    return status, json.loads(capsys.readouterr().out)


def passed(walked: dict[str, Any]) -> dict[str, bool]:
    return {step["step"]: step["passed"] for step in walked["steps"]}


def test_the_doctor_leads_the_owner_straight_to_yes(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", OWNER, "alikafka.etl", "--accounts", str(world)]) == 0
    assert capsys.readouterr().out == (
        "1. is the principal known?\n"
        f"   yes: the owner of account `{NUMBER}`, who needs no policy\n"
        "2. does the role exist?\n"
        f"   no: `{ETL}` does not exist in account `{NUMBER}`\n"
        "3. may the principal have the role created?\n"
        "   yes: the service creates it when the feature is first used\n"
        "verdict: the feature works\n"
    )


def test_the_doctor_leads_a_user_without_permissions_to_a_policy_that_works(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asking = [CAROL, "alikafka.connector", "--accounts", world]
    status, walked = steps(*asking, capsys=capsys)
    assert status == 1
    assert (walked["outcome"], walked["allow"], walked["remedied"]) == ("denied", False, True)
    assert passed(walked) == {
        "principal": True,
        "role": False,
        "creation": False,
        "obstacle": True,
        "remedy": True,
        "proof": True,
    }
    by_name = {step["step"]: step["evidence"] for step in walked["steps"]}
    assert by_name["principal"] == {"account": NUMBER, "policies": []}
    assert by_name["obstacle"] == {"statements": [], "levels": [], "needs_policy": True}
    proofs = by_name["proof"]["answers"]
    assert [proof["outcome"] for proof in proofs.values()] == ["create", "create"]
    assert [proof["authorization"]["statements"] for proof in proofs.values()] == [
        [{"policy": "way-out-2", "index": 0}],
        [{"policy": "AliyunKafkaFullAccess", "index": 1}],
    ]
    document = by_name["remedy"]["remedy"]["policy"]
    world.write_text(accounts_with(WORLD, document))
    status, walked = steps(*asking, capsys=capsys)
    assert (status, walked["outcome"], walked["remedied"]) == (0, "create", None)


def test_the_doctor_prints_the_policy_ready_for_the_console(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", CAROL, "alikafka.etl", "--accounts", str(world)]) == 1
    out = capsys.readouterr().out
    document = out.partition(" this policy: ")[2].partition("6. is it allowed")[0]
    assert json.loads(document) == policy(SERVICE)
    assert out.endswith("\nverdict: not yet; the remedy in step 5 was tried, and works\n")


def test_the_doctor_finds_a_role_that_is_there(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, walked = steps(CAROL, "alikafka.activation", "--accounts", world, capsys=capsys)
    assert (status, walked["outcome"]) == (0, "ready")
    assert passed(walked) == {"principal": True, "role": True}
    assert walked["steps"][1]["evidence"] == {
        "role": "AliyunServiceRoleForAlikafka",
        "service_linked_roles": ["AliyunServiceRoleForAlikafka"],
    }


def test_the_doctor_names_the_policies_of_all_scopes(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, walked = steps(ALICE, "alikafka.etl", "--accounts", world, capsys=capsys)
    assert status == 0
    assert walked["steps"][0]["evidence"]["policies"] == [
        "AliyunKafkaFullAccess",
        "AliyunKafkaReadOnlyAccess",
    ]
    assert passed(walked) == {"principal": True, "role": False, "creation": True}


def test_the_doctor_tries_all_parts_of_a_way_out_together(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, walked = steps(ERIN, "alikafka.etl", "--accounts", directory, capsys=capsys)
    assert (status, walked["remedied"]) == (1, True)
    obstacle = walked["steps"][3]["evidence"]
    assert obstacle == {
        "statements": [{"policy": "no-roles", "index": 0}],
        "levels": [0, 2],
        "needs_policy": True,
    }
    assert (directory / "members.yaml").read_text() == WORLD


def test_the_doctor_tries_a_way_out_that_attaches_nothing(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, walked = steps(ALICE, "alikafka.etl", "--accounts", directory, capsys=capsys)
    assert (status, walked["remedied"]) == (1, True)
    assert list(walked["steps"][-1]["evidence"]["answers"]) == ["that done"]


@pytest.mark.parametrize("principal", [f"{ACCOUNT}:role/App", f"{ACCOUNT}:assumed-role/app/s"])
def test_the_doctor_helps_a_role_and_its_sessions(
    principal: str, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, walked = steps(principal, "alikafka.etl", "--accounts", world, capsys=capsys)
    assert (status, walked["remedied"]) == (1, True)


def test_the_doctor_says_where_nothing_helps(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    linked = f"{ACCOUNT}:role/AliyunServiceRoleForAlikafka"
    status, walked = steps(linked, "alikafka.etl", "--accounts", world, capsys=capsys)
    assert (status, walked["remedied"]) == (1, False)
    assert passed(walked)["remedy"] is False
    assert main(["doctor", linked, "alikafka.etl", "--accounts", str(world)]) == 1
    assert capsys.readouterr().out.endswith("\nverdict: no\n")


@pytest.mark.parametrize(
    ("principal", "answer"),
    [
        ("ecs.aliyuncs.com", "no: it belongs to no account, and "),
        (f"{ACCOUNT}:user/zoe", f"no: account `{NUMBER}` does not have it; it has "),
        ("acs:ram::9999999999999999:root", "no: account `9999999999999999` does not exist; "),
    ],
)
def test_the_doctor_ends_where_nobody_is_known(
    principal: str, answer: str, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, walked = steps(principal, "alikafka.etl", "--accounts", world, capsys=capsys)
    assert (status, passed(walked), walked["remedied"]) == (1, {"principal": False}, False)
    assert walked["steps"][0]["answer"].startswith(answer)


def test_of_many_names_only_some_are_shown() -> None:
    store = reader.load(resources.path("examples/accounts.yaml"), catalog.load())
    numbers = [f"{number:016}" for number in range(30)]
    many: Store = {
        **store,
        "accounts": {number: {"roles": {}, "users": {}} for number in numbers},
    }
    said = doctor.absence("acs:ram::9999999999999999:user/x", many)
    assert said.endswith("`0000000000000009`, 20 more")
    assert doctor.absence(f"acs:ram::{numbers[0]}:user/x", many).endswith("it has none")


def test_the_doctor_refuses_an_unknown_feature_and_names_the_close_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["doctor", ALICE, "alikafka.conector"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("did you mean `alikafka.connector`?\n")


def test_no_system_policy_denies_so_that_every_obstacle_is_the_accounts_own() -> None:
    known = catalog.load()
    for name in known.system_policies:
        statements: Any = known.policies[name]["statements"]
        assert {statement["effect"] for statement in statements} == {"Allow"}


def test_the_doctor_suggests_the_nearest_name_to_an_unknown_principal(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asking = [f"{ACCOUNT}:user/carl", "alikafka.etl", "--accounts", str(world)]
    assert main(["doctor", *asking]) == 1
    assert capsys.readouterr().err == "did you mean `user/carol`?\n"
