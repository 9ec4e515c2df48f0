"""Files of earlier formats: they open, answer as before, and end up with the schema of a new file."""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import StoreDamaged, UnknownFormat
from index.filters import parse_filter, veiled
from index.ingest.preparation import Source
from index.store.sqlite import SqliteStore
from index.store.sqlite.migrations import BASE, FORMAT, MIGRATIONS
from tests.contracts.documents import document, kinds, now, put
from tests.log_lines import lines
from tests.opening import collection_in, resolving, store_in

EARLIER = Path(__file__).parent / "earlier"
EXPECTED: dict[str, Any] = json.loads((EARLIER / "expected.json").read_text())
"""What the release that wrote the earliest fixture found in it. How it ranked the rest is not kept."""


def early_format_3(connection: sqlite3.Connection) -> None:
    """Before it had totals and claims, which were added without a number."""
    dump(connection, BASE)
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in rows:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("DROP TABLE totals")
    connection.execute("DROP TABLE claims")


def dump(connection: sqlite3.Connection, number: int) -> int:
    """Load the last dump of this format or an earlier one; returns its format."""
    kept = max(one for one in range(BASE, number + 1) if (EARLIER / f"format-{one}.sql").exists())
    connection.executescript((EARLIER / f"format-{kept}.sql").read_text())
    return kept


def of_format(number: int) -> Callable[[sqlite3.Connection], None]:
    """A file of a format: a dump, brought there by the migrations that came after it."""

    def make(connection: sqlite3.Connection) -> None:
        for migration in MIGRATIONS[dump(connection, number) - BASE : number - BASE]:
            migration(connection)
        connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (number,))

    return make


FILES = {
    "early format 3": early_format_3,
    **{f"format {number}": of_format(number) for number in range(BASE, FORMAT)},
}


@pytest.fixture(params=FILES)
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A collection's folder with a record of an earlier format."""
    folder = tmp_path / "default"
    folder.mkdir()
    (folder / "collection.json").write_text((EARLIER / "collection.json").read_text())
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        FILES[request.param](connection)
        connection.commit()
    return folder


@contextmanager
def made_now(folder: Path) -> Iterator[Collection]:
    """A collection with the rules and the history of the fixtures, which no earlier release wrote."""
    folder.mkdir()
    (folder / "collection.json").write_text((EARLIER / "collection.json").read_text())
    with collection_in(folder, embedder=WordEmbedder(), config=LibraryConfig()) as collection:

        def add(name: str, text: str, **metadata: Any) -> None:
            collection.put(Source(id=name, data=text.encode(), metadata=metadata))

        lamps = "# Lamps\n\nThe keeper lights the lamp {}\n\n## Stairs\n\nThere are {} steps to the lantern."
        add("lamps.md", lamps.format("at dusk. The oil is of rape seed.", 311), kind="light", year=1841)
        add("ships.md", "# Ships\n\nThe brig Hannah lay in the harbour. Her crew slept ashore.")
        add("tides.md", "# Tides\n\nSpring tides come at full moon. Neap tides follow a week later.")
        add("gone.md", "# Gone\n\nThis page is deleted.")
        collection.editor.delete("gone.md")
        add("storms.md", "# Storms\n\nThe storm of 1839 broke the windows.")
        collection.embed_pending()
        later = "an hour before dusk. The oil is of colza."
        add("lamps.md", lamps.format(later, 312), kind="light", year=1841)
        add("ships.md", "# Ships\n\nThe brig Hannah sailed at dawn. Her crew was glad of it.")
        collection.embed_pending()
        collection.editor.rename("tides.md", "sea/tides.md")
        add("late.md", "# Late\n\nThis page about herring waits for its vectors.")
        yield collection


def asked(collection: Collection, question: str, **named: Any) -> list[list[str]]:
    return [[hit.citation.locator, hit.text] for hit in collection.ask(question, **named).hits]


def answers(collection: Collection) -> dict[str, list[list[str]]]:
    """The answers to the questions of the fixtures, and to one with a filter and one of the past."""
    only_light = parse_filter({"type": "eq", "key": "kind", "value": "light"})
    return {
        **{question: asked(collection, question) for question in EXPECTED["best"]},
        "filtered": asked(collection, "oil of the lamp", where=only_light),
        "as_of": asked(collection, "When is the lamp lit?", as_of=EXPECTED["as_of"]["change"]),
    }


@pytest.fixture
def collection(folder: Path) -> Iterator[Collection]:
    with collection_in(folder, embedder=WordEmbedder(), config=LibraryConfig()) as opened:
        yield opened


def schema_of(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return sorted(
            connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        )


def test_a_migrated_file_has_the_schema_of_a_new_one(folder: Path, tmp_path: Path) -> None:
    store_in(folder).close()
    SqliteStore(tmp_path / "new.sqlite").close()
    assert schema_of(folder / "store.sqlite") == schema_of(tmp_path / "new.sqlite")
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        assert connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone() == (FORMAT,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_was_found_before_is_found(collection: Collection) -> None:
    assert collection.state.change == EXPECTED["change"]
    assert collection.state.embedded == EXPECTED["embedded"]
    found = answers(collection)
    assert {question: found[question][0] for question in EXPECTED["best"]} == EXPECTED["best"]
    assert sorted(found["filtered"]) == EXPECTED["filtered"]
    assert sorted(found["as_of"]) == EXPECTED["as_of"]["passages"]


def test_answers_are_those_of_a_collection_made_now(collection: Collection, tmp_path: Path) -> None:
    with made_now(tmp_path / "now") as new:
        assert collection.state == new.state
        assert answers(collection) == answers(new)


def test_old_locators_resolve(collection: Collection, folder: Path) -> None:
    for locator, quote in EXPECTED["locators"].items():
        citation = resolving(collection).cite(locator)
        assert citation.quote == quote
    collection.close()
    with closing(store_in(folder)) as store:
        assert [list(one) for one in kinds(store)] == EXPECTED["events"]


def test_a_migrated_file_is_written_like_a_new_one(collection: Collection) -> None:
    collection.put(Source(id="new.md", data=b"A walrus came to the slipway."))
    collection.embed_pending()
    assert collection.state.embedded == 1.0
    assert collection.ask("walrus").hits[0].citation.document_id == "new.md"
    collection.editor.delete("lamps.md")
    assert "lamps.md" not in {hit.citation.document_id for hit in collection.ask("lamp", k=20).hits}


def test_documents_of_a_migrated_file_can_be_retired_and_restored(collection: Collection) -> None:
    before = collection.archive.counts()
    version, text = collection.archive.text("lamps.md")
    collection.editor.retire(["lamps.md"])
    assert collection.archive.counts().documents == before.documents - 1
    assert "lamps.md" not in {hit.citation.document_id for hit in collection.ask("lamp", k=20).hits}
    collection.put(Source(id="lamps.md", data=text.encode()))
    after = collection.archive.counts()
    assert (after.documents, after.characters) == (before.documents, before.characters)
    assert collection.archive.document("lamps.md").version == version.number + 1


def test_totals_of_a_migrated_file_are_those_of_a_count(folder: Path) -> None:
    with closing(store_in(folder)) as store:
        put(store, [document("new")])
        counts = now(store).counts()
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        counted = connection.execute(
            "SELECT (SELECT COUNT(*) FROM documents),"
            " (SELECT COUNT(*) FROM passages WHERE removed IS NULL),"
            " (SELECT COUNT(*) FROM passages WHERE removed IS NULL AND embedded IS NOT NULL)"
        ).fetchone()
    assert (counts.documents, counts.passages, counts.embedded) == counted


def test_a_migration_is_logged_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "loccit.store")
    store_in(folder).close()
    store_in(folder).close()
    (line,) = lines(caplog)
    assert f"to format {FORMAT}" in line


@pytest.mark.parametrize(
    ("number", "advice"), [(FORMAT + 1, "newer one, or restore a backup"), (2, "Ingest its documents")]
)
def test_a_format_that_cannot_be_read_is_refused_by_name(tmp_path: Path, number: int, advice: str) -> None:
    path = tmp_path / "store.sqlite"
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (number,))
        connection.commit()
        before = list(connection.iterdump())
    with pytest.raises(UnknownFormat, match=rf"store\.sqlite has format {number}.*{advice}"):
        SqliteStore(path)
    with closing(sqlite3.connect(path)) as connection:
        assert list(connection.iterdump()) == before


def test_a_file_that_a_newer_program_has_migrated_is_not_written_any_more(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with closing(SqliteStore(path)) as store:
        put(store, [document("a")])
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (FORMAT + 1,))
            connection.commit()
            before = list(connection.iterdump())
        for write in (lambda: put(store, [document("b")]), lambda: store.staging().cancel()):
            with pytest.raises(UnknownFormat, match=rf"store\.sqlite has format {FORMAT + 1}"):
                write()
        with closing(sqlite3.connect(path)) as connection:
            assert list(connection.iterdump()) == before


def test_a_failed_migration_leaves_the_file_as_it_was(folder: Path) -> None:
    path = folder / "store.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        # What the last migration adds is there already, as no program writes it: the migration fails.
        connection.execute("ALTER TABLE versions ADD COLUMN page_labels TEXT")
        connection.commit()
        before = list(connection.iterdump())
    with pytest.raises(StoreDamaged, match="page_labels"):
        SqliteStore(path)
    with closing(sqlite3.connect(path)) as connection:
        assert list(connection.iterdump()) == before


def test_the_groups_of_erased_documents_lose_their_names(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        of_format(9)(connection)
        (key,) = connection.execute("SELECT key FROM documents LIMIT 1").fetchone()
        connection.executemany(
            "INSERT INTO document_groups VALUES (?, ?)", [(key, "staff"), (10**6, "staff"), (10**6, "board")]
        )
        connection.execute("UPDATE meta SET value = 7 WHERE key = 'purged'")
        connection.commit()
    with closing(SqliteStore(path)):
        pass
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT document, name FROM document_groups").fetchall()
        assert set(found) == {(key, "staff"), (10**6, veiled("staff")), (10**6, veiled("board"))}
        # Their names leave the unused parts of the file with the next purge.
        assert connection.execute("SELECT value FROM meta WHERE key = 'purged'").fetchone() == (0,)
