"""The AccessKeys that the fake knows, and the permissions of each."""

from __future__ import annotations

import dataclasses

__all__ = ["Key"]


@dataclasses.dataclass(frozen=True)
class Key:
    """An AccessKey of an account's root identity, of a user, or of a role's session.

    `allowed` has the only RAM actions that the key may do, such as `ram:ListUsers`; without it the
    key may do everything.
    """

    id: str
    secret: str
    account: str
    user: str = ""
    role: str = ""
    token: str = ""
    allowed: frozenset[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables for a new process.

        The SDK for credentials reads most of them when it is imported: to set them later, in the
        process of the test, changes nothing.
        """
        found = {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.secret,
        }
        return {**found, "ALIBABA_CLOUD_SECURITY_TOKEN": self.token} if self.token else found
