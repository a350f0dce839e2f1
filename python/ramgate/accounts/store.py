"""The shape of `data.store`, the data that OPA looks names up in.

`docs/reference/translated.md` describes the same shape, field by field. In a store every name is
resolved: policies are named by their ids, and a user's policies include those of its groups.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

__all__ = ["Account", "Directory", "Member", "Role", "Scopes", "Store"]


class Scopes(TypedDict):
    """The ids of the attached policies, sorted: for the whole account, and by resource group.

    >>> Scopes(policies=["AliyunKafkaReadOnlyAccess"], resource_groups={"rg-a": ["FullAccess"]})
    {'policies': ['AliyunKafkaReadOnlyAccess'], 'resource_groups': {'rg-a': ['FullAccess']}}
    """

    policies: list[str]
    resource_groups: NotRequired[dict[str, list[str]]]


class Role(Scopes):
    """A role: its name as written in the file, the id of its trust policy, its policies.

    >>> Role(name="App", trust="1234567890123456/trust:App", policies=[])["trust"]
    '1234567890123456/trust:App'
    """

    name: str
    trust: str


class Member(Scopes):
    """A user of groups: what is attached to it and its groups, their names, and its own part.

    >>> Member(
    ...     policies=["AliyunKafkaFullAccess"],
    ...     groups=["kafka-team"],
    ...     own={"policies": []},
    ... )["groups"]
    ['kafka-team']
    """

    groups: list[str]
    own: Scopes


class Account(TypedDict):
    """An account: roles by their names in lower case, users and groups by theirs as written.

    >>> Account(roles={}, users={"alice": {"policies": ["AliyunKafkaFullAccess"]}})["users"]
    {'alice': {'policies': ['AliyunKafkaFullAccess']}}
    """

    roles: dict[str, Role]
    users: dict[str, Scopes | Member]
    groups: NotRequired[dict[str, Scopes]]


class Directory(TypedDict):
    """The management account, and for each member account its control policies, level by level.

    The levels go from the root folder down to the account itself; each is a list of policy ids.
    `names` has their names: `root`, those of the folders, and the account.

    >>> directory = Directory(
    ...     management="1000000000000001",
    ...     levels={"1234567890123456": [["FullAliyunAccess"], ["directory/only-kafka"]]},
    ...     names={"1234567890123456": ["root", "1234567890123456"]},
    ... )
    >>> len(directory["levels"]["1234567890123456"])
    2
    """

    management: str
    levels: dict[str, list[list[str]]]
    names: dict[str, list[str]]


class Store(TypedDict):
    """The data that OPA loads as `data.store`, keyed for lookup.

    `condition_keys` has RAM's spelling of each condition key by the key in lower case.
    `policies` maps the id of each policy to its translated document, or to
    `{"unreadable": cause}` if ramgate cannot read the document. `service_linked_roles` has the
    catalog's roles by their names in lower case; `services` and `features` lead to those names.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> store["accounts"]["1234567890123456"]["users"]["alice"]["policies"]
    ['AliyunKafkaFullAccess', 'AliyunKafkaReadOnlyAccess']
    >>> store["features"]["alikafka.etl"]
    'aliyunserviceroleforalikafkaetl'
    """

    format: int
    condition_keys: dict[str, str]
    policies: dict[str, dict[str, object]]
    service_linked_roles: dict[str, dict[str, object]]
    services: dict[str, str]
    features: dict[str, str]
    accounts: dict[str, Account]
    directory: NotRequired[Directory]
