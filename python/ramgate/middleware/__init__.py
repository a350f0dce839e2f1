"""Protect the routes of web applications: ASGI and the frameworks that rest on it."""
