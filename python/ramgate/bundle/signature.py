"""Sign bundles with `opa sign`, and name the keys that an OPA verifies them with.

A signature covers each file of a bundle and the manifest, with the revision and the serial. It has
the id of its key, so that an OPA with several keys picks the right one, and a scope, so that a key
of one purpose does not sign for another.
"""

from __future__ import annotations

import base64
import dataclasses
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from ramgate.errors import OpaUnavailable, UnreadableFiles
from ramgate.faults import Fault, printable
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

__all__ = [
    "DEFAULT_KEY_ID",
    "DEFAULT_SCOPE",
    "SIGNATURES",
    "CannotSign",
    "Signer",
    "VerificationKey",
    "require_name",
]

DEFAULT_KEY_ID: Final = "ramgate"
"""The id of a key that has no other."""

DEFAULT_SCOPE: Final = "ramgate"
"""The scope of a signature that has no other."""

SIGNATURES: Final = ".signatures.json"
"""The name of the signature's file in a bundle.

>>> SIGNATURES
'.signatures.json'
"""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NAME_FORM: Final = "1 to 64 letters, digits, `-` and `_`"
_PEM: Final = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*(?:PRIVATE|PUBLIC) KEY-----(.*?)-----END ", re.DOTALL
)
# the DER encoding of the identifier of each kind of key
_ALGORITHMS: Final = {
    bytes.fromhex("06082a8648ce3d030107"): "ES256",
    bytes.fromhex("06052b81040022"): "ES384",
    bytes.fromhex("06052b81040023"): "ES512",
    bytes.fromhex("06092a864886f70d010101"): "RS256",
}
_RSA: Final = "-----BEGIN RSA PRIVATE KEY-----"
_SECONDS: Final = 300.0


@dataclasses.dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key that an OPA verifies bundles with: its id, its file in PEM, its algorithm.

    >>> VerificationKey("spring", Path("spring.pub"), "ES256").algorithm
    'ES256'
    """

    key_id: str
    file: Path
    algorithm: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key that `ID=FILE` names, or `FILE`, whose id is then `ramgate`.

        Raises `UnreadableFiles` if the file cannot be read, or is not an EC or RSA key in PEM.

        >>> VerificationKey.parse("spring=none.pub")
        Traceback (most recent call last):
        ramgate.errors.UnreadableFiles: none.pub: No such file or directory
        """
        name, equals, path = text.partition("=")
        if not (equals and _NAME.fullmatch(name)):
            name, path = DEFAULT_KEY_ID, text
        return cls(name, Path(path), _algorithm(Path(path)))


@dataclasses.dataclass(frozen=True, slots=True)
class Signer:
    """Signs bundles with a private key, an EC or RSA key in PEM.

    Signatures with an RSA key depend on nothing but the bundle; those with an EC key are random, so
    two of the same bundle differ. Raises `ValueError` for a key id or a scope of another form.
    """

    key: Path
    key_id: str = DEFAULT_KEY_ID
    scope: str = DEFAULT_SCOPE

    def __post_init__(self) -> None:
        require_name("the id of a key", self.key_id)
        require_name("the scope", self.scope)

    def sign(self, files: Mapping[str, bytes]) -> bytes:
        """Return the content of `.signatures.json` for the other files of a bundle.

        Raises `CannotSign` if the key cannot be used, or if no OPA signs.

        >>> Signer(Path("no.pem")).sign({".manifest": b"{}"})
        Traceback (most recent call last):
        ramgate.bundle.signature.CannotSign: no.pem: No such file or directory
        """
        try:
            return self._sign(files)
        except UnreadableFiles as error:
            raise CannotSign(error.faults) from error

    def _sign(self, files: Mapping[str, bytes]) -> bytes:
        algorithm = _algorithm(self.key)
        with tempfile.TemporaryDirectory(prefix="ramgate-") as folder:
            bundle = Path(folder, "bundle")
            bundle.mkdir()
            for name, content in files.items():
                file = bundle / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            claims = Path(folder, "claims.json")
            claims.write_bytes(msgspec.json.encode({"keyid": self.key_id, "scope": self.scope}))
            # OPA takes the names of the files from its argument: they must not have the folder's.
            arguments = [
                *("sign", "--bundle", ".", f"--signing-alg={algorithm}"),
                f"--signing-key={self.key.absolute()}",
                *(f"--claims-file={claims}", f"--output-file-path={folder}"),
            ]
            try:
                done = subprocess.run(
                    [str(find_opa()), *arguments],
                    cwd=bundle,
                    capture_output=True,
                    check=False,
                    timeout=_SECONDS,
                    env={},
                )
            except (OpaUnavailable, subprocess.TimeoutExpired) as error:
                raise _fault(self.key, f"cannot sign: {printable(str(error))}") from error
            # After a failure, such as a full disk, the file may be there in part.
            written = Path(folder, SIGNATURES)
            if done.returncode or not written.exists():
                printed = (done.stderr + done.stdout).decode(errors="replace").strip()
                cause = printed or "`opa sign` wrote nothing"
                raise _fault(self.key, f"cannot sign: {printable(cause)}")
            return written.read_bytes()


class CannotSign(UnreadableFiles):
    """A bundle could not be signed. The accounts have no fault, so the next try may succeed.

    >>> issubclass(CannotSign, UnreadableFiles)
    True
    """


def require_name(kind: str, name: str) -> None:
    """Raise `ValueError` unless the name has the form of a key's id or a scope.

    >>> require_name("the scope", "production")
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{kind} `{name}` is not of {_NAME_FORM}")


def _algorithm(file: Path) -> str:
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise _fault(file, getattr(error, "strerror", None) or "is not a key in PEM") from error
    if _RSA in text:
        return "RS256"
    for body in _PEM.findall(text):
        try:
            der = base64.b64decode(body)
        except ValueError:
            continue
        for identifier, algorithm in _ALGORITHMS.items():
            if identifier in der:
                return algorithm
    raise _fault(file, "is not an EC key (P-256, P-384, P-521) or an RSA key in PEM")


def _fault(file: Path, message: str) -> UnreadableFiles:
    return UnreadableFiles([Fault(printable(str(file)), message=message)])
