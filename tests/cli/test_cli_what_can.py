from __future__ import annotations

import json
from typing import TYPE_CHECKING

from command_line import ALICE, BOB, CAROL, EXAMPLE
from ramgate.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_what_can_prints_a_document_and_the_actions_of_the_catalog(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["what-can", BOB, "--action", "alikafka:ListT*"]) == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert [one["Effect"] for one in document["Statement"]] == ["Allow", "Deny"]
    assert document["Statement"][1]["Condition"] == {
        "NotIpAddress": {"acs:SourceIp": ["10.0.0.0/8", "192.168.0.0/16"]}
    }
    actions = "actions of the catalog\n  alikafka: ListTagResources, ListTopic\n"
    assert printed.err == EXAMPLE + actions


def test_what_can_prints_roles_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["what-can", "ecs.aliyuncs.com"]) == 0
    role = "acs:ram::1234567890123456:role/ConnectorApp"
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"{EXAMPLE}roles to assume\n  {role}\n")
    assert main(["what-can", "ecs.aliyuncs.com", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "principal": "ecs.aliyuncs.com",
        "action": "*",
        "resource": "*",
        "document": None,
        "exact": "proved",
        "reasons": [],
        "actions": [],
        "roles": [role],
    }


def test_what_can_tells_that_nothing_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["what-can", CAROL]) == 1
    assert capsys.readouterr().out == ""


def test_what_can_tells_why_a_document_is_not_proved(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["what-can", ALICE, "--accounts", str(world), "--timeout", "1e-9"]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == (
        "",
        "not proved: the time is over: the rest was left out\n",
    )
    assert main(["what-can", "x", "--accounts", str(world)]) == 2
    assert capsys.readouterr().err.startswith("ramgate: the accounts do not have the principal `x`")
