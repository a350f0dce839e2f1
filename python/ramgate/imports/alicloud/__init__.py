"""Read an account of Alibaba Cloud through its APIs, which it asks nothing secret."""

from __future__ import annotations

__all__: list[str] = []
