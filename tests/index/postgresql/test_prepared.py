"""Queries that a connection has prepared."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from index.errors import CollectionBusy, StoreDamaged
from index.postgresql import Server, SingleStatements

_PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'loccit%%'"


@contextmanager
def single(server: Server, schema: str = "public") -> Iterator[SingleStatements]:
    with server.single_statements(
        schema, watched="SELECT 1::bigint", width=1, check=lambda _: None
    ) as statements:
        yield statements


def prepared(server: Server) -> int:
    """How many statements the one connection that is in use has prepared for questions."""
    with server.read("public") as reading:
        row = reading.row(_PREPARED, ())
    assert row is not None
    return int(row[0])


def change(url: str, statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements)


def make_numbers(url: str) -> None:
    """A table of two schemas, in which a column has different types."""
    for number, (schema, type_) in enumerate([("one", "integer"), ("two", "bigint")], 1):
        change(url, f"CREATE SCHEMA {schema}")
        change(url, f"CREATE TABLE {schema}.numbers AS SELECT {number}::{type_} AS a")


def test_a_query_is_prepared_once_for_each_type_of_its_values(server: Server) -> None:
    with single(server) as statements:
        for value in (1, "a", ["a"], b"a", 2, "b", None, "c", None):
            assert statements.rows("SELECT %s", (value,)) == [(value,)]
    assert prepared(server) == 5


def test_what_is_prepared_outlives_transactions_over_the_connection(server: Server) -> None:
    with single(server) as statements:
        statements.rows("SELECT %s", (1,))
    for _ in range(3):
        with server.read("public") as reading:
            for _ in range(5):  # psycopg prepares it
                reading.rows("SELECT %s", (1,))
    assert prepared(server) == 1


def test_a_query_is_prepared_again_when_the_session_has_forgotten_it(server: Server) -> None:
    for _ in range(3):
        with single(server) as statements:
            assert statements.rows("SELECT %s", ("a",)) == [("a",)]
        with server.write("public") as writing:
            writing.execute("DEALLOCATE ALL")
    assert prepared(server) == 0


def test_a_connection_prepares_a_hundred_queries_at_most(server: Server) -> None:
    with single(server) as statements:
        for number in [*range(130), 1, 129]:
            assert statements.rows(f"SELECT {number}::bigint") == [(number,)]
    assert prepared(server) == 100


def test_more_queries_in_turn_use_what_is_prepared(server: Server) -> None:
    queries = [f"SELECT {number}::bigint, %s" for number in range(150)]
    with single(server) as statements:
        for _ in range(5):
            for number, query in enumerate(queries):
                assert statements.rows(query, ("a",)) == [(number, "a")]
    with server.read("public") as reading:
        row = reading.row(
            "SELECT sum(generic_plans) FROM pg_prepared_statements WHERE name LIKE 'loccit%%'", ()
        )
    assert row is not None
    assert row[0] > 250
    assert prepared(server) == 100


def test_a_query_that_is_used_often_is_prepared_though_others_were_before(server: Server) -> None:
    with single(server) as statements:
        for number in range(5, 105):
            assert statements.rows(f"SELECT {number}::bigint") == [(number,)]
        assert statements.rows("SELECT 5::bigint") == [(5,)]  # used again, it stays
        for _ in range(10):
            assert statements.rows("SELECT 'new'") == [("new",)]
    for query, number in ("'new'", 1), ("5::bigint", 1), ("6::bigint", 0):
        with server.read("public") as reading:
            found = reading.row(
                f"{_PREPARED} AND strpos(statement, %s) > 0",
                (f"(SELECT {query})",),
            )
        assert found == (number,), query


def test_the_same_query_has_the_types_of_each_schema(server: Server, url: str) -> None:
    make_numbers(url)
    for schema, row in [("one", (1,)), ("two", (2,))] * 3:
        with single(server, schema) as statements:
            assert statements.rows("SELECT a FROM numbers WHERE a > %s", (0,)) == [row]


def test_queries_are_prepared_again_when_types_of_columns_have_changed(server: Server, url: str) -> None:
    make_numbers(url)
    queries = ["SELECT a FROM numbers WHERE a > %s", "SELECT a, a + 1 FROM numbers WHERE a > %s"]
    for type_ in ("integer", "bigint", "smallint"):
        change(url, f"ALTER TABLE one.numbers ALTER a TYPE {type_}")
        for query in queries * 2:
            with single(server, "one") as statements:
                assert [row[0] for row in statements.rows(query, (0,))] == [1]
        assert prepared(server) == 2


def test_a_transaction_that_meets_changed_types_can_be_tried_again(server: Server, url: str) -> None:
    make_numbers(url)

    def read() -> None:
        with server.read("one") as reading:
            for _ in range(5):  # psycopg prepares it
                assert reading.rows("SELECT a FROM numbers WHERE a > %s", (0,)) == [(1,)]

    read()
    change(url, "ALTER TABLE one.numbers ALTER a TYPE bigint")
    with pytest.raises(CollectionBusy, match="migrated a moment ago"):
        read()
    read()


def test_a_query_that_the_server_does_not_support_fails(server: Server) -> None:
    with pytest.raises(StoreDamaged, match="FOR UPDATE"), single(server) as statements:
        statements.rows("SELECT count(*) FROM pg_class FOR UPDATE")


def test_a_query_that_fails_says_why_and_leaves_the_connection_usable(server: Server) -> None:
    for query, value, cause in [
        ("SELECT * FROM nowhere WHERE a = %s", 1, psycopg.errors.UndefinedTable),
        ("SELECT 1 / %s", 0, psycopg.errors.DivisionByZero),
    ]:
        with pytest.raises(StoreDamaged) as caught, single(server) as statements:
            statements.rows(query, (value,))
        assert isinstance(caught.value.__cause__, cause)
        with single(server) as statements:
            assert statements.rows("SELECT %s", (2,)) == [(2,)]
