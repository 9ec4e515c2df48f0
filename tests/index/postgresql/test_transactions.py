"""Transactions: what they keep, how values travel, and what their errors say."""

import threading
from contextlib import suppress

import numpy as np
import psycopg
import pytest
from numpy.typing import ArrayLike

from index.errors import CollectionBusy, StoreDamaged, StoreUnavailable
from index.postgresql import Server, lock_key, translate_error
from tests.patience import PATIENCE, eventually


@pytest.fixture
def table(server: Server) -> Server:
    with server.write("public") as writing:
        writing.execute('CREATE TABLE words (number bigint PRIMARY KEY, word text COLLATE "C")')
    return server


def words(server: Server) -> list[str]:
    with server.read("public") as reading:
        return [word for (word,) in reading.rows("SELECT word FROM words ORDER BY word")]


def test_any_text_comes_back_in_the_order_of_code_points(table: Server) -> None:
    given = [
        "",
        "\x00",
        "\x00\x00a",
        "\x00b",
        "\x01",
        "\x01\x01",
        "\x01\x02",
        "\x02",
        "a\x00",
        "a\x01",
        "b",
        "ä",
        "𝄞",
    ]
    with table.write("public") as writing:
        writing.many("INSERT INTO words VALUES (%s, %s)", enumerate(given[:6]))
        rows = list(enumerate(given))[6:]
        writing.copy("words", {"number": "int8", "word": "text"}, rows)
    assert words(table) == sorted(given) == given
    with table.read("public") as reading:
        found = reading.row("SELECT array_agg(word ORDER BY word) FROM words WHERE word = ANY(%s)", (given,))
    assert found == (given,)


@pytest.mark.parametrize("given", [[], [7], [2**62, -1, 0, 7]])
def test_arrays_of_numbers_arrive_as_they_are(server: Server, given: list[int]) -> None:
    with server.read("public") as reading:
        assert reading.row("SELECT %s", (np.array(given, np.int64),)) == (given,)
        assert reading.row("SELECT 7 = ANY(%s)", (np.array(given, np.int64),)) == (7 in given,)


@pytest.mark.parametrize(
    "given",
    [[1.9, 2.5], [True, False], np.array([2**64 - 1], np.uint64), np.array([1], np.int32), [[1], [2]]],
)
def test_arrays_of_other_numbers_are_not_sent(server: Server, given: ArrayLike) -> None:
    with pytest.raises(TypeError, match="only rows of int64"), server.read("public") as reading:
        reading.row("SELECT %s", (np.array(given),))


def insert(server: Server, *numbers: int) -> None:
    with server.write("public") as writing:
        for number in numbers:
            writing.execute("INSERT INTO words VALUES (%s, 'a')", (number,))


def insert_and_divide(server: Server) -> None:
    with server.write("public") as writing:
        writing.execute("INSERT INTO words VALUES (1, 'a')")
        with suppress(psycopg.Error):
            writing.execute("SELECT 1 / 0")


def test_a_write_that_fails_leaves_nothing(table: Server) -> None:
    with pytest.raises(StoreDamaged, match="duplicate key"):
        insert(table, 1, 1)
    with pytest.raises(StoreDamaged, match="failed"):
        insert_and_divide(table)
    assert words(table) == []
    insert(table, 1)
    assert words(table) == ["a"]


def test_a_read_sees_one_state_and_cannot_write(table: Server) -> None:
    with table.read("public", first="SELECT count(*) FROM words") as reading:
        assert reading.first == (0,)
        with table.write("public") as writing:
            writing.execute("INSERT INTO words VALUES (1, 'a')")
        assert reading.rows("SELECT word FROM words") == []
    with pytest.raises(StoreUnavailable), table.read("public") as reading:
        reading.execute("DELETE FROM words")
    assert words(table) == ["a"]


def test_rows_are_streamed_in_batches_by_several_at_once(table: Server) -> None:
    with table.write("public") as writing:
        writing.copy("words", {"number": "int8", "word": "text"}, ((n, str(n)) for n in range(5)))
    with table.read("public") as reading:
        streams = [reading.stream("SELECT number FROM words ORDER BY number", size=2) for _ in range(2)]
        found = [[number for (number,) in rows] for both in zip(*streams, strict=True) for rows in both]
    assert found == [[0, 1], [0, 1], [2, 3], [2, 3], [4], [4]]


def test_one_transaction_at_a_time_has_a_key(table: Server) -> None:
    key = lock_key("tests", "one")
    order: list[str] = []

    def second() -> None:
        with table.write("public", lock=key) as writing:
            found = writing.row("SELECT count(*) FROM words")
            order.append(f"second sees {found}")

    with table.write("public", lock=key) as writing:
        thread = threading.Thread(target=second)
        thread.start()
        writing.execute("INSERT INTO words VALUES (1, 'a')")
        with table.read("public") as reading:
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            eventually(lambda: reading.row(waiting) == (1,))
        order.append("first is done")
    thread.join(PATIENCE)
    assert order == ["first is done", "second sees (1,)"]


def test_a_transaction_that_was_ended_is_busy(table: Server) -> None:
    with table.read("public") as reading:
        reading.end()
        with pytest.raises(psycopg.errors.QueryCanceled) as found:
            reading.rows("SELECT word FROM words")
    assert isinstance(translate_error(found.value, "the words"), CollectionBusy)


def test_connections_that_broke_are_replaced(table: Server) -> None:
    with table.read("public"), table.read("public"), table.read("public"):
        pass
    with table.write("public") as writing:
        ended = writing.rows(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
            " WHERE application_name LIKE 'loccit %' AND datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
    assert (True,) in ended
    assert words(table) == []


def insert_and_break(server: Server) -> None:
    with server.write("public") as writing, server.write("public") as other:
        writing.execute("INSERT INTO words VALUES (1, 'a')")
        other.rows("SELECT pg_terminate_backend(%s::int, 60000)", (writing.connection.info.backend_pid,))


def test_a_connection_that_breaks_in_a_transaction_is_told(table: Server) -> None:
    with pytest.raises(StoreUnavailable, match="acknowledged"):
        insert_and_break(table)
    assert words(table) == []


def test_a_server_that_is_away_is_told() -> None:
    server = Server("postgresql://nobody@/none?host=/nowhere", seconds=0.1)
    with (
        pytest.raises(StoreUnavailable, match="the words, cannot be reached"),
        server.read("s", what="the words"),
    ):
        pass
    server.close()


def test_a_write_that_stands_still_lets_others_pass_and_can_be_sent_again(table: Server) -> None:
    def stand_still() -> None:
        with table.write("public", lock=7) as writing:
            assert writing.row("SHOW idle_in_transaction_session_timeout") == ("20s",)
            writing.execute("SET LOCAL idle_in_transaction_session_timeout TO '1ms'")
            with table.write("public", lock=7) as other:
                other.execute("INSERT INTO words VALUES (1, 'other')")
            writing.execute("INSERT INTO words VALUES (2, 'first')")

    with pytest.raises(StoreUnavailable, match="its connection broke"):
        stand_still()
    assert words(table) == ["other"]
