"""PostgreSQL below the stores of the service."""

from __future__ import annotations

import psycopg
import pytest

from service.state.databases.postgresql import SCHEMA, PostgresqlDatabase

TABLE = "CREATE TABLE words (word text NOT NULL)"


@pytest.fixture
def database(postgresql_url: str) -> PostgresqlDatabase:
    return PostgresqlDatabase(postgresql_url, "words", [TABLE])


def test_values_are_bound_to_question_marks(database: PostgresqlDatabase) -> None:
    with database.write() as connection:
        connection.executemany("INSERT INTO words VALUES (?)", [("50 %",), ("why?",), ("a\0b",)])
    with database.read() as connection:
        assert connection.execute("SELECT word FROM words WHERE word = ?", ("why?",)).fetchone() == ("why?",)
        assert connection.execute("SELECT * FROM words WHERE word LIKE ?", ("%\0b",)).fetchall() == [
            ("a\0b",)
        ]


def test_a_failed_transaction_leaves_nothing(database: PostgresqlDatabase) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute("INSERT INTO words VALUES (?)", ("lost",))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as connection:
        assert connection.execute("SELECT * FROM words").fetchall() == []


def test_deleted_rows_are_freed(database: PostgresqlDatabase, postgresql_url: str) -> None:
    with database.write() as connection:
        connection.executemany("INSERT INTO words VALUES (?)", [("kept",), ("erased",)])
    with database.write() as connection:
        connection.execute("DELETE FROM words WHERE word = ?", ("erased",))

    with psycopg.connect(postgresql_url, autocommit=True) as watching:
        watching.execute("CREATE EXTENSION pageinspect")

        def used() -> int:
            pages = f"heap_page_items(get_raw_page('{SCHEMA}.words', 0))"
            row = watching.execute(f"SELECT COUNT(*) FROM {pages} WHERE lp_len > 0").fetchone()  # noqa: S608
            return int(row[0]) if row else -1

        assert used() == 2
        assert database.cleanse()
        assert used() == 1


def test_a_table_in_use_is_freed_later(database: PostgresqlDatabase, postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as other:
        other.execute(f"LOCK TABLE {SCHEMA}.words IN SHARE UPDATE EXCLUSIVE MODE")
        assert not database.cleanse()
    assert database.cleanse()
