"""Originals: the bytes that the versions of documents were read from."""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Stray:
    """A file that the record does not name: its bytes, their SHA-256 if its name tells it, and its time.

    ``written`` is a Unix time. ``name`` is for the store of originals that found it.
    """

    name: str
    sha256: bytes | None
    size: int
    written: float


class Originals(Protocol):
    """Keeps bytes by their SHA-256. Safe to use from several threads and processes.

    The record says which of them belong to a version. Those that it drops are removed by their names, and
    what else it does not name is found by :meth:`strays`, now and then: files of writes that failed. Whatever
    removes files holds the record's ``write`` lease, and has looked under it that no version needs them;
    whoever commits a document that names bytes holds that lease and puts them again unless they are still
    there. In a place that other databases use, too, what deletes raises
    :class:`index.errors.ObjectsOfAnother` if the files belong to another one.
    """

    def put(self, sha256: bytes, data: bytes) -> None:
        """Keep bytes; they are durable when this returns. Does nothing if they are kept already.

        Raises OSError, for instance on a full disk.
        """

    def holds(self, sha256: bytes) -> bool:
        """Whether these bytes are kept."""

    def open(self, sha256: bytes) -> BinaryIO:
        """Open bytes, seekable, compared with their hash.

        Raises :class:`FileNotFoundError` if they are not kept, and :class:`index.errors.StoreDamaged`.
        """

    def claim(self) -> bool:
        """True if deleting is up to the one who asks; a place that nobody has claimed is, from then on."""

    def remove(self, sha256s: Iterable[bytes]) -> None:
        """Remove bytes by their hashes, without a listing; those that are not kept are skipped."""

    def strays(self, keep: Container[bytes]) -> list[Stray]:
        """Find everything but these, unfinished files included, by a listing. Removes nothing."""

    def remove_strays(self, strays: Iterable[Stray]) -> None:
        """Remove files that :meth:`strays` has found."""

    def sweep(self, keep: Container[bytes], check: Callable[[], object] = lambda: None) -> int:
        """Remove everything but these at once; returns how many were removed. Hold the ``write`` lease.

        ``check`` is called before every few are removed, and raises if the lease has been lost: others may
        have stored documents since that need them.
        """
