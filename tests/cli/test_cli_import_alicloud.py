from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alicloud.cloud import ACCOUNT, FakeCloud
from alicloud.sdk import Sdk
from alicloud_imports import ALLOW_OSS, TRUST, command, environment, signed_in, start
from processes import eventually
from ramgate.cli.main import main
from ramgate.imports.alicloud.calls import CALLS, policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alicloud.keys import Key

SECONDS = 60
EMPTY = "read: accounts 1, users 1, groups 0, roles 0, policies 0, unreadable 0, notices 0\n"
ATTACH = "attach the policy that `ramgate import alicloud --policy` prints\n"


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud() as cloud:
        Sdk(cloud).ram("CreateUser", user_name="alice")
        yield cloud


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "accounts"


def run(cloud: FakeCloud, output: Path, *arguments: str, key: Key | None = None) -> int:
    """Run the command in this process with a key, by default the owner's."""
    where = ["--endpoint", cloud.endpoint, "--protocol", "http", "-o", str(output)]
    with signed_in(key or cloud.owner):
        return main(["import", "alicloud", *where, *arguments])


def test_it_writes_the_files_and_a_second_run_writes_none(
    cloud: FakeCloud, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(cloud, output) == 0
    assert capsys.readouterr() == ("", f"{EMPTY}{output}: written 1, removed 0, unchanged 0\n")
    file = output / f"{ACCOUNT}.yaml"
    text = file.read_text()
    assert text.startswith("# made by ramgate import alicloud: ")
    assert "alice: {}" in text
    before = file.stat().st_mtime_ns
    assert run(cloud, output) == 0
    assert capsys.readouterr().err == f"{EMPTY}{output}: written 0, removed 0, unchanged 1\n"
    assert file.stat().st_mtime_ns == before


def test_it_removes_the_file_of_a_policy_that_is_gone(
    cloud: FakeCloud, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sdk = Sdk(cloud)
    sdk.ram("CreatePolicy", policy_name="readers", policy_document=ALLOW_OSS)
    assert run(cloud, output) == 0
    file = output / "policies" / ACCOUNT / "readers.json"
    assert json.loads(file.read_text()) == json.loads(ALLOW_OSS)
    sdk.ram("DeletePolicy", policy_name="readers")
    capsys.readouterr()
    assert run(cloud, output) == 0
    assert capsys.readouterr().err.endswith(": written 1, removed 1, unchanged 0\n")
    assert not file.exists()


def test_a_refused_call_is_a_notice(
    cloud: FakeCloud, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.faults.refuse("ListResourceGroups")
    assert run(cloud, output) == 0
    assert capsys.readouterr().err.startswith(
        "notice: ResourceManager ListResourceGroups was refused: NoPermission: the resource groups "
        "are not declared\nread: accounts 1, "
    )


def test_strict_stops_at_a_refused_call_and_writes_nothing(
    cloud: FakeCloud, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.faults.refuse("ListResourceGroups")
    assert run(cloud, output, "--strict") == 2
    assert capsys.readouterr().err == (
        "ramgate: ResourceManager ListResourceGroups was refused: NoPermission: `ramgate import "
        "alicloud --policy` prints the policy that an import needs\n"
    )
    assert not output.exists()


def test_a_key_without_permission_writes_nothing(
    cloud: FakeCloud, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(cloud, output, key=cloud.key(user="alice", allowed=())) == 2
    assert capsys.readouterr().err == (
        f"ramgate: `acs:ram::{ACCOUNT}:user/alice` may not read anything of account {ACCOUNT}: "
        f"{ATTACH}"
    )
    assert not output.exists()


def test_a_folder_with_somebody_s_file_is_left_alone(
    cloud: FakeCloud, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output.mkdir()
    file = output / f"{ACCOUNT}.yaml"
    file.write_text("accounts: {}\n")
    assert run(cloud, output) == 2
    assert capsys.readouterr().err.startswith(f"ramgate: `{file}` ")
    assert [path.name for path in output.iterdir() if path.suffix] == [file.name]
    assert file.read_text() == "accounts: {}\n"


def test_the_directory_can_be_left_to_its_management_account(
    cloud: FakeCloud, output: Path
) -> None:
    sdk = Sdk(cloud)
    sdk.resource_manager("InitResourceDirectory")
    made = sdk.resource_manager("CreateResourceAccount", display_name="member")
    number = made["Account"]["AccountId"]
    assert run(cloud, output) == 0
    text = (output / "directory.yaml").read_text()
    assert run(cloud, output, "--without-directory", key=cloud.key(number)) == 0
    assert (output / "directory.yaml").read_text() == text
    assert {path.stem for path in output.glob("*.yaml")} == {"directory", ACCOUNT, number}


def test_one_call_at_a_time(cloud: FakeCloud, output: Path) -> None:
    assert run(cloud, output, "--parallel", "1") == 0
    assert cloud.most_at_once == 1


def test_the_calls_are_printed_in_100_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "alicloud", "--calls"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    start, why = lines[1].rsplit("  ", 1)
    assert (lines[0], start.strip()) == ("Sts 2015-04-01", "GetCallerIdentity (no action)")
    assert why == "the number of the account"
    needed = [line.split("  ")[1] for line in lines if line.startswith("  ")][1:]
    actions = [", ".join(call.actions) for call in CALLS.values() if call.actions]
    assert sorted(needed) == sorted(actions)
    assert len([line for line in lines if not line.startswith("  ")]) == 5


def test_the_policy_is_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "alicloud", "--policy"]) == 0
    assert json.loads(capsys.readouterr().out) == policy()


@pytest.mark.parametrize("option", ["--calls", "--policy"])
def test_the_calls_and_the_policy_need_no_sdk(option: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [*start(), option],
        env=without_sdk(tmp_path),
        capture_output=True,
        text=True,
        check=True,
        timeout=SECONDS,
    )
    assert done.stderr == ""


def without_sdk(folder: Path) -> dict[str, str]:
    """Return an environment in which Alibaba Cloud's SDKs are not installed."""
    (folder / "sitecustomize.py").write_text(
        "import sys\nsys.modules['alibabacloud_credentials'] = None\n"
    )
    return {**environment(folder), "PYTHONPATH": str(folder)}


def test_without_the_extra_the_line_names_it(cloud: FakeCloud, tmp_path: Path) -> None:
    output = tmp_path / "accounts"
    done = command(cloud, "-o", str(output), env=without_sdk(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "ramgate: Alibaba Cloud's SDKs are not installed (`alibabacloud_credentials`): "
        "pip install 'ramgate[alicloud]'\n"
    )
    assert not output.exists()


def test_no_other_command_imports_the_sdk(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ramgate")), "check", "x", "a:b", "*"],
        env=without_sdk(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert "not installed" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: -o/--output"),
        (["-o", "d", "--parallel", "0"], "argument --parallel: `0` is not a number from 1 to 64"),
        (["-o", "d", "--parallel", "x"], "argument --parallel: `x` is not a number from 1 to 64"),
        (["-o", "d", "--parallel", "65"], "argument --parallel: `65` is not a number from 1 to 64"),
        (["-o", "d", "--protocol", "ftp"], "argument --protocol: invalid choice: 'ftp'"),
    ],
)
def test_wrong_usage_is_told(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["import", "alicloud", *arguments])
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_an_endpoint_in_another_form_is_told(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "alicloud", "-o", str(output), "--endpoint", "https://x"]) == 2
    assert capsys.readouterr().err == (
        "ramgate: `https://x` is not a host, or a host and a port: leave `/` out\n"
    )


def session(cloud: FakeCloud) -> Key:
    """Return a key of a session, which has a security token."""
    Sdk(cloud).ram("CreateRole", role_name="App", assume_role_policy_document=TRUST)
    return cloud.key(role="App")


def test_credentials_come_from_the_environment(cloud: FakeCloud, tmp_path: Path) -> None:
    output = tmp_path / "accounts"
    done = command(cloud, "-o", str(output), env=environment(tmp_path, session(cloud)))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("read: accounts 1, users 1, groups 0, roles 1, ")


def test_credentials_come_from_a_profile_of_the_aliyun_command(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    key = session(cloud)
    profile = {
        "name": "audit",
        "mode": "StsToken",
        "access_key_id": key.id,
        "access_key_secret": key.secret,
        "sts_token": key.token,
    }
    broken = {"name": "broken", "mode": "Nothing"}
    folder = tmp_path / ".aliyun"
    folder.mkdir()
    config = {"current": "audit", "profiles": [profile, broken]}
    (folder / "config.json").write_text(json.dumps(config))
    output = tmp_path / "accounts"
    for arguments in ((), ("--profile", "audit")):
        done = command(cloud, "-o", str(output), *arguments, env=environment(tmp_path))
        assert done.returncode == 0, done.stderr
    done = command(cloud, "-o", str(output), "--profile", "broken", env=environment(tmp_path))
    assert (done.returncode, done.stderr) == (
        2,
        "ramgate: profile `broken` gives no credentials\n",
    )


def test_credentials_come_from_an_ini_profile(cloud: FakeCloud, tmp_path: Path) -> None:
    folder = tmp_path / ".alibabacloud"
    folder.mkdir()
    key = cloud.owner
    (folder / "credentials.ini").write_text(
        f"[audit]\ntype = access_key\naccess_key_id = {key.id}\naccess_key_secret = {key.secret}\n"
    )
    output = str(tmp_path / "accounts")
    done = command(cloud, "-o", output, "--profile", "audit", env=environment(tmp_path))
    assert done.returncode == 0, done.stderr


def test_without_credentials_nothing_is_asked(cloud: FakeCloud, tmp_path: Path) -> None:
    output = tmp_path / "accounts"
    cloud.calls.clear()
    done = command(cloud, "-o", str(output), env=environment(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "ramgate: no credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID and "
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile of the aliyun command by --profile\n"
    )
    assert not output.exists()
    assert cloud.calls == []


def test_oidc_that_fails_gives_no_credentials(cloud: FakeCloud, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a secret token")
    env = environment(tmp_path) | {
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE": str(token),
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": f"acs:ram::{ACCOUNT}:oidc-provider/ci",
        "ALIBABA_CLOUD_ROLE_ARN": f"acs:ram::{ACCOUNT}:role/audit",
        "HTTPS_PROXY": "http://127.0.0.1:1",
    }
    done = command(cloud, "-o", str(tmp_path / "accounts"), env=env)
    assert done.returncode == 2
    assert done.stderr.startswith("ramgate: no credentials: set ")
    assert done.stderr.count("\n") == 1


def test_ctrl_c_ends_it_at_once_and_writes_nothing(cloud: FakeCloud, tmp_path: Path) -> None:
    output = tmp_path / "accounts"
    reached = cloud.faults.hold("ListUsers")
    where = ["--endpoint", cloud.endpoint, "--protocol", "http", "-o", str(output)]
    with subprocess.Popen(
        [*start(), *where], env=environment(tmp_path, cloud.owner), stderr=subprocess.PIPE
    ) as process:
        eventually(lambda: cloud.count("ListUsers") == 1)
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert not reached.is_set()
    reached.set()
    assert not output.exists()
