"""Read the accounts that a state or a plan of Terraform describes."""

from __future__ import annotations

__all__: list[str] = []
