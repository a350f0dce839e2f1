from __future__ import annotations

import json

import pytest

from command_line import ETL, SERVICE
from ramgate import resources
from ramgate.catalog import catalog
from ramgate.cli.main import main


@pytest.mark.parametrize("name", [ETL, ETL.lower(), ETL.upper()])
def test_role_shows_a_role_whatever_the_case_of_its_name(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["role", name]) == 0
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


def test_role_says_that_a_document_is_not_in_the_catalog(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["role", "AliyunServiceRolePolicyForImp"]) == 0
    out = capsys.readouterr().out
    assert out.endswith("permissions: not known, the policy document is not in ramgate's catalog\n")
    assert "  note          the list names the role like a policy\n" in out
    assert "purpose" not in out
    assert "without it" not in out


def test_role_as_json_has_every_action_of_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    for role in catalog.load().roles.values():
        if not role.is_published:
            continue
        assert main(["role", role.role, "--json"]) == 0
        sheet = json.loads(capsys.readouterr().out)
        document = json.loads(resources.path(f"catalog/policies/{role.policy}.json").read_text())
        rebuilt: dict[int, list[str]] = {}
        for grant in sheet["permissions"]:
            actions = [f"{grant['service']}:{action}" for action in grant["actions"]]
            rebuilt.setdefault(grant["index"], []).extend(actions)
        for index, statement in enumerate(document["Statement"]):
            actions = statement["Action"]
            listed = [actions] if isinstance(actions, str) else actions
            assert sorted(rebuilt.pop(index)) == sorted(listed)
        assert rebuilt == {}
        assert sheet["stops_without_it"] == list(filter(None, [role.feature]))
    assert main(["role", "AliyunServiceRoleForAlb", "--json"]) == 0
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
    assert main(["role", name]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"ramgate: {message}")
