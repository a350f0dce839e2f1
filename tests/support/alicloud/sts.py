"""The identity of the caller, of Sts 2015-04-01."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alicloud.call import Answer, Call, Operation

__all__ = ["OPERATIONS"]


def get_caller_identity(call: Call) -> Answer:
    account, key = call.account, call.key
    arn = f"acs:ram::{account.number}"
    if key.user:
        user = account.user(key.user)
        return {
            "IdentityType": "RAMUser",
            "AccountId": account.number,
            "UserId": user.id,
            "PrincipalId": user.id,
            "Arn": f"{arn}:user/{user.name}",
        }
    if key.role:
        role = account.role(key.role)
        return {
            "IdentityType": "AssumedRoleUser",
            "AccountId": account.number,
            "RoleId": role.id,
            "PrincipalId": f"{role.id}:import",
            "Arn": f"{arn}:assumed-role/{role.name}/import",
        }
    return {
        "IdentityType": "Account",
        "AccountId": account.number,
        "UserId": account.number,
        "PrincipalId": account.number,
        "Arn": f"{arn}:root",
    }


OPERATIONS: Final[Mapping[str, Operation]] = {"GetCallerIdentity": get_caller_identity}
