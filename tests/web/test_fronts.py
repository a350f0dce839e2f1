"""Both fronts give OPA the same numbers, so both get the same decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import fronts
from fronts import TOKEN, Front
from ramgate.bundle import builder

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_NGINX = pytest.mark.skipif(fronts.NGINX is None, reason="nginx is not installed")
ACCOUNTS = """\
accounts:
  "1234567890123456":
    policies:
      sizes:
        Version: "1"
        Statement:
          - Effect: Allow
            Action: "doc:Read"
            Resource: "*"
            Condition: {NumericLessThanEquals: {"doc:size": "10"}}
          - {Effect: Allow, Action: "doc:Write", Resource: "*"}
          - Effect: Deny
            Action: "doc:Write"
            Resource: "*"
            Condition: {NumericGreaterThan: {"doc:size": "10"}}
    users:
      alice: {policies: [sizes]}
"""
MAPPING = """\
subjects: {user: "acs:ram::1234567890123456:user/{id}"}
resources: {doc: {arn: "acs:doc::1234567890123456:{id}", properties: {size: "doc:size"}}}
"""
QUESTION = (
    '{"subject": {"type": "user", "id": "alice"}, "action": {"name": "doc:%s"}, '
    '"resource": {"type": "doc", "id": "d", "properties": {"size": %s}}}'
)
SIZES = {
    "10": True,
    "10.0": True,
    "1e1": True,
    "-0": True,
    "9.9999999999999999999": True,
    "-1e999": True,
    "10.0000000000000000001": False,
    "100000000000000000000000001e-25": False,
    "100000000000000000001": False,
    "1e999": False,
}


@pytest.fixture(scope="module", params=[pytest.param("nginx", marks=NO_NGINX), "ramgate"])
def front(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("front")
    (folder / "accounts.yaml").write_text(ACCOUNTS)
    (folder / "authzen.yaml").write_text(MAPPING)
    bundle = builder.build(folder / "accounts.yaml", folder / "authzen.yaml")
    with fronts.before_opa(request.param, folder, bundle) as running:
        yield running


@pytest.mark.parametrize("action", ["Read", "Write"])
@pytest.mark.parametrize(("size", "is_allowed"), SIZES.items())
def test_a_number_is_compared_as_it_is_written(
    *, front: Front, size: str, is_allowed: bool, action: str
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    body = (QUESTION % (action, size)).encode()
    answer = front.send("/access/v1/evaluation", body, headers=headers)
    assert answer.status == 200, answer.body
    assert answer.value["decision"] is is_allowed
