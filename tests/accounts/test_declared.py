"""Providers and resource groups that an account declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts_files import CATALOG, HERE, THERE, account_faults, write
from ramgate.accounts import reader

if TYPE_CHECKING:
    from pathlib import Path

TRUSTING = """\
roles:
  App:
    trust:
      Version: "1"
      Statement:
        - Effect: Allow
          Action: "sts:AssumeRole"
          Principal:
            Service: [ecs.aliyuncs.com]
            Federated: ["acs:ram::{account}:{provider}"]
"""
GROUPED = """\
users:
  alice: {policies: [{policy: AliyunECSFullAccess, resource_group: rg-a}]}
"""


def trusting(provider: str, account: str = HERE) -> str:
    return TRUSTING.format(provider=provider, account=account)


def is_valid(folder: Path, text: str) -> bool:
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    path = write(folder, f'accounts:\n  "{HERE}":\n{lines}\n')
    return not reader.examine(path, CATALOG)[1].faults


@pytest.mark.parametrize(
    "text",
    [
        trusting("oidc-provider/idp"),
        trusting("oidc-provider/idp") + "providers: {oidc: [idp]}",
        trusting("saml-provider/idp") + "providers: {oidc: [], saml: [idp]}",
        # the providers of another account are declared there
        trusting("saml-provider/idp", THERE) + "providers: {}",
        GROUPED,
        GROUPED + "resource_groups: {rg-a: Production, rg-b: ''}",
    ],
)
def test_declared_names_are_accepted_and_others_without_a_declaration(
    tmp_path: Path, text: str
) -> None:
    assert is_valid(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            trusting("oidc-provider/idp") + "providers: {oidc: [idb], saml: [idp]}",
            (
                "12: ….roles.App.trust.Statement[0].Principal.Federated: "
                "there is no provider `oidc-provider/idp`: did you mean `oidc-provider/idb`?"
            ),
        ),
        (
            trusting("saml-provider/idp") + "providers: {}",
            (
                "12: ….roles.App.trust.Statement[0].Principal.Federated: "
                "there is no provider `saml-provider/idp`"
            ),
        ),
        (
            GROUPED + "resource_groups: {rg-b: Test}",
            (
                "4: ….users.alice.policies[0].resource_group: there is no resource group `rg-a`: "
                "did you mean `rg-b`?"
            ),
        ),
        (
            GROUPED + "resource_groups: {}",
            "4: ….users.alice.policies[0].resource_group: there is no resource group `rg-a`",
        ),
        ("providers: [idp]", "3: ….providers: must be an object, not a list"),
        (
            "providers: {ldap: []}",
            "3: ….providers.ldap: unknown field: known are `oidc`, `saml`",
        ),
        ("providers: {oidc: idp}", "3: ….providers.oidc: must be a list, not `idp`"),
        (
            "providers: {oidc: ['a b']}",
            (
                "3: ….providers.oidc[0]: `a b` is not a valid provider name: "
                "it must match `[A-Za-z0-9._@-]{1,64}`"
            ),
        ),
        (
            "resource_groups: {rg_a: Test}",
            (
                "3: ….resource_groups.rg_a: `rg_a` is not a valid resource group: "
                "it must match `[A-Za-z0-9-]{1,64}`"
            ),
        ),
        (
            "resource_groups: {rg-a: 5}",
            "3: ….resource_groups.rg-a: must be a string, not `5` without quotes",
        ),
    ],
)
def test_other_names_are_faults(tmp_path: Path, text: str, found: str) -> None:
    [fault] = account_faults(tmp_path, text)
    assert fault == found
