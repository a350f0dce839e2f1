"""Start an OPA as the settings state: as a process, or as a container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.errors import SidecarError
from ramgate.sidecar.process import Process

if TYPE_CHECKING:
    from ramgate.bundle.builder import Bundle
    from ramgate.sidecar.runtime import Runtime
    from ramgate.sidecar.settings import Settings

__all__ = ["launch"]


def launch(settings: Settings, bundle: Bundle) -> Runtime:
    """Start an OPA with this bundle. Raises as `Process` and `Container` do."""
    if settings.runtime == "process":
        return Process(settings, bundle)
    try:
        from ramgate.sidecar.container import Container  # noqa: PLC0415 - needs an extra
    except ImportError as error:
        raise SidecarError(
            f"the docker SDK is missing: {error}; run `pip install 'ramgate[docker]'`"
        ) from error
    return Container(settings, bundle)
