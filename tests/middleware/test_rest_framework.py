"""The permission of Django REST framework."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from django_site import configured, secret_calls, under_wsgi
from ramgate import Client
from ramgate.middleware.errors import InvalidTemplate
from ramgate.middleware.rest_framework import permission
from wsgi_calls import LIST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OUTSIDE = {"HTTP_X_ADDRESS": "192.0.2.1"}


@pytest.fixture(autouse=True)
def _site(ramgate_client: Client) -> Iterator[None]:
    with configured(ramgate_client):
        yield


def test_an_allowed_request_reaches_the_view() -> None:
    answer = under_wsgi("/rest/a", "bob")
    assert (answer.status, json.loads(answer.body)) == (200, {"topics": "a"})
    assert under_wsgi("/rest/a", "alice", REQUEST_METHOD="DELETE").status == 200


def test_a_denial_is_403_although_rest_framework_does_not_know_the_principal() -> None:
    for user, more in (("bob", OUTSIDE), ("bob", {"REQUEST_METHOD": "DELETE"}), ("carol", {})):
        answer = under_wsgi("/rest/a", user, **more)
        assert (answer.status, answer.problem["title"]) == (403, "Forbidden")


def test_other_refusals_have_their_statuses() -> None:
    assert under_wsgi("/rest/a", None).problem["status"] == 401
    assert under_wsgi("/rest/*").problem["status"] == 400


def test_no_opa_is_503() -> None:
    with Client("http://127.0.0.1:1") as client, configured(client):
        answer = under_wsgi("/rest/a")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


@pytest.fixture
def called() -> Callable[[], int]:
    """Return a function that tells how often secret views were called in this test."""
    before = secret_calls()
    return lambda: secret_calls() - before


def test_the_opposite_of_a_permission_permits_nobody(called: Callable[[], int]) -> None:
    for user, status in (("alice", 401), ("bob", 403), ("carol", 403), (None, 401)):
        answer = under_wsgi("/negated", user)
        assert answer.status == status, user
        assert b"secret" not in answer.body
    assert called() == 0


def test_a_denial_is_final_in_a_choice(called: Callable[[], int]) -> None:
    assert under_wsgi("/chosen", "carol").status == 403
    assert called() == 0
    assert under_wsgi("/chosen", "alice").status == 200
    assert called() == 1


def test_an_error_of_the_application_is_none_of_the_answers(called: Callable[[], int]) -> None:
    answer = under_wsgi("/strict")
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert called() == 0


def test_a_page_shows_the_forms_of_the_permitted_methods() -> None:
    page = under_wsgi("/rest/a", "bob", HTTP_ACCEPT="text/html")
    assert page.status == 200
    assert b"button-form" in page.body or b"topics" in page.body
    assert b'data-method="DELETE"' not in page.body
    page = under_wsgi("/rest/a", "alice", HTTP_ACCEPT="text/html")
    assert b'data-method="DELETE"' in page.body


def test_a_schema_shows_the_methods_that_are_permitted() -> None:
    answer = under_wsgi("/schema", "bob", QUERY_STRING="instance=a")
    assert (answer.status, json.loads(answer.body)) == (200, ["GET", "OPTIONS"])
    answer = under_wsgi("/schema", "bob")
    assert (answer.status, json.loads(answer.body)) == (200, [])
    assert under_wsgi("/schema", "carol", QUERY_STRING="instance=a").status == 403


@pytest.mark.parametrize("user", ["alice", "carol"])
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_a_question_about_another_method_is_no_decision(user: str, accept: str) -> None:
    answer = under_wsgi("/half", user, HTTP_ACCEPT=accept)
    assert answer.status == 500
    assert b"secret" not in answer.body


def test_a_bad_template_is_refused_at_once() -> None:
    with pytest.raises(InvalidTemplate):
        permission(LIST, "{instance}")
