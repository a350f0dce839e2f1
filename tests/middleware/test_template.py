from __future__ import annotations

from uuid import UUID

import pytest

from ramgate.middleware.errors import InvalidResource, InvalidTemplate
from ramgate.middleware.template import Template

PREFIX = "acs:alikafka:cn-hangzhou:1234567890123456:"
ONE = Template(f"{PREFIX}{{instance}}")
SEVERAL = Template("acs:oss:oss-cn-hangzhou:1234567890123456:orders/{key:path}")


def test_values_take_the_places_of_their_placeholders() -> None:
    template = Template("acs:ots:{region}:{account}:instance/{instance}/table/{table}")
    values = {"region": "cn-x", "account": 1234567890123456, "instance": "a", "table": "b"}
    assert template.fill(values) == "acs:ots:cn-x:1234567890123456:instance/a/table/b"


def test_a_placeholder_may_stand_twice_and_values_may_be_left_over() -> None:
    template = Template("acs:oss:::{a}/{a}")
    assert template.fill({"a": "x", "b": "y"}) == "acs:oss:::x/x"


def test_a_template_without_placeholders_needs_no_values() -> None:
    assert Template("*").fill({}) == "*"
    assert Template(f"{PREFIX}x").fill({}) == f"{PREFIX}x"


def test_a_value_with_braces_is_not_filled_again() -> None:
    template = Template("acs:oss:::{a}/{b}")
    assert template.fill({"a": "{b}", "b": "secret"}) == "acs:oss:::{b}/secret"


@pytest.mark.parametrize(
    ("relative", "cause"),
    [
        ("{a}{b}", "a `:` or a `/` between them"),
        ("{a}-{b}", "a `:` or a `/` between them"),
        ("x/{a:path}.{b}", "a `:` or a `/` between them"),
        ("{a:path}/x/{b:path}", "with `:path` need a `:`"),
        ("{a:path}/{b}/{c:path}", "with `:path` need a `:`"),
    ],
)
def test_a_template_that_two_sets_of_values_fit_is_refused(relative: str, cause: str) -> None:
    with pytest.raises(InvalidTemplate, match=f"is ambiguous: two placeholders.* {cause}"):
        Template(PREFIX + relative)


@pytest.mark.parametrize(
    "relative", ["{a}-x/{b}", "{a:path}/{b}", "{a}/{b:path}", "{a:path}:{b}:{c:path}", "x-{a}-y"]
)
def test_a_template_that_one_set_of_values_fits_is_taken(relative: str) -> None:
    values = {"a": "1", "b": "2", "c": "3"}
    assert "{" not in Template(PREFIX + relative).fill(values)


def test_integers_and_uuids_are_values() -> None:
    assert ONE.fill({"instance": 7}) == f"{PREFIX}7"
    uuid = UUID("00000000-0000-0000-0000-00000000000A")
    assert ONE.fill({"instance": uuid}) == f"{PREFIX}00000000-0000-0000-0000-00000000000a"


@pytest.mark.parametrize(
    "value", ["alikafka_post-cn-x", "a b", "订单", "100%", "%zz", "a.b", "..."]
)
def test_an_ordinary_value_stays_as_it_is(value: str) -> None:
    assert ONE.fill({"instance": value}) == PREFIX + value
    assert SEVERAL.fill({"key": f"{value}/{value}"}).endswith(f"orders/{value}/{value}")


FORBIDDEN = [
    "*",
    "alikafka*",
    "alikafka_post-cn-?",
    "x:y",
    "x\ny",
    "x\n",
    "\nx",
    "x\0",
    "x\x7f",
    "x\u2028y",
    "x\u200by",
    "x\ud800",
    "x\ty",
    " x",
    "x ",
    "",
    ".",
    "..",
    "a/..",
    "a/../b",
    "../b",
    "./b",
    "a//b",
    "/b",
    "a/",
    "/",
    "..;/b",
    "a;b",
    "a\\b",
    "..\\b",
    "a%2fb",
    "a%2Fb",
    "%2e%2e",
    "a%00",
    "%252f",
]


@pytest.mark.parametrize("value", FORBIDDEN)
@pytest.mark.parametrize("template", [ONE, SEVERAL], ids=["one", "several"])
def test_a_value_that_could_name_another_resource_is_refused(
    template: Template, value: str
) -> None:
    with pytest.raises(InvalidResource, match="cannot stand in a resource") as caught:
        template.fill({"instance": value, "key": value})
    assert str(caught.value).isprintable()


def test_a_slash_needs_a_path_parameter() -> None:
    assert SEVERAL.fill({"key": "a/b"}).endswith(":orders/a/b")
    with pytest.raises(InvalidResource, match="contains `/`"):
        ONE.fill({"instance": "a/b"})


@pytest.mark.parametrize("value", [None, True, 1.5, b"x", ["x"], type("S", (str,), {})("x")])
def test_a_value_of_another_type_is_an_error_of_the_application(value: object) -> None:
    with pytest.raises(InvalidTemplate, match=r"`\{instance\}` .* it must be a text"):
        ONE.fill({"instance": value})


def test_a_placeholder_without_a_value_is_an_error_of_the_application() -> None:
    with pytest.raises(InvalidTemplate, match=r"is missing: .* the values of the path: `x`, `y`"):
        ONE.fill({"x": 1, "y": 2})
    with pytest.raises(InvalidTemplate, match="the values of the path: none"):
        ONE.fill({})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{instance}",
        "**",
        "acs:alikafka:cn-hangzhou:1234567890123456",
        "acs:alikafka:cn-hangzhou:1234567890123456:",
        "acs::cn-hangzhou:1234567890123456:x",
        "arn:alikafka:cn-hangzhou:1234567890123456:x",
        f"{PREFIX}*",
        f"{PREFIX}{{instance}}*",
        f"{PREFIX}?",
        f"{PREFIX}{{instance",
        f"{PREFIX}instance}}",
        f"{PREFIX}{{}}",
        f"{PREFIX}{{a b}}",
        f"{PREFIX}{{a:int}}",
        f"{PREFIX}{{{{a}}}}",
        f"{PREFIX}x\n",
    ],
)
def test_a_text_that_is_no_template_is_refused_at_once(text: str) -> None:
    with pytest.raises(InvalidTemplate, match="is not a template of a resource"):
        Template(text)


def test_a_template_shows_its_text() -> None:
    assert repr(ONE) == f"Template('{PREFIX}{{instance}}')"


def test_a_template_tells_the_names_of_its_placeholders() -> None:
    assert (ONE.names, SEVERAL.names, Template("*").names) == (("instance",), ("key",), ())
