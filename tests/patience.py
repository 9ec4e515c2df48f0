"""How long the tests wait for what happens in other threads and processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 120.0
"""Seconds. A test waits no longer than it must: so much only a machine needs that stands still at times."""


def eventually(happens: Callable[[], Any], *, seconds: float = PATIENCE) -> Any:
    """Wait until what is asked for is true, and return it."""
    deadline = time.monotonic() + seconds
    pause = 0.005
    while not (found := happens()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause)
        pause = min(0.05, 1.5 * pause)  # so that what is waited for gets the processor
    return found
