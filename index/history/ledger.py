"""Ledger of erasures, by which a restored backup erases again what was erased after it was made.

A file of JSON lines, one for each erased version, collection or file, with its tag and the time. Tags are
hashes (:class:`index.protocols.Erasures`): nothing of the documents can be learnt from them. The record
itself knows what it erased, so a line that a crash prevented is written with the next change.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.disks import disk_error
from index.errors import LedgerFailed, LoccitError
from index.protocols import Erasures
from index.records import Problem
from index.sealed import damaged_lines, is_intact, sealed

_log = logging.getLogger("loccit.ledger")


@dataclass(frozen=True, slots=True)
class ErasedTags:
    """The tags in a ledger: of erased versions, of erased collections, and of erased files beside them."""

    versions: frozenset[bytes] = frozenset()
    collections: frozenset[bytes] = frozenset()
    files: frozenset[bytes] = frozenset()


class Ledger:
    """The ledger in one file, made with the first erasure. Several processes may append to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> ErasedTags | None:
        """Return all tags; None if there is no file. Raises :class:`index.errors.LedgerFailed`."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failure("read", error) from error
        found: dict[str, set[bytes]] = {"version": set(), "collection": set(), "file": set()}
        for number, line in enumerate(lines, 1):
            try:
                entry = _parse(line)
                for kind in found.keys() & entry.keys():
                    found[kind].add(bytes.fromhex(entry[kind]))
            except (ValueError, TypeError, AttributeError):
                # Of a write that a crash cut off, or damaged; the record writes what was in it again.
                _log.warning("Line %d of %s is not readable and is left out.", number, self.path)
        return ErasedTags(*(frozenset(found[kind]) for kind in ("version", "collection", "file")))

    def problems(self) -> Iterator[Problem]:
        """Yield the lines that are not what was written."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        except OSError as error:
            yield Problem("ledger_damaged", self.path.name, f"it cannot be read ({error.strerror}).")
            return
        for number in damaged_lines(lines):
            message = (
                "it is not what was written. Delete the line: the next start writes again what the "
                "collections know to be erased."
            )
            yield Problem("ledger_damaged", f"{self.path.name}, line {number}", message)

    def add_collection(self, tag: bytes) -> None:
        """Enter a collection that is erased as a whole, durably. Raises :class:`LedgerFailed`."""
        self._append("collection", [tag])

    def add_versions(self, tags: Iterable[bytes]) -> None:
        """Enter the erased versions that have no entry yet, durably.

        Raises :class:`index.errors.LedgerFailed`.
        """
        wanted = list(tags)
        known = (self.read() or ErasedTags()).versions if wanted else frozenset()
        self._append("version", [tag for tag in wanted if tag not in known])

    def add_files(self, tags: Iterable[bytes]) -> None:
        """Enter erased files that are kept beside the collections, durably. Raises :class:`LedgerFailed`."""
        self._append("file", list(tags))

    def _append(self, kind: str, tags: list[bytes]) -> None:
        if not tags:
            return
        now = datetime.now(UTC).isoformat(timespec="seconds")
        lines = [sealed({kind: tag.hex(), "erased": now}) for tag in tags]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # One write at the end of the file, so that processes do not cut into each other's lines.
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                content = ("" if _ends_a_line(descriptor) else "\n") + "".join(lines)
                _write_whole(descriptor, content.encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._failure("written", error) from error

    def _failure(self, done: str, error: OSError) -> LoccitError:
        if (of_disk := disk_error(error, f"the ledger of erasures {self.path}")) is not None:
            return of_disk
        return LedgerFailed(
            f"The ledger of erasures {self.path} cannot be {done} ({error.strerror}). Check that the disk is "
            "not full and that the file may be written."
        )


class LedgerFollower:
    """Enters the erasures of one record. Call :meth:`follow` after each commit, under the ``write`` lease."""

    def __init__(self, ledger: Ledger, record: Erasures) -> None:
        self._ledger = ledger
        self._record = record
        self._position = 0

    def follow(self) -> None:
        """Enter the erasures since the last call. Cheap without any. Raises :class:`LedgerFailed`."""
        if found := self._record.erased_tags(self._position):
            self._ledger.add_versions(tag for _, tag in found)
            self._position = found[-1][0]


def _parse(line: bytes) -> Any:
    if not is_intact(line):
        raise ValueError("it is not what was written")
    return json.loads(line) if line.strip() else {}


def _ends_a_line(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


def _write_whole(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
