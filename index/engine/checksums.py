"""Checksums of files that never change, to detect damage and accidental changes.

A small file is compared as a whole when it is opened. Of a large one the size and both ends are compared
then, and the rest in the background, so that a collection of any size opens at once.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

_END = 64 * 1024
"""Bytes at each end of a file that are compared at once."""
_READ = 2**20


@dataclass(frozen=True, slots=True)
class Checksum:
    """Size of a file in bytes, and the SHA-256 of its two ends and of the whole, in hex digits.

    An empty hash is not known, and not compared.
    """

    bytes: int
    ends: str
    sha256: str


def checksum(path: Path) -> Checksum:
    """Compute the checksum of a file."""
    return Checksum(path.stat().st_size, _ends(path), _whole(path))


def check_at_once(path: Path, expected: Checksum, small: int) -> bool:
    """Compare what can be compared without delay: a file of at most ``small`` bytes as a whole.

    Returns whether it was. Raises ValueError if the file is another one, and OSError.
    """
    size = path.stat().st_size
    if size != expected.bytes:
        raise ValueError(f"{path.name} has {size} bytes, not {expected.bytes}")
    if not expected.sha256:
        return True
    if size <= small:
        check_whole(path, expected)
        return True
    if _ends(path) != expected.ends:
        raise _damage_error(path)
    return False


def check_whole(path: Path, expected: Checksum) -> None:
    """Compare a whole file: a few seconds for each gigabyte. Raises ValueError if it differs, and OSError."""
    if expected.sha256 and _whole(path) != expected.sha256:
        raise _damage_error(path)


def _damage_error(path: Path) -> ValueError:
    return ValueError(f"{path.name} is damaged: its checksum differs")


def _ends(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        found.update(file.read(_END))
        file.seek(max(0, path.stat().st_size - _END))
        found.update(file.read(_END))
    return found.hexdigest()


def _whole(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_READ):
            found.update(part)
    return found.hexdigest()
