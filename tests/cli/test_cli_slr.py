from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from command_line import (
    ACCOUNT,
    ALICE,
    CAROL,
    ERIN,
    ETL,
    EXAMPLE,
    NUMBER,
    OWNER,
    SERVICE,
    WORLD,
    accounts_with,
    policy,
)
from ramgate.cli.main import main
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate import Sidecar

NOT_AN_ARN = r"is not a valid ARN: it must match `\*|acs:(?:[^:]*:){3}.*`"


def asked(*arguments: object) -> int:
    return main(["slr", *map(str, arguments)])


def test_slr_create_says_what_why_and_the_way_out(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("create", CAROL, SERVICE, "--accounts", world) == 1
    out, _, document = capsys.readouterr().out.partition(" this policy: ")
    assert out == (
        f"denied: `{ETL}` of account `{NUMBER}` may not be created for `{CAROL}`\n"
        "because: ImplicitDeny  no_statement_matches  (AccountLevelIdentityBasedPolicy)\n"
        "remedy:\n"
        f"  attach to `{CAROL}` the system policy `AliyunKafkaFullAccess`, or"
    )
    assert json.loads(document) == policy(SERVICE)


def test_slr_create_prints_an_allow_and_what_is_there_already(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("create", ALICE, SERVICE, "--accounts", world) == 0
    assert capsys.readouterr().out == (
        f"create: `{ETL}` of account `{NUMBER}` may be created; its service is `{SERVICE}`\n"
        "because: Allow  statement_allows: AliyunKafkaFullAccess[1]  "
        "(AccountLevelIdentityBasedPolicy)\n"
    )
    assert asked("create", CAROL, "alikafka.aliyuncs.com", "--accounts", world) == 0
    assert capsys.readouterr().out == (
        f"exists: `AliyunServiceRoleForAlikafka` of account `{NUMBER}` exists, "
        "and everybody in the account works through it\n"
    )


def test_slr_feature_answers_from_a_running_opa_and_from_the_example(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("feature", CAROL, "alikafka.etl", "--url", ramgate_sidecar.url) == 0
    ready = capsys.readouterr()
    assert ready.out.startswith(f"ready: `{ETL}` of account `{NUMBER}` exists")
    assert ready.err == ""
    assert asked("feature", CAROL, "alikafka.etl") == 0
    assert capsys.readouterr() == (ready.out, EXAMPLE)


def test_slr_as_json_is_the_whole_answer(
    world: Path, ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("feature", CAROL, "alikafka.etl", "--json", "--accounts", world) == 1
    assert json.loads(capsys.readouterr().out) == {
        "allow": False,
        "outcome": "denied",
        "account": NUMBER,
        "role": ETL,
        "service_name": SERVICE,
        "authorization": {
            "allow": False,
            "effect": "ImplicitDeny",
            "reason": "no_statement_matches",
            "policy_type": "AccountLevelIdentityBasedPolicy",
            "statements": [],
        },
        "remedy": {
            "policy": policy(SERVICE),
            "attach_to": CAROL,
            "or_attach": "AliyunKafkaFullAccess",
        },
    }
    assert asked("delete", OWNER, ETL, "--json", "--url", ramgate_sidecar.url) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["loss"]["features"] == ["alikafka.etl"]
    assert answer["authorization"]["reason"] == "account_owner"
    assert answer["remedy"] is None
    assert "errors" not in answer


def test_slr_names_every_part_of_the_way_out(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("feature", ERIN, "alikafka.etl", "--accounts", directory) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:5] == [
        "remedy:",
        "  remove `no-roles[0]`",
        "  have the control policies of level 0 (the root folder) and level 2 allow it",
    ]
    assert lines[5] == (
        f"  attach to `{ERIN}` the system policy `AliyunKafkaFullAccess`, or this policy: {{"
    )


def test_the_policy_of_another_service_has_no_system_policy_beside_it(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "policy.json"
    asking = ["create", CAROL, "alb.aliyuncs.com", "--accounts", world, "--remedy-out", target]
    assert asked(*asking) == 1
    captured = capsys.readouterr()
    assert f"  attach to `{CAROL}` this policy: {{\n" in captured.out
    assert captured.err == f"`{target}` is written: attach it to {CAROL}\n"
    assert json.loads(target.read_text()) == policy("alb.aliyuncs.com")
    assert translate(target.read_text())


def test_the_policy_that_is_written_makes_the_feature_work(world: Path, tmp_path: Path) -> None:
    target = tmp_path / "policy.json"
    asking = ["feature", CAROL, "alikafka.connector", "--accounts", world]
    assert asked(*asking, "--remedy-out", target) == 1
    world.write_text(accounts_with(WORLD, json.loads(target.read_text())))
    assert asked(*asking) == 0


def test_a_policy_on_standard_output_is_nothing_but_the_policy(
    world: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """`--remedy-out -` made a file of the name `-`."""
    asking = ["create", CAROL, "alb.aliyuncs.com", "--accounts", world, "--remedy-out", "-"]
    assert asked(*asking) == 1
    captured = capfd.readouterr()
    assert json.loads(captured.out) == policy("alb.aliyuncs.com")
    assert captured.err.startswith("denied: ")
    assert captured.err.endswith(f"`-` is written: attach it to {CAROL}\n")


def test_a_new_policy_file_is_private(world: Path, tmp_path: Path) -> None:
    target = tmp_path / "policy.json"
    asked("create", CAROL, SERVICE, "--accounts", world, "--remedy-out", target)
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_hard_linked_accounts_file_is_not_written_and_the_command_says_why(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").hardlink_to(world)
    assert asked("create", OWNER, SERVICE, "--accounts", world, "--write") == 2
    assert capsys.readouterr().err == (
        f"ramgate: `{world}`: has 2 hard links, of which only this one would change: "
        "make it a file of its own first\n"
    )
    assert world.read_text() == WORLD


@pytest.mark.parametrize("who", [ALICE, OWNER])
def test_without_a_policy_to_write_no_file_is_written(
    who: str, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "policy.json"
    assert asked("create", who, SERVICE, "--accounts", world, "--remedy-out", target) == 0
    assert capsys.readouterr().err == f"`{target}` is not written: the remedy is not a policy\n"
    assert not target.exists()


def test_slr_delete_names_what_stops_working_and_how_it_comes_back(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("delete", OWNER, ETL.lower(), "--url", ramgate_sidecar.url) == 0
    assert capsys.readouterr().out == (
        f"delete: `{ETL}` of account `{NUMBER}` may be deleted\n"
        "because: Allow  account_owner\n"
        "stops working: alikafka.etl, until the role is created again\n"
        "that happens when: ETL is enabled in the console for the first time\n"
    )


def test_slr_delete_of_a_role_of_which_less_is_known(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.write_text(WORLD.replace("RoleForAlikafka #", "RoleForAlb #"))
    role = "AliyunServiceRoleForAlb"
    assert asked("delete", OWNER, role, "--accounts", world) == 0
    assert capsys.readouterr().out.splitlines()[2:] == [
        "stops working: every feature that needs the role, until the role is created again"
    ]


def test_slr_delete_is_denied_without_a_permission(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("delete", ALICE, ETL, "--url", ramgate_sidecar.url) == 1
    said = f"denied: `{ETL}` of account `{NUMBER}` may not be deleted by `{ALICE}`\n"
    assert capsys.readouterr().out.startswith(said)


def test_slr_delete_of_a_role_in_use_names_what_to_release(
    ramgate_sidecar: Sidecar, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = "acs:alikafka:cn-hangzhou:1234567890123456:task/1"
    path = tmp_path / "usages.yaml"
    path.write_text(f"- region: cn-hangzhou\n  resources: ['{task}']\n")
    asking = ["delete", OWNER, ETL, "--url", ramgate_sidecar.url, "--usages", path]
    assert asked(*asking) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"in_use: `{ETL}` of account `{NUMBER}` may be deleted once nothing uses it"
    assert lines[-2:] == ["remedy:", f"  release {task} in cn-hangzhou"]
    path.write_text("[]")
    assert asked(*asking) == 0


def test_usages_of_the_wrong_shape_are_refused_each_fault_with_its_line(
    ramgate_sidecar: Sidecar, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "usages.yaml"
    path.write_text("- region: [x]\n  resources: [y]\n- where: z\n- a\n")
    asking = ["delete", OWNER, ETL, "--url", ramgate_sidecar.url, "--usages", path]
    assert asked(*asking) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert sorted(captured.err.splitlines()) == [
        f"{path}:1: usages[0].region: must be a string, not a list",
        f"{path}:2: usages[0].resources[0]: `y` {NOT_AN_ARN}",
        f"{path}:3: usages[1].where: unknown field: known are `region`, `resources`",
        f"{path}:3: usages[1]: `region` is missing",
        f"{path}:3: usages[1]: `resources` is missing",
        f"{path}:4: usages[2]: must be an object, not `a`",
    ]


@pytest.mark.parametrize(
    ("command", "name", "expected"),
    [
        (
            "create",
            ETL,
            (2, f"unknown_service: `{ETL}` is a role, not a service: its service is `{SERVICE}`"),
        ),
        (
            "create",
            "x.aliyuncs.com",
            (2, "unknown_service: there is no service `x.aliyuncs"),
        ),
        (
            "feature",
            "alikafka.conector",
            (2, "unknown_feature: there is no feature `alikafka.conector`: did you mean "),
        ),
        (
            "feature",
            "Alikafka.ETL",
            (2, "unknown_feature: there is no feature `Alikafka.ETL`: write `alikafka.etl`"),
        ),
        (
            "delete",
            SERVICE,
            (1, f"unknown_role: `{SERVICE}` is a service, not a role: its role is `{ETL}`"),
        ),
        (
            "delete",
            "AliyunServiceRoleForAlb",
            (1, f"unknown_role: account `{NUMBER}` does not have `AliyunServiceRoleForAlb`"),
        ),
        (
            "delete",
            "ConnectorApp",
            (1, f"not_service_linked: `ConnectorApp` of account `{NUMBER}` is an ordinary role"),
        ),
    ],
)
def test_a_name_that_is_unknown_or_of_another_kind_is_explained(
    command: str,
    name: str,
    expected: tuple[int, str],
    ramgate_sidecar: Sidecar,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, said = expected
    assert asked(command, ALICE, name, "--url", ramgate_sidecar.url) == status
    assert capsys.readouterr().out.startswith(said)


def test_an_account_and_a_user_that_are_not_there_are_named(
    world: Path, ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger, foreign = f"{ACCOUNT}:user/zoe", "acs:ram::9999999999999999:user/alice"
    assert asked("create", stranger, SERVICE, "--url", ramgate_sidecar.url) == 1
    assert capsys.readouterr().out == (
        f"denied: `{stranger}` is not known\nbecause: ImplicitDeny  unknown_principal\n"
    )
    assert asked("create", stranger, SERVICE, "--accounts", world) == 1
    assert capsys.readouterr().out.splitlines()[0] == (
        f"denied: `{stranger}` is not known: account `{NUMBER}` does not have it; it has `role/"
        "AliyunServiceRoleForAlikafka`, `role/App`, `user/alice`, `user/carol`, `user/erin`"
    )
    assert asked("create", foreign, SERVICE, "--accounts", world) == 1
    assert capsys.readouterr().out.splitlines()[0] == (
        f"denied: `{foreign}` is not known: "
        f"account `9999999999999999` does not exist; the accounts are `{NUMBER}`"
    )


def test_the_callers_own_service_name_is_refused(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ["--context", f"ram:ServiceName={SERVICE}", "--url", ramgate_sidecar.url]
    assert asked("create", ALICE, SERVICE, *own) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "ramgate: malformed request: context.ram:ServiceName: comes from the role: leave it out\n"
    )


def test_circumstances_count(world: Path) -> None:
    document = policy(SERVICE)
    document["Statement"][0]["Condition"]["IpAddress"] = {"acs:SourceIp": "10.0.0.0/8"}
    world.write_text(accounts_with(WORLD, document))
    asking = ["create", CAROL, SERVICE, "--accounts", world]
    assert asked(*asking, "--context", "acs:SourceIp=10.1.2.3") == 0
    assert asked(*asking, "--context", "acs:SourceIp=192.0.2.1") == 1


def test_slr_write_adds_the_role_and_takes_it_out_again(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writing = ["--accounts", world, "--write"]
    assert asked("create", ALICE, SERVICE, *writing) == 0
    assert capsys.readouterr().err == f"`{world}`: added {ETL}\n"
    assert f"- {ETL}\n" in world.read_text()
    assert asked("create", ALICE, SERVICE, *writing) == 0
    assert capsys.readouterr().err == f"`{world}` is not changed: exists\n"
    usages = tmp_path / "usages.json"
    usages.write_text('[{"region": "cn-hangzhou", "resources": ["acs:a:b:c:d"]}]')
    assert asked("delete", OWNER, ETL, *writing, "--usages", usages) == 1
    assert capsys.readouterr().err == f"`{world}` is not changed: in_use\n"
    assert asked("delete", OWNER, ETL, *writing) == 0
    assert capsys.readouterr().err == f"`{world}`: removed {ETL}\n"
    assert world.read_text() == WORLD
    assert asked("feature", CAROL, "alikafka.etl", *writing) == 1
    assert world.read_text() == WORLD


def test_slr_write_needs_accounts_to_write_to(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("create", ALICE, SERVICE, "--write", "--url", ramgate_sidecar.url) == 2
    assert capsys.readouterr() == (
        "",
        "ramgate: `--write` changes an accounts file: name it with `--accounts`\n",
    )


def test_a_service_belongs_to_no_account(capsys: pytest.CaptureFixture[str]) -> None:
    assert asked("create", "ecs.aliyuncs.com", SERVICE) == 1
    assert capsys.readouterr().out.splitlines()[0] == (
        "denied: `ecs.aliyuncs.com` belongs to no account"
    )


def test_slr_suggests_the_nearest_name_to_an_unknown_principal(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asking = [f"{ACCOUNT}:user/carl", SERVICE, "--accounts", world]
    assert asked("create", *asking, "--json") == 1
    assert capsys.readouterr().err == "did you mean `user/carol`?\n"
