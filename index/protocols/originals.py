"""Originals: the bytes that the versions of documents were read from."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import BinaryIO, Protocol


class Originals(Protocol):
    """Keeps bytes by their SHA-256. Safe to use from several threads and processes.

    The record says which of them belong to a version. What it does not name is removed by :meth:`sweep`,
    under the record's ``write`` lease; whoever commits a document that names bytes holds that lease and puts
    them again unless they are still there.
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

    def sweep(self, keep: Container[bytes], check: Callable[[], object] = lambda: None) -> int:
        """Remove everything but these; returns how many were removed. Hold the ``write`` lease.

        ``check`` is called before every few are removed, and raises if the lease has been lost: others may
        have stored documents since that need them.
        """
