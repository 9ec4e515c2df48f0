"""Tables and indexes of a database that are not those of the program, and passages that are lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.library import Library
from service.flows.upkeep import Finding, check, repair
from tests.postgresql import database, end_connections

pytestmark = pytest.mark.processes

CORPUS = sorted((Path(__file__).resolve().parents[4] / "corpus").glob("*.md"))[:2]
INDEXES = "SELECT schemaname || '.' || indexname FROM pg_indexes WHERE schemaname ~ '^(collection_|loccit)'"
BACKED = (
    "SELECT n.nspname || '.' || c.relname FROM pg_constraint o JOIN pg_class c ON c.oid = o.conindid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
)


class Database:
    """A database with a collection, and the data folder beside it."""

    def __init__(self, data: Path, url: str) -> None:
        self.data = data
        self.url = url
        self.config = LibraryConfig(store=SecretStr(url))

    def run(self, statement: str) -> list[tuple[str, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def findings(self) -> list[Finding]:
        return list(check(self.data, self.config))

    def codes(self) -> list[str]:
        return [one.problem.code for one in self.findings()]

    def repair(self) -> None:
        repair(self.data, self.config, self.findings())


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    data = tmp_path_factory.mktemp("data")
    with database() as url:
        one = Database(data, url)
        with Library(data, embedder=WordEmbedder(), config=one.config) as library:
            notes = library.open("notes", create=True)
            for path in CORPUS:
                notes.put(Source(path.name, path.read_bytes()))
            notes.put(Source("twice.txt", b"It is said once."))
            notes.put(Source("twice.txt", b"It is said twice. And it is no more than a line."))
            notes.put(Source("heading.md", b"# Nothing below\n"))
            notes.embed_pending()
        assert one.codes() == []
        yield one
        end_connections(url)


def test_every_index_that_is_dropped_is_told_and_made_again(filled: Database) -> None:
    backed = {name for (name,) in filled.run(BACKED)}
    dropped = sorted(name for (name,) in filled.run(INDEXES) if name not in backed)
    assert len(dropped) > 20
    for name in dropped:
        filled.run(f"DROP INDEX {name}")
    found = filled.findings()
    assert {one.problem.code for one in found} == {"database_index_missing"}
    filled.repair()
    assert filled.codes() == []
    assert sorted(name for (name,) in filled.run(INDEXES) if name not in backed) == dropped


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        (
            "ALTER TABLE collection_1.texts DROP CONSTRAINT texts_pkey",
            "ALTER TABLE collection_1.texts ADD PRIMARY KEY (sha256)",
        ),
        (
            "ALTER TABLE collection_1.passages DISABLE TRIGGER totals_delete",
            "ALTER TABLE collection_1.passages ENABLE TRIGGER totals_delete",
        ),
        (
            "ALTER TABLE collection_1.documents ALTER source DROP NOT NULL",
            "ALTER TABLE collection_1.documents ALTER source SET NOT NULL",
        ),
        (
            "ALTER TABLE loccit_service.items RENAME passages TO lost",
            "ALTER TABLE loccit_service.items RENAME lost TO passages",
        ),
    ],
)
def test_other_differences_are_told_and_no_repair_hides_them(
    filled: Database, broken: str, mended: str
) -> None:
    filled.run(broken)
    before = filled.codes()
    assert "database_definition_wrong" in before
    filled.repair()
    assert "database_definition_wrong" in filled.codes()
    filled.run(mended)


def test_what_an_operator_adds_is_left_alone(filled: Database) -> None:
    filled.run("CREATE INDEX own ON collection_1.documents (created)")
    filled.run("ALTER TABLE collection_1.documents ADD COLUMN own text")
    assert filled.codes() == []
    filled.run("ALTER TABLE collection_1.documents DROP COLUMN own")


def test_any_passage_that_is_lost_is_told_and_no_repair_hides_it(filled: Database) -> None:
    text = "SELECT id::text FROM collection_1.passages WHERE removed IS NULL ORDER BY random() LIMIT 2"
    for (number,) in filled.run(text):
        lost = f"FROM collection_1.passages WHERE id = {int(number)}"
        filled.run(f"CREATE TABLE kept AS SELECT * {lost}")
        filled.run(f"DELETE {lost}")
        assert "passage_missing" in filled.codes(), number
        filled.repair()
        assert "passage_missing" in filled.codes(), number
        filled.run("INSERT INTO collection_1.passages SELECT * FROM kept")
        filled.run("DROP TABLE kept")
    filled.repair()
    assert "passage_missing" not in filled.codes()
