"""Values and errors reach another process whole, and can be copied."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Final, TypeVar

import pytest

from ramgate import (
    AccessDenied,
    Decision,
    Feature,
    FeatureDenied,
    InvalidFiles,
    InvalidPolicy,
    InvalidRequest,
    RamgateError,
    Request,
    Simulation,
)
from ramgate.faults import Fault
from ramgate.model.copies import NO_CONTEXT
from ramgate.model.service_linked_role import CreationQuestion

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

FAULTS: Final = (
    Fault("a.yaml", path="$.a", message="is wrong"),
    Fault("b.yaml", message="is, too"),
)
DENIED: Final = Decision(
    allow=False,
    effect="ImplicitDeny",
    reason="no_statement_matches",
    policy_type="ControlPolicy",
    statements=(),
)
UNKNOWN: Final = Feature(
    allow=False,
    outcome="unknown_feature",
    account="1234567890123456",
    role=None,
    service_name=None,
    authorization=None,
    remedy=None,
)


def pickled(value: _T) -> _T:
    again: _T = pickle.loads(pickle.dumps(value))  # noqa: S301 - bytes of its own
    return again


WAYS: Final = (pickled, copy.copy, copy.deepcopy)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "error",
    [
        AccessDenied("alice may not", DENIED),
        FeatureDenied("alice cannot use it", UNKNOWN),
        InvalidFiles(FAULTS),
        InvalidPolicy(FAULTS),
        InvalidRequest(["action: is wrong", "resource: is, too"]),
    ],
)
def test_an_error_keeps_its_text_and_its_values(
    error: RamgateError, way: Callable[[RamgateError], RamgateError]
) -> None:
    error.add_note("seen in a worker")
    again = way(error)
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "question",
    [
        Request("alice", "a:B", "*"),
        Request("alice", "a:B", "*", {"x": "y"}),
        Simulation("alice", "a:B", "*", policies={"own": {}}),
        CreationQuestion("alice", "x.aliyuncs.com"),
    ],
)
def test_a_question_is_equal_with_and_without_a_context(
    question: Request | CreationQuestion,
    way: Callable[[Request | CreationQuestion], Request | CreationQuestion],
) -> None:
    again = way(question)
    assert again == question
    assert (again.context is NO_CONTEXT) == (question.context is NO_CONTEXT)


def test_no_context_is_an_empty_mapping() -> None:
    assert NO_CONTEXT == {}
    assert "x" not in NO_CONTEXT
    assert list(NO_CONTEXT) == []
    assert str(NO_CONTEXT) == "{}"
    with pytest.raises(TypeError, match="item assignment"):
        NO_CONTEXT["x"] = "y"  # type: ignore[index]
