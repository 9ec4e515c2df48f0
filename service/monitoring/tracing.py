"""OpenTelemetry traces: a span for each request, and below it one for each stage of a question.

The instrumentation packages of OpenTelemetry are not used: their spans have addresses, and with them ids of
documents and the questions of the page.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextvars import Token
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

from service.errors import InvalidSettings

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

_NANO = 1_000_000_000


class Tracing:
    """Makes the spans of a service. Thread-safe."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("loccit", version("loccit"))

    def begin(self, headers: Iterable[tuple[bytes, bytes]]) -> RequestSpan:
        """Start the span of a request, as a part of its client's trace if the headers name one."""
        from opentelemetry import context
        from opentelemetry.trace import SpanKind, set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in headers
            if name in (b"traceparent", b"tracestate")
        }
        parent = TraceContextTextMapPropagator().extract(carrier)
        span = self._tracer.start_span("request", context=parent, kind=SpanKind.SERVER)
        return RequestSpan(span, context.attach(set_span_in_context(span, parent)))

    def stages(self, timings_ms: Mapping[str, float], *, ended: float) -> None:
        """Make spans of stages that followed one another without a pause, until ``ended``.

        ``timings_ms`` are their durations; ``ended`` is of :func:`time.perf_counter`.
        """
        nanoseconds = {stage: round(milliseconds * 1_000_000) for stage, milliseconds in timings_ms.items()}
        at = time.time_ns() - round((time.perf_counter() - ended) * _NANO) - sum(nanoseconds.values())
        for stage, duration in nanoseconds.items():
            span = self._tracer.start_span(stage, start_time=at)
            at += duration
            span.end(end_time=at)

    def close(self) -> None:
        """Send the spans that were not sent yet."""
        self._provider.shutdown()


class RequestSpan:
    """The span of a request that is being answered."""

    def __init__(self, span: Span, token: Token[Context]) -> None:
        self._span = span
        self._token = token

    def end(self, *, method: str, route: str, status: int, code: str, request_id: str) -> None:
        """End the span. The code is that of an error, or empty."""
        from opentelemetry import context
        from opentelemetry.trace import StatusCode

        context.detach(self._token)
        self._span.update_name(f"{method} {route}")
        attributes: dict[str, str | int] = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "loccit.request_id": request_id,
        }
        if code:
            attributes["error.type"] = code
        self._span.set_attributes(attributes)
        if status >= 500 or not status:
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


def require_opentelemetry() -> None:
    """Raise :class:`InvalidSettings` when OpenTelemetry is not installed."""
    try:
        import_module("opentelemetry.sdk.trace")
        import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ModuleNotFoundError as error:
        raise InvalidSettings(
            f"LOCCIT_TRACING needs {error.name}. Run: pip install 'loccit[otel]', or unset it."
        ) from None


def open_tracing() -> Tracing:
    """Send spans by OTLP over HTTP, as the ``OTEL_`` variables of OpenTelemetry say.

    Raises :class:`InvalidSettings` when OpenTelemetry is not installed.
    """
    require_opentelemetry()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    own = Resource({"service.name": "loccit", "service.version": version("loccit")})
    provider = TracerProvider(resource=own.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)
