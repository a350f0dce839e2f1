"""Fail tests that ask about principals or roles that do not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from ramgate.accounts import reader
from ramgate.accounts.near_names import near_name
from ramgate.catalog import catalog
from ramgate.client.base import BaseClient
from ramgate.errors import RamgateError
from ramgate.model.decision import Decision, Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self, TypeAlias

    Recorder: TypeAlias = "Callable[[str, object, object], None]"

__all__ = ["MARKER", "UnknownNames"]

MARKER: Final = "ramgate_unknown"
"""The marker of a test that expects a principal or a role to be unknown.

>>> @pytest.mark.ramgate_unknown
... def test_a_removed_user_is_denied(ramgate_client):
...     erin = "acs:ram::1234567890123456:user/erin"
...     topic = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
...     decision = ramgate_client.decide(erin, "alikafka:ListTopic", topic)
...     assert decision.reason == "unknown_principal"
"""


class UnknownNames:
    """Watches the decisions of all clients of some OPAs, while the `with` block runs.

    A decision with the reason `unknown_principal` or `unknown_role` fails the running test, unless
    `is_expected` is true: a misspelt name is denied like any other, and a test that expects a
    denial would pass. `accounts` maps the URL of each OPA to the accounts file that it decides by,
    for the nearest name in the message. `recorder` is called first, also for other OPAs, with the
    same arguments.

    >>> from ramgate import resources
    >>> with UnknownNames() as names:
    ...     names.accounts[sidecar.url] = resources.path("examples/accounts.yaml")
    ...     alcie = "acs:ram::1234567890123456:user/alcie"
    ...     try:
    ...         denied = client.decide(alcie, "alikafka:ListTopic", "*")
    ...     except pytest.fail.Exception as failure:
    ...         print(str(failure).partition(" (")[0])
    `acs:ram::1234567890123456:user/alcie` does not exist: did you mean `user/alice`?
    """

    def __init__(self) -> None:
        self.accounts: dict[str, Path] = {}
        self.is_expected = False
        self.recorder: Recorder | None = None
        self._before = BaseClient.observer

    def __enter__(self) -> Self:
        # A run of pytest within a test ends before that test's own run.
        self._before, BaseClient.observer = BaseClient.observer, self
        return self

    def __exit__(self, *_: object) -> None:
        BaseClient.observer = self._before

    def __call__(self, url: str, question: object, answer: object) -> None:
        """Fail the test if the answer says that a name in the question is unknown."""
        __tracebackhide__ = True
        if self.recorder is not None:
            self.recorder(url, question, answer)
        accounts = self.accounts.get(url)
        if accounts is None or not (isinstance(question, Request) and isinstance(answer, Decision)):
            return
        unknown = {"unknown_principal": question.principal, "unknown_role": question.resource}
        arn = unknown.get(answer.reason)
        if arn is not None and not self.is_expected:
            pytest.fail(
                f"`{arn}` does not exist{_hint(accounts, arn)} "
                f"(a test that expects this has the marker `@pytest.mark.{MARKER}`)"
            )


def _hint(accounts: Path, arn: str) -> str:
    try:
        near = near_name(arn, reader.load(accounts, catalog.load()))
    except RamgateError:  # the file has changed since OPA got it
        return ""
    return f": {near}" if near else ""
