"""The write-ahead log beside a database file: SQLite applies it to whatever file it finds there.

A process that is killed leaves ``store.sqlite-wal`` with the last changes. If another copy of the file is put
in its place, SQLite applies them to that one. Where the log continues the copy, the result is the state that
was to be undone; where it does not, the file is ruined.
"""

import re
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from index.errors import StoreDamaged

_FILE_HEADER = 100
_HEADER = 32
_FRAME = 24
_META_LEAF = 0x0A
"""The type of the one page of the table ``meta``: a leaf of an index."""
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of an integer, by its type in a record of SQLite; types 8 and 9 are the numbers 0 and 1."""
_CHANGE = re.compile(rb"\x03\x19([\x01-\x06\x08\x09])change", re.DOTALL)
_STORE = re.compile(rb"\x03\x17.store([0-9a-f]{32})", re.DOTALL)
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class _State:
    """The change that a database has reached, and its store id; empty before format 4."""

    change: int
    store: str


def check_journal(path: Path) -> None:
    """Raise :class:`index.errors.StoreDamaged` if the log beside a record does not continue it.

    Call it before SQLite opens the file. It cannot tell a copy that the log continues from what a killed
    process leaves. Other processes may write meanwhile.
    """
    for attempt in range(_ATTEMPTS):
        # In this order: other processes may write the log into the file meanwhile, and begin it again.
        if (first := _first_state_in_log(_beside(path, "-wal"))) is None:
            return
        if (own := _state_in_file(path)) is None or _continues(first, own):
            return
        if attempt == _ATTEMPTS - 1:
            wal, shm = _beside(path, "-wal").name, _beside(path, "-shm").name
            raise StoreDamaged(
                f"{wal} in {path.parent} does not continue {path.name}: it begins with change "
                f"{first.change}, the file has reached {own.change}. If a backup was put back, delete {wal} "
                f"and {shm}, which belong to the file that was there before; otherwise restore a backup."
            )


def _continues(first: _State, own: _State) -> bool:
    return first.change <= own.change + 1 and (first.store == own.store or not (first.store and own.store))


def check_size(path: Path) -> None:
    """Raise :class:`index.errors.StoreDamaged` if a file that nobody writes is cut off.

    SQLite notices that only when it reads what is missing.
    """
    # Another process may have begun to write, and have ended, since the look for a log.
    if all(_is_cut_off(path) for _ in range(_ATTEMPTS)):
        size = path.stat().st_size
        raise StoreDamaged(
            f"{path} is cut off: it has {size:,} bytes, and more are recorded. Restore a backup."
        )


def _is_cut_off(path: Path) -> bool:
    if _size(_beside(path, "-wal")):
        return False
    size = _size(path)
    return size >= _FILE_HEADER and _has_less_than_recorded(path, size)


def _size(path: Path) -> int:
    """The bytes of a file, 0 without one: another process that ends may delete the log at any moment."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _has_less_than_recorded(path: Path, size: int) -> bool:
    """Whether a file has fewer bytes than its header says.

    SQLite reads it, nothing else may: where this process has the file open, closing any other descriptor of
    it would release the locks of SQLite. Another process would then take itself for the last one that has
    the file open, and delete the log that this one goes on writing.
    """
    try:
        with closing(_open_without_log(path)) as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            (page,) = connection.execute("PRAGMA page_size").fetchone()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        # What else is damaged is found by who opens the file.
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_CORRUPT
    return bool(size < pages * page)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _state_in_file(path: Path) -> _State | None:
    """The state of the file itself, without its log; None if it cannot be read."""
    try:
        with closing(_open_without_log(path)) as connection:
            found = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        return _State(int(found["change"]), str(found.get("store", "")))
    except (sqlite3.Error, KeyError, ValueError, TypeError):
        return None  # a new file, all of which is in the log, or one that is being written or damaged


def _open_without_log(path: Path) -> sqlite3.Connection:
    """Open a file without its log, which SQLite leaves alone for a file that is said not to change."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _first_state_in_log(path: Path) -> _State | None:
    """The state of the record after the first transaction in a log; None without one."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
            if len(header) < _HEADER:
                return None
            (size,) = struct.unpack(">I", header[8:12])
            salts = header[16:24]
            while len(frame := file.read(_FRAME)) == _FRAME and frame[8:16] == salts:
                page = file.read(size)
                if page[:1] == bytes([_META_LEAF]) and (state := _of_page(page)):
                    return state
    except FileNotFoundError:
        pass
    return None


def _of_page(page: bytes) -> _State | None:
    found = _CHANGE.search(page)
    if found is None or b"format" not in page:
        return None
    kind = found[1][0]
    width = _INTEGERS.get(kind, 0)
    change = int.from_bytes(page[found.end() : found.end() + width], signed=True) if width else kind - 8
    store = _STORE.search(page)
    return _State(change, store[1].decode() if store else "")
