"""Logging of the service: as text, or one JSON object a line, with the request that a line belongs to."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

from pythonjsonlogger.json import JsonFormatter

from service.settings import LogFormat
from service.state.identity.principal import Principal

_TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_request: ContextVar[Mapping[str, Any] | None] = ContextVar("loccit_request", default=None)


@contextmanager
def during_request(state: Mapping[str, Any]) -> Iterator[None]:
    """Log lines of this context belong to the request with this ASGI state."""
    token = _request.set(state)
    try:
        yield
    finally:
        _request.reset(token)


class RequestFields(logging.Filter):
    """Adds ``request_id`` to the records of a request, and once its caller is known, ``principal``.

    ``principal`` is the public id of the caller's key, or its name where it has none; ``user`` is the person
    whom a proxy signed in.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the fields; drops no record."""
        state = _request.get()
        if state is not None:
            record.request_id = state["request_id"]
            caller: Principal | None = state.get("principal")
            if caller is not None:
                record.principal = caller.key or caller.name
                if caller.user:
                    record.user = caller.user
        return True


def new_handler(layout: LogFormat) -> logging.StreamHandler[TextIO]:
    """A handler that writes to standard error in this layout."""
    handler = logging.StreamHandler()
    if layout == "json":
        handler.addFilter(RequestFields())
        handler.setFormatter(
            JsonFormatter(
                "%(levelname)s %(name)s %(message)s",
                rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
                timestamp="time",
                json_ensure_ascii=False,
            )
        )
    else:
        handler.setFormatter(logging.Formatter(_TEXT))
    return handler


def configure_logging(level: str, layout: LogFormat = "text") -> None:
    """Log to standard error. Has no effect on the layout if logging is already configured."""
    logging.basicConfig(handlers=[new_handler(layout)])
    if layout == "json":
        logging.captureWarnings(capture=True)  # they would be lines that are not JSON
    logging.getLogger("loccit").setLevel(level.upper())
