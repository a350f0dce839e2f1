"""Plain grants stand in their policy."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from decision_tables import ACCOUNT, OWN, TOPIC, policy, tables_of_alice
from ramgate.language.translation import translate
from ramgate.tables import grants

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def translated(*statements: Mapping[str, object]) -> dict[str, Any]:
    """Return the translated policy of these statements."""
    return translate(policy(*statements))


def test_a_document_without_plain_grants_is_returned_itself() -> None:
    document = translated({"Action": "ecs:Start"})
    assert grants.with_grants(document) is document


def test_a_document_is_not_changed() -> None:
    document = translated({"Action": "ecs:Start", "Resource": "acs:ecs:cn:1:one"})
    before = copy.deepcopy(document)
    assert grants.with_grants(document)["grants"] == {"ecs:start": [0, "acs:ecs:cn:1:one"]}
    assert document == before


def test_an_action_longer_than_a_request_may_have_is_no_grant() -> None:
    longest, resource = f"oss:{'a' * 2044}", "acs:oss:cn:1:b"
    document = translated({"Action": longest, "Resource": resource})
    assert grants.with_grants(document)["grants"] == {longest: [0, resource]}
    longer = translated({"Action": [longest, f"{longest}a"], "Resource": resource})
    assert "grants" not in grants.with_grants(longer)


def test_a_trust_policy_has_no_grants() -> None:
    principals = {"Service": "ecs.aliyuncs.com"}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principals}
    document: dict[str, Any] = translate({"Version": "1", "Statement": [statement]})
    assert grants.with_grants(document) is document


def test_a_deny_is_not_a_grant() -> None:
    document = translated({"Action": "ecs:Start", "Resource": "acs:ecs:cn:1:one"})
    document["statements"][0]["effect"] = "Deny"
    assert grants.with_grants(document) is document


def test_a_plain_grant_is_kept_with_its_policy(tmp_path: Path) -> None:
    one, other = f"{TOPIC}/one", f"{TOPIC}/other"
    whole = tables_of_alice(
        tmp_path,
        {"Action": "alikafka:Send", "Resource": one},
        {"Action": ["alikafka:Pull", "alikafka:Twice"], "Resource": other},
        {"Action": "alikafka:Twice", "Resource": one},
        {"Action": "alikafka:List", "Resource": [one, other]},
        {"Action": ["alikafka:Half", "alikafka:Get*"], "Resource": one},
        {"Action": "ram:GetRole", "Resource": f"acs:ram::{ACCOUNT}:role/x"},
        {"Action": "sts:AssumeRole", "Resource": one},
        {"Action": "alikafka:Anywhere", "Resource": f"acs:alikafka::{ACCOUNT}:topic"},
        {"Action": "alikafka:Anyone", "Resource": "acs:alikafka:cn::topic"},
        {"Action": "alikafka:Any", "Resource": "*"},
    )
    own = whole["policies"][OWN]
    assert own["grants"] == {"alikafka:send": [0, one]}
    assert own["statements"][0] is None
    assert None not in own["statements"][1:]
    assert "alikafka:send" not in own["actions"]
    assert whole["lines"][OWN].keys() == own["actions"].keys()


def test_a_policy_of_plain_grants_has_one_entry_for_other_actions(tmp_path: Path) -> None:
    whole = tables_of_alice(tmp_path, {"Action": "alikafka:Send", "Resource": f"{TOPIC}/one"})
    name = OWN
    assert name not in {**whole["lines"], **whole["patterns"], **whole["rest"]}
    assert whole["entries"][whole["otherwise"][name]]["true"]["effect"] == "ImplicitDeny"
