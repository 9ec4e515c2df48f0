"""Run a program without network, with limits, until it ends or whoever wants its result is gone.

A script of its own that needs nothing but the standard library: ``supervisor.py FOLDER BYTES PROGRAM ...``.
A reader process that exceeds its time is killed and cannot clean up. Its end of standard input closes then:
the program is killed with all processes of its group, and its folder is removed.
"""

import contextlib
import ctypes
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_SIGNALLED = 128
_POLL_SECONDS = 0.05
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def to_signed_status(status: int) -> int:
    """The supervisor's exit status as :mod:`subprocess` gives the program's: negative for a signal."""
    return _SIGNALLED - status if status > _SIGNALLED else status


def leave_network() -> bool:
    """Move this process to a network of its own that leads nowhere; False if the system does not allow it."""
    try:
        unshare = ctypes.CDLL(None, use_errno=True).unshare
    except AttributeError:  # Linux alone has it
        return False
    user, group = os.getuid(), os.getgid()
    if unshare(_CLONE_NEWNET) == 0:
        return True
    if unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    with contextlib.suppress(OSError):  # without a map the user has no name, which few programs mind
        for file, line in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            Path("/proc/self", file).write_text(line, encoding="ascii")
    return True


def limit(file_bytes: int) -> None:
    """Limit the size of files; memory is limited already in a reader process, and children inherit that."""
    for kind, value in ((resource.RLIMIT_FSIZE, file_bytes), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (value, value))


def supervise(folder: str, command: Sequence[str], *, stdin: int = 0) -> int:
    """Run a program until it ends, and return its status; remove the folder if ``stdin`` closes first."""
    child = subprocess.Popen(  # noqa: S603 -- what the reader gave
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        start_new_session=True,
    )
    abandoned = False
    while child.poll() is None and not abandoned:
        readable, _, _ = select.select([stdin], [], [], _POLL_SECONDS)
        abandoned = bool(readable)
    with contextlib.suppress(ProcessLookupError):  # it may have left processes behind
        os.killpg(child.pid, signal.SIGKILL)
    status = child.wait()
    if abandoned:
        shutil.rmtree(folder, ignore_errors=True)
    return _SIGNALLED - status if status < 0 else status


if __name__ == "__main__":
    limit(int(sys.argv[2]))
    leave_network()
    sys.exit(supervise(sys.argv[1], sys.argv[3:]))
