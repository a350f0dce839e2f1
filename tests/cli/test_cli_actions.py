from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ramgate.catalog import actions
from ramgate.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

INCOMPLETE = "The catalog is not complete: an action that it does not have may exist."
MINE = """\
service: mine
date: "2027-01-01"
condition_keys:
  "mine:Key": {type: Boolean}
sources:
  K: {title: A page}
actions:
  Do:
    - source: K
      condition_keys: ["mine:Other"]
      dependent_actions: ["ram:PassRole"]
      other_spellings: [DO]
"""


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(["actions", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out.splitlines()


def missed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["actions", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_actions_lists_the_services(capsys: pytest.CaptureFixture[str]) -> None:
    head, *rows = shown(capsys)
    assert head.split() == ["SERVICE", "ACTIONS", "OPERATIONS", "NAME"]
    assert len(rows) == 508
    [kafka] = [row for row in rows if row.startswith("alikafka ")]
    assert kafka.split(maxsplit=3) == [
        "alikafka",
        "58",
        "61",
        "ApsaraMQ for Kafka, Message Queue for Apache Kafka",
    ]
    [unnamed] = [row for row in rows if row.startswith("abfs ")]
    assert unnamed.split() == ["abfs", "0", "11", "-"]


def test_actions_of_kafka_says_what_the_sources_say(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, "alikafka")
    text = " ".join(line.strip() for line in lines)
    for fact in (
        "granularity resource (api-alikafka-2019-09-16-ram, 2025-12-05)",
        "granularity service (list of services that work with RAM, 2021-05-31)",
        "contradiction granularity: service (2021) / resource (2025-12-05)",
        "ARN Instance: acs:alikafka:{#regionId}:{#accountId}:{#InstanceId}",
        "alikafka:Acl: StartInstance",
        "actions: 58 known",
        (
            "[K1] delete; on acs:alikafka:{#regionId}:{#accountId}:{#InstanceId} (required); for "
            "DeleteInstance (2019-09-16)"
        ),
        "[K2] for StopInstance (2019-09-16)",
        "contradiction: the English operation page prints *All Resources",
        (
            "contradiction: another page of the same operation prints "
            "acs:alikafka:{#regionId}:{#accountId}:instance/*"
        ),
        "condition keys alikafka:SpecType, alikafka:DeployModule",
        "contradiction: checked against `*` according to K1, against an ARN according to K3",
        "MetaData [K6] named by AliyunKafkaReadOnlyAccess; console-only: no operation of this name",
        "API operations without a known action ChangeResourceGroup, ",
        "names that third-party lists use for actions GetInstanceList, GetTopicStatus",
        "API operations: 61 known",
        "[K3] AlibabaCloudDocs/alikafka@f173bb4 RAM policies page",
        "[K6] AliyunKafkaReadOnlyAccess v4, 2026-05-18",
        "31 of 61 operations have their own page read",
    ):
        assert fact in " ".join(text.split()), fact
    assert lines[0] == "alikafka"
    assert lines[-1] == (
        "The lists are not complete: an action that is not in them may exist. Facts of 2026-11-29."
    )
    assert max(len(line) for line in lines if "alibabacloud.com/help" not in line) <= 100
    kafka = actions.service("alikafka")
    assert kafka is not None
    assert {action.name for action in kafka.actions.values()} <= set(text.split())


@pytest.mark.parametrize("name", ["cas", "CAS"])
def test_an_api_product_is_shown_as_its_service(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, *_ = shown(capsys, name)
    assert first == "yundun-cert"
    assert second == f"  code           the API product `{name}` is `yundun-cert` in policies"


@pytest.mark.parametrize("name", ["GetTopicList", "gettopiclist", "alikafka:GetTopicList"])
def test_an_operation_is_answered_with_its_actions(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third, fourth, *_, last = shown(capsys, name)
    assert first == "alikafka GetTopicList: needs alikafka:ListTopic"
    assert (second, third) == ("actions", "  alikafka:ListTopic")
    assert fourth == "    [K1] get; on * (required); for GetTopicList (2019-09-16)"
    assert last == INCOMPLETE


def test_an_action_is_shown_with_its_sources(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, "ALIKAFKA:listacl")
    assert lines == [
        "actions",
        "  alikafka:ListAcl",
        "    [K2] Read; for DescribeAcls (2019-09-16)",
        "    [K3] on acs:alikafka:*:*:{instanceid}; read-only: yes",
        "sources",
        (
            "  [K2] help.aliyun.com per-operation pages, older layout "
            '("授权信息": Read/Write/List), 2023..2025'
        ),
        "  [K3] AlibabaCloudDocs/alikafka@f173bb4 RAM policies page (same list later at",
        "    help.aliyun.com/document_detail/185815.html), 2021-07-15",
        INCOMPLETE,
    ]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("oss:CopyObject", "oss CopyObject: needs oss:GetObject and oss:PutObject"),
        (
            "sts:GetCallerIdentity",
            "sts GetCallerIdentity: needs no Allow (sts:GetCallerIdentity)",
        ),
        (
            "ecs:RunInstances",
            (
                "ecs RunInstances: probably needs ecs:RunInstances, which has its name: no source "
                "says so"
            ),
        ),
    ],
)
def test_what_an_operation_needs_is_said_with_its_certainty(
    name: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(capsys, name)[0] == line


def test_an_operation_without_a_known_action_has_no_list_of_actions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert shown(capsys, "abfs:CreateBackFlow") == [
        "abfs CreateBackFlow: no source names the action that it needs",
        INCOMPLETE,
    ]


def test_an_operation_of_many_services_is_shown_in_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = shown(capsys, "TagResources")
    asked = lines[: lines.index("actions")]
    assert "alikafka TagResources: needs alikafka:TagResources" in asked
    assert len(asked) == len(actions.calls("TagResources")) > 90


@pytest.mark.parametrize(
    ("name", "kind", "hint"),
    [
        ("alikafkaa", "action or API operation", ": did you mean `alikafka`?"),
        ("GetTopicLst", "action or API operation", ": did you mean `GetTopicList`?"),
        ("alikafka:ListTopik", "action or API operation", ": did you mean `alikafka:ListTopic`?"),
        ("sls:ListLogStore", "action or API operation", ": did you mean `log:ListLogStores`?"),
        ("alikafca:ListTopic", "service", ": did you mean `alikafka`?"),
        ("alikafka:Zzzzzzzz", "action or API operation", ", which is not complete"),
    ],
)
def test_a_name_that_the_catalog_does_not_have_gets_the_nearest_one(
    name: str, kind: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = name.partition(":")[0] if kind == "service" else name
    assert missed(capsys, name) == (
        f"ramgate: there is no {kind} `{asked}` in the catalog of 2026-11-29{hint}\n"
    )


def test_a_catalog_of_one_s_own_is_read_beside_the_shipped_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "mine.yaml").write_text(MINE)
    own = ["--catalog", str(tmp_path)]
    assert shown(capsys, "mine", *own) == [
        "mine",
        "condition keys",
        "  mine:Key (Boolean): the actions are not known",
        "  mine:Other: Do",
        "actions: 1 known",
        "  Do",
        "    [K] condition keys mine:Other; depends on ram:PassRole; also spelt DO",
        "sources",
        "  [K] A page",
        "The lists are not complete: an action that is not in them may exist. Facts of 2027-01-01.",
    ]
    assert len(shown(capsys, *own)) == 1 + 509
    assert missed(capsys, "minee", *own).endswith("of 2027-01-01: did you mean `mine`?\n")


def test_a_catalog_of_one_s_own_at_fault_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "mine.yaml").write_text("service: yours\n")
    assert main(["actions", "mine", "--catalog", str(tmp_path)]) == 2
    assert "must be `mine`, like the name of the file" in capsys.readouterr().err


def test_a_folder_that_is_not_a_catalog_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ([], ["alikafka"], ["alikafka:ListTopic"], ["ListTopic"]):
        assert main(["actions", *name, "--catalog", str(tmp_path)]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith(f"{tmp_path}: has no folder `services`: name a folder that")


@pytest.mark.parametrize("name", ["alikafka:", "alikafka:*"])
def test_every_action_of_a_service_is_the_service(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(capsys, name) == shown(capsys, "alikafka")


def test_a_colon_without_a_service_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, ":ListTopic") == shown(capsys, "ListTopic")


def test_a_colon_alone_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["actions", ":"]) == 2
    assert capsys.readouterr() == (
        "",
        "ramgate: `:` has no name: write a service, an action or an API operation\n",
    )


def test_actions_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads("".join(shown(capsys, "--json")))
    [sts] = [service for service in listed if service["service"] == "sts"]
    assert sts == {
        "service": "sts",
        "names": ["Security Token Service", 'Security Token Service (page prints "STS")'],
        "date": "2026-11-29",
        "actions": 2,
        "operations": 4,
    }
    kafka = json.loads("".join(shown(capsys, "alikafka", "--json")))
    assert kafka["operations"] == sorted(kafka["operations"])
    assert kafka["actions"]["listacl"]["entries"][0]["source"]["key"] == "K2"
    found = json.loads("".join(shown(capsys, "StopInstance", "--json")))
    [stop, *_] = [call for call in found["operations"] if call["service"] == "alikafka"]
    assert (stop["operation"], stop["is_documented"]) == ("StopInstance", True)
    assert [action["name"] for action in stop["actions"]] == ["ReleaseInstance"]
    assert "ecs" in [action["service"] for action in found["actions"]]
