"""Put OPA into the wheel as a script, and give the wheel the tag of OPA's platform."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class EngineHook(BuildHookInterface[Any]):
    """Reads `RAMGATE_ENGINE_OPA`, the executable, and `RAMGATE_ENGINE_TAG`, the wheel's tag."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Add the executable and its licence."""
        build_data["pure_python"] = False
        build_data["tag"] = os.environ["RAMGATE_ENGINE_TAG"]
        build_data["shared_scripts"][os.environ["RAMGATE_ENGINE_OPA"]] = "opa"
        licence = Path(self.root).parent / "LICENSE"  # OPA has the same
        build_data["extra_metadata"][str(licence)] = "licenses/LICENSE"
