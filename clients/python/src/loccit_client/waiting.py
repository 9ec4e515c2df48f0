"""The pauses between two looks at a job that is waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator

from loccit_client.errors import WaitTimeout

_FIRST = 0.05
_LONGEST = 2.0
_GROWTH = 1.5


def pauses(job_id: str, timeout: float | None) -> Iterator[float]:
    """Growing pauses in seconds. Raises :class:`WaitTimeout` when ``timeout`` seconds have passed."""
    deadline = None if timeout is None else time.monotonic() + timeout
    pause = _FIRST
    while True:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise WaitTimeout(
                f"The job {job_id} is not finished after {timeout:g} seconds. It goes on: wait again, or "
                "cancel it."
            )
        yield pause if left is None else min(pause, left)
        pause = min(_LONGEST, pause * _GROWTH)
