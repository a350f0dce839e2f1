"""The views: a plain one, an async one, and two of Django REST framework.

- `GET /health`: public;
- `GET /instances/<instance>/topics`: needs `alikafka:ListTopic`, and tells the address of the
  caller to the policies;
- `DELETE /instances/<instance>`: needs `alikafka:ReleaseInstance`;
- `POST /topics`: needs `alikafka:CreateTopic` on the instance that the body names.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods
from rest_framework.response import Response
from rest_framework.views import APIView

from kafka_site.access import INSTANCE, address_of
from ramgate.middleware.django import require, requires
from ramgate.middleware.rest_framework import permission
from ramgate.middleware.template import Template

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

__all__ = ["NewTopic", "Topics", "health", "release"]

TOPICS: Final[dict[str, list[str]]] = {"alikafka_post-cn-x": ["orders"], "alikafka_post-cn-y": []}


def health(_: HttpRequest) -> HttpResponse:
    """Answer everyone."""
    return HttpResponse("ok")


@require_http_methods(["DELETE"])
@requires("alikafka:ReleaseInstance", INSTANCE)
async def release(_: HttpRequest, instance: str) -> HttpResponse:
    """Release an instance."""
    if TOPICS.pop(instance, None) is None:
        raise Http404
    return JsonResponse({"released": instance})


class Topics(APIView):
    """The topics of an instance."""

    permission_classes = (permission("alikafka:ListTopic", INSTANCE, address_of),)

    def get(self, _: Request, instance: str) -> Response:
        """List the topics."""
        if instance not in TOPICS:
            raise Http404
        return Response(TOPICS[instance])


class NewTopic(APIView):
    """A topic on the instance that the body names."""

    def post(self, request: Request) -> Response:
        """Create the topic."""
        new: dict[str, str] = dict(request.data)
        require("alikafka:CreateTopic", Template(INSTANCE).fill(new))
        if new["instance"] not in TOPICS:
            raise Http404
        TOPICS[new["instance"]].append(str(new["topic"]))
        return Response(TOPICS[new["instance"]], HTTPStatus.CREATED)
