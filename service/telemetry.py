"""One id and one log line for each request. Neither questions nor keys are ever logged."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.error_handlers import error_response
from service.errors import InternalError

access = logging.getLogger("loccit.access")
log = logging.getLogger("loccit.service")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
"""What is taken over from a caller: it goes into headers and log lines, and must not break either."""


class Telemetry:
    """The outermost middleware: gives the request its id, logs it, and answers for what went wrong."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            # Here rather than in the framework's own handler, which stands outside of this id and log.
            log.exception("request_id=%s code=internal_error", request_id)
            if status:
                raise  # the answer has begun; only cutting the connection tells that it is not whole
            failure = InternalError("The service failed. Its log has the reason under this request id.")
            await error_response(failure, request_id)(scope, receive, send_with_id)
        finally:
            _log_request(scope, request_id, status, begun)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(brought := value.decode("latin-1")):
            return str(brought)
    return uuid.uuid4().hex


def _log_request(scope: Scope, request_id: str, status: int, begun: float) -> None:
    # The route, not the address: ids and locators belong to the caller.
    route = getattr(scope.get("route"), "path", "-")
    access.info(
        "method=%s route=%s status=%d ms=%.1f request_id=%s",
        scope["method"],
        route,
        status,
        (time.perf_counter() - begun) * 1000,
        request_id,
    )


def server_timing(timings_ms: Mapping[str, float]) -> str:
    """Stage times as a Server-Timing header, which browsers' tools show."""
    return ", ".join(f"{stage};dur={milliseconds:g}" for stage, milliseconds in timings_ms.items())


def configure_logging(level: str) -> None:
    """Log to standard error, one line an event. Does nothing where logging is set up already."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("loccit").setLevel(level.upper())
