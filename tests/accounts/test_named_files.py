from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from accounts_files import CATALOG, EVERYTHING, HERE, THERE, TRUST, faults, write
from ramgate.accounts import named_files, reader
from ramgate.accounts.inlined import inline
from ramgate.accounts.named_files import NamedFiles
from ramgate.accounts.reader import Reader
from ramgate.documents import source
from ramgate.documents.source import STANDARD_INPUT
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, Findings, Place
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG = '{"Version": "1",\n "Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]}'
TWICE = '{"Version": "1", "Version": "1", "Statement": []}'
ADVISED = (
    '{"Version": "1", "Statement": [\n{"Effect": "Allow", "Action": "a:b", "Resource": "x*"}]}'
)
AT = f"accounts.yaml:3: accounts.{HERE}.policies.p"
TRUSTED = "is a trust policy: a role has one under `trust`"
UNTRUSTED = "is not a trust policy: its statements have no `Principal`"
BESIDE = "is an accounts file: keep a policy in a subfolder"
CAUSE = "is not a path in the folder of the accounts file"


def holding(*parts: str) -> str:
    return f'accounts:\n  "{HERE}":\n' + "".join(f"    {part}\n" for part in parts)


def policy(path: str) -> str:
    return holding(f"policies: {{p: {{file: {path}}}}}")


def named(folder: Path, text: str, name: str = "p.json") -> Path:
    (folder / "policies").mkdir(exist_ok=True)
    return write(folder / "policies", text, name)


WHOLE = f"""\
accounts:
  "{HERE}":
    policies: {{own: {{file: policies/own.yaml}}, here: {EVERYTHING}}}
    roles: {{App: {{trust: {{file: policies/app.json}}, policies: [own]}}}}
    users: {{alice: {{policies: [own, AliyunECSFullAccess]}}}}
directory:
  management: "1000000000000001"
  policies: {{control: {{file: policies/deep/control.json}}}}
  root: {{control_policies: [control]}}
system_policies:
  AliyunECSFullAccess: {{version: v1, document: {{file: policies/system.json}}}}
"""


def test_a_document_may_stand_in_a_file_of_its_own_wherever_one_stands(tmp_path: Path) -> None:
    (tmp_path / "policies/deep").mkdir(parents=True)
    named(tmp_path, json.dumps(json.loads(EVERYTHING)), "system.json")
    named(tmp_path, TRUST, "app.json")
    named(
        tmp_path,
        'Version: "1"\nStatement:\n- {Effect: Deny, Action: "a:b", Resource: "*"}',
        "own.yaml",
    )
    named(tmp_path, EVERYTHING, "deep/control.json")
    store = reader.load(write(tmp_path, WHOLE), CATALOG)
    denying = {"Effect": "Deny", "Action": "a:b", "Resource": "*"}
    own = {id_: store["policies"][id_] for id_ in store["policies"] if "/" in id_}
    system = store["accounts"][HERE]["users"]["alice"]["policies"][1]
    assert own == {
        f"{HERE}/own": translate({"Version": "1", "Statement": [denying]}),
        f"{HERE}/here": translate(EVERYTHING),
        f"{HERE}/trust:App": translate(TRUST),
        "directory/control": translate(EVERYTHING),
        system: translate(EVERYTHING),
    }
    assert system.startswith("system-")
    inline = WHOLE.replace("{file: policies/system.json}", EVERYTHING)
    assert reader.load(write(tmp_path, inline), CATALOG) == store


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("../p.json", f"`../p.json` {CAUSE}: `..` begins with a dot"),
        ("policies/../p.json", f"`policies/../p.json` {CAUSE}: `..` begins with a dot"),
        ("./p.json", f"`./p.json` {CAUSE}: `.` begins with a dot"),
        ("policies/.p.json", f"`policies/.p.json` {CAUSE}: `.p.json` begins with a dot"),
        (".git/p.json", f"`.git/p.json` {CAUSE}: `.git` begins with a dot"),
        ("/etc/passwd", f"`/etc/passwd` {CAUSE}: it is absolute"),
        ("policies//p.json", f"`policies//p.json` {CAUSE}: one of its names is empty"),
        ("policies/", f"`policies/` {CAUSE}: one of its names is empty"),
        ("''", f"an empty string {CAUSE}: one of its names is empty"),
        (r"..\p.json", rf"`..\p.json` {CAUSE}: write `/` between the names"),
        (r'"p\0.json"', rf"`p\x00.json` {CAUSE}: a character of it cannot be printed"),
        ("10", "must be the path of a file, not `10` without quotes"),
        ("[p.json]", "must be the path of a file, not a list"),
        ("accounts.yaml", f"`accounts.yaml` {BESIDE}"),
    ],
)
def test_a_path_that_may_leave_the_folder_is_a_fault(tmp_path: Path, path: str, cause: str) -> None:
    write(tmp_path, EVERYTHING, "p.json")
    folder = tmp_path / "accounts"
    folder.mkdir()
    assert faults(write(folder, policy(path))) == [
        f"accounts.yaml:3: accounts.{HERE}.policies.p.file: {cause}"
    ]


def test_a_path_with_half_a_surrogate_is_a_fault(tmp_path: Path) -> None:
    text = f'{{"accounts": {{"{HERE}": {{"policies": {{"p": {{"file": "\\ud800.json"}}}}}}}}}}'
    [fault] = faults(write(tmp_path, text, "a.json"))
    assert fault.endswith(f"{CAUSE}: a character of it cannot be printed")


def test_a_name_has_no_further_fields(tmp_path: Path) -> None:
    named(tmp_path, EVERYTHING)
    odd = '{file: policies/p.json, unreadable: why, document: "{"}'
    assert faults(write(tmp_path, holding(f"policies: {{p: {odd}}}"))) == [
        f"{AT}.{field}: unknown field: known are `file`" for field in ("document", "unreadable")
    ]
    text = holding(f"roles: {{App: {{trust: {odd}}}}}")
    assert (
        sum("unknown field: known are `file`" in one for one in faults(write(tmp_path, text))) == 2
    )
    text = holding("policies: {p: {unreadable: why, document: {file: policies/p.json}}}")
    assert faults(write(tmp_path, text)) == [f"{AT}.document: must be a string, not an object"]
    text = "accounts: {}\nsystem_policies: {P: {document: {unreadable: why, document: '{'}}}\n"
    assert any("system_policies.P.document" in fault for fault in faults(write(tmp_path, text)))


def test_a_file_contains_one_document_and_names_no_other(tmp_path: Path) -> None:
    path = write(tmp_path, policy("policies/p.json"))
    for text in ('{"file": "policies/q.json"}', '{"unreadable": "why", "document": "{"}', "[]"):
        named(tmp_path, text)
        assert all(fault.startswith("policies/p.json:1: $") for fault in faults(path))


def test_faults_in_a_file_have_its_name_and_its_lines(tmp_path: Path) -> None:
    path = write(tmp_path, policy("policies/p.json"))
    named(tmp_path, WRONG)
    assert faults(path) == [
        "policies/p.json:2: $.Statement[0].Effect: must be `Allow` or `Deny`, not `allow`"
    ]
    named(tmp_path, '{"Version": "1",\n')
    assert faults(path) == [
        "policies/p.json:2: is not strict JSON: expecting property name enclosed in double quotes"
    ]
    named(tmp_path, TWICE)
    assert faults(path)[0] == (
        "policies/p.json:1: $.Statement: must be a non-empty list of objects, not an empty list"
    )
    assert "given twice" in faults(path)[1]
    (tmp_path / "policies/p.json").write_bytes(b"\xff")
    assert faults(path) == ["policies/p.json: is not UTF-8 text"]


def test_the_kind_of_a_document_is_checked_where_its_file_is_named(tmp_path: Path) -> None:
    named(tmp_path, TRUST, "trust.json")
    named(tmp_path, EVERYTHING, "p.json")
    text = holding(
        "policies: {p: {file: policies/trust.json}}",
        "roles: {App: {trust: {file: policies/p.json}}}",
    )
    text += "system_policies: {P: {document: {file: policies/trust.json}}}\n"
    assert faults(write(tmp_path, text)) == [
        f"{AT}: {TRUSTED}",
        f"accounts.yaml:4: accounts.{HERE}.roles.App.trust: {UNTRUSTED}",
        f"accounts.yaml:5: system_policies.P.document: {TRUSTED}",
    ]


def test_a_provider_that_is_not_declared_is_found_in_the_file(tmp_path: Path) -> None:
    trusted = f"acs:ram::{HERE}:oidc-provider/other"
    named(tmp_path, TRUST.replace('"Service": "ecs.aliyuncs.com"', f'\n"Federated": "{trusted}"'))
    unknown = "there is no provider `oidc-provider/other`: did you mean `oidc-provider/idp`?"
    text = holding("providers: {oidc: [idp]}", "roles: {App: {trust: {file: policies/p.json}}}")
    assert faults(write(tmp_path, text)) == [
        f"policies/p.json:2: $.Statement[0].Principal.Federated: {unknown}"
    ]


STRAYS: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda _: None, "there is no such file"),
    "a folder": (Path.mkdir, "is a directory, not a file"),
    "a FIFO": (os.mkfifo, "is a FIFO, not a file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file"),
    "a loop of links": (lambda path: path.symlink_to(path), "cannot be read: too many levels"),
}


@pytest.mark.parametrize("kind", STRAYS)
def test_a_file_that_cannot_be_read_is_a_fault_at_its_name(tmp_path: Path, kind: str) -> None:
    make, cause = STRAYS[kind]
    (tmp_path / "policies").mkdir()
    make(tmp_path / "policies/p.json")
    path = write(tmp_path, policy("policies/p.json") + "  x: {}\n")
    with pytest.raises(UnreadableFiles) as refused:
        reader.load(path, CATALOG)
    first, second = map(str, refused.value.faults)
    at = f"{path}:3: accounts.{HERE}.policies.p.file: `policies/p.json`: {cause}"
    assert first.startswith(at)
    assert "`x` is not a valid account number" in second


def test_a_name_that_is_too_long_is_a_fault(tmp_path: Path) -> None:
    [fault] = faults(write(tmp_path, policy("p" * 300 + ".json")))
    assert "cannot be read: file name too long" in fault


def test_a_file_that_is_too_large_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, policy("policies/p.json"))
    named(tmp_path, EVERYTHING + " " * 1000)
    monkeypatch.setattr(source, "MAXIMUM_BYTES", 500)
    assert faults(path) == [f"{AT}.file: `policies/p.json`: is larger than 64 MiB"]


def test_a_link_may_lead_elsewhere_as_one_of_an_accounts_file_may(tmp_path: Path) -> None:
    write(tmp_path, EVERYTHING, "elsewhere")
    folder = tmp_path / "accounts"
    folder.mkdir()
    (folder / "p.json").symlink_to("../elsewhere")
    store = reader.load(write(folder, policy("p.json")), CATALOG)
    assert store["policies"][f"{HERE}/p"] == translate(EVERYTHING)


def test_in_a_folder_a_policy_beside_accounts_files_is_one_of_these(tmp_path: Path) -> None:
    write(tmp_path, EVERYTHING, "p.json")
    write(tmp_path, EVERYTHING, "p.txt")
    path = write(tmp_path, policy("p.json"))
    assert reader.load(path, CATALOG)["policies"][f"{HERE}/p"] == translate(EVERYTHING)
    first, second = faults(tmp_path)
    assert first == f"{AT}.file: `p.json` {BESIDE}"
    assert second.startswith("p.json:1: is a policy document, not an accounts file: ")
    write(tmp_path, policy("p.txt"))
    (tmp_path / "p.json").unlink()
    reader.load(tmp_path, CATALOG)


class Disk:
    """Reads named files, and notes which."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, path: Path) -> bytes:
        self.read.append(path.name)
        return named_files.content(path)


def test_a_file_that_is_named_twice_is_read_and_reported_once(tmp_path: Path) -> None:
    named(tmp_path, ADVISED)
    for number, name in ((HERE, "a.yaml"), (THERE, "b.yaml")):
        text = (
            policy("policies/p.json")
            .replace(HERE, number)
            .replace("p:", "q: {file: policies/p.json}, p:")
        )
        write(tmp_path, text, name)
    disk = Disk()
    _, found = Reader(CATALOG).examine(tmp_path, None, disk)
    assert disk.read == ["p.json"]
    assert [(fault.file, fault.line) for fault in found.errors + found.advice] == [
        (f"{tmp_path}/policies/p.json", 2)
    ]
    named(tmp_path, WRONG)
    assert len(faults(tmp_path)) == 1


def test_advice_on_a_system_policy_in_a_file_is_left_out(tmp_path: Path) -> None:
    named(tmp_path, ADVISED)
    system = "system_policies: {P: {document: {file: policies/p.json}}}\n"
    _, found = reader.examine(write(tmp_path, "accounts: {}\n" + system), CATALOG)
    assert (found.faults, found.errors, found.advice) == ([], [], [])
    # unless it is an own policy, too
    _, found = reader.examine(write(tmp_path, policy("policies/p.json") + system), CATALOG)
    assert len(found.errors + found.advice) == 1


def test_only_accounts_whose_files_changed_are_read_again(tmp_path: Path) -> None:
    named(tmp_path, EVERYTHING, "a.json")
    named(tmp_path, EVERYTHING, "b.json")
    write(tmp_path, policy("policies/a.json"), "a.yaml")
    write(tmp_path, policy("policies/b.json").replace(HERE, THERE), "b.yaml")
    loader = Reader(CATALOG)
    first, second = loader.load(tmp_path), loader.load(tmp_path)
    assert all(first["policies"][id_] is one for id_, one in second["policies"].items())
    named(tmp_path, EVERYTHING.replace("Allow", "Deny"), "a.json")
    third = loader.load(tmp_path)
    assert third["policies"][f"{HERE}/p"] == translate(EVERYTHING.replace("Allow", "Deny"))
    assert third["policies"][f"{THERE}/p"] is first["policies"][f"{THERE}/p"]
    assert third["accounts"][HERE] is first["accounts"][HERE]
    (tmp_path / "policies/a.json").unlink()
    with pytest.raises(UnreadableFiles, match="there is no such file"):
        loader.load(tmp_path)
    named(tmp_path, EVERYTHING, "a.json")
    assert loader.load(tmp_path)["policies"] == first["policies"]


def test_a_caller_gives_the_contents_of_named_files(tmp_path: Path) -> None:
    accounts, file = tmp_path / "a.yaml", tmp_path / "p.json"
    contents = {accounts: policy("p.json").encode()}
    loader, files = Reader(CATALOG), {file: EVERYTHING.encode()}
    assert loader.named(accounts, contents) == {file}
    store = loader.load(accounts, contents, files.__getitem__)
    assert store["policies"][f"{HERE}/p"] == translate(EVERYTHING)
    # the same contents are not parsed again
    assert loader.named(accounts, dict(contents)) == {file}
    assert loader.named(accounts, {accounts: b"accounts: {}"}) == frozenset()
    assert loader.load(
        accounts, {accounts: policy("q.json").encode()}, lambda _: EVERYTHING.encode()
    )
    assert loader.named(accounts, {accounts: b"["}) == frozenset()
    with pytest.raises(InvalidFiles, match="is not YAML"):
        loader.load(accounts, {accounts: b"["})

    def refuse(path: Path) -> bytes:
        raise UnreadableFiles([Fault(str(path), message="hangs")])

    with pytest.raises(UnreadableFiles, match=r"policies\.p\.file: `p\.json`: hangs"):
        loader.load(accounts, contents, refuse)


def test_a_document_of_other_contents_is_parsed_again(tmp_path: Path) -> None:
    """The contents whose names were asked for may not be those that are loaded."""
    accounts = tmp_path / "a.yaml"
    loader = Reader(CATALOG)
    loader.named(accounts, {accounts: f'accounts: {{"{THERE}": {{}}}}'.encode()})
    store = loader.load(accounts, {accounts: f'accounts: {{"{HERE}": {{}}}}'.encode()})
    assert list(store["accounts"]) == [HERE]


def test_only_paths_where_a_document_stands_are_names() -> None:
    path = Path("a.yaml")
    value = source.parse(
        "accounts: {x: {policies: {p: {file: ../p}, q: {file: q}, r: []}, users: {file: {file: u}},"
        " roles: {A: {trust: {file: t}}, B: 5, C: {policies: {file: c}}}, groups: {}}, y: 1}\n"
        "directory: {policies: {d: {file: d}}, root: {file: r}}\n"
        "system_policies: {s: {document: {file: s}}, t: {file: t2}}\n"
        "file: f\n",
        is_json=False,
    ).value
    found = named_files.names(path, path, value)
    assert sorted(map(str, found)) == ["d", "q", "s", "t"]
    others: list[object] = [[], "text", {"accounts": []}, {"directory": []}]
    for odd in others:
        assert named_files.names(path, path, odd) == frozenset()


@pytest.mark.parametrize("stream", [STANDARD_INPUT, Path("/dev/stdin"), Path("/dev/fd/63")])
def test_names_in_standard_input_are_relative_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: Path
) -> None:
    named(tmp_path, EVERYTHING)
    monkeypatch.chdir(tmp_path)
    _, found = reader.examine(stream, CATALOG, policy("policies/p.json").encode())
    assert found.faults == []
    _, found = reader.examine(stream, CATALOG, policy("../p.json").encode())
    assert len(found.faults) == 1


def test_a_file_that_cannot_be_read_is_not_content(tmp_path: Path) -> None:
    files = NamedFiles(tmp_path)
    with pytest.raises(UnreadableFiles, match="there is no such file"):
        files.content(tmp_path / "p.json")
    file = files.file(tmp_path / "p.json")
    assert (file.digest, file.source.value, file.translation) == (b"", None, {})
    assert files.find([], Place(Findings())) is None
    assert files.content(write(tmp_path, "{}", "q.json")) == b"{}"


def test_ten_thousand_names_are_as_many_faults(tmp_path: Path) -> None:
    count = 10_000
    entries = ", ".join(f'"p{number}": {{"file": "p/{number}.json"}}' for number in range(count))
    text = f'{{"accounts": {{"{HERE}": {{"policies": {{{entries}}}}}}}}}'
    assert len(faults(write(tmp_path, text, "a.json"))) == count


def test_inlined_documents_have_the_files_in_the_place_of_their_names(tmp_path: Path) -> None:
    named(tmp_path, EVERYTHING)
    file = "{file: policies/p.json}"
    path = write(tmp_path, holding(f"policies: {{p: {file}, q: {file}, r: {EVERYTHING}}}"))
    found = inline(tmp_path)
    policies = found.documents[str(path)]["accounts"][HERE]["policies"]
    assert policies == dict.fromkeys("pqr", json.loads(EVERYTHING))
    assert policies["p"] is policies["q"]
    assert found.named == {
        ("accounts", HERE, "policies", name): f"{tmp_path}/policies/p.json" for name in "pq"
    }
    (tmp_path / "policies/p.json").unlink()
    with pytest.raises(UnreadableFiles) as refused:
        inline(tmp_path)
    assert [fault.path for fault in refused.value.faults] == [
        f"accounts.{HERE}.policies.{name}.file" for name in "pq"
    ]
