from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from command_line import DENIES, FAULTY, WORLD, written
from ramgate import resources
from ramgate.cli.main import main

NOT_A_SERVICE_NAME = r"is not a valid service name: it must match `(?:[a-z0-9-]+\.)+aliyuncs\.com`"


def test_validate_sets_errors_and_advice_apart_from_faults(
    tmp_path: Path, accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    condition = {"StringEquals": {"oss:Prefix": "a*"}}
    doubtful = {"Effect": "Allow", "Action": "a:b", "Resource": "acs:oss:*", "Condition": condition}
    policy = written(tmp_path / "p.json", json.dumps({"Version": "1", "Statement": [doubtful]}))
    assert main(["validate", policy, accounts]) == 0
    captured = capsys.readouterr()
    assert captured.err == "checked 2 documents: no faults\n"
    place = rf"{policy}:1: \$\.Statement\[0\]\."
    printed = rf"error: {place}Resource: .*\nadvice: {place}Condition.*: .*\n"
    assert re.fullmatch(printed, captured.out)
    assert main(["validate", "--strict", policy]) == 1
    assert capsys.readouterr() == (captured.out, "")
    doubtful["Effect"] = "allow"
    policy = written(tmp_path / "p.json", json.dumps({"Version": "1", "Statement": [doubtful]}))
    assert main(["validate", policy, accounts]) == 1
    assert re.fullmatch(rf"{place}Effect: .*\n{printed}", capsys.readouterr().out)


def test_advice_alone_is_fine_under_strict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = written(tmp_path / "output.json", json.dumps({"RequestId": "1"}))
    assert main(["validate", "--strict", output]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(f"advice: {output}:1: $: is the output of an API without")
    assert captured.err == "checked 0 documents: no faults\n"


def test_validate_takes_the_catalog_its_files_and_folders_of_accounts(
    accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = resources.path("catalog")
    paths = [catalog, *catalog.glob("*/*"), resources.path("examples"), Path(accounts).parent]
    assert len(paths) > 10
    assert main(["validate", *map(str, paths)]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"checked [0-9]{4} documents: no faults\n", captured.err)


def test_validate_goes_on_after_a_fault_and_after_what_it_cannot_read(
    tmp_path: Path, faulty_accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty = written(tmp_path / "p.json", FAULTY)
    broken = written(tmp_path / "b.json", "{")
    assert main(["validate", faulty, broken, faulty_accounts]) == 1
    captured = capsys.readouterr()
    assert [line.partition(":")[0] for line in captured.out.splitlines()] == [
        faulty,
        broken,
        *[faulty_accounts] * 3,
    ]
    missing = str(tmp_path / "none")
    assert main(["validate", missing, faulty]) == 2
    captured = capsys.readouterr()
    assert captured.err == f"{missing}: there is no such file\n"
    assert captured.out.startswith(faulty)


def test_validate_of_a_catalog_file_finds_its_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    role = written(tmp_path / "role.yaml", "role: R\nservice_name: x\npolicy: P\n")
    policy = written(tmp_path / "policy.yaml", "policy: P\n")
    assert main(["validate", role, policy]) == 1
    found = capsys.readouterr().out
    assert f"{role}:2: service_name: `x` {NOT_A_SERVICE_NAME}\n" in found
    assert f"{role}:3: policy: there is no `policies/P.json`\n" in found
    assert f"{policy}:1: `source` is missing\n" in found


def test_validate_counts_the_documents_of_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.json", "b.json", "c.yaml"):
        written(tmp_path / name, json.dumps(DENIES))
    assert main(["validate", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("", "checked 3 documents: no faults\n")
    faulty = written(tmp_path / "d.json", FAULTY)
    assert main(["validate", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{faulty}:3: $.Statement: ")
    assert captured.err == ""


def test_validate_of_an_empty_folder_finds_nothing_to_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{tmp_path}: contains no file *.yaml")
    assert captured.err == ""


@pytest.mark.parametrize("document", [WORLD, json.dumps(DENIES)])
def test_validate_reads_standard_input(
    document: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(document.encode())))
    assert main(["validate", "-"]) == 0
    assert capsys.readouterr() == ("", "checked 1 document: no faults\n")


def test_validate_reads_a_folder_with_a_file_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path / "a.json", json.dumps(DENIES))
    faulty = written(tmp_path / "b.json", FAULTY)
    (tmp_path / "c.json").symlink_to("gone")
    assert main(["validate", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{faulty}:3: $.Statement: ")
    assert captured.err == f"{tmp_path}/c.json: there is no such file\n"


def test_validate_checks_the_documents_in_the_output_of_an_api(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    role = {"RoleName": "app", "AssumeRolePolicyDocument": json.dumps(DENIES)}
    output = json.dumps([{"Role": role}, {"PolicyDocument": json.dumps(DENIES)}], indent=1)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(output.encode())))
    place = "$[0].Role.AssumeRolePolicyDocument"
    assert main(["validate", "-"]) == 1
    assert capsys.readouterr() == (
        f"<stdin>:5: {place}: is not a trust policy: its statements have no `Principal`\n",
        "",
    )
