"""A bit that flips in any file of a data folder is found by a check, unless the byte has no use."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from index.config import LibraryConfig
from service.flows.upkeep import check
from service.flows.upkeep.check import Finding
from service.state.databases.owner import find_owner
from tests.corruption import data_folder
from tests.corruption.damages import files_of
from tests.sizes import FULL

FLIPS = 300 if FULL else 24


@dataclass(frozen=True, slots=True)
class Flip:
    """A bit of a byte of a file."""

    file: str
    at: int
    bit: int

    def apply(self, folder: Path) -> None:
        content = bytearray((folder / self.file).read_bytes())
        content[self.at] ^= 1 << self.bit
        (folder / self.file).write_bytes(content)


def drawn(folder: Path, count: int) -> Iterator[Flip]:
    """So many flips, of all files in turn; in a database mostly of bytes that are not zero, as few are."""
    files, random_ = files_of(folder), random.Random(7)
    random_.shuffle(files)
    # The databases more often: they have the most, and other files are compared as a whole.
    files += [one for one in files if one.endswith(data_folder.DATABASES)] * 4
    random_.shuffle(files)
    for number in range(count):
        file = files[number % len(files)]
        content = (folder / file).read_bytes()
        places: range | list[int] = range(len(content))
        if file.endswith(data_folder.DATABASES) and random_.random() < 0.75:
            places = [at for at, byte in enumerate(content) if byte]
        yield Flip(file, random_.choice(places), random_.randrange(8))


def found_in(folder: Path) -> list[Finding]:
    return list(check(folder, LibraryConfig(erasure_ledger=folder / data_folder.LEDGER)))


def names(finding: Finding, file: str) -> bool:
    """Whether a finding says in which file the damage is, or in which of the parts that it belongs to."""
    path = Path(file)
    place = f"{finding.problem.place} {finding.problem.message}"
    if finding.collection:
        parts = {"store.sqlite": "store", "collection.json": "collection.json"}
        part = parts.get(path.name, path.parts[2])
        return path.parts[1] == finding.collection and (
            part in place or part.removesuffix("s") in place or part == "store"
        )
    part = path.parent.name if path.name.startswith("0") else path.name
    return part in place or part.removesuffix(".sqlite").removesuffix("s") in finding.problem.code


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flips") / "data"
    folder.mkdir()
    data_folder.fill(folder)
    return folder


def test_a_whole_folder_has_no_damage(whole: Path) -> None:
    assert found_in(whole) == []


WORDS = {
    "keys.sqlite": [b"chatbot", b"staff", b"9:3"],
    "jobs.sqlite": [b"https://example.org", b"waits"],
    "files.sqlite": [b"assistants", b"Moons", b"a.txt"],
    "owner.sqlite": [b""],
    "unanswered.db": [b"Why is 2?"],
    "collections/default/store.sqlite": [b"Moon 4", b"retired", b"m4"],
}
"""Words in rows that nothing but their copies can be compared with; of an owner its name."""


@pytest.mark.parametrize("file", WORDS)
def test_a_changed_word_of_a_row_is_found(file: str, whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(whole, folder)
    content = (folder / file).read_bytes()
    for word in WORDS[file] if WORDS[file] != [b""] else [find_owner(whole).encode()]:
        for at in (content.index(word), content.rindex(word)):
            changed = bytearray(content)
            changed[at] ^= 1
            (folder / file).write_bytes(changed)
            assert any(names(one, file) for one in found_in(folder)), (word, at)
        (folder / file).write_bytes(content)
    assert found_in(folder) == []


def test_no_flipped_bit_is_silent(whole: Path, tmp_path: Path) -> None:
    folder, told = tmp_path / "data", Counter[str]()
    for flip in drawn(whole, FLIPS):
        shutil.copytree(whole, folder)
        flip.apply(folder)
        found = found_in(folder)
        if found:
            assert any(names(one, flip.file) for one in found), (flip, found)
        else:
            assert data_folder.says_the_same(folder / flip.file, whole / flip.file), flip
        told["found" if found else "without use"] += 1
        shutil.rmtree(folder)
    assert told["found"] > FLIPS // 3, told


CRASHED = {"passages.start", "passages.end", "text_blocks.body", "changes.token"}
"""Columns that a comparison of the indexes with the record could not do without."""


def emptied(path: Path, columns: set[str]) -> Iterator[str]:
    """Set columns to NULL in turn, of all tables if none is named; yields the name of each while it is.

    A bit that flips in the header of a row does that, although the column is NOT NULL.
    """
    content = path.read_bytes()
    with closing(sqlite3.connect(path)) as rows:
        listed = rows.execute(
            "SELECT m.name, c.name, m.sql FROM sqlite_master m, pragma_table_info(m.name) c"
            " WHERE m.type = 'table' AND c.\"notnull\" AND NOT c.pk"
        ).fetchall()
    for table, column, defined in listed:
        if columns and f"{table}.{column}" not in columns:
            continue
        changed = 0
        with closing(sqlite3.connect(path, isolation_level=None)) as rows:
            define(rows, table, defined.replace(" NOT NULL", ""))
            rows.execute("PRAGMA ignore_check_constraints = ON")
            with suppress(sqlite3.IntegrityError):  # by a trigger
                changed = rows.execute(f'UPDATE "{table}" SET "{column}" = NULL').rowcount  # noqa: S608
            define(rows, table, defined)
        if changed:
            yield f"{table}.{column}"
        path.write_bytes(content)


def define(rows: sqlite3.Connection, table: str, definition: str) -> None:
    rows.execute("PRAGMA writable_schema = ON")
    rows.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (definition, table))
    rows.execute("PRAGMA writable_schema = RESET")


def test_a_value_that_is_gone_is_found(whole: Path, tmp_path: Path) -> None:
    folder, silent = tmp_path / "data", []
    shutil.copytree(whole, folder)
    databases = [one for one in files_of(folder) if one.endswith(data_folder.DATABASES)]
    for file in databases if FULL else ["collections/default/store.sqlite"]:
        for name in emptied(folder / file, set() if FULL else CRASHED):
            if not any(names(one, file) for one in found_in(folder)):
                silent.append(f"{file} {name}")
    assert silent == []
