"""Ledger of erasures, by which a restored backup erases again what was erased after it was made.

A file of JSON lines, one for each erased version, collection or file, with its tag and the time. Tags are
hashes (:class:`index.protocols.Erasures`): nothing of the documents can be learnt from them. The record
itself knows what it erased, so a line that a crash prevented is written with the next change.

Machines that share a database enter the same lines in a ledger that they share, and the keys that are
revoked: a database that was restored does both again.
"""

import hashlib
import json
import logging
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.disks import disk_error
from index.errors import LedgerFailed, LoccitError, ObjectsUnavailable, StoreUnavailable
from index.protocols import Erasures, SharedLedger
from index.records import Problem
from index.sealed import damaged_lines, is_intact, sealed

_log = logging.getLogger("loccit.ledger")

_COLLECTION = "collection-"
"""Begins the names of parts with the erasure of one collection, which are written again when it has ended."""
_BEGUN, _KEPT = "begun", "kept"


@dataclass(frozen=True, slots=True)
class ErasedTags:
    """The tags in a ledger: of erased versions, of erased collections, and of erased files beside them.

    ``keys`` are the ids of revoked keys.
    """

    versions: frozenset[bytes] = frozenset()
    collections: frozenset[bytes] = frozenset()
    files: frozenset[bytes] = frozenset()
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Undone:
    """Entries of some parts of a shared ledger that the database does not know to be done."""

    parts: tuple[str, ...]
    tags: ErasedTags


class Ledger:
    """The ledger in one file, made with the first erasure. Several processes may append to it.

    With ``shared``, all that is entered is entered there first.
    """

    def __init__(self, path: Path, shared: SharedLedger | None = None) -> None:
        self.path = path
        self.shared = shared
        self._begun: dict[str, bytes] = {}

    def read(self) -> ErasedTags | None:
        """Return all tags; None if there is no file. Raises :class:`index.errors.LedgerFailed`."""
        return _tags(self._own_lines().splitlines(), str(self.path)) if self.path.exists() else None

    def undone(self) -> Undone | None:
        """Read what the shared ledger has and the database has not done, or has forgotten; None if all is.

        First enters what this machine alone knows. Learns which :meth:`begun` erasures a process was killed
        in. Raises :class:`index.errors.LedgerFailed`.
        """
        if self.shared is None:
            with suppress(LoccitError):  # a service starts all the same
                self._begun = {tag.hex(): tag for tag in _begun(self._own_lines().splitlines())}
            return None
        with self._sharing():
            self.shared.claim()
            found = self.shared.parts()
            if (content := self._own_lines()) and (own := _own_part(content)) not in found:
                self.shared.put(content, part=own, is_done=False)
                found = self.shared.parts()
            read = {part: self.shared.read(part).splitlines() for part in self.shared.undone(found)}
        begun = {part: tag for part in read if part.startswith(_COLLECTION) for tag in _begun(read[part])}
        self._begun |= begun
        parts = tuple(part for part in read if part not in begun)
        lines = [line for part in parts for line in read[part]]
        return Undone(parts, _tags(lines, "the shared ledger of erasures")) if parts else None

    def note_done(self, undone: Undone) -> None:
        """Note that the database has done it. Raises :class:`index.errors.LedgerFailed`."""
        if self.shared is not None:
            with self._sharing():
                self.shared.note(undone.parts)

    def was_taken_over(self) -> bool:
        """Whether another server of the shared database writes since the last call, which may lack commits.

        Raises :class:`index.errors.LedgerFailed`.
        """
        if self.shared is None:
            return False
        with self._sharing():
            return self.shared.was_taken_over()

    def _own_lines(self) -> bytes:
        """All that this machine has in its file. Raises :class:`index.errors.LedgerFailed`."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self._failure("read", error) from error

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

    def begin_collection(self, tag: bytes) -> str:
        """Enter durably that a collection is about to be erased; returns the name of the entry.

        A collection counts as erased only from :meth:`end_collection` on. Whoever finds an entry that has not
        ended looks whether the collection is there. Raises :class:`index.errors.LedgerFailed`.
        """
        with self._sharing():  # asked here: a copy has nothing left to know itself by once this is erased
            is_shared = self.shared is not None and self.shared.claim()
        part = f"{_COLLECTION}{uuid.uuid4().hex}" if is_shared else tag.hex()
        self._append(_BEGUN, [tag], part=part)
        self._begun[part] = tag
        return part

    def begun(self) -> dict[str, bytes]:
        """The entries of erasures of collections that have not ended, as far as this process knows."""
        return dict(self._begun)

    def end_collection(self, part: str, *, is_erased: bool) -> None:
        """Enter durably how the erasure of a collection ended. Raises :class:`index.errors.LedgerFailed`."""
        if (tag := self._begun.get(part)) is not None:
            self._append("collection" if is_erased else _KEPT, [tag], part=part)
            self._begun.pop(part, None)

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

    def add_keys(self, ids: Iterable[str]) -> None:
        """Enter revoked keys in the shared ledger, where they are not in it yet.

        A data folder has them beside its backups. Raises :class:`LedgerFailed`.
        """
        if self.shared is None:
            return
        wanted = {f"key-{id_}": id_ for id_ in ids}
        if not wanted:
            return
        with self._sharing():
            for part in self.shared.undone(wanted):
                entry = sealed({"key": wanted[part], "revoked": _now()})
                self.shared.put(entry.encode(), part=part)

    def _append(self, kind: str, tags: list[bytes], *, part: str = "") -> None:
        if not tags:
            return
        now = _now()
        lines = [sealed({kind: tag.hex(), "erased": now}) for tag in tags]
        if self.shared is not None and (not part or part.startswith(_COLLECTION)):
            with self._sharing():
                self.shared.put("".join(lines).encode(), part=part, is_done=kind != _BEGUN)
            if kind in (_BEGUN, _KEPT):
                return
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

    @contextmanager
    def _sharing(self) -> Iterator[None]:
        try:
            yield
        except (ObjectsUnavailable, StoreUnavailable, OSError) as error:
            reason = error.message if isinstance(error, LoccitError) else error.strerror
            raise LedgerFailed(
                "The ledger of erasures in the place for originals cannot be read or written: "
                f"{reason} Bring that back, and try again."
            ) from error

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


def _own_part(content: bytes) -> str:
    """The part with all that a machine had in its file when it first saw the shared ledger.

    By the first line, which stays: a container with the same data folder has another host name each time.
    """
    first, *_ = content.splitlines()
    return f"machine-{hashlib.blake2b(first, digest_size=16).hexdigest()}"


def _begun(lines: Iterable[bytes]) -> set[bytes]:
    """The tags of collections whose erasure begins in these lines and does not end."""
    found: set[bytes] = set()
    for line in lines:
        with suppress(ValueError, TypeError, AttributeError):  # of a line that a crash cut off
            entry = _parse(line)
            if _BEGUN in entry:
                found.add(bytes.fromhex(entry[_BEGUN]))
            elif (ended := entry.get("collection") or entry.get(_KEPT)) is not None:
                found.discard(bytes.fromhex(ended))
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _tags(lines: Iterable[bytes], where: str) -> ErasedTags:
    found: dict[str, set[bytes]] = {"version": set(), "collection": set(), "file": set()}
    keys = set()
    for number, line in enumerate(lines, 1):
        try:
            entry = _parse(line)
            for kind in found.keys() & entry.keys():
                found[kind].add(bytes.fromhex(entry[kind]))
            if "key" in entry:
                keys.add(str(entry["key"]))
        except (ValueError, TypeError, AttributeError):
            # Of a write that a crash cut off, or damaged; the record writes what was in it again.
            _log.warning("Line %d of %s is not readable and is left out.", number, where)
    versions, collections, files = (frozenset(found[kind]) for kind in ("version", "collection", "file"))
    return ErasedTags(versions, collections, files, frozenset(keys))


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
