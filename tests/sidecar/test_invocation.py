from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ramgate.sidecar.certificate import Certificate
from ramgate.sidecar.invocation import environment, flags


def test_optional_flags_are_off_by_default() -> None:
    quiet = flags("c", ["a:1", "b:2"], authorization=False, decision_log=False, ready_timeout=30)
    assert [flag for flag in quiet if flag.startswith("--addr")] == ["--addr=a:1", "--addr=b:2"]
    everything = flags(
        "c",
        ["a:1", "b:2"],
        authorization=True,
        decision_log=True,
        ready_timeout=30,
        certificate=Certificate(Path("x.crt"), Path("x.key")),
        max_body=1000,
        diagnostic=["http://d:3"],
    )
    assert set(everything) - set(quiet) == {
        "--tls-cert-file=x.crt",
        "--tls-private-key-file=x.key",
        "--tls-cert-refresh-period=10s",
        "--diagnostic-addr=http://d:3",
        "--set=server.decoding.max_length=1000",
        "--set=server.decoding.gzip.max_length=1000",
        "--authentication=token",
        "--authorization=basic",
        "--set=decision_logs.console=true",
    }


@pytest.mark.parametrize(("timeout", "flag"), [(30, 30), (0, 1), (0.2, 1), (1.5, 2), (-1, 1)])
def test_opa_never_listens_before_its_bundle_is_active(timeout: float, flag: int) -> None:
    """0 seconds and less would turn OPA's check off."""
    given = flags("c", [], authorization=False, decision_log=False, ready_timeout=timeout)
    assert f"--ready-timeout={flag}" in given


def test_only_without_a_timeout_opa_listens_at_once() -> None:
    given = flags("c", [], authorization=False, decision_log=False, ready_timeout=None)
    assert not [flag for flag in given if flag.startswith("--ready-timeout")]


def test_opa_receives_only_the_hash_of_the_token() -> None:
    variables = environment("abc", authorization=True)
    assert {name: variables[name] for name in variables if name.startswith("RAMGATE_")} == {
        "RAMGATE_ACCESS": "token",
        "RAMGATE_TOKEN_SHA256": hashlib.sha256(b"abc").hexdigest(),
    }


def test_explanations_are_allowed_only_beside_access() -> None:
    allowed = environment(None, authorization=True, allow_explain=True)
    assert allowed.pop("RAMGATE_EXPLAIN") == "allow"
    assert allowed == environment(None, authorization=True)
    with_token = environment("abc", authorization=True, allow_explain=True)
    assert with_token["RAMGATE_EXPLAIN"] == "allow"
    without = environment(None, authorization=False, allow_explain=True)
    assert "RAMGATE_EXPLAIN" not in without


def test_metrics_are_allowed_only_beside_access() -> None:
    allowed = environment("abc", authorization=True, allow_metrics=True)
    assert allowed.pop("RAMGATE_METRICS") == "allow"
    assert allowed == environment("abc", authorization=True)
    without = environment(None, authorization=False, allow_metrics=True)
    assert "RAMGATE_METRICS" not in without


def test_access_is_stated_if_opa_authorizes_and_not_otherwise() -> None:
    stated = environment(None, authorization=True)
    assert stated.pop("RAMGATE_ACCESS") == "loopback"
    assert stated == environment(None, authorization=False)
    assert not [name for name in stated if name.startswith("RAMGATE_")]
