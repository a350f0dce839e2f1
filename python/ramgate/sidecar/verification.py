"""The keys and the scope by which an OPA verifies the signature of its bundle."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from ramgate.bundle.signature import DEFAULT_SCOPE, require_name
from ramgate.sidecar.set_flag import set_flag

if TYPE_CHECKING:
    from ramgate.bundle.signature import VerificationKey

__all__ = ["Verification"]


@dataclasses.dataclass(frozen=True, slots=True)
class Verification:
    """The public keys of which one must have signed a bundle, and the scope of the signature.

    The signature names its key by the id. With two keys, either may sign: so a key is replaced.
    Raises `ValueError` without a key, for two keys with one id, or a scope of another form.

    >>> from pathlib import Path
    >>> from ramgate.bundle.signature import VerificationKey
    >>> key = VerificationKey("spring", Path("spring.pub"), "ES256")
    >>> Verification((key,)).flags[-1]
    '--set=bundles.ramgate.signing.scope=ramgate'
    """

    keys: tuple[VerificationKey, ...]
    scope: str = DEFAULT_SCOPE

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("a verification needs a key")
        ids = [key.key_id for key in self.keys]
        if len(set(ids)) < len(ids):
            raise ValueError(
                f"two verification keys have one id: {', '.join(ids)}; write ID=FILE for each"
            )
        require_name("the scope", self.scope)

    @property
    def flags(self) -> list[str]:
        """The arguments of `opa run`."""
        return [
            *(set_flag(f"keys.{key.key_id}.algorithm", key.algorithm) for key in self.keys),
            *(set_flag(f"keys.{key.key_id}.key", str(key.file), file=True) for key in self.keys),
            set_flag("bundles.ramgate.signing.scope", self.scope),
        ]
