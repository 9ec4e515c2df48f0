"""Processors that this process may use, and how many threads each library gets.

Every multithreaded library gets the same number of threads: the processors of this process divided by the
number of worker processes. Within a process the model and the searches do not compete: one thread at a time
embeds questions, and each search uses one thread.
"""

import math
import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def processors(quota: Path = _QUOTA) -> int:
    """Count the processors in this process's affinity mask, at most the CPU quota of its container."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        limit, period = quota.read_text().split()[:2]
        share = available if limit == "max" else math.ceil(int(limit) / int(period))
    except (OSError, ValueError):
        share = available
    return max(1, min(available, share))


def threads(processes: int = 1) -> int:
    """Divide the processors among ``processes`` processes; at least one thread each."""
    return max(1, processors() // max(1, processes))
