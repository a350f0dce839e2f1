"""The settings of the site. `RAMGATE` has the arguments of ramgate's middleware."""

from __future__ import annotations

import os

from django.core.management.utils import get_random_secret_key

from ramgate import AsyncClient, Client

URL = os.environ.get("RAMGATE_URL", "http://127.0.0.1:8181")

ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
ASGI_APPLICATION = "kafka_site.asgi.application"
INSTALLED_APPS = ["rest_framework"]
MIDDLEWARE = ["ramgate.middleware.django.RamgateMiddleware"]
RAMGATE = {
    "CLIENT": Client(URL),
    "ASYNC_CLIENT": AsyncClient(URL),
    "PRINCIPAL": "kafka_site.access.arn_of",
    "PUBLIC": {"/health"},
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
ROOT_URLCONF = "kafka_site.urls"
SECRET_KEY = get_random_secret_key()  # it signs nothing here
USE_TZ = True
