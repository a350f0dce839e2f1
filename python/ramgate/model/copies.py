"""Copies of a caller's values: JSON can express them, and the caller cannot change them later.

Each function raises `TypeError` or `ValueError` with a text that goes after the name of the field.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Never, TypeAlias, TypeGuard, TypeVar

import msgspec

from ramgate.errors import InvalidRequest

__all__ = [
    "NO_CONTEXT",
    "Context",
    "Policy",
    "Scalar",
    "context",
    "each",
    "named_policies",
    "normalize",
    "policies",
    "text",
]

_T = TypeVar("_T")

Scalar: TypeAlias = str | int | float | bool
Context: TypeAlias = Mapping[str, Scalar | Sequence[Scalar]]
Policy: TypeAlias = Mapping[str, object]

# Types accepted without checking. `str` subclasses may override methods; floats may be NaN or
# infinite.
_TEXT = frozenset({str})
_EXACT = frozenset({str, int, bool})


class _NoContext(Mapping[str, "Scalar | Sequence[Scalar]"]):
    """An empty mapping that stays the same object when it is pickled or copied."""

    __slots__ = ()

    def __getitem__(self, key: str) -> Never:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "{}"

    def __reduce__(self) -> str:
        return "NO_CONTEXT"


NO_CONTEXT: Context = _NoContext()
"""The `context` of a request without one."""


def normalize(question: msgspec.Struct, **checks: Callable[[object], object]) -> None:
    """Replace the value of each field by the copy that its check returns.

    This changes a frozen struct, so it may only be called while the struct is being created.
    Raises `InvalidRequest`, which names each field at fault.
    """
    errors: list[str] = []
    for field, check in checks.items():
        try:
            value = check(getattr(question, field))
        except (TypeError, ValueError) as error:
            errors.append(f"`{field}` {error}")
        else:
            msgspec.structs.force_setattr(question, field, value)
    if errors:
        raise InvalidRequest(errors)


def text(value: object) -> str:
    """Return an exact `str`; the value may be of a subclass."""
    if not isinstance(value, str):
        raise TypeError(f"is of type `{type(value).__name__}`, not a string")
    return str.__str__(value)


def each(value: object, inner: Callable[[object], _T]) -> tuple[_T, ...]:
    """Return the copies that `inner` returns for the elements of a sequence."""
    if not _is_list(value):
        raise TypeError(f"is of type `{type(value).__name__}`, not a sequence")
    return tuple(map(inner, value))


def context(value: object) -> Context:
    """Return a mapping from condition keys to scalars or sequences of scalars."""
    if isinstance(value, dict | MappingProxyType):
        copied = dict(value)
        if _TEXT.issuperset(map(type, copied)) and _EXACT.issuperset(map(type, copied.values())):
            return copied or NO_CONTEXT
    return _mapping(value, _context_value) or NO_CONTEXT


def policies(value: object) -> tuple[Policy, ...]:
    """Return a sequence of documents. Only OPA checks their content."""
    return each(value, _document)


def named_policies(value: object) -> dict[str, Policy]:
    """Return a mapping from names to documents. Only OPA checks their content."""
    return _mapping(value, _document)


def _scalar(value: object) -> Scalar:
    match value:
        case bool():
            return value
        case str():
            return str.__str__(value)
        case int():
            return int(value)
        case float():
            if not math.isfinite(value):
                raise ValueError(f"is `{value}`, a number that JSON does not have")
            return float(value)
        case _:
            raise TypeError(f"is of type `{type(value).__name__}`, not a string, number or boolean")


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple) or (
        not isinstance(value, str | bytes | bytearray | memoryview) and isinstance(value, Sequence)
    )


def _context_value(value: object) -> Scalar | tuple[Scalar, ...]:
    if _is_list(value):
        return tuple(map(_scalar, value))
    return _scalar(value)


def _mapping(value: object, inner: Callable[[object], _T]) -> dict[str, _T]:
    if not isinstance(value, dict | Mapping):
        raise TypeError(f"is of type `{type(value).__name__}`, not a mapping")
    copy: dict[str, _T] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"has the key `{key!r}`, which is not a string")
        try:
            copy[str.__str__(key)] = inner(item)
        except (TypeError, ValueError) as error:
            raise type(error)(f"at `{key}` {error}") from None
    return copy


def _document(value: object) -> dict[str, object]:
    return _mapping(value, lambda item: item)
