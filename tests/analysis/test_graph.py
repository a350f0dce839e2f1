from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from ramgate import resources
from ramgate.accounts import reader as accounts
from ramgate.analysis import graph
from ramgate.catalog import catalog
from ramgate.errors import RamgateError

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.accounts.store import Store

NUMBER = "1234567890123456"
ACCOUNT = f"acs:ram::{NUMBER}"
ALICE, ERIN = f"{ACCOUNT}:user/alice", f"{ACCOUNT}:user/erin"
TRUST = "- {Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: [ecs.aliyuncs.com]}}"
WORLD = f"""\
accounts:
  "{NUMBER}":
    service_linked_roles: [AliyunServiceRoleForAlikafka]
    policies:
      no-roles:
        Version: "1"
        Statement:
          - {{Effect: Deny, Action: "ram:*", Resource: "*"}}
    roles:
      App:
        trust:
          Version: "1"
          Statement:
            {TRUST}
    users:
      alice:
        policies:
          - AliyunKafkaFullAccess
          - {{policy: AliyunKafkaReadOnlyAccess, resource_group: rg-1}}
      erin: {{policies: [no-roles]}}
"""
DIRECTORY = f"""\
directory:
  management: "1000000000000001"
  root:
    control_policies: []
    accounts: {{"{NUMBER}": {{control_policies: [FullAliyunAccess, AdministratorAccess]}}}}
"""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.yaml"
    path.write_text(WORLD)
    return path


def drawn(path: Path) -> str:
    known = catalog.load()
    return graph.dot(accounts.load(path, known), known)


def test_the_graph_has_everybody_what_they_hold_and_whom_they_trust(world: Path) -> None:
    text = drawn(world)
    assert text.startswith("digraph ramgate {\n")
    linked = f'"{ACCOUNT}:role/aliyunserviceroleforalikafka"'
    for line in (
        f'label="account {NUMBER}"; ',
        f'"{ALICE}" [label="alice", shape=ellipse',
        f'"{ACCOUNT}:role/app" [label="App", shape=box',
        f'{linked} [label="AliyunServiceRoleForAlikafka\\nservice-linked", shape=box',
        f'"{ALICE}" -> "{NUMBER} AliyunKafkaFullAccess" [label="", style=solid];',
        f'"{ALICE}" -> "{NUMBER} AliyunKafkaReadOnlyAccess" [label="in rg-1", style=solid];',
        f'"{ERIN}" -> "{NUMBER} {NUMBER}/no-roles" [label="", style=solid];',
        f'"{NUMBER} {NUMBER}/no-roles" [label="no-roles\\ndenies ram", shape=note',
        f'"ecs.aliyuncs.com" -> "{ACCOUNT}:role/app" [label="may assume", style=dashed];',
        f'"alikafka.aliyuncs.com" -> {linked} [label="may assume", style=dashed];',
    ):
        assert line in text


def test_the_graph_says_which_documents_are_missing_and_which_levels_are_above(world: Path) -> None:
    world.write_text(WORLD.replace("RoleForAlikafka]", "RoleForAlb]") + DIRECTORY)
    text = drawn(world)
    levels = "none / AdministratorAccess, FullAliyunAccess"
    assert f'label="account {NUMBER}\\ncontrol policies: {levels}"' in text
    assert 'label="AliyunServiceRoleForAlb\\nservice-linked, policy not in catalog"' in text


def test_the_graph_shows_the_documents_that_cannot_be_read(world: Path) -> None:
    odd = "{unreadable: why, document: '{'}"
    trust = f'trust:\n          Version: "1"\n          Statement:\n            {TRUST}\n'
    text = WORLD.replace(trust, f"trust: {odd}\n").replace(
        "AliyunKafkaFullAccess", "{policy: odd, type: Custom}"
    )
    world.write_text(text.replace("no-roles:", f"odd: {odd}\n      no-roles:", 1))
    drawing = drawn(world)
    assert f'"{NUMBER} {NUMBER}/odd" [label="odd\\nunreadable", shape=note' in drawing
    assert '[label="App\\ntrust policy unreadable", shape=box' in drawing
    assert f'-> "{ACCOUNT}:role/app"' not in drawing


def test_the_graph_knows_a_service_linked_role_by_the_document_of_the_file(world: Path) -> None:
    policy = catalog.load().roles["aliyunserviceroleforalb"].policy
    document = '{Version: "1", Statement: [{Effect: Allow, Action: "alb:*", Resource: "*"}]}'
    text = WORLD.replace("RoleForAlikafka]", "RoleForAlb]")
    world.write_text(f"{text}system_policies: {{{policy}: {{document: {document}}}}}\n")
    assert f'label="{policy}\\nallows alb"' in drawn(world)
    assert "not in catalog" not in drawn(world)


def test_the_graph_draws_trust_in_principals_that_deny_or_ask_for_more(world: Path) -> None:
    asks, denies = (
        TRUST.replace("Service: [ecs.aliyuncs.com]", f"RAM: ['{principal}']")
        for principal in (ALICE, ERIN)
    )
    asks = asks[:-1] + ", Condition: {Bool: {acs:MFAPresent: 'true'}}}"
    denies = denies.replace("Allow", "Deny")
    world.write_text(WORLD.replace(TRUST, f"\n{' ' * 12}".join([TRUST, asks, denies])))
    text = drawn(world)
    assert f'"{ALICE}" -> "{ACCOUNT}:role/app" [label="may assume, if", style=dashed];' in text
    assert f'"{ERIN}" -> "{ACCOUNT}:role/app" [label="must not assume", style=dashed];' in text
    assert text.count(f'"{ALICE}" [') == 1


def test_the_graph_of_wildcards_of_exceptions_and_of_an_empty_account(world: Path) -> None:
    services = ", ".join(f'"{code}:*"' for code in ("ecs", "vpc", "oss", "rds", "kms", "fc"))
    world.write_text(
        WORLD.replace('Action: "ram:*"', f"Action: [{services}, '*']") + '  "1000000000000002":\n'
        "    policies:\n"
        "      rest:\n"
        '        Version: "1"\n'
        '        Statement: [{Effect: Allow, NotAction: "ram:*", Resource: "*"}]\n'
        "    users: {dan: {policies: [rest]}}\n"
        '  "1000000000000003": {}\n'
    )
    text = drawn(world)
    assert "denies *, ecs, fc, kms, oss,\\nrds, vpc" in text
    assert "rest\\nallows all but a few" in text
    assert 'label="account 1000000000000003"' in text


def test_labels_are_escaped() -> None:
    store = accounts.load(resources.path("examples/accounts.yaml"), catalog.load())
    users = {'a"b\\c\nd': store["accounts"][NUMBER]["users"]["carol"]}
    odd: Store = {**store, "accounts": {NUMBER: {"roles": {}, "users": users}}}
    assert '[label="a\\"b\\\\c\\nd", ' in graph.dot(odd, catalog.load())


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_draws_the_example() -> None:
    example = resources.path("examples/accounts.yaml")
    assert b"instanceencryption.alikafka.aliyuncs.com" in graph.svg(drawn(example))


@pytest.fixture
def graphviz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `dot` for a test to write; it comes first on PATH."""
    path = tmp_path / "bin" / "dot"
    path.parent.mkdir()
    path.touch(0o755)
    monkeypatch.setenv("PATH", str(path.parent), prepend=os.pathsep)
    return path


def test_svg_is_the_output_of_graphviz_for_the_same_text(graphviz: Path) -> None:
    graphviz.write_text('#!/bin/sh\necho "$@"\ncat\n')
    assert graph.svg("digraph {}\n") == b"-Tsvg\ndigraph {}\n"


@pytest.mark.parametrize(
    ("script", "message"),
    [("echo bad >&2; exit 3", "could not draw: bad"), ("exit 3", "could not draw: exit status 3")],
)
def test_a_graphviz_that_fails_is_quoted(script: str, message: str, graphviz: Path) -> None:
    graphviz.write_text(f"#!/bin/sh\ncat >/dev/null\n{script}\n")
    with pytest.raises(RamgateError) as raised:
        graph.svg("digraph {}")
    assert str(raised.value) == f"`{graphviz}` {message}"


def test_a_graphviz_that_does_not_end_is_given_up(
    graphviz: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphviz.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(graph, "_SECONDS", 0.05)
    with pytest.raises(RamgateError, match=r"did not draw within 0\.05 s"):
        graph.svg("digraph {}")


def test_without_graphviz_svg_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RamgateError, match=r"apt install graphviz.*--format dot"):
        graph.svg("digraph {}")
