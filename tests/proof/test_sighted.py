from __future__ import annotations

import re

import pytest

import sighted
from mutants import MUTANTS, ROOT

FILES = sorted({mutant.file for mutant in MUTANTS})


@pytest.mark.parametrize("file", FILES)
def test_each_mutant_has_tests_that_exist(file: str) -> None:
    tests = sighted.python_tests(file)
    assert tests
    assert len(set(tests)) == len(tests)
    assert all((ROOT / "tests" / test).is_file() for test in tests)


def test_the_tests_of_a_module_come_first() -> None:
    tests = sighted.python_tests("python/ramgate/tables/clauses.py")
    assert tests[0] == "tables/test_clauses.py"
    assert tests[-1] == "rego/test_properties.py"


def test_tests_that_do_not_import_a_module_are_left_out() -> None:
    tests = sighted.python_tests("python/ramgate/middleware/django_visits.py")
    assert "middleware/test_django.py" in tests
    assert "middleware/test_wsgi.py" not in tests
    assert "middleware/test_grpc.py" not in tests


def test_a_test_sees_a_module_through_its_helpers() -> None:
    # `fronts` runs `ramgate authzen` as a process of its own
    assert "web/test_envoy.py" in sighted.python_tests("python/ramgate/web/app.py")


def test_a_module_is_also_held_by_tests_that_are_elsewhere() -> None:
    tests = sighted.python_tests("python/ramgate/sidecar/verification.py")
    assert tests[1] == "cli/test_cli_signing.py"
    assert "sidecar/test_tls.py" in tests


def test_a_subcommand_is_held_by_the_tests_that_call_it() -> None:
    tests = sighted.python_tests("python/ramgate/cli/status.py")
    assert tests[0] == "cli/test_cli_status.py"
    assert "cli/test_cli_signing.py" in tests
    assert "cli/test_cli_graph.py" not in tests


def test_long_tests_can_be_left_out() -> None:
    file = "python/ramgate/tables/clauses.py"
    near = sighted.python_tests(file, near=True)
    assert near
    assert all(test.startswith("tables/") for test in near)
    assert not sighted.python_tests("rego/ram/table/table.rego", near=True)


@pytest.mark.parametrize("file", [one for one in FILES if one.endswith(".rego")])
def test_the_own_tests_of_a_package_are_run_first(file: str) -> None:
    own, *others = sighted.rego_tests(file)
    package = ".".join(("data", *file.split("/")[1:-1]))
    assert re.match(own, f"{package}_test.test_one")
    assert not any(re.match(one, f"{package}_test.test_one") for one in others)


def test_only_packages_that_refer_to_a_package_see_it() -> None:
    _, others = sighted.rego_tests("rego/authzen/property/property.rego")
    assert re.match(others, "data.authzen.question_test.test_one")
    assert re.match(others, "data.authzen.route_test.test_one")
    assert not re.match(others, "data.authzen.template_test.test_one")
    assert not re.match(others, "data.ram.table_test.test_one")
    _, others = sighted.rego_tests("rego/ram/entry/entry.rego")
    assert re.match(others, "data.ram.table_test.test_one")
    assert re.match(others, "data.cases_test.test_one")
