"""The record's tables of earlier formats, and of a later one while a process of this version is at work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import FormatInUse, UnknownFormat
from index.ingest import Source
from index.library import Library
from index.postgresql import Compatible, Server, migrate, open_server
from index.postgresql.formats import TableFormat, read_format
from index.postgresql.migrations import oldest_of
from index.records import Problem
from index.store.postgresql import PostgresqlCatalogue
from index.store.postgresql.schema import COLLECTION
from tests.earlier_tables import set_back
from tests.patience import eventually
from tests.postgresql import database

SCHEMA = "collection_1"
NOTES = "CREATE TABLE notes (passage bigint PRIMARY KEY, note text NOT NULL);"
EXPANDED = (
    *COLLECTION,
    Compatible(
        NOTES
        + """
        ALTER TABLE documents ADD COLUMN shelf text NOT NULL DEFAULT 'none';
        ALTER TABLE versions ADD COLUMN shelf text NOT NULL DEFAULT 'none';
        ALTER TABLE passages ADD COLUMN shelf text NOT NULL DEFAULT 'none';
        ALTER TABLE embeddings ADD COLUMN shelf text NOT NULL DEFAULT 'none';
        ALTER TABLE texts ADD COLUMN shelf text NOT NULL DEFAULT 'none';
        ALTER TABLE names ADD COLUMN shelf text NOT NULL DEFAULT 'none';
        ALTER TABLE events ADD COLUMN shelf text NOT NULL DEFAULT 'none';
        ALTER TABLE claims ADD COLUMN shelf text NOT NULL DEFAULT 'none';
        ALTER TABLE bases ADD COLUMN shelf text NOT NULL DEFAULT 'none';
        ALTER TABLE attributes ADD COLUMN shelf text NOT NULL DEFAULT 'none';
        ALTER TABLE state ADD COLUMN shelf text NOT NULL DEFAULT 'none';
        CREATE INDEX documents_shelf ON documents (shelf);
        """
    ),
)
BROKEN = (*COLLECTION, "ALTER TABLE documents RENAME COLUMN source TO origin")


@pytest.fixture
def url() -> Iterator[str]:
    with database() as address:
        yield address


@contextmanager
def opened(folder: Path, url: str, name: str) -> Iterator[Collection]:
    """The collection in a process of this version with a name."""
    address = f"{url}&application_name=loccit%20{name}"  # so that it has a pool of its own
    config = LibraryConfig(store=SecretStr(address))
    with (
        closing(open_server(address)),
        Library(folder / name, embedder=WordEmbedder(), config=config) as library,
    ):
        yield library.open("default", create=True)


def add(collection: Collection, name: str, text: str) -> None:
    collection.put(Source(name, text.encode(), metadata={"kind": "planet"}))
    collection.embed_pending()


def found(collection: Collection, question: str) -> list[str]:
    collection.refresh()
    return [hit.citation.document_id for hit in collection.ask(question, k=3).hits]


def fill(collection: Collection) -> None:
    """Documents with versions, and a deleted one."""
    add(collection, "mars.txt", "Mars has a moon.")
    add(collection, "mars.txt", "Mars has two moons.")
    add(collection, "venus.txt", "Venus has no moons.")
    add(collection, "pluto.txt", "Pluto has the moon Charon.")
    collection.editor.delete("pluto.txt")


def problems(url: str, folder: Path) -> list[Problem]:
    with (
        closing(Server(url)) as server,
        closing(PostgresqlCatalogue(server, folder).open("default")) as store,
    ):
        return list(store.problems(WordEmbedder().dimension))


def format_of(server: Server) -> TableFormat:
    with server.read(SCHEMA) as reading:
        return read_format(reading, SCHEMA, "record")


def is_migrated(server: Server) -> bool:
    try:
        migrate(server, SCHEMA, "record", BROKEN)
    except FormatInUse:
        return False
    return True


@pytest.mark.parametrize("number", range(1, len(COLLECTION)))
def test_tables_of_earlier_formats_are_migrated_with_their_rows(
    tmp_path: Path, url: str, number: int
) -> None:
    with opened(tmp_path, url, "first") as collection:
        fill(collection)
        before = found(collection, "moons of Mars")
        versions = collection.archive.versions("mars.txt")
    set_back(url, SCHEMA, "record", COLLECTION[:number])
    with opened(tmp_path, url, "second") as collection:
        assert found(collection, "moons of Mars") == before == ["mars.txt", "venus.txt"]
        assert collection.archive.versions("mars.txt") == versions
        add(collection, "saturn.txt", "Saturn has many moons.")
        assert found(collection, "moons of Saturn")[0] == "saturn.txt"
    assert problems(url, tmp_path) == []


def test_a_process_goes_on_beside_newer_code_that_has_added_tables_and_columns(
    tmp_path: Path, url: str
) -> None:
    with opened(tmp_path, url, "old") as old, closing(Server(url)) as new:
        fill(old)
        assert found(old, "moons of Mars")[0] == "mars.txt"
        migrate(new, SCHEMA, "record", EXPANDED)
        assert format_of(new) == TableFormat(len(EXPANDED), oldest_of(COLLECTION))
        with new.write(SCHEMA) as writing:
            writing.execute("UPDATE documents SET shelf = 'red' WHERE id = 'mars.txt'")
        assert found(old, "moons of Mars")[0] == "mars.txt"
        add(old, "mars.txt", "Mars has two moons, Phobos and Deimos.")
        add(old, "saturn.txt", "Saturn has many moons.")
        old.editor.rename("venus.txt", "hesperus.txt")
        old.editor.delete("saturn.txt")
        with opened(tmp_path, url, "later") as later:
            assert found(later, "moons") == found(old, "moons")
        with new.read(SCHEMA) as reading:
            assert reading.rows("SELECT id, shelf FROM documents ORDER BY id") == [
                ("hesperus.txt", "none"),
                ("mars.txt", "red"),
            ]
    assert problems(url, tmp_path) == []


def test_tables_that_a_process_could_not_use_are_migrated_after_it_has_closed_them(
    tmp_path: Path, url: str
) -> None:
    with closing(Server(url)) as new:
        with opened(tmp_path, url, "old") as old:
            fill(old)
            with pytest.raises(FormatInUse, match=r"any schema: 1 \(loccit old\)"):
                migrate(new, SCHEMA, "record", BROKEN)
            add(old, "saturn.txt", "Saturn has many moons.")
            assert found(old, "moons of Saturn")[0] == "saturn.txt"
        eventually(lambda: is_migrated(new))  # the server may take a moment to notice that it is closed
        with new.read(SCHEMA) as reading:
            assert len(reading.rows("SELECT origin FROM documents")) == 3
    message = f"format {len(BROKEN)}, and this program reads formats up to {len(COLLECTION)}"
    with pytest.raises(UnknownFormat, match=message), opened(tmp_path, url, "late"):
        pass
