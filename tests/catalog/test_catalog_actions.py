from __future__ import annotations

import datetime
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from ramgate import resources
from ramgate.catalog import actions
from ramgate.errors import InvalidFiles, UnreadableFiles

if TYPE_CHECKING:
    from pathlib import Path

MINE = """\
service: {code}
date: "{date}"
sources:
  "Mine 1": {{title: API metadata Mine 1, date: "{date}"}}
actions:
  {action}:
    - source: Mine 1
      level: mine
      operations: [{operation}]
"""


def written(folder: Path, code: str, action: str, operation: str, date: str = "2027-01-01") -> Path:
    """A catalog folder with one action of a service."""
    path = folder / "services" / f"{code}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(MINE.format(code=code, action=action, operation=operation, date=date))
    return folder


def test_the_shipped_catalog_has_the_services_actions_and_operations_of_the_facts() -> None:
    services = [actions.service(code) for code in actions.codes()]
    found = [service for service in services if service]
    assert len(found) == 508
    assert sum(bool(service.actions) for service in found) == 73
    assert sum(len(service.actions) for service in found) == 1637
    assert sum(bool(service.operations) for service in found) == 499
    assert sum(len(service.operations) for service in found) == 37_058
    assert actions.examine(resources.path("catalog")).faults == []


def test_kafka_s_renames_contradictions_and_conditions_are_known() -> None:
    kafka = actions.service("alikafka")
    assert kafka is not None
    assert kafka.renames["GetTopicList"] == ("ListTopic",)
    assert kafka.renames["DeleteConsumerGroup"] == ("DeleteGroup",)
    assert kafka.renames["StopInstance"] == kafka.renames["DeleteInstance"] == ("ReleaseInstance",)
    assert kafka.actions["releaseinstance"].contradictions == (
        "the English operation page prints *All Resources",
    )
    assert (
        kafka.actions["createprepayorder"]
        .contradictions[0]
        .endswith("acs:alikafka:{#regionId}:{#accountId}:instance/*")
    )
    assert kafka.condition_keys["alikafka:Acl"].actions == ("StartInstance",)
    assert kafka.contradictions == ("granularity: service (2021) / resource (2025-12-05)",)
    assert not kafka.actions["listinstance"].only_any_resource
    assert kafka.actions["untagresources"].only_any_resource


@pytest.mark.parametrize(
    ("name", "code"), [("sls", "log"), ("cas", "yundun-cert"), ("r-kvstore", "kvstore")]
)
def test_an_api_product_with_another_name_has_a_service_code(name: str, code: str) -> None:
    assert actions.product_codes()[name] == code
    assert code in actions.codes()


def test_a_service_is_found_by_its_code_in_any_case_and_read_once() -> None:
    assert actions.service("STS") == actions.service("sts")
    assert actions.service("sts") is actions.service("sts")
    assert actions.service("../services/sts") is None
    found = actions.service("sts")
    assert found is not None
    assert found.actions["getcalleridentity"].needs_no_allow
    assert not found.actions["assumerole"].needs_no_allow


@pytest.mark.parametrize(
    ("operation", "service", "needed", "is_documented"),
    [
        ("gettopiclist", "alikafka", ["alikafka:ListTopic"], True),
        ("ReEncrypt", "kms", ["kms:ReEncryptFrom", "kms:ReEncryptTo"], True),
        ("RunInstances", "ecs", ["ecs:RunInstances"], False),
        ("ModifySecurityIps", "dds", [], False),
    ],
)
def test_the_actions_of_an_operation_are_documented_or_have_its_name_or_are_unknown(
    operation: str, service: str, needed: list[str], *, is_documented: bool
) -> None:
    [call] = [call for call in actions.calls(operation) if call.service == service]
    assert call.operation.lower() == operation.lower()
    assert [str(action) for action in call.actions] == needed
    assert call.is_documented is is_documented


def test_an_operation_of_many_services_is_found_in_all_of_them() -> None:
    found = actions.calls("TagResources")
    assert len(found) > 90
    assert [call.service for call in found] == sorted({call.service for call in found})


def test_a_word_of_a_title_is_no_operation_and_no_action() -> None:
    assert actions.calls("authorization") == []
    assert actions.named("authorization") == []


def test_an_action_is_found_in_every_service_that_has_it() -> None:
    found = actions.named("listtopic")
    assert "alikafka:ListTopic" in [str(action) for action in found]


def test_a_catalog_of_one_s_own_comes_first_and_adds_to_the_shipped_one(tmp_path: Path) -> None:
    mine = written(tmp_path, "alikafka", "LISTTOPIC", "GetTopicList")
    written(tmp_path, "mine", "Do", "DoIt", "2026-01-01")
    assert actions.codes(mine) == {*actions.codes(), "mine"}
    kafka = actions.service("alikafka", mine)
    assert kafka is not None
    action = kafka.actions["listtopic"]
    assert (action.name, action.level, len(kafka.actions)) == ("ListTopic", "mine", 58)
    assert actions.catalog_date(mine) == datetime.date(2027, 1, 1)
    [call] = actions.calls("DoIt", mine)
    assert (call.service, [str(action) for action in call.actions]) == ("mine", ["mine:Do"])
    assert [str(action) for action in actions.named("do", mine)] == ["mine:Do"]
    assert actions.calls("DoIt") == []
    assert actions.service("mine") is None


def test_the_date_is_the_newest_one(tmp_path: Path) -> None:
    mine = written(tmp_path, "mine", "Do", "DoIt", "2020-01-01")
    assert actions.catalog_date(mine) == actions.catalog_date() == datetime.date(2026, 11, 29)


def test_a_service_at_fault_is_refused_when_it_is_asked_for(tmp_path: Path) -> None:
    mine = written(tmp_path, "mine", "D-o", "DoIt")
    with pytest.raises(InvalidFiles, match="D-o"):
        actions.service("mine", mine)
    with pytest.raises(UnreadableFiles):
        actions.load_service(tmp_path / "services" / "none.yaml")


def test_the_files_of_a_folder_are_examined(tmp_path: Path) -> None:
    written(tmp_path, "mine", "D-o", "DoIt")
    (tmp_path / "product-codes.yaml").write_text("sls: log\n")
    texts = [fault.message for fault in actions.examine(tmp_path).faults]
    assert len(texts) == 2
    assert texts[0].startswith("`D-o` is not a valid name of an action")
    assert texts[1] == "must be an object, not `log`"


def test_the_catalog_of_actions_costs_decisions_nothing() -> None:
    program = """
        import sys
        import ramgate
        from ramgate.bundle.builder import build
        from ramgate.cli import main
        from ramgate.sidecar import sidecar
        build()
        loaded = [name for name in sys.modules if name.startswith("ramgate.catalog.")]
        print(*sorted(loaded))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert found == [
        "ramgate.catalog.catalog",
        "ramgate.catalog.entries",
        "ramgate.catalog.unknown_policy",
    ]
