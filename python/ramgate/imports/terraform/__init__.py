"""Read the accounts that a state or a plan of Terraform describes."""

from __future__ import annotations

from ramgate.imports.terraform.world import read, read_both, read_side

__all__ = ["read", "read_both", "read_side"]
