from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from ramgate import resources
from ramgate.accounts import reader as accounts
from ramgate.analysis import doctor
from ramgate.catalog import catalog
from ramgate.cli import main as cli
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ramgate import Sidecar
    from ramgate.accounts.store import Store

NOT_AN_ARN = r"is not a valid ARN: it must match `\*|acs:(?:[^:]*:){3}.*`"

NUMBER = "1234567890123456"
ACCOUNT = f"acs:ram::{NUMBER}"
ALICE, CAROL, ERIN, OWNER = (
    f"{ACCOUNT}:{name}" for name in ("user/alice", "user/carol", "user/erin", "root")
)
ETL, SERVICE = "AliyunServiceRoleForAlikafkaETL", "etl.alikafka.aliyuncs.com"
EXAMPLE = "no --accounts: answering from the shipped example\n"
WORLD = """\
accounts:
  # who is here
  "1234567890123456":
    service_linked_roles:
      - AliyunServiceRoleForAlikafka # the first
    policies:
      no-roles:
        Version: "1"
        Statement:
          - {Effect: Deny, Action: "ram:*", Resource: "*"}
      way-out-1:
        Version: "1"
        Statement:
          - Effect: Allow
            Action: "ecs:*"
            Resource: "*"
            Condition: {Bool: {acs:SecureTransport: "true"}}
    roles:
      App:
        trust:
          Version: "1"
          Statement:
            - {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: [ecs.aliyuncs.com]}}
    users:
      alice:
        policies:
          - AliyunKafkaFullAccess
          - {policy: AliyunKafkaReadOnlyAccess, resource_group: rg-1}
      carol: {}
      erin: {policies: [no-roles]}
"""
DIRECTORY = """\
directory:
  management: "1000000000000001"
  policies:
    only-kafka:
      Version: "1"
      Statement: [{Effect: Allow, Action: "alikafka:*", Resource: "*"}]
  root:
    control_policies: [only-kafka]
    folders:
      empty: {control_policies: [FullAliyunAccess]}
      production:
        control_policies: [FullAliyunAccess]
        accounts: {"1234567890123456": {control_policies: [only-kafka]}}
"""


@pytest.fixture(autouse=True)
def _sigterm_as_it_was() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.yaml"
    path.write_text(WORLD)
    return path


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The same account, below control policies that stand in another file."""
    path = tmp_path / "accounts"
    path.mkdir()
    (path / "members.yaml").write_text(WORLD)
    (path / "directory.yaml").write_text(DIRECTORY)
    return path


def policy(service: str) -> dict[str, Any]:
    """The template of the seed page, filled in."""
    statement = {
        "Action": ["ram:CreateServiceLinkedRole"],
        "Resource": "*",
        "Effect": "Allow",
        "Condition": {"StringEquals": {"ram:ServiceName": service}},
    }
    return {"Statement": [statement], "Version": "1"}


# roles and role


def test_roles_lists_all_that_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["roles"]) == 0
    captured = capsys.readouterr()
    head, *rows = captured.out.splitlines()
    assert captured.err == ""
    assert head.split() == ["ROLE", "SERVICE", "NAME", "FEATURE", "POLICY"]
    assert len(rows) == 196
    assert [line.split() for line in rows if line.startswith(f"{ETL} ")] == [
        [ETL, SERVICE, "alikafka.etl", "published"]
    ]
    [alb] = [line for line in rows if line.startswith("AliyunServiceRoleForAlb ")]
    assert alb[head.index("POLICY") :] == "not public"


def test_roles_with_accounts_says_where_each_exists(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["roles", "--accounts", str(world)]) == 0
    rows = {line.split()[0]: line.split()[-1] for line in capsys.readouterr().out.splitlines()}
    assert rows["ROLE"] == "IN"
    assert rows["AliyunServiceRoleForAlikafka"] == NUMBER
    assert rows[ETL] == "-"


def test_roles_as_json_has_accounts_only_where_some_are_named(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["roles", "--json"]) == 0
    listed = {role["role"]: role for role in json.loads(capsys.readouterr().out)}
    assert len(listed) == 196
    assert listed[ETL] == {
        "role": ETL,
        "service_name": SERVICE,
        "policy": "AliyunServiceRolePolicyForAlikafkaETL",
        "is_published": True,
        "feature": "alikafka.etl",
        "note": None,
    }
    assert listed["AliyunServiceRolePolicyForImp"]["note"]
    assert cli.main(["roles", "--json", "--accounts", str(world)]) == 0
    held = {role["role"]: role["accounts"] for role in json.loads(capsys.readouterr().out)}
    assert held["AliyunServiceRoleForAlikafka"] == [NUMBER]
    assert held[ETL] == []


@pytest.mark.parametrize("name", [ETL, ETL.lower(), ETL.upper()])
def test_role_shows_a_role_whatever_the_case_of_its_name(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["role", name]) == 0
    assert capsys.readouterr().out == (
        f"{ETL}\n"
        "  purpose       Function Compute, where the ETL tasks of data analysis run.\n"
        f"  service name  {SERVICE}\n"
        "  created when  ETL is enabled in the console for the first time\n"
        "  without it    alikafka.etl stops working, until the role is created again\n"
        "  policy        AliyunServiceRolePolicyForAlikafkaETL\n"
        "  source        Service-linked roles for ApsaraMQ for Kafka (Alibaba Cloud documentation),"
        " 2026-03-11\n"
        "permissions\n"
        "  fc            InvokeFunction, GetFunction, ListServices, ListFunctions,\n"
        "                ListServiceVersions, ListAliases, CreateService, DeleteService,\n"
        "                CreateFunction, DeleteFunction\n"
        "  ram           DeleteServiceLinkedRole\n"
        f"                if ram:ServiceName StringEquals {SERVICE}\n"
        "  ram           PassRole\n"
        "                on acs:ram:*:*:role/aliyunfcdefaultrole\n"
        "                if acs:Service StringEquals fc.aliyuncs.com\n"
    )


def test_role_says_that_a_document_is_not_public(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["role", "AliyunServiceRolePolicyForImp"]) == 0
    out = capsys.readouterr().out
    assert out.endswith("permissions: not known, the policy document is not public\n")
    assert "  note          the list names the role like a policy\n" in out
    assert "purpose" not in out
    assert "without it" not in out


def test_role_as_json_has_every_action_of_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    for role in catalog.load().roles.values():
        if not role.is_published:
            continue
        assert cli.main(["role", role.role, "--json"]) == 0
        sheet = json.loads(capsys.readouterr().out)
        document = json.loads(resources.path(f"catalog/policies/{role.policy}.json").read_text())
        rebuilt: dict[int, list[str]] = {}
        for grant in sheet["permissions"]:
            actions = [f"{grant['service']}:{action}" for action in grant["actions"]]
            rebuilt.setdefault(grant["index"], []).extend(actions)
        for index, statement in enumerate(document["Statement"]):
            actions = statement["Action"]
            assert rebuilt.pop(index) == ([actions] if isinstance(actions, str) else actions)
        assert rebuilt == {}
        assert sheet["stops_without_it"] == [role.feature]
    assert cli.main(["role", "AliyunServiceRoleForAlb", "--json"]) == 0
    sheet = json.loads(capsys.readouterr().out)
    assert (sheet["permissions"], sheet["purpose"], sheet["stops_without_it"]) == (None, None, [])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (SERVICE, f"`{SERVICE}` is a service, not a role: its role is `{ETL}`"),
        ("alikafka.etl", f"`alikafka.etl` is a feature, not a role: its role is `{ETL}`"),
        (
            "AliyunServiceRolePolicyForAlikafkaETL",
            f"`AliyunServiceRolePolicyForAlikafkaETL` is a policy, not a role: its role is `{ETL}`",
        ),
        ("AliyunServiceRoleForETL", "there is no role `AliyunServiceRoleForETL`: did you mean "),
        ("zzz", "there is no role `zzz`: `ramgate roles` lists them"),
    ],
)
def test_a_name_that_is_no_role_is_answered_with_the_right_one(
    name: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["role", name]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"ramgate: {message}")


# slr


def asked(*arguments: object) -> int:
    return cli.main(["slr", *map(str, arguments)])


def test_slr_create_says_what_why_and_the_way_out(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("create", CAROL, SERVICE, "--accounts", world) == 1
    out, _, document = capsys.readouterr().out.partition("AliyunKafkaFullAccess:\n")
    assert out == (
        f"denied: `{ETL}` of account `{NUMBER}` may not be created for `{CAROL}`\n"
        "because: ImplicitDeny  no_statement_matches  (AccountLevelIdentityBasedPolicy)\n"
        "way out:\n"
        f"  attach to {CAROL} this policy, or the system policy "
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
        f"exists: `AliyunServiceRoleForAlikafka` of account `{NUMBER}` is there, "
        "and everybody in the account works through it\n"
    )


def test_slr_feature_answers_from_a_running_opa_and_from_the_example(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("feature", CAROL, "alikafka.etl", "--url", ramgate_sidecar.url) == 0
    ready = capsys.readouterr()
    assert ready.out.startswith(f"ready: `{ETL}` of account `{NUMBER}` is there")
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
    assert lines[2:6] == [
        "way out:",
        "  remove the statement no-roles[0], which denies it",
        "  have the control policies of the root folder (level 0) allow it",
        "  have the control policies of level 2 allow it",
    ]
    assert lines[6].startswith(f"  attach to {ERIN} this policy, or ")


def test_the_policy_of_another_service_has_no_system_policy_beside_it(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "policy.json"
    asking = ["create", CAROL, "alb.aliyuncs.com", "--accounts", world, "--remedy-out", target]
    assert asked(*asking) == 1
    captured = capsys.readouterr()
    assert f"  attach to {CAROL} this policy:\n" in captured.out
    assert captured.err == f"`{target}` is written: attach it to {CAROL}\n"
    assert json.loads(target.read_text()) == policy("alb.aliyuncs.com")
    assert translate(target.read_text())


def test_the_policy_that_is_written_makes_the_feature_work(world: Path, tmp_path: Path) -> None:
    target = tmp_path / "policy.json"
    asking = ["feature", CAROL, "alikafka.connector", "--accounts", world]
    assert asked(*asking, "--remedy-out", target) == 1
    world.write_text(accounts_with(WORLD, json.loads(target.read_text())))
    assert asked(*asking) == 0


def accounts_with(text: str, document: dict[str, Any]) -> str:
    """The world in which carol holds that policy."""
    held = f"policies:\n      mine: {json.dumps(document)}\n"
    text = text.replace("policies:\n", held, 1)
    return text.replace("carol: {}", "carol: {policies: [mine]}")


@pytest.mark.parametrize("who", [ALICE, OWNER])
def test_without_a_policy_to_write_no_file_is_written(
    who: str, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "policy.json"
    assert asked("create", who, SERVICE, "--accounts", world, "--remedy-out", target) == 0
    assert capsys.readouterr().err == f"`{target}` is not written: no policy is the way out\n"
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
        "stops working: what needs the role, until the role is created again"
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
    assert lines[-2:] == ["way out:", f"  release {task} in cn-hangzhou"]
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
            (2, "unknown_feature: `Alikafka.ETL` is no feature: it is written `alikafka.etl`"),
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
        f"denied: `{stranger}` is not there\nbecause: ImplicitDeny  unknown_principal\n"
    )
    assert asked("create", stranger, SERVICE, "--accounts", world) == 1
    assert capsys.readouterr().out.splitlines()[0] == (
        f"denied: `{stranger}` is not there: account `{NUMBER}` does not have it; it has `role/"
        "AliyunServiceRoleForAlikafka`, `role/App`, `user/alice`, `user/carol`, `user/erin`"
    )
    assert asked("create", foreign, SERVICE, "--accounts", world) == 1
    assert capsys.readouterr().out.splitlines()[0] == (
        f"denied: `{foreign}` is not there: "
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
        "ramgate: malformed request: "
        "context.ram:ServiceName: comes from the role, and cannot be given\n"
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
    assert capsys.readouterr().err == f"`{world}` is left as it was: exists\n"
    usages = tmp_path / "usages.json"
    usages.write_text('[{"region": "cn-hangzhou", "resources": ["acs:a:b:c:d"]}]')
    assert asked("delete", OWNER, ETL, *writing, "--usages", usages) == 1
    assert capsys.readouterr().err == f"`{world}` is left as it was: in_use\n"
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


# doctor


def steps(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    status = cli.main(["doctor", *map(str, arguments), "--json"])
    return status, json.loads(capsys.readouterr().out)


def passed(walked: dict[str, Any]) -> dict[str, bool]:
    return {step["step"]: step["passed"] for step in walked["steps"]}


def test_the_doctor_leads_the_owner_straight_to_yes(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["doctor", OWNER, "alikafka.etl", "--accounts", str(world)]) == 0
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
    assert cli.main(["doctor", CAROL, "alikafka.etl", "--accounts", str(world)]) == 1
    out = capsys.readouterr().out
    document = out.partition("AliyunKafkaFullAccess:\n")[2].partition("6. is it allowed")[0]
    assert json.loads(document) == policy(SERVICE)
    assert out.endswith("\nverdict: not yet; what helps is in step 5, and was tried\n")


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
    assert cli.main(["doctor", linked, "alikafka.etl", "--accounts", str(world)]) == 1
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
    store = accounts.load(resources.path("examples/accounts.yaml"), catalog.load())
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
    assert cli.main(["doctor", ALICE, "alikafka.conector"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("did you mean `alikafka.connector`?\n")


def test_no_system_policy_denies_so_that_every_obstacle_is_the_accounts_own() -> None:
    known = catalog.load()
    for name in known.system_policies:
        statements: Any = known.policies[name]["statements"]
        assert {statement["effect"] for statement in statements} == {"Allow"}
