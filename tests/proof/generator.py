"""Generate small worlds of accounts and requests that meet every rule, with every effect common.

All choices come from one source of numbers: a seed, which is fast, or Hypothesis, which can shrink
them. The first alternative of each choice is the simplest.
"""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from hypothesis import strategies as st

import alphabets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reference_evaluator import Catalog

Object: TypeAlias = dict[str, Any]
T = TypeVar("T")


class Pick:
    """A source of choices; `below(n)` returns an integer from 0 to n - 1."""

    def __init__(self, below: Callable[[int], int]) -> None:
        self.below = below

    def of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def chance(self, times: int, of: int) -> bool:
        """Return True in `times` of `of` cases; False is the simplest choice."""
        return self.below(of) >= of - times

    def some(self, choices: Sequence[T], most: int, least: int = 1) -> list[T]:
        return [self.of(choices) for _ in range(least + self.below(most - least + 1))]

    def one_or_list(self, choices: Sequence[T], most: int) -> T | list[T]:
        """Return a list, or sometimes the only element in place of its list (1.4)."""
        found = self.some(choices, most)
        return found[0] if len(found) == 1 and self.chance(1, 2) else found


_WORD: Final = 1 << 64


def seed_pick(seed: int) -> Pick:
    """Return the choices of a seed, equal in every Python: a linear congruential generator."""
    state = (seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) % _WORD

    def below(number: int) -> int:
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % _WORD
        return ((state >> 32) * number) >> 32

    for _ in range(4):
        below(2)
    return Pick(below)


def text(pick: Pick, alphabet: str, most: int) -> str:
    return "".join(pick.some(alphabet, most))


def _action(pick: Pick, alphabet: str) -> str:
    return f"{text(pick, alphabet, 3)}:{text(pick, alphabet, 4)}"


# Values in a request in place of a translated document


@dataclasses.dataclass(frozen=True, slots=True)
class Verbatim:
    """A value that is sent as it is."""

    value: object


@dataclasses.dataclass(frozen=True, slots=True)
class Damaged:
    """A document that is damaged after its translation; `how` selects the damage."""

    document: Object
    how: int


@dataclasses.dataclass(slots=True)
class Question:
    """A request as the reference evaluator reads it: its policies are RAM documents."""

    request: Any
    simulated: bool = False


@dataclasses.dataclass(slots=True)
class World:
    """Accounts, their place in the directory, and questions about them."""

    accounts: dict[str, Object]
    control: dict[str, Object]
    root_members: dict[str, Object]
    folders: dict[str, Object]
    questions: list[Question]


@dataclasses.dataclass(slots=True)
class Batch:
    """Worlds that share a directory, the policies of its root, and system policies of their own."""

    management: str
    root_policies: dict[str, Object]
    root: list[str]
    worlds: list[World]
    system_policies: dict[str, Object]

    def document(self) -> Object:
        """Return the accounts document of all worlds."""
        accounts: Object = {}
        policies = dict(self.root_policies)
        members: Object = {}
        folders: Object = {}
        for world in self.worlds:
            accounts |= world.accounts
            policies |= world.control
            members |= world.root_members
            folders |= world.folders
        root = {"control_policies": self.root, "accounts": members, "folders": folders}
        directory = {"management": self.management, "policies": policies, "root": root}
        return {
            "accounts": accounts,
            "directory": directory,
            "system_policies": self.system_policies,
        }


# One world


_LEAST_COLONS: Final = 4


def _is_accepted(resource: str) -> bool:
    """True if a policy may have the resource: without a wildcard it needs five fields (1.8)."""
    return "*" in resource or "?" in resource or resource.count(":") >= _LEAST_COLONS


class WorldBuilder:
    """The builder of one world: the names that the world uses, and methods for its parts."""

    def __init__(self, pick: Pick, catalog: Catalog, number: int, management: str) -> None:
        self.pick = pick
        self.linked = sorted(catalog.service_linked_roles)
        # most system policies allow little: some that allow much, and one of all
        self.system = [*alphabets.BROAD_POLICIES, pick.of(sorted(catalog.system_policies))]
        self.usual_system = [name for name in self.system if name not in alphabets.ALLOWING]
        self.own = str(10**15 + 4 * number)
        self.other = str(10**15 + 4 * number + 1)
        self.only_in_directory = str(10**15 + 4 * number + 2)
        self.nowhere = str(10**15 + 4 * number + 3)
        self.management = management
        self.has_two_accounts = pick.chance(1, 2)
        published = [
            name for name in self.linked if catalog.service_linked_roles[name].document is not None
        ]
        self.linked_roles = [pick.of(published)]
        if pick.chance(1, 3):
            self.linked_roles.append(
                pick.of([name for name in self.linked if name not in published])
            )
        self.actions = [pick.of(alphabets.ACTIONS) for _ in range(2)]
        self.actions.append(_action(pick, alphabets.ACTION_TEXT))
        self.resources = self._resources()
        self.asked_resources = [pick.of(self.resources) for _ in range(3)]
        self.role_names = (
            "AppRole",
            "ops.Role@1-x",
            "AppRole",
            "ops.Role@1-x",
            "app",
            *self.linked_roles,
        )
        self.linked_actions = _actions_of(
            catalog.service_linked_roles[self.linked_roles[0]].document
        )
        self.role_arns = self._role_arns()
        self.keys: dict[str, list[str]] = {}
        self.shared: list[Object] = []
        # Half of the worlds mostly have usual policies and requests, which the tables decide.
        self.is_usual = pick.chance(1, 2)
        self.members = [self._member(kind) for kind in alphabets.INSIDERS for _ in range(2)]

    def _resources(self) -> tuple[str, ...]:
        own = self.own
        return (
            f"acs:oss:cn-a:{own}:b/x",
            "*",
            f"acs:oss:cn-a:{own}:b",
            f"acs:oss:cn-a:{own}:{text(self.pick, alphabets.TEXT, 5)}",
            f"acs:oss::{own}:b/x/y",
            f"acs:ecs:cn-a:{own}:i/1",
            f"acs:ecs:*:{own}:i/1",
            "acs:oss:cn-a::b/x",
            "acs:oss:cn-a:*:b/x",
            "acs:ram:*:system:policy/P",
            f"acs:oss:cn-a:{own}:b/[x]{{y}}\\!.",
            f"acs:oss:cn-a:{own}:b/ü\u0130\u212a",
            f"acs:oss:cn-a:{own}:b/*",
            f"acs:oss:cn-a:{own}:b/?",
            f"acs:kms:cn-a:{own}:a:b:c/d",
            f"acs:::{own}:",
            f"acs:oss:cn-a:{own}:b/x\n",
            "acs::::",
            f"acs:oss:*:{own}:b/x",
            f"acs:oss:cn-a:{own}:b:b/x",
            f"acs:oss:*:{own}:b/x:y",
            "acs:oss:*:*:b/x",
            "acs:oss:::b/x",
            "acs:oss::*:b:b/x",
        )

    def _role_arns(self) -> tuple[str, ...]:
        own, other = self.own, self.other
        names = (
            "app",
            "AppRole",
            "APPROLE",
            "ops.Role@1-x",
            self.linked_roles[0],
            self.linked_roles[0].lower(),
        )
        return (
            *(f"acs:ram::{own}:role/{name}" for name in names),
            f"acs:ram:*:{own}:role/appRole",
            f"acs:ram:*:{own}:role/App",
            f"acs:ram::{other}:role/App",
            f"acs:ram:*:{other}:role/app",
            "acs:ram:*:*:role/App",
            "acs:ram:::role/app",
        )

    def account(self) -> str:
        """Return an account number, mostly that of the world's own account."""
        return self.other if self.has_two_accounts and self.pick.chance(1, 6) else self.own

    # Principals

    def name_of_role(self) -> str:
        name = self.pick.of(self.role_names)
        return self.pick.of((name, name, name.lower(), name.upper()))

    def _member(self, kind: str) -> str:
        account = self.account()
        if kind == "user":
            return f"acs:ram::{account}:user/{self.pick.of(alphabets.USERS)}"
        if kind == "owner":
            return f"acs:ram::{account}:root"
        role = self.name_of_role() if account == self.own else self.pick.of(("App", "app"))
        if kind == "role":
            return f"acs:ram::{account}:role/{role}"
        spelling = self.pick.of(("assumed-role", "role"))
        return f"acs:ram::{account}:{spelling}/{role}/s{self.pick.of(('1', '.@-_', 'X' * 63))}"

    def principal(self) -> str:
        kind = self.pick.of(alphabets.KINDS)
        if kind in alphabets.INSIDERS:
            return self._member(kind)
        if kind == "service":
            return self.pick.of(
                (*alphabets.SERVICES, "ecs.aliyuncs.com", f"{self.own}@ecs.aliyuncs.com")
            )
        if kind == "federated":
            provider = self.pick.of(("saml-provider/idp", "oidc-provider/idp", "saml-provider/Idp"))
            return f"acs:ram::{self.account()}:{provider}"
        if kind == "management":
            return f"acs:ram::{self.management}:{self.pick.of(('user/u1', 'role/app', 'user/u2'))}"
        return self.pick.of(
            (
                f"acs:ram::{self.own}:user/nobody",
                f"acs:ram::{self.own}:user/U1",
                f"acs:ram::{self.own}:role/nobody",
                f"acs:ram::{self.own}:assumed-role/nobody/s",
                f"acs:ram::{self.nowhere}:root",
                f"acs:ram::{self.nowhere}:user/u1",
                f"acs:ram::{self.only_in_directory}:user/u1",
                f"acs:ram::{self.only_in_directory}:root",
                f"acs:ram::{self.own}:role/{self.pick.of(self.linked)}",
            )
        )

    # Documents

    def document(self) -> Object:
        """Return an identity, session or control policy."""
        pick = self.pick
        return {
            "Version": "1",
            "Statement": [self.statement() for _ in range(1 + pick.of((0, 0, 0, 1, 1, 2)))],
        }

    def statement(self) -> Object:
        pick = self.pick
        if self.is_usual and pick.chance(1, 4):
            literal = [one for one in self.asked_resources if one != "*"] or [
                f"acs:oss:cn-a:{self.own}:b/x"
            ]
            return {
                "Effect": "Allow",
                "Action": pick.some((*self.actions, "sts:AssumeRole"), 2),
                "Resource": pick.of(literal),
            }
        statement: Object = {"Effect": "Deny" if pick.chance(2, 5) else "Allow"}
        if pick.chance(1, 12):
            statement["NotAction"] = pick.one_or_list([self._action_pattern() for _ in range(2)], 2)
        else:
            broad = pick.chance(2, 3)
            patterns = ["*"] if broad else [self._action_pattern() for _ in range(3)]
            statement["Action"] = pick.one_or_list(patterns, 3)
        if pick.chance(13, 20):
            statement["Resource"] = "*"
        else:
            found = [self._resource_pattern() for _ in range(1 + pick.below(3))]
            statement["Resource"] = found[0] if len(found) == 1 and pick.chance(1, 2) else found
        self._add_condition(statement)
        if pick.chance(1, 20):
            statement["Sid"] = "a"
        return statement

    def _action_pattern(self) -> str:
        pick = self.pick
        if pick.chance(1, 4):
            return pick.of(alphabets.ACTION_PATTERNS)
        if pick.chance(1, 8):
            return _action(pick, alphabets.ACTION_PATTERN)
        if pick.chance(1, 8):
            return pick.of(alphabets.ASSUMING_PATTERNS)
        action = pick.of((*self.actions, "sts:AssumeRole"))
        at = action.index(":") + 1 + pick.below(3)
        return pick.of(
            (
                action,
                action.swapcase(),
                action[:at] + "*",
                action[:at] + "?" + action[at + 1 :],
                "*" + action[action.index(":") :],
                action[:at] + "*" + action[at:],
            )
        )

    def _add_condition(self, statement: Object) -> None:
        condition: Object = {}
        if self.pick.chance(1, 4 if self.is_usual else 2):
            for _ in range(1 + self.pick.of((0, 0, 0, 1))):
                self._add_operator(condition)
        if condition or self.pick.chance(1, 30):
            statement["Condition"] = condition

    def _add_operator(self, condition: Object) -> None:
        pick = self.pick
        family = pick.of(alphabets.COMPARING_STRINGS if self.is_usual else alphabets.FAMILIES)
        operator = pick.of(family.operators)
        keys, listed = family.keys, family.listed
        if operator.startswith("String") and pick.chance(1, 6):
            keys, listed = ("acs:PrincipalARN",), self._arn_patterns()
        elif operator.endswith("Like") and pick.chance(1, 2):
            listed = [text(pick, alphabets.PATTERN, 6) for _ in range(3)]
        elif pick.chance(1, 12):
            keys = pick.of(alphabets.FAMILIES).keys
        quantifier = pick.of(("", "", "ForAnyValue:", "ForAllValues:"))
        asked = condition.setdefault(quantifier + operator, {})
        for _ in range(1 + pick.of((0, 0, 0, 0, 1))):
            key = pick.of(keys)
            asked[key] = pick.one_or_list(listed, 3)
            found = asked[key] if isinstance(asked[key], list) else [asked[key]]
            self.keys.setdefault(key, []).extend(value.partition("/")[0] for value in found)

    def _arn_patterns(self) -> list[str]:
        pick = self.pick
        arn = pick.of(self.members)
        return [
            f"acs:ram::{self.own}:role/AppRole",
            f"acs:ram::{self.own}:user/u1",
            "acs:ram::*:role/A*",
            "acs:ram::*:ROLE/*",
            "acs:ram::*:user/?1",
            arn,
            arn.upper(),
            f"acs:ram::{self.own}:role/\u212a*",
        ]

    def _resource_pattern(self) -> str:
        pick = self.pick
        arn = pick.of(
            self.role_arns
            if pick.chance(1, 3)
            else (*self.asked_resources, *self.asked_resources, *self.resources[:4])
        )
        at = pick.below(len(arn))
        parts = arn.split(":")
        parts[pick.below(len(parts))] = "*"
        head, colon, tail = arn.rpartition(":")
        fields = arn.split(":", 4)
        # 3.1, 3.5: cut short, an empty region or account, wildcards within a field or across one
        cut = fields[: 1 + pick.below(4)]
        cut[-1] = cut[-1][: pick.below(4)] + pick.of(("*", "*", "?*", "**", "?"))
        emptied = list(fields)
        emptied[pick.of((2, 2, 3)) % len(fields)] = pick.of(
            ("", "", "?", "cn-*", "?*", "*-a", "1*", "*n*-*", "*1*")
        )
        if pick.chance(1, 3):
            emptied[-1] += "*"
        found = (
            arn,
            arn,
            arn[:at] + "*",
            arn[:at] + "?" + arn[at + 1 :],
            ":".join(parts),
            "*" + arn[at:],
            head + colon + tail.swapcase(),
            head + colon + tail.swapcase()[: 1 + at % 8] + "*",
            arn.upper()[:at] + "*" + arn[at:].swapcase(),
            f"acs:oss:*:{self.own}:{text(pick, alphabets.PATTERN, 6)}",
            pick.of(alphabets.RESOURCE_PATTERNS).replace("OWN", self.own),
            pick.of(alphabets.RESOURCE_PATTERNS).replace("OWN", self.own),
            ":".join(cut),
            ":".join(emptied),
            ":".join(emptied),
            arn.replace(":", pick.of(("*", "?", ":*")), 1 + pick.below(3))
            if pick.chance(1, 2)
            else arn[:at] + arn[at:].replace(":", pick.of(("*", "?")), 1),
        )
        return pick.of(tuple(one for one in found if _is_accepted(one)))

    def stored_trust(self) -> Object:
        """Return a trust policy, or one that ramgate cannot read."""
        return alphabets.UNREADABLE if self.pick.chance(1, 12) else self.trust()

    def kind(self, name: str, own: Object) -> Object:
        """Return the `type` of an attachment of that name, mostly none."""
        if not self.pick.chance(1, 6):
            return {}
        kinds = ["Custom"] * (name in own) + ["System"] * (name in self.system)
        return {"type": self.pick.of(kinds)}

    def trust(self) -> Object:
        return {
            "Version": "1",
            "Statement": [
                self._trust_statement()
                for _ in range(1 + self.pick.of((0, 0, 0, 0, 1) if self.is_usual else (0, 0, 1, 2)))
            ],
        }

    def _trust_statement(self) -> Object:
        pick = self.pick
        statement: Object = {
            "Effect": "Deny" if pick.chance(1, 5) else "Allow",
            "Action": "sts:AssumeRole"
            if self.is_usual
            else pick.one_or_list(alphabets.TRUST_PATTERNS, 2),
            "Principal": {},
        }
        for kind in pick.some(("RAM", "RAM", "Service", "Federated"), 3):
            statement["Principal"][kind] = pick.one_or_list(self._trusted_principals(kind), 3)
        self._add_condition(statement)
        return statement

    def _trusted_principals(self, kind: str) -> list[str]:
        own, other = self.own, self.other
        if kind == "Service":
            return [*alphabets.SERVICES, *(f"{own}@{name}" for name in alphabets.SERVICES[:2])]
        if kind == "Federated":
            return [
                f"acs:ram::{own}:saml-provider/idp",
                f"acs:ram::{own}:oidc-provider/idp",
                f"acs:ram::{other}:saml-provider/idp",
            ]
        return [
            *[f"acs:ram::{own}:root"] * 6,
            f"acs:ram::{other}:root",
            f"acs:ram::{own}:user/u1",
            f"acs:ram::{own}:user/U1",
            f"acs:ram::{own}:role/{self.name_of_role()}",
            f"acs:ram::{other}:role/App",
            f"acs:ram::{other}:user/u2",
            f"acs:ram::{self.management}:root",
        ]

    # Accounts and directory

    def account_document(self, *, own: bool) -> Object:
        pick = self.pick
        policies = {f"p{number}": self.document() for number in range(2 + pick.below(4))}
        self.shared += policies.values()
        if pick.chance(1, 4):
            policies[pick.of(self.usual_system)] = self.document()
        names = [
            *policies,
            *policies,
            *policies,
            *policies,
            *policies,
            *policies,
            *self.system,
            *["AdministratorAccess"] * 10,
        ]
        if pick.chance(1, 3):
            policies["odd"] = alphabets.UNREADABLE
            names += ["odd"] * 3

        def attachments(most: int) -> list[Any]:
            return [attachment(name) for name in pick.some(names, most, 2)]

        def attachment(name: str) -> str | Object:
            kind = self.kind(name, policies)
            if not pick.chance(3 if name == "odd" else 1, 4):
                return {"policy": name, **kind} if kind else name
            group = pick.of(("rg-a", "rg-a", "rg-b"))
            return {"policy": name, **kind, "resource_group": group}

        roles = ("app", "AppRole", "ops.Role@1-x") if own else ("App",)
        account: Object = {
            "policies": policies,
            "roles": {
                name: {"trust": self.stored_trust(), "policies": attachments(6)}
                for name in roles[1:]
            },
            "groups": {name: {"policies": attachments(3)} for name in ("g1", "g2")},
            "users": {
                "u1": {"groups": pick.some(("g1", "g2"), 2), "policies": attachments(4)},
                "u2": {"policies": attachments(6)},
                "u3": {"groups": ["g2", "g1"]},
                "u4": {"policies": [pick.of(("p0", "p1", "AliyunSTSAssumeRoleAccess"))]},
                "u5": {"policies": ["p0"]},
            },
        }
        account["roles"][roles[0]] = {"trust": self.stored_trust()}
        if pick.chance(1, 2):
            in_group = {"policy": pick.of(("AdministratorAccess", "p0")), "resource_group": "rg-a"}
            account["users"]["u3"]["policies"] = [in_group]
            account["roles"][roles[0]]["policies"] = [in_group]
        if own:
            account["service_linked_roles"] = self.linked_roles
        return account

    def question(self) -> Question:
        pick = self.pick
        request: Object = {"principal": self.principal()}
        assuming = pick.chance(1, 5) or (
            request["principal"].endswith(".aliyuncs.com") and pick.chance(2, 3)
        )
        known = self.actions if pick.chance(3, 4) else alphabets.ACTIONS
        request["action"] = pick.of(alphabets.ASSUMING if assuming else known)
        if self.linked_roles[0].lower() in request["principal"].lower() and pick.chance(1, 2):
            request["action"] = pick.of(self.linked_actions)
        request["resource"] = self._resource(assuming=assuming)
        is_usual = self.is_usual and pick.chance(3, 4)
        context = self._usual_context() if is_usual else self._context(request["principal"])
        if context or pick.chance(1, 5 if is_usual else 2):
            request["context"] = context
        simulated = pick.chance(1, 10)
        if "role/" in request["principal"] and request["principal"].count("/") > 1:
            if not is_usual and pick.chance(1, 3):
                request["session_policies"] = self._documents(2)
        elif pick.chance(1, 20):
            request["session_policies"] = []
        if simulated:
            found = self._documents(3)
            request["policies"] = {f"p{place}": found[place] for place in range(len(found))}
        question = Question(request, simulated)
        if pick.chance(1, 40):
            stretch(pick, request)
        if pick.chance(1, 20):
            spoil(pick, question)
        return question

    def _documents(self, most: int) -> list[Any]:
        return self.pick.some((*self.shared, alphabets.EVERYTHING, alphabets.EVERYTHING), most)

    def _resource(self, *, assuming: bool) -> str:
        pick = self.pick
        if pick.chance(9, 10) if assuming else pick.chance(1, 6):
            arn = pick.of(self.role_arns)
            return arn + "x" if pick.chance(1, 20) else arn
        if pick.chance(1, 10):
            account = pick.of((self.other, self.only_in_directory, self.nowhere, "nobody", "0"))
            return f"acs:oss:cn-a:{account}:b/x"
        return pick.of(self.asked_resources if pick.chance(3, 4) else self.resources)

    def _context(self, principal: str) -> Object:
        pick = self.pick
        context: Object = {}
        if pick.chance(1, 15):
            context["acs:PrincipalARN"] = _arn_of(principal) if pick.chance(5, 6) else principal
        if "ram:ServiceName" not in self.keys and pick.chance(1, 20):
            context["ram:ServiceName"] = "alikafka.aliyuncs.com"
        for key, listed in self.keys.items():
            if key in alphabets.FAMILY_OF and pick.chance(3, 5):
                given = listed if pick.chance(1, 2) else alphabets.FAMILY_OF[key].given
                if given is listed and key in alphabets.FAMILIES[1].keys:
                    given = [text(pick, alphabets.TEXT, 4), *listed]
                context[key] = _context_value(pick, given, alphabets.FAMILY_OF[key].unreadable)
        if pick.chance(1, 3):
            context["acs:ResourceGroupId"] = pick.of(
                ("rg-a", "rg-a", "rg-b", "rg-c", ["rg-a"], [], 5)
            )
        return context

    def _usual_context(self) -> Object:
        """Return an empty context, or one with a few strings."""
        pick = self.pick
        context: Object = {}
        if pick.chance(1, 2):
            return context
        for key, listed in self.keys.items():
            if key not in {"acs:CurrentTime", "acs:PrincipalARN"} and pick.chance(2, 5):
                context[key] = pick.of(listed) if pick.chance(2, 3) else pick.of(alphabets.STRINGS)
        if pick.chance(1, 8):
            context["acs:ResourceGroupId"] = pick.of(("rg-a", "rg-a", "rg-b", "rg-c"))
        if pick.chance(1, 12):
            context["acs:RequestTag/any"] = pick.of(("a", "", 1))
        return context

    def world(self, questions: int) -> World:
        pick = self.pick
        accounts = {self.own: self.account_document(own=True)}
        if self.has_two_accounts:
            accounts[self.other] = self.account_document(own=False)
        control = {}
        names = ["FullAliyunAccess"] * 3
        for number in range(2):
            control[f"c{self.own}-{number}"] = self.document()
            names.append(f"c{self.own}-{number}")

        if pick.chance(1, 8):
            control[f"c{self.own}-odd"] = alphabets.UNREADABLE
            names.append(f"c{self.own}-odd")

        def level() -> Object:
            usual = [] if pick.chance(1, 30) else ["FullAliyunAccess"]
            found = pick.some(names, 2) if pick.chance(1, 4) else usual
            kinds = [(name, self.kind(name, control)) for name in found]
            attached = [{"policy": name, **kind} if kind else name for name, kind in kinds]
            return {"control_policies": attached}

        root_members, folders = {}, {}
        where = 0 if self.is_usual and pick.chance(1, 2) else pick.below(5)
        own = {self.own: level()}
        others = {self.only_in_directory: level()}
        if where == 1:
            root_members = own
        elif where >= 2:
            name = f"f{self.own}"
            folders[name] = level()
            if where == 2:
                folders[name]["accounts"] = own | others
            else:
                folders[name]["folders"] = {"f": level() | {"accounts": own}, "g": level()}
                folders[name]["accounts"] = others
        found = [self.question() for _ in range(questions)]
        return World(accounts, control, root_members, folders, found)


def _arn_of(principal: str) -> str:
    """Return the value of `acs:PrincipalARN` for a user, role, session or owner."""
    head, kind, name = principal.partition("role/")
    if not kind:
        return principal
    return f"{head.removesuffix('assumed-')}role/{name.partition('/')[0].lower()}"


def _actions_of(document: Object | None) -> list[str]:
    """Return the actions without wildcards in a policy."""
    found = ["ram:DeleteServiceLinkedRole"]
    for statement in document["Statement"] if document else ():
        actions = statement["Action"]
        found += [actions] if isinstance(actions, str) else actions
    return [action for action in found if "*" not in action]


def _context_value(pick: Pick, given: Sequence[object], unreadable: Sequence[object]) -> object:
    """Return a value for a key: mostly one of its type, sometimes a list, rarely unreadable."""

    def one() -> object:
        return pick.of(unreadable if pick.chance(1, 12) else given)

    if pick.chance(1, 4):
        return [one() for _ in range(pick.below(4))]
    return one()


# Requests at a limit, and above it


def stretch(pick: Pick, request: Object) -> None:
    """Give a request a size that is exactly at a limit, or one above it."""
    more = pick.below(2)
    character = pick.of("xü")
    context = request.get("context")
    if not isinstance(context, dict):
        context = request["context"] = {}
    way = pick.below(8)
    if way == 0:
        start = f"acs:oss:cn-a:{(request['principal'].split(':') + [''] * 4)[3]}:"
        request["resource"] = start + character * (2048 + more - len(start))
    elif way == 1:
        request["action"] = "oss:" + "x" * (2044 + more)
    elif way == 2:
        context.update({f"k{number}": character for number in range(200 + more - len(context))})
    elif way == 3:
        context[character * (256 + more)] = "x"
    elif way == 4:
        context[pick.of(sorted({*context, "k"}))] = character * (2048 + more)
    elif way == 5:
        context[pick.of(sorted({*context, "k"}))] = [character] * (100 + more)
    elif way == 6:
        request["context"] = {f"k{number}": [character] * 100 for number in range(10)}
        request["context"].update({"k": "x"} if more else {})
    else:
        request["context"] = {f"k{number}": character * 2048 for number in range(4)}
        request["context"].update({"k": "x"} if more else {})


# Malformed requests


def spoil(pick: Pick, question: Question) -> None:
    """Make a request malformed, mostly in one of its fields."""
    request = question.request
    way = pick.below(10)
    if way == 0:
        request["principal"] = pick.of(alphabets.NO_PRINCIPALS)
    elif way == 1:
        request["action"] = pick.of(alphabets.NO_ACTIONS)
    elif way == 2:
        request["resource"] = pick.of(alphabets.NO_RESOURCES)
    elif way == 3:
        request["context"] = pick.of(alphabets.NO_CONTEXTS)
    elif way == 4:
        request["context"] = {pick.of(alphabets.MISSPELT): pick.of(("a", "10.0.0.1", []))}
    elif way == 5:
        del request[
            pick.of(sorted({"principal", "action", "resource", "policies"} & request.keys()))
        ]
    elif way == 6:
        request[pick.of(("principal", "action", "resource"))] = pick.of(alphabets.NO_TEXTS)
    elif way == 7:
        request[pick.of(("Principal", "policies", "conditions", "", "now"))] = pick.of(
            ({}, None, "x")
        )
    elif way == 8:
        _spoil_documents(pick, question)
    else:
        question.request = pick.of((None, 5, "x", [], True, [request], {}))


def _spoil_documents(pick: Pick, question: Question) -> None:
    request = question.request
    whole = alphabets.EVERYTHING
    trust = {
        "Version": "1",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:*", "Principal": {"Service": "ecs.aliyuncs.com"}}
        ],
    }
    found = [*request.get("session_policies", []), *request.get("policies", {}).values(), whole]
    bad = pick.of(
        (
            Verbatim(None),
            Verbatim(whole),
            Verbatim({}),
            Verbatim("x"),
            Verbatim([]),
            trust,
            Damaged(pick.of(found), pick.below(1 << 16)),
            Damaged(pick.of(found), pick.below(1 << 16)),
            Damaged(pick.of(found), pick.below(1 << 16)),
        )
    )
    if question.simulated and pick.chance(2, 3):
        request["policies"] = pick.of((None, [], "x", [whole], {"a": whole, "b": bad}, {"b": bad}))
    else:
        request["session_policies"] = pick.of((None, {}, "x", [bad], [whole, bad], {"0": whole}))


# Documents that may be invalid


def distort(pick: Pick, document: Object) -> Object:
    """Return a copy of a policy document in which a part is renamed, replaced, removed or added."""

    def odd() -> object:
        return copy.deepcopy(pick.of(alphabets.ODD_VALUES))

    found = copy.deepcopy(document)
    for _ in range(1 + pick.below(2)):
        containers = list(_containers(found))
        container = pick.of(containers)
        key = pick.of(list(container) if isinstance(container, dict) else range(len(container)))
        way = pick.below(4)
        if way == 0:
            container[key] = odd()
        elif way == 1:
            del container[key]
        elif isinstance(container, list):
            container.append(odd())
        elif way == 2:
            container[pick.of(alphabets.ODD_NAMES)] = container.pop(key)
        else:
            container[pick.of(alphabets.ODD_NAMES)] = odd()
    return found


def _containers(value: object) -> Iterator[Any]:
    """Yield every object and list in a value that is not empty, the value itself first."""
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _containers(inner)


def policies(pick: Pick, catalog: Catalog) -> Sequence[Object]:
    """Return an identity policy and a trust policy."""
    builder = WorldBuilder(pick, catalog, 0, str(10**15))
    return builder.document(), builder.trust()


# Batches


def batch(pick: Pick, catalog: Catalog, worlds: int, questions: int) -> Batch:
    """Return a batch of worlds with so many questions each.

    The own account of the first world is the management account.
    """
    management = str(10**15)
    builders = [WorldBuilder(pick, catalog, number, management) for number in range(worlds)]
    system_policies = _system_policies(builders[0], catalog)
    attached = {*catalog.system_policies, "s0", "p0"}
    for builder in builders:
        builder.system += [name for name in system_policies if name in attached]
    made = [builder.world(questions) for builder in builders]
    root, policies = ["FullAliyunAccess"], {}
    if pick.chance(1, 6):
        policies["c-root"] = builders[0].document()
        root.append("c-root")
    first = made[0]
    first.root_members, first.folders = {}, {}
    return Batch(management, policies, root, made, system_policies)


def _system_policies(builder: WorldBuilder, catalog: Catalog) -> dict[str, Object]:
    """Return system policies that came with the accounts, some under names of other policies."""
    pick = builder.pick
    linked = [catalog.service_linked_roles[name].policy for name in builder.linked_roles]
    names = ("s0", "p0", pick.of(builder.usual_system), *linked)
    return {
        name: alphabets.UNREADABLE if pick.chance(1, 8) else {"document": builder.document()}
        for name in names
        if pick.chance(1, 2)
    }


@st.composite
def batches(draw: st.DrawFn, catalog: Catalog, worlds: int = 2, questions: int = 8) -> Batch:
    """Return a strategy of Hypothesis for batches."""
    pick = Pick(lambda number: draw(st.integers(0, number - 1)))
    return batch(pick, catalog, worlds, questions)
