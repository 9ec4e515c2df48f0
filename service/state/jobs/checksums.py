"""Checksums of spooled files: a file beside each, which a check compares with it."""

import shutil
import zlib
from pathlib import Path

from service.state.jobs.protocols import Spool

ENDING = ".crc"
"""End of the name of the file with the checksum of another."""
_DAMAGED = -1
"""In the place of a checksum that cannot be read: no file has it."""
_CHUNK = 2**20


def beside(path: Path) -> Path:
    """The file with the checksum of another."""
    return path.with_name(path.name + ENDING)


def write(path: Path, checksum: int) -> None:
    """Write the checksum of a file."""
    beside(path).write_text(f"{checksum:08x}")


def read(path: Path) -> int | None:
    """The checksum of a file; None if it has none."""
    try:
        written = beside(path).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return int(written, 16) if written else None  # empty: a power cut came before it was written
    except ValueError:
        return _DAMAGED


def is_damaged(spool: Spool, job_id: str, name: str) -> bool:
    """True if a spooled file exists and differs from its checksum, where it has one."""
    expected = spool.checksum(job_id, name)
    if expected is None:
        return False
    found = 0
    try:
        with spool.open(job_id, name) as file:
            while part := file.read(_CHUNK):
                found = zlib.crc32(part, found)
    except FileNotFoundError:
        return False
    # Unless a span was overwritten, or the file removed, meanwhile.
    return found != expected and spool.checksum(job_id, name) == expected


def copy_spooled(spool: Spool, job_id: str, name: str, target: Path) -> None:
    """Copy a kept file, and what is known of its checksum, into another spool's folder.

    Raises :class:`FileNotFoundError` when it is not there any more.
    """
    with spool.open(job_id, name) as file, target.open("wb") as copied:
        shutil.copyfileobj(file, copied, _CHUNK)
    if (checksum := spool.checksum(job_id, name)) is not None:
        write(target, checksum)
