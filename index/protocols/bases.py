"""Bases of indexes that the machines with one record share: one makes them, the others adopt them."""

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PublishedBase:
    """A base that is in use from a change of the record on, for all machines alike.

    ``manifest`` is the text of its manifest, which names its files with their hashes.
    """

    change: int
    manifest: str


class Bases(Protocol):
    """The published bases of a collection. Safe to use from several threads and processes.

    ``form`` identifies what a base is made from and how: those of another form are not seen. Methods raise
    :class:`index.errors.ObjectsUnavailable` and OSError when the place of the files fails, and what the
    methods of the record store raise.
    """

    def newest(self, form: str, up_to: int) -> PublishedBase | None:
        """The base that is in use after the change ``up_to``; None if none was published by then."""

    def turn(self) -> AbstractContextManager[object]:
        """Hold the right to publish. Raises :class:`index.errors.CollectionBusy` while another has it."""

    def publish(self, form: str, generation: int, manifest: str, files: Iterable[tuple[str, Path]]) -> int:
        """Put files, by their SHA-256 in hex digits, and let their base be used from the next change on.

        Files of a published base need not be put again. Returns that change. Keeps the base before, and
        drops older ones, and those of other generations of the record. Hold :meth:`turn`, and let the files
        be rid of what :meth:`last_erasure` has said since it began. Raises
        :class:`index.errors.CollectionBusy` if the turn was lost meanwhile: another may have purged since.
        """

    def last_erasure(self) -> int:
        """The last change that erased something; 0 if none did."""

    def fetch(self, sha256: str, path: Path) -> None:
        """Copy a file of a published base to a local path, unchecked. Raises FileNotFoundError."""

    def drop_but(self, kept: Collection[int]) -> None:
        """Drop all bases, of any form, but those published by these changes. Hold :meth:`turn`."""
