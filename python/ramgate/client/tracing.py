"""Pass the current trace on to OPA, by OpenTelemetry (the extra `otel`).

A client with `tracing=True` imports this module, and no other client does.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.trace import Span

__all__ = ["Tracing"]

_log = logging.getLogger(__name__)

# The W3C recommendation Trace Context, section 3.2.2: version, trace id, parent id, flags.
_TRACEPARENT: Final = re.compile(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
# Section 3.3.1.5: every program on the way has to pass on 512 characters, and may drop more. A
# header without this limit could exceed what OPA takes, which would then refuse the request.
_TRACESTATE: Final = re.compile(r"[ -~]{1,512}")


class Tracing:
    """The headers `traceparent` and `tracestate` of the span that is current at each request.

    They are written here and not by OpenTelemetry's global propagator: OPA reads no other form, a
    propagator may add other headers (baggage), and it takes more than twice the processor time.

    A `tracestate` that does not fit the W3C's form is left out. If the `traceparent` does not fit,
    or OpenTelemetry raises, neither header is sent; the first error is logged. Raises `ImportError`
    if opentelemetry-api is not installed.

    >>> Tracing().headers()
    b''
    """

    def __init__(self) -> None:
        self._has_failed = False
        self._current: Callable[[], Span] | None = None
        try:
            from opentelemetry.trace import get_current_span  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise ImportError(
                "`tracing=True` needs opentelemetry-api: run `pip install 'ramgate[otel]'`"
            ) from error
        except Exception as error:  # noqa: BLE001 - no trace is better than no decision
            self._report(error)
        else:
            self._current = get_current_span

    def headers(self) -> bytes:
        """Return the header lines for one request, empty if no span is current."""
        if self._current is None:
            return b""
        try:
            span = self._current().get_span_context()
            if not span.is_valid:
                return b""
            parent = b"00-%032x-%016x-%02x" % (span.trace_id, span.span_id, span.trace_flags)
            if not _TRACEPARENT.fullmatch(parent):
                return b""
            state = span.trace_state.to_header() if span.trace_state else ""
            if not _TRACESTATE.fullmatch(state):
                return b"traceparent: %b\r\n" % parent
            return b"traceparent: %b\r\ntracestate: %b\r\n" % (parent, state.encode())
        except Exception as error:  # noqa: BLE001 - no trace is better than no decision
            self._report(error)
            return b""

    def _report(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            _log.warning(
                "requests are sent without their trace: %s: %s", type(error).__name__, error
            )
