"""The inventory of a data folder: what belongs to it, so that what is lost or exchanged is noticed.

``inventory.json`` names the databases beside the collections, each by an id that is also in the database, and
how far the files have come that are only appended to. Together with the records of the collections it keeps
the access mark: that the service asks for keys, and of which store these are. A restored part of a folder
still knows that, because each of its databases has the mark, too.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from index.durability import write_text_durably
from index.naming import CALIBRATION_FILE
from index.sealed import seal, unseal

INVENTORY = "inventory.json"
AUDIT = "audit.jsonl"
CLOSED_BY_SETTINGS = "settings"
"""The access mark while only the settings ask for keys; else it is the id of the store of keys."""
UNREADABLE = "unreadable"
"""Stands for the access mark of an inventory that cannot be read: it may have been any."""
MADE_ANEW: Mapping[str, str] = {
    "jobs.sqlite": "jobs and the outcomes of their files are forgotten; uploads that waited stay in spool/",
    "files.sqlite": "uploaded files and where they were attached are forgotten; their bytes stay in files/",
    "unanswered.db": "questions that documents do not answer are forgotten, and kept once that is turned on",
    AUDIT: "entries of the audit log are gone",
    "erasures.jsonl": "a restored backup brings back collections and uploaded files that were erased since "
    "it was made; erased documents are entered again",
}
"""Files whose loss does not keep the service from its start, and what it does."""
_OF_CALIBRATIONS = "probabilities are those of the package"
UNKNOWN_BEFORE = "Whether other files of the folder were lost or exchanged before cannot be told."
OWNER = "owner.sqlite"
log = logging.getLogger("loccit.service")
_DATABASES = ("jobs.sqlite", "files.sqlite", OWNER, "unanswered.db")
_FORMAT = 1
_HEAD = 256
"""Bytes at the beginning of a log by which it is recognised."""
_BUSY_SECONDS = 10.0
_CHECKSUM = "checksum"
"""The key of the hash of the other values."""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLE = "CREATE TABLE IF NOT EXISTS inventory (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
State = Literal["missing", "empty", "cut off", "damaged", "of another installation"]


@dataclass(frozen=True, slots=True)
class Lost:
    """A file that is not what the inventory says: its name, and what is wrong with it."""

    file: str
    state: State

    @property
    def is_replaceable(self) -> bool:
        """True if the service creates the file anew and warns."""
        return self.file != OWNER and (self.state in ("missing", "empty") or self.file not in _DATABASES)

    @property
    def effect(self) -> str:
        """The effect of its loss."""
        return effect_of(self.file)


def effect_of(name: str) -> str:
    """Return the effect of the loss of a file."""
    return _OF_CALIBRATIONS if name.endswith(CALIBRATION_FILE) else MADE_ANEW.get(name, "it is made anew")


@dataclass(slots=True)
class _Content:
    """The content of the file.

    ``logs`` have the length that each had, and a hash of its beginning. ``lost`` have the time, and the id of
    the database that is gone, which may be put back.
    """

    access: str = ""
    owner: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    logs: dict[str, tuple[int, str]] = field(default_factory=dict)
    calibrations: list[str] = field(default_factory=list)
    lost: dict[str, tuple[float, str]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> _Content:
        """Read the file. Raises ValueError, KeyError, TypeError, AttributeError."""
        found: dict[str, Any] = unseal(text)
        if found.pop("format") != _FORMAT:
            raise ValueError("its format is not known")
        logs = {name: (int(size), str(head)) for name, (size, head) in found.pop("logs").items()}
        lost = {name: (float(since), str(id_)) for name, (since, id_) in found.pop("lost").items()}
        return cls(**found, logs=logs, lost=lost)

    def text(self) -> str:
        return seal({"format": _FORMAT, **asdict(self)})


class Inventory:
    """The inventory of one data folder. Safe to use from several threads and processes.

    ``logs`` are files that are only appended to, by name: the ledger of erasures may be elsewhere.
    ``has_databases``: those of the folder are in use, and not some of PostgreSQL.
    """

    def __init__(
        self, data: Path, *, logs: Mapping[str, Path] | None = None, has_databases: bool = True
    ) -> None:
        self._data = data
        self._names = _DATABASES if has_databases else ()
        self._logs = {AUDIT: data / AUDIT, **(logs or {})}
        self.path = data / INVENTORY

    # Access

    def access(self) -> str:
        """The access mark of the folder: empty for a service that asks for no keys, or without inventory."""
        content = self._read()
        return UNREADABLE if content is None else content.access

    def marks(self) -> dict[str, str]:
        """The access marks of the inventory and of the databases in the folder, where there are any."""
        found = {INVENTORY: self.access()}
        for name in self._names:
            found[name] = _values_in(self._data / name).get("access", "")
        return {name: mark for name, mark in found.items() if mark}

    def set_access(self, mark: str) -> None:
        """Give the folder and its databases another access mark."""
        if self.access() != mark:
            with self._changing() as content:
                content.access = mark
        for name in self._names:
            if _values_in(self._data / name).get("access", "") != mark and _has_content(self._data / name):
                with suppress(sqlite3.Error):  # it is being written, or damaged: when stock is taken
                    _store(self._data / name, access=mark)

    # Stock

    def lost(self) -> list[Lost]:
        """Find files that are not as the inventory says. Reads little of each file, and changes nothing."""
        content = self._read() or _Content()
        known = {name: {id_} for name, id_ in content.files.items() if name in self._names}
        for name, (_, id_) in content.lost.items():
            known.get(name, set()).add(id_)
        states = {name: self._database(name, ids) for name, ids in known.items()}
        found = [Lost(name, state) for name, state in states.items() if state]
        for name, (size, head) in content.logs.items():
            if state := self._log(name, size, head):
                found.append(Lost(name, state))
        found.extend(
            Lost(name, "empty" if (self._data / name).exists() else "missing")
            for name in content.calibrations
            if (self._data / name).parent.exists() and not _size(self._data / name)
        )
        return found

    def losses(self) -> dict[str, float]:
        """Files that were lost and made anew, each with the time; until :meth:`accept`."""
        content = self._read()
        return {} if content is None else {name: since for name, (since, _) in content.lost.items()}

    def is_unreadable(self) -> bool:
        """Whether there is an inventory that cannot be read."""
        return self._read() is None

    def owner(self) -> str | None:
        """The name of the owner of the folder; None if it is not known."""
        content = self._read()
        return None if content is None else content.owner

    def note_losses(self, lost: list[Lost]) -> None:
        """Remember that files are made anew; what is there then is taken stock of."""
        with self._changing() as content:
            for one in lost:
                id_ = content.files.pop(one.file, "")
                content.logs.pop(one.file, None)
                content.calibrations = [name for name in content.calibrations if name != one.file]
                content.lost.setdefault(one.file, (time.time(), id_))

    def accept(self, names: Iterable[str]) -> None:
        """Take files as they are, if they are there at all: they do not count as lost any more."""
        with self._changing() as content:
            for name in names:
                for entered in (content.files, content.logs, content.lost):
                    entered.pop(name, None)
            content.calibrations.clear()
        self.take_stock()

    def take_stock(self, owner: str | None = None) -> None:
        """Enter what is in the folder. Databases get the access mark of the folder."""
        with self._changing() as content:
            for name in self._names:
                if _has_content(path := self._data / name):
                    with suppress(sqlite3.Error):  # it is being written, or damaged: another time
                        content.files[name] = _store(path, access=content.access)
                    if content.lost.get(name, (0, ""))[1] == content.files.get(name, ""):
                        content.lost.pop(name, None)  # it was put back
            content.owner = content.owner if owner is None else owner
            gone = [name for name in content.calibrations if (self._data / name).parent.exists()]
            there = (path.relative_to(self._data) for path in self._data.glob(f"*/*/{CALIBRATION_FILE}"))
            content.calibrations = sorted({*gone, *map(str, there)})
            for name, path in self._logs.items():
                known = content.logs.get(name)
                if known and (state := self._log(name, *known)):
                    log.error("%s is %s since it was looked at: %s.", name, state, effect_of(name))
                    content.lost.setdefault(name, (time.time(), ""))
                if size := _size(path):
                    content.logs[name] = (size, _head(path, size))

    def forget_log(self, name: str) -> None:
        """Take stock of a log anew, which was put aside because it is full."""
        with self._changing() as content:
            content.logs.pop(name, None)

    def is_forgotten(self) -> bool:
        """True if the inventory is missing and a database still has its values."""
        return not self.path.exists() and any(_values_in(self._data / name) for name in self._names)

    def copy_to(self, folder: Path) -> None:
        """Write what a copy of the folder needs: its access mark, and the databases that a backup has."""
        content = self._read() or _Content()
        # The owner may get another name where the copy is restored.
        ids = {name: id_ for name, id_ in content.files.items() if name != OWNER}
        kept = {name: id_ for name, id_ in ids.items() if (folder / name).exists()}
        if content.access or kept:
            text = _Content(content.access, files=kept, lost=content.lost).text()
            write_text_durably(folder / INVENTORY, text)

    def forget(self, name: str) -> None:
        """Take stock of a database anew, which was made again."""
        with self._changing() as content:
            content.files.pop(name, None)

    def _database(self, name: str, ids: set[str]) -> State | None:
        path = self._data / name
        if not path.exists():
            return "missing"
        if not _has_content(path):
            return "empty"
        try:
            found = _read_values(path)
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
            # One that is being written, or whose disk takes nothing, cannot be judged.
            return "damaged" if code & 0xFF in _DAMAGED else None
        return None if found.get("id") in ids else "of another installation"

    def _log(self, name: str, size: int, head: str) -> State | None:
        path = self._logs.get(name)
        if path is None:
            return None  # it is elsewhere now, as the settings say
        if any(_size(one) >= size and _head(one, size) == head for one in (path, *_put_aside(path))):
            return None
        if not path.exists():
            return "missing"
        if not (found := _size(path)):
            return "empty"
        is_beginning = found < min(size, _HEAD) or _head(path, size) == head
        return "cut off" if is_beginning else "of another installation"

    # The file

    def _read(self) -> _Content | None:
        """The content; None if it cannot be read."""
        try:
            return _Content.parse(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return _Content()
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    @contextmanager
    def _changing(self) -> Iterator[_Content]:
        """Give the content to change, alone among processes. One that cannot be read is made anew."""
        with ExitStack() as stack:
            try:
                stack.enter_context(FileLock(self.path.with_suffix(".lock"), is_singleton=False))
            except OSError as error:  # nothing can be written here, and the service goes on answering
                log.warning("%s cannot be changed: %s", self.path, error)
                yield self._read() or _Content()
                return
            found = self._read()
            if found is None or self.is_forgotten():
                log.warning("%s is made anew. %s", self.path, UNKNOWN_BEFORE)
            content = found or _Content()
            before = content.text()
            yield content
            if content.text() != before or not self.path.exists():
                try:
                    write_text_durably(self.path, content.text())
                except OSError as error:  # a full disk must not keep the service from answering
                    log.critical("%s could not be written: %s", self.path, error)


def _has_content(path: Path) -> bool:
    """True if a database has content, in its file or its write-ahead log."""
    return bool(_size(path) or (path.exists() and _size(path.with_name(f"{path.name}-wal"))))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _head(path: Path, size: int) -> str:
    """A hash of the beginning of a log that had so many bytes."""
    with path.open("rb") as file:
        return hashlib.sha256(file.read(min(size, _HEAD))).hexdigest()


def _put_aside(path: Path) -> list[Path]:
    """The files of a log that were full."""
    return [one for one in path.parent.glob(f"{path.name}.*") if one.suffix[1:].isdecimal()]


def _read_values(path: Path) -> dict[str, str]:
    """Read what a database says of itself; nothing before a stock-taking. Raises sqlite3.DatabaseError."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as one:
            # Reads the whole list of tables, and compares the length of the file.
            if not one.execute("SELECT 1 FROM sqlite_master WHERE name = 'inventory'").fetchone():
                return {}
            rows = one.execute("SELECT key, value FROM inventory").fetchall()
            found = {str(key): str(value) for key, value in rows}
    except UnicodeDecodeError as error:  # of a value, or of a message that has a part of the schema
        raise sqlite3.DatabaseError(f"{path} has characters that are none") from error
    if found and found.pop(_CHECKSUM, "") != _checksum(found):
        raise sqlite3.DatabaseError(f"{path} was changed after it was written")
    return found


def _checksum(values: Mapping[str, str]) -> str:
    """A hash of what a database says of itself, so that a flipped bit is noticed."""
    return hashlib.sha256(json.dumps(sorted(values.items())).encode()).hexdigest()[:16]


def _values_in(path: Path) -> dict[str, str]:
    """The same; nothing of a database that is missing or damaged."""
    try:
        return _read_values(path) if _has_content(path) else {}
    except sqlite3.Error:
        return {}


def _store(path: Path, *, access: str) -> str:
    """Give a database the access mark, and an id if it has none; returns its id."""
    with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as one:
        found = _read_values(path)
        if "id" in found and found.get("access", "") == access:
            return found["id"]
        one.execute("BEGIN IMMEDIATE")
        one.execute(_TABLE)
        one.execute("INSERT OR IGNORE INTO inventory VALUES ('id', ?)", (os.urandom(16).hex(),))
        one.execute("INSERT OR REPLACE INTO inventory VALUES ('access', ?)", (access,))
        (id_,) = one.execute("SELECT value FROM inventory WHERE key = 'id'").fetchone()
        values = (_CHECKSUM, _checksum({"id": id_, "access": access}))
        one.execute("INSERT OR REPLACE INTO inventory VALUES (?, ?)", values)
        one.execute("COMMIT")
        return str(id_)
