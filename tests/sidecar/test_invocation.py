from __future__ import annotations

import hashlib

from ramgate.sidecar.invocation import environment, flags


def test_optional_flags_are_off_by_default() -> None:
    quiet = flags("c", ["a:1", "b:2"], authorization=False, decision_log=False)
    assert [flag for flag in quiet if flag.startswith("--addr")] == ["--addr=a:1", "--addr=b:2"]
    everything = flags("c", ["a:1", "b:2"], authorization=True, decision_log=True)
    assert set(everything) - set(quiet) == {
        "--authentication=token",
        "--authorization=basic",
        "--set=decision_logs.console=true",
    }


def test_opa_receives_only_the_hash_of_the_token() -> None:
    assert not [name for name in environment(None) if name.startswith("RAMGATE_")]
    variables = environment("abc")
    assert variables["RAMGATE_TOKEN_SHA256"] == (hashlib.sha256(b"abc").hexdigest())
    assert "abc" not in variables.values()
