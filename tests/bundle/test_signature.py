"""Real OPAs take bundles that the right key has signed, and refuse every other."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command_line import ALLOWED
from keys import KINDS, key_pair, run
from ramgate import AsyncClient, OpaUnavailable, Sidecar, SidecarError, UnreadableFiles
from ramgate.bundle import signature
from ramgate.bundle.builder import Builder, Bundle
from ramgate.bundle.signature import CannotSign, Signer, VerificationKey
from ramgate.opa.find import find_opa
from ramgate.sidecar.verification import Verification

if TYPE_CHECKING:
    from keys import KeyPair

SCOPE = "production"


@pytest.fixture(scope="module")
def spring(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return key_pair(tmp_path_factory.mktemp("spring"))


@pytest.fixture(scope="module")
def signed(spring: KeyPair) -> Bundle:
    return Builder(serial=7, signer=Signer(spring.private, "spring", SCOPE)).build()


def verification(pair: KeyPair, key_id: str = "spring", scope: str = SCOPE) -> Verification:
    return Verification((VerificationKey.parse(f"{key_id}={pair.public}"),), scope)


def changed(bundle: Bundle, name: str, content: bytes | None) -> Bundle:
    """Return the bundle with another content of a file, or without the file."""
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(bundle.content)) as old,
        tarfile.open(fileobj=packed, mode="w:gz") as new,
    ):
        for member in old.getmembers():
            file = old.extractfile(member)
            assert file is not None
            data = file.read()
            if member.name == name:
                if content is None:
                    continue
                data = content
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return Bundle(packed.getvalue(), bundle.revision, {})


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_bundle_decides_whatever_the_kind_of_its_key(tmp_path: Path, kind: str) -> None:
    pair = key_pair(tmp_path, "a,key", kind)
    bundle = Builder(signer=Signer(pair.private)).build()
    keys = (VerificationKey.parse(str(pair.public)),)
    sidecar = Sidecar(bundle=bundle, verification=Verification(keys))
    with sidecar, sidecar.client() as client:
        assert client.decide(*ALLOWED)


@pytest.mark.parametrize("algorithm", ["ecparam", "genrsa"])
def test_keys_in_their_older_forms_sign(tmp_path: Path, algorithm: str) -> None:
    file = tmp_path / "key.pem"
    curve = (
        ["-name", "prime256v1", "-genkey", "-noout"] if algorithm == "ecparam" else ["-traditional"]
    )
    run(algorithm, *curve, "-out", str(file))
    assert json.loads(Signer(file).sign({".manifest": b"{}"}))["signatures"]


@pytest.mark.parametrize(
    "error", [OpaUnavailable("no OPA was found"), subprocess.TimeoutExpired(["opa"], 60)]
)
def test_without_an_opa_that_signs_there_is_no_signature(
    spring: KeyPair, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(signature, "find_opa", fails)
    with pytest.raises(CannotSign, match="cannot sign: "):
        Signer(spring.private).sign({".manifest": b"{}"})


def test_the_same_bundle_has_the_same_rsa_signature(tmp_path: Path) -> None:
    signer = Signer(key_pair(tmp_path, kind="RS256").private)
    assert Builder(signer=signer).build() == Builder(signer=signer).build()


def test_a_signature_changes_no_revision_and_a_serial_does(signed: Bundle) -> None:
    plain, other = Builder(serial=7).build(), Builder(serial=8).build()
    assert signed.revision == plain.revision
    assert len({plain.revision, other.revision, Builder().build().revision}) == 3


def test_opa_tells_the_serial(signed: Bundle, spring: KeyPair) -> None:
    sidecar = Sidecar(bundle=signed, verification=verification(spring))
    with sidecar, sidecar.client() as client:
        assert (client.serial(), client.revision()) == (7, signed.revision)

        async def ask() -> int | None:
            async with AsyncClient(sidecar.url) as client:
                return await client.serial()

        assert asyncio.run(ask()) == 7


def test_two_keys_verify_at_once_so_that_one_can_be_replaced(
    tmp_path: Path, signed: Bundle, spring: KeyPair
) -> None:
    autumn = key_pair(tmp_path, "autumn", "RS256")
    keys = (*verification(autumn, "autumn").keys, *verification(spring).keys)
    newer = Builder(serial=8, signer=Signer(autumn.private, "autumn", SCOPE)).build()
    with Sidecar(bundle=signed, verification=Verification(keys, SCOPE)) as sidecar:
        sidecar.publish(newer)
        assert sidecar.state().settled


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("unsigned", "bundle missing .signatures.json file"),
        ("scope", "scope mismatch"),
        ("key id", "verification key corresponding to ID autumn not found"),
        ("key", "failed to verify"),
        ("data", "data.json: digest mismatch"),
        ("rule", "ram/authz/authz.rego: digest mismatch"),
        ("manifest", ".manifest: digest mismatch"),
        ("missing file", "[ram/authz/authz.rego] specified in bundle signatures but not found"),
    ],
)
def test_any_other_bundle_is_refused_at_the_start_and_as_a_change(
    tmp_path: Path, signed: Bundle, spring: KeyPair, fault: str, cause: str
) -> None:
    other = key_pair(tmp_path)
    rule = "ram/authz/authz.rego"
    bundle = {
        "unsigned": lambda: Builder(serial=8).build(),
        "scope": lambda: Builder(signer=Signer(spring.private, "spring", "test")).build(),
        "key id": lambda: Builder(signer=Signer(spring.private, "autumn", SCOPE)).build(),
        "key": lambda: Builder(signer=Signer(other.private, "spring", SCOPE)).build(),
        "data": lambda: changed(signed, "data.json", b'{"store": {}}'),
        "rule": lambda: changed(signed, rule, b"package ram.authz\n\ndecision := 1\n"),
        "manifest": lambda: changed(signed, ".manifest", b'{"revision": "new", "roots": ["ram"]}'),
        "missing file": lambda: changed(signed, rule, None),
    }[fault]()
    bundle = Bundle(bundle.content, f"{bundle.revision}x", {})
    with pytest.raises(SidecarError) as refused:
        Sidecar(bundle=bundle, verification=verification(spring)).start()
    assert cause in str(refused.value)
    with Sidecar(bundle=signed, verification=verification(spring)) as sidecar:
        with pytest.raises(SidecarError) as refused:
            sidecar.publish(bundle)
        assert cause in str(refused.value)
        state = sidecar.state()
        assert (state.active, state.settled) == (signed.revision, False)
        with sidecar.client() as client:
            assert client.decide(*ALLOWED)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (None, "No such file or directory"),
        (b"\xff", "is not a key in PEM"),
        (b"secret", "is not an EC key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAA\n-----END PRIVATE KEY-----\n", "is not an EC key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "is not an EC key"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "cannot sign"),
    ],
)
def test_a_file_without_a_usable_key_is_refused(
    tmp_path: Path, content: bytes | None, cause: str
) -> None:
    file = tmp_path / "key.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UnreadableFiles, match=cause):
        Signer(file).sign({".manifest": b"{}"})


def test_an_opa_that_signs_nothing_is_an_error(
    spring: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signature, "find_opa", lambda: Path("/bin/true"))
    with pytest.raises(UnreadableFiles, match="cannot sign: `opa sign` wrote nothing"):
        Signer(spring.private).sign({})


def test_a_signature_that_was_written_in_part_is_an_error(
    spring: KeyPair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opa = tmp_path / "opa"
    opa.write_text("#!/bin/sh\necho { > ../.signatures.json\necho the disk is full\nexit 1\n")
    opa.chmod(0o700)
    monkeypatch.setattr(signature, "find_opa", lambda: opa)
    with pytest.raises(CannotSign, match="cannot sign: the disk is full"):
        Signer(spring.private).sign({})


def test_a_key_file_may_have_an_equals_sign(tmp_path: Path) -> None:
    pair = key_pair(tmp_path, "a b=c")
    key = VerificationKey.parse(str(pair.public))
    assert (key.key_id, key.file, key.algorithm) == ("ramgate", pair.public, "ES256")


@pytest.mark.parametrize("name", ["", "a.b", "a b", "x" * 65])
def test_a_name_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"the id of a key `.*` is not of 1 to 64 letters"):
        Signer(Path("key.pem"), key_id=name)
    with pytest.raises(ValueError, match=r"the scope `.*` is not of 1 to 64 letters"):
        Signer(Path("key.pem"), scope=name)


def test_a_verification_needs_keys_with_ids_of_their_own() -> None:
    key = VerificationKey("spring", Path("a.pub"), "ES256")
    with pytest.raises(ValueError, match="a verification needs a key"):
        Verification(())
    with pytest.raises(ValueError, match="two verification keys have one id: spring, spring"):
        Verification((key, key))
    with pytest.raises(ValueError, match="the scope `a b`"):
        Verification((key,), "a b")


def test_an_opa_accepts_an_expired_signature(tmp_path: Path, spring: KeyPair) -> None:
    """Nothing ends the validity of a signature but the removal of its key: docs/bundles.md."""
    bundle = Builder(signer=Signer(spring.private, "spring", SCOPE)).build()
    folder = tmp_path / "bundle"
    with tarfile.open(fileobj=io.BytesIO(bundle.content)) as archive:
        for member in archive:
            part = archive.extractfile(member)
            assert part is not None
            (folder / member.name).parent.mkdir(parents=True, exist_ok=True)
            (folder / member.name).write_bytes(part.read())
    (folder / signature.SIGNATURES).unlink()
    claims = tmp_path / "claims.json"
    claims.write_text(json.dumps({"keyid": "spring", "scope": SCOPE, "exp": 1}))
    command = ["sign", "-b", ".", "--signing-alg=ES256", f"--signing-key={spring.private}"]
    command = [str(find_opa()), *command, f"--claims-file={claims}", "-o", "."]
    subprocess.run(command, check=True, cwd=folder, timeout=60)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(folder, arcname="", filter=lambda one: one)
    expired = Bundle(packed.getvalue(), bundle.revision, {})
    with Sidecar(bundle=expired, verification=verification(spring)) as sidecar:
        assert sidecar.state().settled


def test_a_container_verifies_nothing(spring: KeyPair) -> None:
    with pytest.raises(ValueError, match="it is not verified"):
        Sidecar(runtime="container", verification=verification(spring))
