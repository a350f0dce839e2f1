"""The explanation of a decision: every layer, the statements that could have mattered, and hints.

The JSON is that of `POST /v1/data/ram/explain/decision` (docs/reference/http.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from ramgate.model import decision, explanation_text, hint_text
from ramgate.model.considered import (
    ActionMatch,
    Attachment,
    ConditionOutcome,
    Considered,
    Difference,
    PrincipalMatch,
    ResourceMatch,
)
from ramgate.model.hint import Hint

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ActionMatch",
    "Attachment",
    "ConditionOutcome",
    "Considered",
    "Difference",
    "Explained",
    "Explanation",
    "Hint",
    "Layer",
    "PrincipalMatch",
    "ResourceMatch",
]


class Layer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The result of one layer by itself, also of a layer after the one that decided.

    * `policy_type`: the layer in RAM's words.
    * `level`: for control policies the name of the folder or the account, otherwise `None`.
    * `effect`: `None` if the layer was not asked; `note` says why.
    * `statements`: the statements that decided in this layer.
    * `note`: also `policy_unreadable` if a document of the layer could not be read.

    Raises `ValueError` if the fields contradict each other.

    >>> layer = Layer(
    ...     policy_type="SessionPolicy", level=None, effect=None, statements=(), note="none_given"
    ... )
    >>> layer.effect is None
    True
    """

    policy_type: decision.PolicyType
    level: str | None
    effect: decision.Effect | None
    statements: tuple[decision.Statement, ...]
    note: (
        Literal[
            "no_directory",
            "no_resource_group",
            "none_given",
            "not_a_role",
            "not_bound",
            "not_published",
            "owner",
            "policy_unreadable",
        ]
        | None
    )

    def __post_init__(self) -> None:
        was_asked = self.note in {None, "policy_unreadable"}
        if was_asked != (self.effect is not None) or (
            bool(self.statements) != (self.effect in {"Allow", "ExplicitDeny"})
        ):
            raise ValueError(
                f"a layer cannot have `effect` `{self.effect}` and `note` `{self.note}` with "
                f"{len(self.statements)} `statements`"
            )


class Explained(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer of OPA: an `Explanation` without its request.

    >>> Explained.__struct_fields__
    ('decision', 'layers', 'considered', 'more', 'hints')
    """

    decision: decision.Decision
    layers: tuple[Layer, ...]
    considered: tuple[Considered, ...]
    more: Annotated[int, msgspec.Meta(ge=0)]
    hints: tuple[Hint, ...]

    @property
    def errors(self) -> tuple[str, ...]:
        """A text for each field at fault of a malformed request."""
        return self.decision.errors

    @property
    def simulated(self) -> bool:
        """True if a simulation is explained."""
        return self.decision.simulated


class Explanation(Explained, frozen=True, kw_only=True):
    r"""The explanation of a decision. It is true exactly if the decision allows.

    * `request`: the `Request` or `Simulation` that is explained.
    * `decision`: the same `Decision` that `Client.decide` or `Client.simulate` returns.
    * `layers`: every layer in the order of the evaluation, also those after the one that decided.
    * `considered`: the statements that could have mattered, those that match first, then those
      that nearly match; `more` counts those that were left off.
    * `hints`: the likely causes, the most telling first.

    `str()` returns the text that `ramgate explain` prints: the cause on the first line.

    >>> explanation = client.explain(
    ...     "acs:ram::1234567890123456:user/carol",
    ...     "alikafka:ListTopic",
    ...     "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
    ... )
    >>> bool(explanation), explanation.cause
    (False, 'user/carol holds no policy at all')
    >>> print(str(explanation).partition("\n")[0])
    Denied: user/carol holds no policy at all
    """

    request: decision.Request

    def __bool__(self) -> bool:
        return self.decision.allow

    def __str__(self) -> str:
        return explanation_text.text(self)

    @property
    def cause(self) -> str:
        """The cause of the decision, one sentence without a full stop."""
        return explanation_text.cause(self)

    @property
    def control_level(self) -> str | None:
        """The level whose control policies deny, from 0, the root folder; `None` if none does."""
        return explanation_text.control_level(self)

    @property
    def hint_texts(self) -> Sequence[str]:
        """A sentence for each of the `hints`."""
        return [hint_text.text(found, self.request) for found in self.hints]

    @property
    def answer(self) -> Explained:
        """The explanation without its request: its JSON is OPA's, with the added hints."""
        fields = {name: getattr(self, name) for name in Explained.__struct_fields__}
        return Explained(**fields)
