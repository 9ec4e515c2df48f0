"""End processes with the one that started them."""

import ctypes
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def dying_with_parent() -> Callable[[], None] | None:
    """A function that a process calls first in order to be killed when its parent ends; None where none is.

    A reader that takes too long is killed at once, and can end nothing that it started.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # found here: little is safe between fork and exec

    def die() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return die
