"""The counts of `make corpus`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import corpus
from policy_files import BUCKET, POLICY, READS, TRUST, written

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

REPORT = """\
11 documents

outcomes
     3  taken: identity
     2  refused: identity
     1  not checked: nothing
     1  refused: catalog
     1  refused: faulty
     1  refused: resource policy
     1  refused: unreadable
     1  taken: trust

documents with faults
     2  `…` is not a valid action
     2  is not strict JSON
     1  `Effect` is missing
     1  is a bucket policy
     1  there is no such file

documents with errors
     1  MISSING_ARN_FIELD

documents with advice
     1  WILDCARD_UNDER_EQUALS
     1  is the output of an API without a policy document
"""


def test_the_documents_of_a_folder_are_counted_by_outcome_and_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("catalog/roles", "catalog/policies", "catalog/system-policies"):
        (tmp_path / name).mkdir(parents=True)
    doubtful = {**READS, "Condition": {"StringEquals": {"oss:Prefix": "photos/*"}}}
    faulty = [{**READS, "Action": ["x", "y"]}, {**READS, "Action": "z"}]
    for name, value in {
        "a.json": [POLICY, {"Version": "1", "Statement": [doubtful]}, TRUST],
        "a.yaml": {"Version": "1", "Statement": [{**READS, "Resource": "acs:oss:*"}] * 2},
        "b.json": {"Version": "1", "Statement": faulty},
        "c.json": {"Version": "1", "Statement": [{"Action": "x", "Resource": "*"}]},
        "d.json": BUCKET,
        "e.json": {"RequestId": "1"},
        "f.json": "{",
        "catalog/policies/a.json": "{",
    }.items():
        written(tmp_path / name, value)
    (tmp_path / "g.json").symlink_to("gone")
    assert corpus.main([str(tmp_path)]) == 0
    captured = capsys.readouterr()
    before, report, linted = captured.out.partition(REPORT)
    assert (before, report, captured.err) == ("", REPORT, "")
    sections = dict(section.split("\n", 1) for section in linted.strip().split("\n\n"))
    errors = sections["files with a finding of lint: Error"].splitlines()
    assert errors[0] == "     2  INVALID_ACTION"
    assert "     1  MISSING_ARN_FIELD" in errors
    assert "RESOURCE_POLICY" in sections["files with a finding of lint: General Warning"]


def test_a_folder_without_documents_has_no_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert corpus.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"{tmp_path}: contains no file *.yaml")
    assert corpus.main([]) == 2
    assert capsys.readouterr().err == "usage: python -m bench.corpus DIR\n"
