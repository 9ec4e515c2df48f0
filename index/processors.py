"""How many processors this process may use, and the one rule by which libraries share them.

Every library that computes with several threads is told the same number: the processors of this process,
divided by the processes that serve together. Within a process the model and the searches take turns rather
than compete: questions are embedded by one thread at a time, and a search of one question takes one thread.
"""

from __future__ import annotations

import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def processors(quota: Path = _QUOTA) -> int:
    """Processors that this process may use: those it is bound to, and no more than a container's share."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        most, period = quota.read_text().split()[:2]
        share = bound if most == "max" else -(-int(most) // int(period))
    except (OSError, ValueError):
        share = bound
    return max(1, min(bound, share))


def threads(processes: int = 1) -> int:
    """Threads for each of so many processes that compute at the same time."""
    return max(1, processors() // max(1, processes))
