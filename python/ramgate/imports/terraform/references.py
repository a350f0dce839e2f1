"""Find the values of attributes, also of those that are not known before a plan is applied.

A plan leaves out a value that is not known yet. Its configuration has, for each attribute, the
references of its expression, but not the expression itself. So a value is taken from a reference
only if there is a single one, and if it leads to an attribute with the same meaning: the name of a
policy to the name of a policy, an id to the same kind of id. `"${alicloud_ram_user.u.name}-x"` has
the same reference as `alicloud_ram_user.u.name`, and nothing in a plan tells them apart; so a
document, and the own name of a thing, are never taken from a reference.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from ramgate.formats.terraform_resources import as_object, as_objects
from ramgate.imports.terraform.attributes import IDENTITY, MEANINGS, TYPES, placeholder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ramgate.formats.terraform_resources import Resource
    from ramgate.imports.terraform.attributes import Meaning
    from ramgate.imports.terraform.content import Content

__all__ = ["Values"]

_KEY: Final = r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]'
_MODULE: Final = re.compile(rf"module\.([^.\[\]]+)({_KEY})?")
_RESOURCE: Final = re.compile(rf"([^.\[\]]+)\.([^.\[\]]+)({_KEY})?(?:\.([^.\[\]]+))?")
_OUTPUT: Final = re.compile(rf"(module\.[^.\[\]]+(?:{_KEY})?)\.([^.\[\]]+)")
_CUSTOM: Final = frozenset({"alicloud_ram_policy", "alicloud_resource_manager_policy"})
_LOOPS: Final = frozenset({"each.key", "count.index"})
_DEEPEST: Final = 40


@dataclasses.dataclass(frozen=True, slots=True)
class _Scope:
    """The place of an expression: its module, its instance, and the instances beside that one."""

    module: str
    key: str = ""
    for_each: Mapping[str, object] = dataclasses.field(default_factory=dict)
    keys: frozenset[str] = frozenset()


class Values:
    """The values of the resources on one side of a plan, or of a state."""

    def __init__(self, content: Content, *, before: bool) -> None:
        resources = content.before if before else content.after
        self._is_plan = content.is_plan and not before
        self._configuration = content.configuration if self._is_plan else {}
        self._earlier = {one.address: one for one in content.before} if self._is_plan else {}
        self._indexes: dict[str, dict[str, Mapping[str, object]]] = {}
        self._every: dict[str, list[Resource]] = defaultdict(list)
        self._groups: dict[tuple[str, str, str], dict[str, Resource]] = defaultdict(dict)
        self._modules: dict[tuple[str, str], set[str]] = defaultdict(set)
        for one in resources:
            if one.mode == "managed" and one.type in TYPES:
                self._every[one.type].append(one)
                self._groups[one.module, one.type, one.name][one.key] = one
            for outer, name, key in _steps(one.module):
                self._modules[outer, name].add(key)

    def of_types(self, *types: str) -> Iterable[Resource]:
        """Yield the resources of these types."""
        for name in types:
            yield from self._every[name]

    def is_stated(self, resource: Resource, attribute: str) -> bool:
        """Return whether the configuration states an attribute of the resource."""
        return attribute in self._expressions(resource)

    def reason(self, resource: Resource, meaning: str) -> str:
        """Return why a value of the resource is missing, with its address."""
        if self._is_plan:
            return f"{meaning} is not known until the plan is applied: {resource.address}"
        return f"{meaning} is not in the state: {resource.address}"

    def find(self, resource: Resource, meaning: Meaning, depth: int = 0) -> str | None:
        """Return the value with this meaning, None if it is not known.

        The name or id by which other resources name the resource is always found: if it is not
        known, it is a placeholder.
        """
        if meaning == "policy type" and resource.type in _CUSTOM:
            return "Custom"
        attributes = TYPES[resource.type].get(meaning, ())
        stated = [one for one in attributes if self.is_stated(resource, one)]
        found = self._known(resource, stated or attributes, is_choice=len(stated) > 1)
        is_own = IDENTITY.get(resource.type) == meaning
        if found is None and len(stated) == 1 and not (is_own or meaning == "document"):
            expression = as_object(self._expressions(resource)[stated[0]])
            found = self._evaluate(expression, self._scope(resource), meaning, depth + 1)
        return placeholder(resource.address) if found is None and is_own else found

    def _known(
        self, resource: Resource, attributes: Sequence[str], *, is_choice: bool
    ) -> str | None:
        """Return the known value of attributes that mean one thing.

        If the configuration states two of them, one can be null, and then the plan repeats the
        value before it. So the attribute counts whose value changes, as it does for the provider.
        """
        values = {
            name: text
            for name in attributes
            if isinstance(text := resource.values.get(name), str) and text
        }
        if not is_choice:
            return next(iter(values.values()), None)
        earlier = self._earlier.get(resource.address)
        if earlier is not None:
            if len(values) < len(attributes):
                return None
            changed = {
                name: text for name, text in values.items() if text != earlier.values.get(name)
            }
            values = changed or values
        texts = set(values.values())
        return texts.pop() if len(texts) == 1 else None

    def _expressions(self, resource: Resource) -> Mapping[str, object]:
        return as_object(self._configured(resource).get("expressions"))

    def _configured(self, resource: Resource) -> Mapping[str, object]:
        known = self._indexes.get(resource.module)
        if known is None:
            resources = as_objects(self._module(resource.module).get("resources"))
            known = {str(one.get("address")): one for one in resources}
            self._indexes[resource.module] = known
        return known.get(f"{resource.type}.{resource.name}", {})

    def _module(self, address: str) -> Mapping[str, object]:
        """Return the configuration of a module, by the address of one of its instances."""
        found = self._configuration
        for _, name, _ in _steps(address):
            found = as_object(
                as_object(as_object(found.get("module_calls")).get(name)).get("module")
            )
        return found

    def _scope(self, resource: Resource) -> _Scope:
        group = self._groups[resource.module, resource.type, resource.name]
        for_each = as_object(self._configured(resource).get("for_each_expression"))
        return _Scope(resource.module, resource.key, for_each, frozenset(group))

    def _evaluate(
        self, expression: Mapping[str, object], scope: _Scope, meaning: Meaning, depth: int
    ) -> str | None:
        references = _longest(expression.get("references"))
        if meaning == "principal":
            # the rest of `alice@DOMAIN`: the values of data sources are known in a plan
            references = frozenset(one for one in references if not one.startswith("data."))
        loops = references & _LOOPS
        if len(references - loops) != 1 or depth > _DEEPEST:
            return None
        [reference] = references - loops
        start, _, rest = reference.partition(".")
        if start == "each" and not loops:
            return self._of_each(rest, scope, meaning, depth)
        if start == "var" and not loops:
            return self._of_variable(rest, scope, meaning, depth)
        if (output := _OUTPUT.fullmatch(reference)) and not loops:
            module = ".".join(filter(None, (scope.module, output[1])))
            found = as_object(as_object(self._module(module).get("outputs")).get(output[2]))
            return self._evaluate(
                as_object(found.get("expression")), _Scope(module), meaning, depth + 1
            )
        return self._of_resource(reference, scope, meaning, depth, is_indexed=bool(loops))

    def _of_each(self, rest: str, scope: _Scope, meaning: Meaning, depth: int) -> str | None:
        """Return the value of `each.value.ATTRIBUTE` if `for_each` is a resource."""
        _, _, attribute = rest.partition(".")
        references = _longest(scope.for_each.get("references"))
        if not attribute or len(references) != 1:
            return None
        [reference] = references
        return self._of_resource(f"{reference}{scope.key}.{attribute}", scope, meaning, depth)

    def _of_variable(self, name: str, scope: _Scope, meaning: Meaning, depth: int) -> str | None:
        """Return the value that the call of a module gives to its variable."""
        steps = _steps(scope.module)
        if not steps:
            return None
        outer, module, key = steps[-1]
        call = as_object(as_object(self._module(outer).get("module_calls")).get(module))
        expression = as_object(as_object(call.get("expressions")).get(name))
        keys = frozenset(self._modules[outer, module])
        inner = _Scope(outer, key, as_object(call.get("for_each_expression")), keys)
        return self._evaluate(expression, inner, meaning, depth + 1)

    def _of_resource(
        self,
        reference: str,
        scope: _Scope,
        meaning: Meaning,
        depth: int,
        *,
        is_indexed: bool = False,
    ) -> str | None:
        """Return the value to which a reference leads; all instances that it can mean agree on it.

        `r[each.key]` and `r[count.index]` are references to `r` and to the key. They mean the
        instance with that key if both resources have the same keys.
        """
        match = _RESOURCE.fullmatch(reference)
        if match is None:
            return None
        type_, name, key, attribute = match.groups()
        group = self._groups.get((scope.module, type_, name), {})
        if is_indexed:
            if key or attribute or group.keys() != scope.keys:
                return None
            key = scope.key
        found = group.values() if key is None else filter(None, [group.get(key)])
        texts = {self._provided(one, attribute, meaning, depth) for one in found}
        return texts.pop() if len(texts) == 1 else None

    def _provided(
        self, resource: Resource, attribute: str | None, meaning: Meaning, depth: int
    ) -> str | None:
        for one in MEANINGS.get(meaning, (meaning,)):
            attributes = TYPES[resource.type].get(one, ())
            if attributes and (attribute is None or attribute in attributes):
                return self.find(resource, one, depth + 1)
        return None


def _steps(address: str) -> list[tuple[str, str, str]]:
    """Return the outer module, the name and the key of each module on the way to an address."""
    return [
        (address[: match.start()].rstrip("."), match[1], match[2] or "")
        for match in _MODULE.finditer(address)
    ]


def _longest(references: object) -> frozenset[str]:
    """Return the references without those that are the start of another one."""
    every = (
        {one for one in references if isinstance(one, str)}
        if isinstance(references, list)
        else set()
    )
    return frozenset(
        one for one in every if not any(other.startswith((f"{one}.", f"{one}[")) for other in every)
    )
