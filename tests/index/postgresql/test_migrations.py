"""Migrations: numbered, forward only, one process at a time."""

import threading
from contextlib import closing

import pytest

from index.errors import StoreDamaged, UnknownFormat
from index.postgresql import Server, Transaction, migrate
from tests.patience import PATIENCE

FIRST = "CREATE TABLE words (word text); INSERT INTO words VALUES ('one')"


def _second(transaction: Transaction) -> None:
    transaction.execute("INSERT INTO words VALUES ('two')")


def words(server: Server, schema: str = "place") -> list[str]:
    with server.read(schema) as reading:
        return [word for (word,) in reading.rows("SELECT word FROM words")]


def test_each_migration_runs_once(url: str, server: Server) -> None:
    with closing(Server(url)) as earlier:
        migrate(earlier, "place", "words", [FIRST])
        migrate(earlier, "place", "words", [FIRST])
        assert words(earlier) == ["one"]
    migrate(server, "place", "words", [FIRST, _second])
    migrate(server, "other", "words", [FIRST, _second])
    assert words(server) == words(server, "other") == ["one", "two"]


def test_components_of_a_schema_have_formats_of_their_own(server: Server) -> None:
    migrate(server, "place", "words", [FIRST, _second])
    migrate(server, "place", "numbers", ["CREATE TABLE numbers (number bigint)"])
    assert words(server) == ["one", "two"]


def test_a_later_format_is_refused(url: str, server: Server) -> None:
    migrate(server, "place", "words", [FIRST, _second])
    with (
        closing(Server(url)) as earlier,
        pytest.raises(UnknownFormat, match="format 2, and this program reads formats up to 1"),
    ):
        migrate(earlier, "place", "words", [FIRST])


def test_tables_that_must_be_there_are_not_made(server: Server) -> None:
    with pytest.raises(StoreDamaged, match="missing"):
        migrate(server, "place", "words", [FIRST], create=False)


def test_a_migration_that_fails_leaves_nothing(server: Server) -> None:
    with pytest.raises(StoreDamaged, match="syntax"):
        migrate(server, "place", "words", [FIRST, "nonsense"])
    migrate(server, "place", "words", [FIRST])
    assert words(server) == ["one"]


def test_several_processes_may_begin_at_once(server: Server) -> None:
    names = ["words", "numbers"] * 4
    threads = [
        threading.Thread(target=migrate, args=(server, "place", name, [f"CREATE TABLE {name} (a text)"]))
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    with server.read("place") as reading:
        assert sorted(reading.rows("SELECT component FROM formats")) == [("numbers",), ("words",)]
