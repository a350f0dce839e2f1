"""Read accounts documents with the documents in files of their own in the place of their names."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Any, NamedTuple

from ramgate.accounts import reader
from ramgate.accounts.named_files import NamedFiles, documents
from ramgate.documents import source
from ramgate.errors import UnreadableFiles

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.accounts.named_files import Keys

__all__ = ["Inlined", "inline"]


class Inlined(NamedTuple):
    """Accounts documents by the names of their files, and the files that they name.

    `named` has the name of a document's file by the document's place. A file that is named twice is
    one and the same object at both places.

    >>> Inlined({"accounts.yaml": {"accounts": {}}}, {}).named
    {}
    """

    documents: dict[str, dict[str, Any]]
    named: dict[Keys, str]


def inline(path: Path) -> Inlined:
    """Return the accounts documents of a file or a folder, which were read without a fault before.

    Raises `UnreadableFiles` if a file is gone or has changed meanwhile.

    >>> from pathlib import Path
    >>> _ = Path("only.json").write_text('{"Version": "1", "Statement": []}')
    >>> _ = Path("accounts.yaml").write_text(
    ...     'accounts: {"1234567890123456": {policies: {only: {file: only.json}}}}'
    ... )
    >>> found = inline(Path("accounts.yaml"))
    >>> found.documents["accounts.yaml"]["accounts"]["1234567890123456"]["policies"]["only"]
    {'Version': '1', 'Statement': []}
    >>> found.named
    {('accounts', '1234567890123456', 'policies', 'only'): 'only.json'}
    """
    files = NamedFiles(path)
    inlined = Inlined({}, {})
    for accounts in reader.files(path):
        root = source.read(accounts, root="")
        whole: Any = root.value
        for keys, value in list(documents(whole)):
            file = files.find(value, functools.reduce(operator.truediv, keys, root.place))
            if file is not None:
                *parents, last = keys
                functools.reduce(operator.getitem, parents, whole)[last] = file.source.value
                inlined.named[keys] = str(file.path)
        if root.place.findings.faults:
            raise UnreadableFiles(root.place.findings.faults)
        inlined.documents[str(accounts)] = whole
    return inlined
