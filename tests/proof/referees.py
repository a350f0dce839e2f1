"""The referees of the prover: OPA, and the catalog with which the reference evaluator decides."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

import pytest

import agreement
from ramgate.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agreement import Opa
    from ramgate.catalog.catalog import Catalog as Shipped
    from reference_evaluator import Catalog


@dataclasses.dataclass(frozen=True, slots=True)
class Referees:
    """A running OPA, and the catalog as the reference evaluator reads it and as ramgate does."""

    opa: Opa
    catalog: Catalog
    shipped: Shipped


@contextlib.contextmanager
def running() -> Iterator[Referees]:
    """Run an OPA without accounts during the `with` block."""
    with agreement.running_opa() as opa:
        opa.publish(opa.build({"accounts": {}}))
        yield Referees(opa, agreement.read_catalog(), catalog.load())


@pytest.fixture(scope="session")
def referees() -> Iterator[Referees]:
    with running() as found:
        yield found
