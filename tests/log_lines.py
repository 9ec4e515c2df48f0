"""Lines of the log that are our own: libraries and their threads log to the same handler, at any time."""

from __future__ import annotations

import logging

import pytest


def records(
    caplog: pytest.LogCaptureFixture, logger: str = "loccit", *, least: int = logging.NOTSET
) -> list[logging.LogRecord]:
    """The records of a logger and of those below it, of this level or a higher one."""
    return [one for one in caplog.records if f"{one.name}.".startswith(f"{logger}.") and one.levelno >= least]


def lines(
    caplog: pytest.LogCaptureFixture, logger: str = "loccit", *, least: int = logging.NOTSET
) -> list[str]:
    """The messages of these records."""
    return [one.getMessage() for one in records(caplog, logger, least=least)]
