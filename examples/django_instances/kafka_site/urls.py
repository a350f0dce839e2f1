"""The paths of the site."""

from __future__ import annotations

from django.urls import path

from kafka_site.views import NewTopic, Topics, health, release

urlpatterns = [
    path("health", health),
    path("instances/<instance>", release),
    path("instances/<instance>/topics", Topics.as_view()),
    path("topics", NewTopic.as_view()),
]
