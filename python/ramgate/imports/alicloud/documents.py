"""The texts of policy documents in answers: plain, percent-encoded, or with escaped quotes."""

from __future__ import annotations

import json
import urllib.parse
from typing import Final

__all__ = ["plain"]

_ENCODED: Final = ("%7B", "%7b")
_ESCAPED: Final = '{\\"'


def plain(text: str) -> str:
    r"""Return a document's text as somebody wrote it.

    RAM answers with the text, older versions of it with percent-encoding; the example of
    GetControlPolicy in its reference has escaped quotes.

    >>> plain("%7B%22Version%22%3A+%221%22%7D"), plain(r'{\"Version\": \"1\"}')
    ('{"Version": "1"}', '{"Version": "1"}')
    >>> plain('{"Version": "1"}')
    '{"Version": "1"}'
    """
    start = text.lstrip()
    if start.startswith(_ENCODED):
        return urllib.parse.unquote_plus(text)
    if start.startswith(_ESCAPED):
        try:
            return str(json.loads(f'"{text}"', strict=False))
        except ValueError:
            return text  # ramgate will say that it is not JSON
    return text
