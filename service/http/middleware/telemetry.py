"""Request ids and the access log. Questions and API keys are never logged."""

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import InternalError, stopping
from service.http.error_handlers import error_code_of, error_response, request_id_of
from service.http.links import ASSETS, OPEN_PATHS
from service.http.parts import Parts
from service.monitoring.audit import AuditLog
from service.monitoring.logs import during_request
from service.monitoring.metrics import NO_ROUTE, Instruments
from service.monitoring.reads import Reads, audited, noting_reads
from service.monitoring.tracing import RequestSpan, Tracing
from service.settings import Settings
from service.settings.values import split_list
from service.state.credentials import Credentials
from service.state.identity import ANYONE

access = logging.getLogger("loccit.access")
log = logging.getLogger("loccit.service")

_ACCESS = "method=%(method)s route=%(route)s status=%(status)d ms=%(ms).1f request_id=%(request_id)s"
STAGES = "stages"
"""Name, in a request's state, of the stage times in milliseconds of each question that was answered."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
"""Accepted X-Request-ID values: they are safe in headers and log lines."""


class Telemetry:
    """Outermost middleware: assigns the request id, records the request, and answers unexpected errors.

    Requests are recorded in the metrics and both logs, after the response was sent. No browser guesses the
    type of a response: each says so.
    """

    def __init__(self, app: ASGIApp, *, instruments: Instruments, tracing: Tracing | None = None) -> None:
        self._app = app
        self._instruments = instruments
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        span = self._tracing.begin(scope["headers"]) if self._tracing else None
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        reads: Reads = set()
        state[READS] = reads
        with during_request(state), noting_reads(reads):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                # Not in the framework's handler, which runs outside this middleware, without the request id.
                log.exception("request_id=%s code=internal_error", request_id)
                if status:
                    raise  # the response has started: closing the connection shows that it is incomplete
                failure = InternalError("The service failed. Its log has the reason under this request id.")
                await error_response(failure, scope)(scope, receive, send_with_id)
            except asyncio.CancelledError:
                # The server has waited long enough for the request, and stops.
                if not status:
                    await error_response(stopping(), scope)(scope, receive, send_with_id)
                raise
            finally:
                self._record(scope, status, time.perf_counter() - started, span)

    def _record(self, scope: Scope, status: int, seconds: float, span: RequestSpan | None) -> None:
        record_request(scope, status)
        # The route, not the path: ids and locators are private.
        method, route = scope["method"], getattr(scope.get("route"), "path", NO_ROUTE)
        code, request_id = error_code_of(scope), request_id_of(scope)
        self._instruments.request(method, route, status, seconds)
        for timings_ms in scope["state"].get(STAGES, ()):
            self._instruments.stages(timings_ms)
        if code:
            self._instruments.error(code)
        if span is not None:
            span.end(method=method, route=route, status=status, code=code, request_id=request_id)
        if access.isEnabledFor(logging.INFO):
            fields = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
            principal = scope["state"].get("principal")
            if principal is not None and principal.key:
                fields["key"] = principal.key
            access.info(
                _ACCESS,
                {**fields, "request_id": request_id},
                extra={**fields, **({"code": code} if code else {})},
            )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(given := value.decode("latin-1")):
            return str(given)
    return uuid.uuid4().hex


def server_timing(timings_ms: Mapping[str, float]) -> str:
    """Stage times as the value of a Server-Timing header, which browsers' developer tools show."""
    return ", ".join(f"{stage};dur={milliseconds:g}" for stage, milliseconds in timings_ms.items())


# Record each request in the audit log: who, what, when, from where. No question's text unless told.


READS = "reads"
"""Name, in a request's state, of the documents that its reply shows text of."""
_UNRECORDED = {*OPEN_PATHS, "/metrics", "/widget.js"}


def record_request(scope: Scope, status: int) -> None:
    """Add an entry for a request that has ended, refused ones included; ``status`` is 0 without a response.

    Without keys nobody is known, and nothing is recorded.
    """
    if scope.get("state", {}).get("principal") == ANYONE:
        return
    parts: Parts | None = getattr(scope["app"].state, "parts", None)
    log = None if parts is None else parts.get(AuditLog)
    path = scope["path"]
    if parts is None or log is None or path in _UNRECORDED or path.startswith(ASSETS):
        return
    if parts[Credentials].are_required:
        entry = _audit_entry(scope, status)
        if read := audited(scope["state"].get(READS, set()), split_list(parts[Settings].audit_reads)):
            entry["read"] = read
        log.add(entry)


def _audit_entry(scope: Scope, status: int) -> dict[str, Any]:
    state = scope.get("state", {})
    principal = state.get("principal")
    entry = {
        "client": state.get("client", ""),
        "key": principal.key if principal else "",
        "name": principal.name if principal else "",
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "request_id": request_id_of(scope),
    }
    if principal and principal.user:
        entry["user"] = principal.user
    if principal and principal.issuer:
        entry |= {"issuer": principal.issuer, "subject": principal.subject}
    if principal and "on_behalf_of" in state:
        entry["on_behalf_of"] = state["on_behalf_of"]
    return {**entry, **state.get("audit", {})}
