from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ramgate import Client

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/test_*.py"))


@pytest.mark.parametrize("folder", EXAMPLES, ids=[folder.name for folder in EXAMPLES])
def test_an_examples_own_tests_pass(folder: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_the_shipped_accounts_decide_as_their_comment_states(ramgate_client: Client) -> None:
    topics = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
    office, elsewhere = ({"acs:SourceIp": address} for address in ("10.0.0.1", "192.0.2.1"))
    reasons = [
        ramgate_client.decide(
            f"acs:ram::1234567890123456:user/{user}", f"alikafka:{action}", topics, place
        ).reason
        for user, action, place in (
            ("alice", "DeleteTopic", elsewhere),
            ("bob", "ListTopic", office),
            ("bob", "ListTopic", elsewhere),
            ("bob", "DeleteTopic", office),
            ("carol", "DeleteTopic", office),
            ("carol", "ListTopic", office),
        )
    ]
    assert reasons == [
        "statement_allows",
        "statement_allows",
        "statement_denies",
        *["no_statement_matches"] * 3,
    ]


def test_there_are_examples() -> None:
    names = {folder.name for folder in EXAMPLES}
    frameworks = ["django", "fastapi", "flask", "grpc", "grpc_aio", "litestar", "starlette", "wsgi"]
    assert names >= {"kafka_connector"} | {f"{framework}_instances" for framework in frameworks}
