"""A data folder that has everything a service keeps, and what its files say."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.library import Library
from index.store import open_catalogue
from index.store.sqlite.database.schemas import described
from service.monitoring.audit import append
from service.state.files import Attachment, StoreLabel, UploadedFile, open_file_store
from service.state.identity import KeyOptions, Scope, new_key, open_key_store
from service.state.jobs import open_job_store, open_spool
from service.state.jobs.records import NewItem
from service.state.questions import AskedQuestion, open_question_store
from tests.service.http_service import put, served

HEADERS = {"x-api-key": "correct-horse"}
LEDGER = "erasures.jsonl"
KNOWN = {"time", "key", "path", "version", "erased"}
"""What the lines say that are written here."""
_NUMBERS = b"sqlite_sequence"
"""A last number that is too high does no harm."""
DATABASES = (".sqlite", ".db")


def fill(data: Path) -> None:
    """Make the folder, by a service and by its stores."""
    config = LibraryConfig(erasure_ledger=data / LEDGER)
    with Library(data, embedder=WordEmbedder(), config=config) as library, served(library) as client:
        for number in range(6):
            text = f"# Moon {number}\n\nMoon {number} circles its planet. It is made of ice and dust.\n"
            metadata = {"year": 2000 + number, "tags": ["moon", f"m{number}"]}
            put(client, f"{number}.md", text, title=f"Moon {number}", metadata=metadata, groups=["staff"])
        put(client, "0.md", "# Moon 0\n\nIt was found again.\n", title="Moon 0")
        client.put("/v1/collections/laws")
        put(client, "law.txt", "Everybody may ask.", collection="laws")
        editor = library.open("default").editor
        editor.rename("1.md", "one.md")
        editor.delete("2.md")
        editor.retire(["3.md"])
    _sweep(data)
    _fill_stores(data)


def _sweep(data: Path) -> None:
    """Remove the bytes of what was erased, which no version has any more."""
    catalogue = open_catalogue(data)
    with closing(catalogue.open("default")) as store, store.snapshot() as moment:
        catalogue.originals("default").sweep(moment.all_originals())


def _fill_stores(data: Path) -> None:
    with closing(open_key_store(data)) as keys:
        for name in ("chatbot", "operator"):
            _, key = new_key(name, Scope.READ, KeyOptions(groups=["staff"], collections=["laws"], rate="9:3"))
            keys.add(key)
        keys.revoke(key.id, 5.0)
        keys.end_session("5e55" * 8, 4e9, 1.0)
        keys.end_sessions(key.id)
        for purpose in ("sessions", "citations", "limits"):
            keys.secret(purpose)
    with closing(open_file_store(data)) as files:
        with closing(files.spool.create("file-1", 1)) as file:
            file.write(b"What was uploaded and is kept. " * 9)
            file.keep()
        files.add(UploadedFile("file-1", "a.txt", "assistants", 279, 7.0, "owner/", frozenset({"staff"})))
        files.attach([Attachment("default", "file-1", "a.txt", "job", 8.0, {"x": 1})])
        files.set_label(StoreLabel("default", "Mine", "Moons", {"k": "v"}, 9.0))
    spool = open_spool(data)
    with closing(spool.create("waits", 1)) as file:
        file.write(b"What waits for its job. " * 9)
        file.keep()
    spool.sync("waits")
    with closing(open_job_store(data)) as jobs:
        jobs.add("waits", "default", [NewItem("file", "b.txt", "000001", 216)])
        jobs.add(
            "other", "laws", [NewItem("url", "https://example.org"), NewItem("url", "https://a.example")]
        )
    with closing(open_question_store(data)) as questions:
        questions.add([AskedQuestion(float(n), "default", f"Why is {n}?", 0.1) for n in range(4)])
    for number in range(4):
        append(data / "audit.jsonl", {"key": "1f0c9a27be", "path": f"/v1/documents/{number}.md"})


def rows_of(path: Path) -> Mapping[str, Any]:
    """Everything that SQLite reads in a file: its format, its schema, and the rows of all tables."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        defined = described(connection)
        connection.text_factory = bytes
        schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
        names = [
            name.decode() for kind, name, *_ in schema if kind == b"table" and name != b"sqlite_sequence"
        ]
        found = {name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}  # noqa: S608
        return {
            "schema": defined,
            "format": connection.execute("PRAGMA user_version").fetchone(),
            **found,
        }


def entries_of(path: Path) -> list[Any]:
    """What a file of JSON says, without the checksums of its lines."""
    if path.suffix == ".jsonl":
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        return [{key: value for key, value in line.items() if key in KNOWN} for line in lines]
    entries = json.loads(path.read_bytes())
    if path.name == ".managed.json":  # any list does: files that it lacks are deleted, too
        assert isinstance(entries, list)
        return []
    return [entries]


def says_the_same(path: Path, whole: Path) -> bool:
    """Whether a damaged file says what the whole one does, so that the damage is in bytes without use."""
    try:
        if path.suffix in DATABASES:
            return rows_of(path) == rows_of(whole)
        if path.suffix in {".json", ".jsonl"}:
            return entries_of(path) == entries_of(whole)
    except (sqlite3.Error, ValueError):
        return False
    return path.read_bytes() == whole.read_bytes()
