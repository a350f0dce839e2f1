"""A mapping is read as a whole, and each of its faults is reported."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ramgate.authzen import mapping
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
USER = "acs:ram::1234567890123456:user/{id}"
RECORD = "acs:record::1234567890123456:{id}"
ID = {"field": "id", "name": "", "slashes": False}


def subject(arn: object) -> dict[str, Any]:
    return {"subjects": {"user": arn}}


def resource(arn: object = RECORD, **fields: object) -> dict[str, Any]:
    return {"resources": {"record": {"arn": arn, **fields}}}


def route(path: object = "/r/{id}", methods: object = None, **fields: object) -> dict[str, Any]:
    one = {
        "path": path,
        "methods": {"GET": "record:Read"} if methods is None else methods,
        "resource": {"type": "record", "id": "{id}"},
        **fields,
    }
    return http(one)


def header(name: str) -> dict[str, object]:
    return {"field": "header", "name": name, "slashes": False}


def part(name: str, *, rest: bool = False) -> dict[str, object]:
    return {"field": "path", "name": name, "slashes": rest}


def http(*routes: object, **fields: object) -> dict[str, Any]:
    user = {"type": "user", "id": "{header:x-user}"}
    return {"http": {"subject": user, "routes": list(routes), **fields}}


VALID: Mapping[str, Any] = {
    "nothing": {},
    "a subject": subject(USER),
    "a role": subject("acs:ram::1234567890123456:role/{id}"),
    "a role session": subject("acs:ram::1234567890123456:assumed-role/App/{id}"),
    "an account": subject("acs:ram::{properties.account}:user/{id}"),
    "an owner": subject("acs:ram::{id}:root"),
    "a service": subject("{id}.aliyuncs.com"),
    "ids that are ARNs": {**subject("{id:arn}"), **resource("{id:arn}")},
    "properties": subject({"arn": USER, "properties": {"team": "my:team"}}),
    "an optional property": subject(
        {"arn": USER, "properties": {"team": {"key": "my:team", "optional": True}}}
    ),
    "a resource": resource(),
    "no resource": resource("*"),
    "every region": resource("acs:oss:*:1234567890123456:{id}"),
    "a path": resource("acs:oss:::{properties.bucket}/{id:path}"),
    "actions": resource(actions={"read": "record:Read", "write": {"action": "record:Write"}}),
    "known resources": resource(known={"a": {"x": "y", "n": 5, "b": True, "l": ["x", 0.5]}}),
    "a known resource without properties": resource(known={"a": {}}),
    "a context": {"context": {"ip": "acs:SourceIp"}},
    "a route": route(),
    "a route's rest": route("/r/{id:path}"),
    "the root": route("/", resource={"type": "record", "id": "acs:record:::r"}),
    "no routes": http(),
}
INVALID: Mapping[str, Any] = {
    "a null as a known resource": resource(known={"a": None}),
    "an unknown field": {"subject": {}},
    "a number": subject(5),
    "a list": {"subjects": []},
    "no template": subject({"properties": {}}),
    "an empty template": subject(""),
    "a number as an ARN": subject({"arn": 5}),
    "an unknown field of a resource": resource(action={}),
    "a property without a key": subject({"arn": USER, "properties": {"team": {}}}),
    "an empty key": subject({"arn": USER, "properties": {"team": ""}}),
    "a long key": subject({"arn": USER, "properties": {"team": "k" * 257}}),
    "a number as a key": subject({"arn": USER, "properties": {"team": 5}}),
    "the principal's key": subject({"arn": USER, "properties": {"team": "acs:PrincipalARN"}}),
    "a text as optional": {"context": {"ip": {"key": "acs:SourceIp", "optional": "yes"}}},
    "a list as known": resource(known=["a"]),
    "a null as a value": resource(known={"a": {"x": None}}),
    "an empty list as a value": resource(known={"a": {"x": []}}),
    "an object as a value": resource(known={"a": {"x": {}}}),
    "a list in a list": resource(known={"a": {"x": [["y"]]}}),
    "a pattern as an action": resource(actions={"read": "record:*"}),
    "an action without a service": resource(actions={"read": "Read"}),
    "a number as an action": resource(actions={"read": 5}),
    "no subject": {"http": {"routes": []}},
    "a path without a slash": route("r/{id}"),
    "a number as a path": route(5),
    "no methods": route(methods={}),
    "a method in small letters": route(methods={"get": "record:Read"}),
    "a number as a method's action": route(methods={"GET": 5}),
    "a number as a type": route(resource={"type": 5, "id": "{id}"}),
    "a number as an id": route(resource={"type": "record", "id": 5}),
    "no resource of a route": {"http": {**http()["http"], "routes": [{"path": "/"}]}},
}
BEYOND_THE_SCHEMA: Mapping[str, tuple[dict[str, Any], str]] = {
    "an unknown placeholder": (
        subject("acs:ram::1234567890123456:user/{name}"),
        "subjects.user: `{name}` is not a placeholder: known are `{id}`, `{id:path}`, `{prop",
    ),
    "an id with a name": (
        subject("acs:ram::1234567890123456:user/{id.x}"),
        "subjects.user: `{id.x}` is not a placeholder: ",
    ),
    "properties without a name": (
        resource("acs:record:::{properties}"),
        "resources.record.arn: `{properties}` is not a placeholder: ",
    ),
    "half a brace": (
        resource("acs:record:::{id"),
        "resources.record.arn: `acs:record:::{id` has a brace without its other half",
    ),
    "half a brace of a route": (
        route(resource={"type": "record", "id": "id}"}),
        "http.routes[0].resource.id: `id}` has a brace without its other half",
    ),
    "two placeholders side by side": (
        resource("acs:record:::{id}{properties.x}"),
        "resources.record.arn: two placeholders need a `:` or a `/` between them",
    ),
    "a text between placeholders that a value may have": (
        resource("acs:record:::{properties.x}-{id}"),
        "resources.record.arn: two placeholders need a `:` or a `/` between them",
    ),
    "a path before another placeholder": (
        resource("acs:record:::{properties.x:path}/{id}"),
        "resources.record.arn: a placeholder with `:path` needs a `:` before the next one",
    ),
    "the ARN of no principal": (
        subject("acs:oss:::{id}"),
        "subjects.user: `acs:oss:::{id}` is not a template of the ARN of a principal",
    ),
    "no ARN": (
        resource("record/{id}"),
        "resources.record.arn: `record/{id}` is not a template of the ARN of a resource",
    ),
    "a wildcard": (
        resource("acs:record:::{id}*"),
        "resources.record.arn: `acs:record:::{id}*` is not a template of the ARN of a resource",
    ),
    "an ARN beside other text": (
        resource("acs:record:::{id:arn}"),
        "resources.record.arn: `{id:arn}` is not a placeholder: ",
    ),
    "two parameters of a route that make one id": (
        route("/{tenant}/{name}", resource={"type": "record", "id": "{tenant}-{name}"}),
        "http.routes[0].resource.id: two placeholders need a `:` or a `/` between them",
    ),
    "a parameter beside a header": (
        route(resource={"type": "record", "id": "{header:x-tenant}{id}"}),
        "http.routes[0].resource.id: two placeholders need a `:` or a `/` between them",
    ),
    "a rest before another placeholder": (
        route("/r/{id:path}", resource={"type": "record", "id": "{id}/{header:x-part}"}),
        "http.routes[0].resource.id: a placeholder with `:path` needs a `:` before the next one",
    ),
    "two headers that make one subject": (
        http(subject={"type": "user", "id": "{header:x-a}.{header:x-b}"}),
        "http.subject.id: two placeholders need a `:` or a `/` between them",
    ),
    "a type of subjects that the mapping does not have": (
        {**subject("{id:arn}"), **http(subject={"type": "User", "id": "{header:x-user}"})},
        "http.subject.type: the mapping has no type `User`: known are `user`",
    ),
    "a type of resources that the mapping does not have": (
        {**resource(), **route(resource={"type": "Record", "id": "{id}"})},
        "http.routes[0].resource.type: the mapping has no type `Record`: known are `record`",
    ),
    "a key in another case": (
        {"context": {"ip": "acs:sourceip"}},
        "context.ip: `acs:sourceip` must be spelled as RAM does: `acs:SourceIp`",
    ),
    "two properties for one key": (
        {"context": {"ip": "acs:SourceIp", "peer": {"key": "acs:SourceIp"}}},
        "context.peer.key: `acs:SourceIp` has the property `ip` already",
    ),
    "an unknown placeholder of a route": (
        route(resource={"type": "record", "id": "{name}"}),
        "http.routes[0].resource.id: `{name}` is not a placeholder: known are `{id}`, `{header",
    ),
    "a parameter for a subject": (
        {"http": {**http()["http"], "subject": {"type": "user", "id": "{id}"}}},
        "http.subject.id: `{id}` is not a placeholder: known are `{header:NAME}` in lower case",
    ),
    "a secret header": (
        {"http": {**http()["http"], "subject": {"type": "user", "id": "{header:cookie}"}}},
        "http.subject.id: the header `cookie` is a secret, and stays out of requests to OPA",
    ),
    "an escaped segment": (
        route("/r%2f/{id}"),
        "http.routes[0].path: `r%2f` is not a segment: ",
    ),
    "an empty segment": (route("/r//{id}"), "http.routes[0].path: `` is not a segment: "),
    "a dot segment": (route("/../{id}"), "http.routes[0].path: `..` is not a segment: "),
    "a rest before the end": (
        route("/{id:path}/x", resource={"type": "record", "id": "r"}),
        "http.routes[0].path: `{id:path}` is not a segment: ",
    ),
    "a parameter twice": (
        route("/{id}/{id}"),
        "http.routes[0].path: `{id}` is there twice",
    ),
    "an action that the type does not have": (
        {**resource(actions={"read": "record:Read"}), **route(methods={"GET": "write"})},
        "http.routes[0].methods.GET: the type `record` has the actions `read`",
    ),
    "an action that RAM cannot have": (
        route(methods={"GET": "read"}),
        "http.routes[0].methods.GET: `read` is not a valid action: ",
    ),
    "a context that is not mapped": (
        http(context={"ip": "{header:x-ip}"}),
        "http.context.ip: is not mapped in `context`, so it would be ignored",
    ),
}


def faults(tmp_path: Path, text: str, name: str = "authzen.yaml") -> list[str]:
    file = tmp_path / name
    file.write_text(text)
    try:
        mapping.read(file)
    except InvalidFiles as error:
        return [str(fault).removeprefix(f"{file}:") for fault in error.faults]
    return []


@pytest.mark.parametrize("name", [*VALID, *INVALID])
def test_the_schema_and_the_reader_agree(
    tmp_path: Path, verdicts: dict[str, bool], name: str
) -> None:
    found = faults(tmp_path, json.dumps({**VALID, **INVALID}[name]), "authzen.json")
    assert verdicts[name] == (not found) == (name in VALID), found


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    """Whether each document matches the schema, by OPA's implementation of JSON Schema."""
    file = tmp_path_factory.mktemp("schema") / "input.json"
    schema = json.loads((ROOT / "schemas/authzen.json").read_text())
    file.write_text(json.dumps({"schema": schema, "documents": {**VALID, **INVALID}}))
    query = "{name: json.match_schema(one, input.schema)[0] | some name, one in input.documents}"
    command = [str(find_opa()), "eval", "--input", str(file), "--format=raw", query]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, bool] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("document", "message"), BEYOND_THE_SCHEMA.values(), ids=BEYOND_THE_SCHEMA.keys()
)
def test_a_fault_names_its_place(tmp_path: Path, document: dict[str, Any], message: str) -> None:
    [found] = faults(tmp_path, json.dumps(document), "authzen.json")
    assert found.partition(": ")[2].startswith(message)


def known_number(tmp_path: Path, number: str) -> list[str]:
    text = f'resources: {{record: {{arn: "{RECORD}", known: {{a: {{x: [{number}]}}}}}}}}'
    return faults(tmp_path, text)


@pytest.mark.parametrize("number", ["9007199254740992.5", "-10.123456789012345"])
def test_a_known_number_that_would_be_rounded_is_a_fault(tmp_path: Path, number: str) -> None:
    [found] = known_number(tmp_path, number)
    assert found.startswith(f"1: resources.record.known.a.x[0]: `{number}` has more digits than a")


@pytest.mark.parametrize("number", ["1.10", "-0.0", "0.000000000000001", "1234567890123456.5"])
def test_a_known_number_that_is_kept_may_have_a_point(tmp_path: Path, number: str) -> None:
    assert known_number(tmp_path, number) == []


def test_two_templates_for_one_type_are_a_fault(tmp_path: Path) -> None:
    text = f'subjects:\n  user: "{USER}"\n  user: "acs:ram::1234567890123456:role/{{id}}"\n'
    [found] = faults(tmp_path, text)
    assert found == "3: subjects.user: key `user` is given twice, first in line 2"


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    text = "subjects: {a: x, b: y}\nresources: {c: z}\n"
    assert len(faults(tmp_path, text)) == 3


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFiles, match="there is no such file"):
        mapping.read(tmp_path / "none.yaml")


def test_a_mapping_becomes_data(tmp_path: Path) -> None:
    file = tmp_path / "authzen.yaml"
    file.write_text(
        f"""\
subjects: {{user: "{USER}"}}
resources:
  record:
    arn: "{RECORD}"
    properties: {{status: {{key: "record:status", optional: true}}}}
    actions: {{read: "record:Read"}}
    known: {{r-1: {{size: 5, ratio: 0.5, open: false, tags: [a, 1]}}, r-2: {{}}}}
context: {{ip: "acs:SourceIp"}}
http:
  subject: {{type: user, id: "{{header:x-user}}"}}
  context: {{ip: "{{header:x-ip}}"}}
  routes:
    - path: "/r/{{name}}/{{rest:path}}"
      methods: {{GET: read}}
      resource: {{type: record, id: "{{name}}:{{rest}}"}}
"""
    )
    assert mapping.read(file) == {
        "subjects": {
            "user": {"arn": ["acs:ram::1234567890123456:user/", ID], "properties": {}},
        },
        "resources": {
            "record": {
                "arn": ["acs:record::1234567890123456:", ID],
                "properties": {"status": {"key": "record:status", "optional": True}},
                "actions": {"read": {"action": "record:Read", "properties": {}}},
                "known": {
                    "r-1": {"size": 5, "ratio": 0.5, "open": False, "tags": ["a", 1]},
                    "r-2": {},
                },
            },
        },
        "context": {"ip": {"key": "acs:SourceIp", "optional": False}},
        "http": {
            "subject": {"type": "user", "id": [header("x-user")]},
            "context": {"ip": [header("x-ip")]},
            "routes": [
                {
                    "path": [
                        "r",
                        {"name": "name", "rest": False},
                        {"name": "rest", "rest": True},
                    ],
                    "methods": {"GET": "read"},
                    "resource": {
                        "type": "record",
                        "id": [part("name"), ":", part("rest", rest=True)],
                    },
                },
            ],
        },
    }


def test_a_type_that_takes_arns_has_one_placeholder(tmp_path: Path) -> None:
    file = tmp_path / "authzen.yaml"
    file.write_text('subjects: {principal: "{id:arn}"}\n')
    arn = {"field": "arn", "name": "", "slashes": False}
    assert mapping.read(file)["subjects"] == {"principal": {"arn": [arn], "properties": {}}}
