"""Policies and their versions, of RAM 2015-05-01."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alicloud.refused import Refused, exists, missing
from alicloud.state import PRINCIPAL_TYPES, Policy, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alicloud.call import Answer, Call, Operation

__all__ = ["OPERATIONS", "TYPES"]

TYPES: Final = ("Custom", "System")
MOST_CHARACTERS: Final = 6144
MOST_VERSIONS: Final = 5
ROTATION: Final = "DeleteOldestNonDefaultVersionWhenLimitExceeded"


def _policy(policy: Policy) -> Answer:
    return {
        "PolicyName": policy.name,
        "PolicyType": policy.type,
        "Description": policy.description,
        "DefaultVersion": policy.default,
        "CreateDate": policy.created,
    }


def _counted(call: Call, policy: Policy) -> Answer:
    return {
        **_policy(policy),
        "UpdateDate": policy.versions[policy.default].created,
        "AttachmentCount": len(call.account.attachments_of(policy)),
    }


def _version(policy: Policy, version: Version) -> Answer:
    return {
        "VersionId": version.id,
        "IsDefaultVersion": version.id == policy.default,
        "PolicyDocument": version.document,
        "CreateDate": version.created,
    }


def _typed(call: Call) -> Policy:
    policy_type = call.parameters.choice("PolicyType", TYPES)
    return call.account.policy(call.parameters.text("PolicyName"), policy_type)


def _own(call: Call) -> Policy:
    return call.account.policy(call.parameters.text("PolicyName"), "Custom")


def _version_of(call: Call, policy: Policy) -> Version:
    name = call.parameters.text("VersionId")
    if name not in policy.versions:
        raise missing("Policy.Version", name)
    return policy.versions[name]


def create_policy(call: Call) -> Answer:
    name = call.parameters.name("PolicyName", r"[A-Za-z0-9-]+", 128)
    document = call.parameters.document("PolicyDocument", MOST_CHARACTERS)
    description = call.parameters.text("Description", "")
    if name in call.account.custom_policies:
        raise exists("Policy", name)
    versions = {"v1": Version("v1", document, call.now)}
    policy = Policy(name, "Custom", call.now, description, versions, "v1")
    call.account.custom_policies[name] = policy
    return {"Policy": _policy(policy)}


def create_policy_version(call: Call) -> Answer:
    policy = _own(call)
    document = call.parameters.document("PolicyDocument", MOST_CHARACTERS)
    rotates = call.parameters.text("RotateStrategy", "None") == ROTATION
    is_default = call.parameters.flag("SetAsDefault")
    number = policy.last + 1
    if len(policy.versions) >= MOST_VERSIONS:
        if not rotates:
            raise Refused(409, "LimitExceeded.Policy.Version", "there are too many versions")
        del policy.versions[next(name for name in policy.versions if name != policy.default)]
    version = Version(f"v{number}", document, call.now)
    policy.versions[version.id] = version
    if is_default:
        policy.default = version.id
    return {"PolicyVersion": _version(policy, version)}


def set_default_policy_version(call: Call) -> Answer:
    policy = _own(call)
    policy.default = _version_of(call, policy).id
    return {}


def delete_policy_version(call: Call) -> Answer:
    policy = _own(call)
    version = _version_of(call, policy)
    if version.id == policy.default:
        raise Refused(409, "DeleteConflict.Policy.Version.Default", "it is the default version")
    del policy.versions[version.id]
    return {}


def delete_policy(call: Call) -> Answer:
    policy = _own(call)
    cascades = call.parameters.flag("CascadingDelete")
    attached = call.account.attachments_of(policy)
    if cascades:
        for attachment in attached:
            call.account.detach(attachment)
    elif attached:
        kind = PRINCIPAL_TYPES[attached[0].principal_type]
        raise Refused(409, f"DeleteConflict.Policy.{kind}", "the policy is attached")
    elif len(policy.versions) > 1:
        raise Refused(409, "DeleteConflict.Policy.Version", "the policy has other versions")
    del call.account.custom_policies[policy.name]
    return {}


def get_policy(call: Call) -> Answer:
    policy = _typed(call)
    version = policy.versions[policy.default]
    return {"Policy": _counted(call, policy), "DefaultPolicyVersion": _version(policy, version)}


def get_policy_version(call: Call) -> Answer:
    policy = _typed(call)
    return {"PolicyVersion": _version(policy, _version_of(call, policy))}


def list_policy_versions(call: Call) -> Answer:
    policy = _typed(call)
    versions = [_version(policy, version) for version in policy.versions.values()]
    return {"PolicyVersions": {"PolicyVersion": versions}}


def list_policies(call: Call) -> Answer:
    wanted = call.parameters.choice("PolicyType", TYPES, "")
    both = (*call.account.custom_policies.values(), *call.account.system_policies.values())
    policies = [policy for policy in both if wanted in ("", policy.type)]
    page, fields = call.parameters.page_by_marker(
        policies, lambda policy: f"{policy.type}/{policy.name}", 1000
    )
    return {"Policies": {"Policy": [_counted(call, policy) for policy in page]}, **fields}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreatePolicy": create_policy,
    "CreatePolicyVersion": create_policy_version,
    "DeletePolicy": delete_policy,
    "DeletePolicyVersion": delete_policy_version,
    "GetPolicy": get_policy,
    "GetPolicyVersion": get_policy_version,
    "ListPolicies": list_policies,
    "ListPolicyVersions": list_policy_versions,
    "SetDefaultPolicyVersion": set_default_policy_version,
}
