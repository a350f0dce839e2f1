from __future__ import annotations

import json
import re

import pytest

from ramgate.errors import AnswerError
from ramgate.sidecar.state import State


def test_a_state_is_settled_if_opa_decides_by_the_accounts_as_they_are() -> None:
    assert State("a", "a").settled
    assert State("a", "a").since is None
    for state in (State("a", "b"), State("a", None), State("a", "a", faults=1)):
        assert not state.settled
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(state.since))


def test_a_state_comes_back_from_its_json() -> None:
    state = State("a", None, 42.5, 3, 2)
    shown = json.loads(state.to_json())
    assert shown == {
        "wanted": "a",
        "active": None,
        "seconds": 42.5,
        "restarts": 3,
        "faults": 2,
        "settled": False,
        "since": shown["since"],
    }
    assert State.from_json(state.to_json()) == state


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"wanted": 1, "active": null}'])
def test_any_other_json_is_not_a_state(text: bytes) -> None:
    with pytest.raises(AnswerError, match=r"^the answer is not the state of a sidecar: "):
        State.from_json(text)


def test_a_state_has_the_text_format_of_prometheus() -> None:
    lines = State("a", None, 42.5, 3, 2).to_metrics().decode().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'ramgate_wanted_info{revision="a"} 1',
        'ramgate_active_info{revision=""} 1',
        "ramgate_settled 0",
        "ramgate_unsettled_seconds 42.500",
        "ramgate_accounts_faults 2",
        "ramgate_opa_restarts_total 3",
    ]
    for line in lines:
        assert re.match(r"# (HELP|TYPE) ramgate_\w+ |ramgate_\w+(\{.*\})? [0-9.]+$", line)
    assert 'ramgate_active_info{revision="a"} 1\n' in State("a", "a").to_metrics().decode()
