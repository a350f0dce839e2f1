from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from ramgate.accounts import reader
from ramgate.catalog import catalog
from ramgate.cli.main import main
from terraform_files import DATA, NUMBER, me, plan, resource, state, written

USER = resource("ram_user.u", name="anna")
UNKNOWN = resource("ram_user_policy_attachment.a", user_name="anna")
NOTICE = (
    "notice: the policy is not known until the plan is applied: "
    "alicloud_ram_user_policy_attachment.a"
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def users(folder: str = "accounts") -> list[str]:
    """Return the users in the accounts file that was written."""
    store = reader.load(Path(folder, f"{NUMBER}.yaml"), catalog.load())
    return list(store["accounts"][NUMBER]["users"])


def test_a_state_is_written_as_accounts_files(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["import", "terraform", str(DATA / "state.json"), "-o", "accounts"]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("read: accounts 1, users 2, groups 1, roles 4, policies ")
    assert users() == ["anna", "bob"]
    assert Path("accounts/directory.yaml").exists()
    anna = f"acs:ram::{NUMBER}:user/anna"
    question = ["check", anna, "oss:GetObject", f"acs:oss:*:{NUMBER}:b/x"]
    assert main([*question, "--accounts", "accounts"]) == 0
    assert main(arguments) == 0
    assert "written 0, removed 0" in capsys.readouterr().err


def test_a_plan_has_two_sides() -> None:
    written(Path("plan.json"), plan(me(), USER, before=(resource("ram_user.v", name="bob"),)))
    for option, expected in (("", "anna"), ("--after", "anna"), ("--before", "bob")):
        folder = f"accounts{option}"
        command = ["import", "terraform", "plan.json", "-o", folder, *filter(None, [option])]
        assert main(command) == 0
        assert users(folder) == [expected]
    with pytest.raises(SystemExit, match="2"):
        main(["import", "terraform", "plan.json", "-o", "a", "--after", "--before"])


def test_a_value_that_is_not_known_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    written(Path("plan.json"), plan(me(), USER, UNKNOWN))
    arguments = ["import", "terraform", "plan.json", "-o", "accounts"]
    assert main([*arguments, "--strict"]) == 2
    assert capsys.readouterr().err == f"{NOTICE}\n"
    assert not Path("accounts").exists()
    assert main(arguments) == 0
    assert NOTICE in capsys.readouterr().err.splitlines()
    anna = f"acs:ram::{NUMBER}:user/anna"
    assert main(["check", anna, "oss:GetObject", "*", "--accounts", "accounts"]) == 1
    assert "policy_unreadable" in capsys.readouterr().out


def test_the_numbers_of_accounts_and_full_access_are_given(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    member = resource("resource_manager_account.m", id="2" * 16)
    value = state(USER, member)
    value["values"]["root_module"]["resources"].pop(0)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(value).encode())))
    command = ["import", "terraform", "-", "-o", "accounts", "--account", NUMBER]
    assert main([*command, "--management", "3" * 16, "--full-aliyun-access", "--strict"]) == 0
    directory = Path("accounts/directory.yaml").read_text()
    assert "3333333333333333" in directory
    assert "FullAliyunAccess" in directory
    written(Path("state.json"), value)
    assert main(["import", "terraform", "state.json", "-o", "accounts", "--account", "12"]) == 2
    message = "ramgate: `12` is not a valid account number: it has 16 digits\n"
    assert capsys.readouterr().err.endswith(message)


def test_bad_input_is_one_line_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("plan.out").write_bytes(b"PK\x03\x04")
    assert main(["import", "terraform", "plan.out", "-o", "accounts"]) == 2
    assert capsys.readouterr().err == (
        "plan.out: is a binary plan file of Terraform: give the output of `terraform show -json` "
        "for it\n"
    )
    assert not Path("accounts").exists()


def test_diff_takes_a_plan_alone(capsys: pytest.CaptureFixture[str]) -> None:
    administrator = resource(
        "ram_user_policy_attachment.a",
        user_name="anna",
        policy_name="AdministratorAccess",
        policy_type="System",
    )
    written(Path("plan.json"), plan(me(), USER, administrator, before=(USER,)))
    assert main(["diff", "terraform:plan.json"]) == 1
    assert f"+ newly allowed: acs:ram::{NUMBER}:user/anna" in capsys.readouterr().out
    written(Path("plan.json"), plan(me(), USER, UNKNOWN, before=(USER,)))
    assert main(["diff", "terraform:plan.json"]) == 2
    printed = capsys.readouterr().out
    assert printed.startswith("not decided")
    assert "the policy is not known until the plan is applied" in printed
    assert main(["diff", "accounts.yaml"]) == 2
    assert capsys.readouterr().err == (
        "ramgate: `accounts.yaml` is one side: name the other one, or a plan as `terraform:FILE`\n"
    )
