from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.documents import source
from ramgate.faults import Findings, Place
from ramgate.formats.terraform_resources import shown_resources, stored_resources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ramgate.formats.terraform_resources import Resource

ROOT = Place(Findings(), "$")


def described(resources: Iterable[Resource]) -> list[tuple[str, str, str, str, str]]:
    return [(one.address, one.mode, one.module, one.key, str(one.place)) for one in resources]


def test_the_resources_of_all_modules_are_found() -> None:
    def resource(address: str, **more: object) -> dict[str, object]:
        return {"address": address, "mode": "managed", "type": "t", "name": "n", **more}

    inner = {"address": 'module.a["x"].module.b', "resources": [resource("inner", index=1)]}
    root = {
        "resources": [resource("t.n"), "odd"],
        "child_modules": [
            {"address": 'module.a["x"]', "resources": [resource("outer", index='é"')]},
            {"address": "module.c", "child_modules": [inner]},
        ],
    }
    assert described(shown_resources(root, ROOT)) == [
        ("t.n", "managed", "", "", "$.resources[0].values"),
        ("None", "None", "", "", "$.resources[1].values"),
        (
            *("outer", "managed", 'module.a["x"]', '["é\\""]'),
            "$.child_modules[0].resources[0].values",
        ),
        (
            *("inner", "managed", 'module.a["x"].module.b', "[1]"),
            "$.child_modules[1].child_modules[0].resources[0].values",
        ),
    ]
    assert described(shown_resources([], ROOT)) == []


def test_the_resources_of_a_state_file_have_whole_addresses() -> None:
    text = (
        '{"resources": [{"mode": "data", "type": "t", "name": "n", "module": "module.a",'
        ' "instances": [{"index_key": 0, "attributes": {}}, {"index_key": "k"}]}]}'
    )
    place = "$.resources[0].instances[{}].attributes"
    document = source.parse(text, is_json=True)
    assert described(stored_resources(document.value, ROOT)) == [
        ("module.a.data.t.n[0]", "data", "module.a", "[0]", place.format(0)),
        ('module.a.data.t.n["k"]', "data", "module.a", '["k"]', place.format(1)),
    ]
