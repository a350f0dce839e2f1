"""The texts of the two denials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ramgate.errors import RamgateError
from ramgate.model.decision import Decision, Request, Statement
from ramgate.model.denials import AccessDenied, denial

if TYPE_CHECKING:
    from ramgate.model.decision import PolicyType

REQUEST = Request("p", "a:B", "*")


def denied(policy_type: PolicyType | None, *statements: Statement) -> Decision:
    return Decision(
        allow=False,
        effect="ExplicitDeny" if statements else "ImplicitDeny",
        reason="statement_denies" if statements else "no_statement_matches",
        policy_type=policy_type,
        statements=statements,
    )


@pytest.mark.parametrize(
    ("decision", "cause"),
    [
        (
            denied("AccountLevelIdentityBasedPolicy", Statement("a", 0), Statement("b", 3)),
            "ExplicitDeny, statement_denies by a[0], b[3]",
        ),
        (
            denied("ControlPolicy", Statement("a", 0)),
            "ExplicitDeny, statement_denies by the control policy a[0]",
        ),
        (
            denied("ControlPolicy"),
            "ImplicitDeny, no_statement_matches in the control policies",
        ),
        (
            denied("SessionPolicy"),
            "ImplicitDeny, no_statement_matches in the session policies",
        ),
        (
            denied("AssumeRolePolicy"),
            "ImplicitDeny, no_statement_matches in the trust policy",
        ),
        (denied("AccountLevelIdentityBasedPolicy"), "ImplicitDeny, no_statement_matches"),
        (denied(None), "ImplicitDeny, no_statement_matches"),
        (
            Decision(
                allow=False,
                effect="ImplicitDeny",
                reason="unknown_role",
                policy_type="AssumeRolePolicy",
                statements=(),
            ),
            "ImplicitDeny, unknown_role",
        ),
    ],
)
def test_a_denial_names_the_request_and_the_cause(decision: Decision, cause: str) -> None:
    error = denial(REQUEST, decision)
    assert isinstance(error, AccessDenied)
    assert isinstance(error, PermissionError)
    assert isinstance(error, RamgateError)
    assert error.decision is decision
    assert str(error) == f"`p` may not `a:B` on `*`: {cause}"


@pytest.mark.parametrize(
    ("policy_type", "policy"),
    [
        ("AccountLevelIdentityBasedPolicy", "a policy of the principal"),
        (
            "ResourceGroupLevelIdentityBasedPolicy",
            "a policy of the principal in the resource group",
        ),
        ("ControlPolicy", "a control policy"),
        ("AssumeRolePolicy", "the trust policy"),
        (None, "a policy"),
    ],
)
def test_a_denial_because_of_an_unreadable_policy_says_which_and_how_to_end_it(
    policy_type: PolicyType | None, policy: str
) -> None:
    decision = Decision(
        allow=False,
        effect="ImplicitDeny",
        reason="policy_unreadable",
        policy_type=policy_type,
        statements=(),
    )
    assert str(denial(REQUEST, decision)) == (
        f"`p` may not `a:B` on `*`: ImplicitDeny, policy_unreadable: {policy} is `unreadable` in "
        "the accounts, so its layer allows nothing: replace it by a document that ramgate can read"
    )


def test_a_denial_is_one_printable_line() -> None:
    error = denial(Request("p\n", "a:B", "*"), denied(None))
    assert str(error) == r"`p\n` may not `a:B` on `*`: ImplicitDeny, no_statement_matches"
