"""The shapes of the catalog of actions: a service, its actions, and the sources that name them.

The catalog collects public pages. No service's list is complete, and pages may contradict each
other, so an action keeps one entry for each page.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping

__all__ = [
    "Action",
    "ConditionKey",
    "Entry",
    "Origin",
    "ResourceForm",
    "Service",
    "operation_name",
]

_Item = TypeVar("_Item")


@dataclasses.dataclass(frozen=True, slots=True)
class Origin:
    """A source of the catalog: its key in the service's file, its title, its date as printed.

    >>> print(Origin("K1", "Kafka's operation pages", "2025-11..2026-05"))
    Kafka's operation pages, 2025-11..2026-05
    """

    key: str
    title: str
    date: str = ""

    def __str__(self) -> str:
        return f"{self.title}, {self.date}" if self.date else self.title


@dataclasses.dataclass(frozen=True, slots=True)
class ResourceForm:
    """The form of an ARN that an action is checked against, with the placeholders of its source.

    The template `*` is the form of an action that is checked against no single resource. A source
    marks the forms that are `required`; False also if the source does not say.

    >>> ResourceForm("acs:alikafka:{#regionId}:{#accountId}:{#InstanceId}", required=True).is_any
    False
    """

    template: str
    required: bool = dataclasses.field(default=False, kw_only=True)

    @property
    def is_any(self) -> bool:
        """True if the action is checked against `*`."""
        return self.template == "*"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """The facts that one source states about an action; an empty field: the source does not say.

    `page` is the page of a source that has several. `level` is the access level as printed:
    `create`, `update`, `delete`, `get` or `list` on newer pages, `Read`, `Write` or `List` on older
    ones. `operations` are the API operations that need the action, as printed, some with a version:
    `GetTopicList (2019-09-16)`. `dependent_actions` are needed too. `seen_in` are policies of
    Alibaba Cloud that name the action. `needs_no_allow` quotes a source that says so.

    >>> Entry(Origin("K1", "a page"), level="get").resources
    ()
    """

    source: Origin
    page: str = ""
    level: str = ""
    resources: tuple[ResourceForm, ...] = ()
    condition_keys: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    dependent_actions: tuple[str, ...] = ()
    other_spellings: tuple[str, ...] = ()
    seen_in: tuple[str, ...] = ()
    needs_no_allow: str = ""
    note: str = ""
    contradiction: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Action:
    """A RAM action in RAM's spelling, with one entry for each source that describes it.

    The properties join the entries: each value once, in the order of the entries.

    >>> page = Origin("K1", "a page", "2026")
    >>> instance = ResourceForm("acs:alikafka:*:*:{InstanceId}")
    >>> action = Action("alikafka", "ListTopic", (Entry(page, level="get", resources=(instance,)),))
    >>> str(action), action.level, action.only_any_resource
    ('alikafka:ListTopic', 'get', False)
    """

    service: str
    name: str
    entries: tuple[Entry, ...]

    def __str__(self) -> str:
        return f"{self.service}:{self.name}"

    @property
    def level(self) -> str:
        """The access level of the first entry that has one; empty if none has."""
        return next((entry.level for entry in self.entries if entry.level), "")

    @property
    def resources(self) -> tuple[ResourceForm, ...]:
        """The ARN forms of all entries."""
        return _join(entry.resources for entry in self.entries)

    @property
    def only_any_resource(self) -> bool:
        """True if every source that names an ARN form names `*` alone, and one does.

        A statement that names narrower resources than `*` has no effect on such an action.
        """
        forms = self.resources
        return bool(forms) and all(form.is_any for form in forms) and not self.contradictions

    @property
    def condition_keys(self) -> tuple[str, ...]:
        """The condition keys that the service fills in for the action."""
        return _join(entry.condition_keys for entry in self.entries)

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of the API operations that need the action, without versions."""
        return _join([operation_name(text) for text in e.operations] for e in self.entries)

    @property
    def needs_no_allow(self) -> bool:
        """True if a source says that every identity may do the action, without any Allow."""
        return any(entry.needs_no_allow for entry in self.entries)

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes of all entries."""
        return _join([entry.note] for entry in self.entries if entry.note)

    @property
    def contradictions(self) -> tuple[str, ...]:
        """The contradictions between sources: those that the entries name, and those that show.

        >>> pages = Origin("K1", "pages"), Origin("K3", "a list")
        >>> forms = ResourceForm("*"), ResourceForm("acs:alikafka:*:*:{InstanceId}")
        >>> entries = [Entry(page, resources=(form,)) for page, form in zip(pages, forms)]
        >>> Action("alikafka", "ListInstance", tuple(entries)).contradictions
        ('checked against `*` according to K1, against an ARN according to K3',)
        """
        named = _join([entry.contradiction] for entry in self.entries if entry.contradiction)
        forms: dict[str, set[bool]] = {}
        for entry in self.entries:
            for form in entry.resources:
                forms.setdefault(entry.source.key, set()).add(form.is_any)
        one, other = (
            [key for key, kinds in forms.items() if kinds == {is_any}] for is_any in (True, False)
        )
        if not (one and other):
            return named
        text = f"checked against `*` according to {', '.join(one)}, against an ARN according to"
        return (*named, f"{text} {', '.join(other)}")

    @property
    def sources(self) -> tuple[Origin, ...]:
        """The sources of the entries."""
        return _join([entry.source] for entry in self.entries)


@dataclasses.dataclass(frozen=True, slots=True)
class ConditionKey:
    """A condition key of a service, its type if a source states it, and the actions that carry it.

    If there is a `note`, it says more about the actions, and the list is not complete.

    >>> ConditionKey("oss:Prefix", actions=("ListObjects",)).type
    ''
    """

    name: str
    type: str = ""
    actions: tuple[str, ...] = ()
    note: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """A service as RAM names it, with the actions that the catalog knows.

    `names` are its product's names, `products` the API products with their versions. `actions` are
    keyed by the action's name in lower case, without the service. `operations` are names of API
    operations, taken from `operation_sources`: candidates for a typo check only, since many of them
    are not actions. `hints` are names that only third-party lists use; most are operations, not
    actions. `granularity` says how narrowly RAM authorizes: `resource`, `operation` or `service`.

    >>> import datetime
    >>> Service("alikafka", datetime.date(2026, 11, 29)).find("ListTopic") is None
    True
    """

    code: str
    date: datetime.date
    names: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    granularity: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    arn_forms: Mapping[str, str] = dataclasses.field(default_factory=dict)
    condition_keys: Mapping[str, ConditionKey] = dataclasses.field(default_factory=dict)
    actions: Mapping[str, Action] = dataclasses.field(default_factory=dict)
    operation_sources: tuple[Origin, ...] = ()
    operations: frozenset[str] = frozenset()
    operations_without_action: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    def find(self, name: str) -> Action | None:
        """Return an action by its name without the service, in any case; None if it is unknown."""
        return self.actions.get(name.lower())

    def joined(self, other: Service) -> Service:
        """Return the service with the facts of both; those of this one come first.

        >>> import datetime
        >>> page = Service("x", datetime.date(2026, 11, 29), operations=frozenset({"Get"}))
        >>> page.joined(Service("x", datetime.date(2026, 12, 1))).date.isoformat()
        '2026-12-01'
        """
        actions = {**other.actions, **self.actions}
        for name in other.actions.keys() & self.actions.keys():
            ours, theirs = self.actions[name], other.actions[name]
            entries = _join((ours.entries, theirs.entries))
            actions[name] = dataclasses.replace(theirs, entries=entries)
        keys = {**other.condition_keys, **self.condition_keys}
        for name in other.condition_keys.keys() & self.condition_keys.keys():
            mine, yours = self.condition_keys[name], other.condition_keys[name]
            keys[name] = ConditionKey(
                name,
                mine.type or yours.type,
                _join((mine.actions, yours.actions)),
                mine.note or yours.note,
            )
        return Service(
            self.code,
            max(self.date, other.date),
            names=_join((self.names, other.names)),
            products=_join((self.products, other.products)),
            granularity=_join((self.granularity, other.granularity)),
            notes=_join((self.notes, other.notes)),
            contradictions=_join((self.contradictions, other.contradictions)),
            arn_forms={**other.arn_forms, **self.arn_forms},
            condition_keys=dict(sorted(keys.items())),
            actions=dict(sorted(actions.items())),
            operation_sources=_join((self.operation_sources, other.operation_sources)),
            operations=self.operations | other.operations,
            operations_without_action=_join(
                (self.operations_without_action, other.operations_without_action)
            ),
            hints=_join((self.hints, other.hints)),
        )

    @property
    def renames(self) -> Mapping[str, tuple[str, ...]]:
        """The actions of each API operation that has another name than its action.

        An operation is spelt as its source prints it, for example `DeleteObject with versionId`.
        """
        found: dict[str, tuple[str, ...]] = {}
        for action in self.actions.values():
            for operation in action.operations:
                if operation != action.name:
                    found[operation] = (*found.get(operation, ()), action.name)
        return found


def operation_name(text: str) -> str:
    """Return the name of an API operation without its version.

    >>> operation_name("GetTopicList (2019-09-16)")
    'GetTopicList'
    """
    return text.partition(" (")[0]


def _join(groups: Iterable[Iterable[_Item]]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys(itertools.chain.from_iterable(groups)))
