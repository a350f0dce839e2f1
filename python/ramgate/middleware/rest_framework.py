"""A permission for Django REST framework. The middleware is that of `ramgate.middleware.django`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import APIException
from rest_framework.permissions import BasePermission

from ramgate.errors import RamgateError
from ramgate.middleware.django_settings import now
from ramgate.middleware.django_visits import plain_visit
from ramgate.middleware.outcome import outcome_of
from ramgate.middleware.template import Template
from ramgate.middleware.visit import run

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

    from ramgate.middleware.django import ContextOf

__all__ = ["permission"]


def permission(
    action: str, resource: str, context: ContextOf | None = None
) -> type[BasePermission]:
    """Return a permission class, for `permission_classes`, that requires a decision.

    The arguments are those of `ramgate.middleware.django.requires`. The permission raises an
    exception where others return false. With false, REST framework would answer 401 to a principal
    that its own authenticators do not know, and `~` would turn a denial or a failure into a
    permission. In `permission(…) | Other`, a denial is therefore final.

    Raises `InvalidTemplate` if `resource` is not a template.

    >>> from ramgate.middleware.rest_framework import permission
    >>> permission("alikafka:ListTopic", "acs:alikafka:cn-hangzhou:1234567890123456:{instance}")
    <class 'ramgate.middleware.rest_framework.permission.<locals>.RamgatePermission'>
    """
    template = Template(resource)

    class RamgatePermission(BasePermission):
        def has_permission(self, request: Request, view: APIView) -> bool:
            visit = plain_visit()
            before = visit.current.snapshot()
            try:
                run(visit.guard(action, template, view.kwargs, context and now(context)))
            except RamgateError as error:
                outcome = outcome_of(error)
                if outcome is None:
                    raise
                refusal = APIException(outcome.detail)
                refusal.status_code = int(outcome.status)
                raise refusal from error
            finally:
                if not _is_about_this_request(request, view):
                    visit.current.restore(before)
            return True

    return RamgatePermission


def _is_about_this_request(request: Request, view: APIView) -> bool:
    """False if REST framework asks whether to show another method or view, in a page or schema.

    Then a denial must not end the request, and no answer counts as its decision. In doubt, it does.
    """
    match = request._request.resolver_match  # noqa: SLF001 - the manual documents this attribute
    resolved = getattr(match and match.func, "cls", None)
    is_same_view = resolved is None or isinstance(view, resolved)
    return is_same_view and request.method == request._request.method  # noqa: SLF001
