"""Views of Django REST framework for tests. Importing this module needs Django's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import APIException
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request, clone_request
from rest_framework.response import Response
from rest_framework.views import APIView

from ramgate import RamgateError
from ramgate.middleware.rest_framework import permission
from wsgi_calls import DELETE, INSTANCE, LIST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest


def address(request: HttpRequest) -> Mapping[str, str]:
    return {"acs:SourceIp": request.headers.get("X-Address", "10.0.0.1")}


ACTIONS = {"GET": LIST, "DELETE": DELETE, "OPTIONS": LIST}


class Topics(APIView):
    """A view whose methods need different actions."""

    renderer_classes = (JSONRenderer, BrowsableAPIRenderer)

    def get_permissions(self) -> list[BasePermission]:
        return [permission(ACTIONS[str(self.request.method)], INSTANCE, address)()]

    def get(self, _: Request, instance: str) -> Response:
        return Response({"topics": instance})

    def delete(self, _: Request, instance: str) -> Response:
        return Response({"deleted": instance})


class Secret(APIView):
    """The base of views that differ in their permissions; it counts their calls."""

    called = 0

    def get(self, _: Request) -> Response:
        Secret.called += 1
        return Response("secret")


class HalfForgotten(Secret):
    """A view whose author forgot the permission of one method."""

    renderer_classes = (JSONRenderer, BrowsableAPIRenderer)

    def get_permissions(self) -> list[BasePermission]:
        return [permission(DELETE, "*")()] if self.request.method == "DELETE" else []

    def delete(self, _: Request) -> Response:
        return Response("deleted")


class Negated(Secret):
    """A view with the opposite of a permission."""

    permission_classes = (~permission(LIST, "*", address),)


class Chosen(Secret):
    """A view with a choice between a permission and another one."""

    permission_classes = (permission(LIST, "*", address) | AllowAny,)


class Strict(Secret):
    """A view whose permission fails with an error of the application."""

    permission_classes = (permission(LIST, "*", lambda _: raising()),)


def raising() -> dict[str, str]:
    raise RamgateError("not about a decision, with a secret")


class Schema(APIView):
    """A view that shows the methods of another view which the principal may use."""

    permission_classes = (permission(LIST, INSTANCE.format(instance="a"), address),)

    def get(self, request: Request) -> Response:
        instance = request.query_params.get("instance")
        return Response([method for method in ACTIONS if self._may(request, method, instance)])

    def _may(self, request: Request, method: str, instance: str | None) -> bool:
        view = Topics(request=clone_request(request, method))
        view.kwargs = {"instance": instance} if instance else {}
        try:
            view.check_permissions(view.request)
        except APIException:
            return False
        return True
