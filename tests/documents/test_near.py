from __future__ import annotations

import pytest

from ramgate.documents.near import nearest


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("Autherize", ["Authorize"], "Authorize"),
        ("Atuhorize", ["Authorize"], "Authorize"),
        ("Authorizze", ["Authorize"], "Authorize"),
        ("Auhorize", ["Authorize"], "Authorize"),
        ("AUTHORISE", ["authorize"], "authorize"),
        ("Authorize", ["Authorize"], ""),
        ("authorize", ["Authorize"], ""),
        ("Auterise", ["Authorize"], ""),
        ("Autherise", ["Authorize"], "Authorize"),
        ("Lits", ["List"], "List"),
        ("Lst", ["List"], ""),
        ("Gets", ["Get", "Jets"], ""),
        ("Instanses", ["Instances", "Distances", "Instants"], "Instances"),
        ("Anything", [], ""),
    ],
)
def test_the_nearest_name_is_one_or_two_slips_away(
    name: str, known: list[str], expected: str
) -> None:
    assert nearest(name, known) == expected
