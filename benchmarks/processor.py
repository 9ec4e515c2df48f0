"""The processor that times were measured on, in words: its name and the instruction sets that matter."""

from __future__ import annotations

import platform
from pathlib import Path

from index.embedding.machine import instruction_sets

_CPUINFO = Path("/proc/cpuinfo")
HELD = "avx2"
"""The one instruction set that :mod:`benchmarks.avx2` leaves to programs."""


def describe(*, held: bool = False) -> str:
    """Describe this machine's processor; ``held`` to AVX2, as programs that were measured were."""
    sets = [HELD] if held else instruction_sets()
    return f"{_name()}{' held to AVX2' if held else ''} ({', '.join(sets) or platform.machine()})"


def _name() -> str:
    try:
        lines = _CPUINFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
