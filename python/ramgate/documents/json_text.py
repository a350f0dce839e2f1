"""Parse strict JSON: at once, or as the steps of a tree with lines."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from ramgate.documents.tree import (
    MAXIMUM_DEPTH,
    Container,
    NotPlainError,
    Scalar,
    SyntaxFault,
    Unquoted,
    make_object,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["parse_plain", "steps"]

_LEXEME: Final = re.compile(r'\n|[{}\[\]]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s{}\[\],:"]+')
_NOT_STRICT: Final = ("NaN", "Infinity", "-Infinity")


def parse_plain(text: str) -> object:
    """Return the value of a text that has strings, lists and objects only, and no fault.

    Raises `NotPlainError` for any other JSON, and `ValueError` or `RecursionError` for a text that
    is not JSON.
    """
    value: object = json.loads(text, object_pairs_hook=make_object)
    _check_plain(value, MAXIMUM_DEPTH)
    return value


def _check_plain(value: object, depth: int) -> None:
    if isinstance(value, str):
        return
    if not isinstance(value, dict | list) or not depth:
        raise NotPlainError
    for member in value.values() if isinstance(value, dict) else value:
        _check_plain(member, depth - 1)


def steps(text: str) -> Iterator[Scalar | Container | None]:
    """Yield the nodes of the text in order, each with its line; None closes a container.

    Raises `SyntaxFault` if the text is not strict JSON.
    """
    # The standard library checks the syntax, so the lexemes need no second check.
    _check_syntax(text)
    line = 1
    for match in _LEXEME.finditer(text):
        lexeme = match[0]
        if lexeme == "\n":
            line += 1
        elif lexeme in "{[":
            yield Container(line, is_object=lexeme == "{")
        elif lexeme in "}]":
            yield None
        elif lexeme[0] == '"':
            yield Scalar(line, json.loads(lexeme))
        elif lexeme in _NOT_STRICT:
            raise SyntaxFault(f"is not strict JSON: `{lexeme}` is not a JSON value", line)
        else:
            yield Scalar(line, Unquoted(lexeme))


def _check_syntax(text: str) -> None:
    if not text.strip():
        raise SyntaxFault("is empty", 0)
    try:
        json.loads(text, parse_int=Unquoted, parse_float=Unquoted)
    except json.JSONDecodeError as error:
        # Some versions of Python end the message with " at" or a character's number.
        problem = error.msg.partition(" (")[0].removesuffix(" at")
        message = f"is not strict JSON: {problem[0].lower()}{problem[1:]}"
        raise SyntaxFault(message, error.lineno) from error
    except RecursionError as error:
        raise SyntaxFault(f"is nested deeper than {MAXIMUM_DEPTH} levels", 0) from error
