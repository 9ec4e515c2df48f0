"""Hold programs to AVX2, so that a newer processor measures what an older one can run.

The instructions are those of the older processor; clock, caches and memory stay those of this one. Therefore
only ratios of programs that are held alike say something.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

_SOURCE = Path(__file__).with_name("cpuid.c")
_PROBE = """
import ctypes
libc = ctypes.CDLL(None)
print(libc.syscall(158, 0x1012, 1))  # arch_prctl(ARCH_SET_CPUID, on)
"""


class CannotHold(Exception):
    """Instruction sets cannot be hidden from programs here; the message says why."""


def environment(folder: Path | None = None) -> dict[str, str]:
    """Return the environment variables that hold a program to AVX2; what they name is compiled to a folder.

    Raises :class:`CannotHold` without Linux on x86-64, a processor whose CPUID can fault (Intel since 2012;
    ``cpuid_fault`` in /proc/cpuinfo), or a C compiler.
    """
    if not _can_fault():
        raise CannotHold(
            "The instruction CPUID cannot be made to fault here: that needs Linux on an Intel processor."
        )
    target = (folder or Path(tempfile.mkdtemp(prefix="loccit-avx2-"))) / "cpuid.so"
    command = ["cc", "-O2", "-shared", "-fPIC", "-o", str(target), str(_SOURCE)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 -- fixed words
    except FileNotFoundError as error:
        raise CannotHold("There is no C compiler (cc). Install one, such as gcc.") from error
    return {"LD_PRELOAD": str(target)}


def _can_fault() -> bool:
    done = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, check=False)  # noqa: S603
    return sys.platform == "linux" and done.stdout.strip() == "0"
