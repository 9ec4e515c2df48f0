"""Two versions of a program with the same tables open: the older one goes on, or the newer one is refused.

A server object is a process here: it has a pool of its own.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import psycopg
import pytest

from index.errors import FormatInUse, UnknownFormat
from index.postgresql import Compatible, Migration, Server, Transaction, migrate
from index.postgresql.formats import TableFormat, read_format
from index.postgresql.migrations import oldest_of
from tests.patience import PATIENCE, eventually
from tests.postgresql import end_connections

FIRST = "CREATE TABLE words (word text NOT NULL); INSERT INTO words VALUES ('one')"
EXPANDING = Compatible("ALTER TABLE words ADD COLUMN length integer NOT NULL DEFAULT 0")
BREAKING = "ALTER TABLE words RENAME COLUMN word TO name"
CONTRACTING = Compatible("ALTER TABLE words DROP COLUMN length", oldest=2)
WAITING = "SELECT 1 FROM pg_locks WHERE NOT granted"
HOLDER = """
import sys
from index.postgresql import Server, migrate
server = Server(sys.argv[1])
migrate(server, "place", "words", [sys.argv[2]])
print("open", flush=True)
sys.stdin.read()
"""

Process = Callable[..., Server]


@pytest.fixture
def process(url: str) -> Iterator[Process]:
    """Makes a process that has opened the tables with some migrations."""
    with ExitStack() as stack:

        def opened(*migrations: Migration) -> Server:
            with ExitStack() as attempt:
                server = attempt.enter_context(closing(Server(url)))
                migrate(server, "place", "words", migrations)
                stack.push(attempt.pop_all())
            return server

        yield opened


def words(server: Server) -> list[str]:
    with server.read("place") as reading:
        return [word for (word,) in reading.rows("SELECT word FROM words ORDER BY word")]


def add(server: Server, word: str) -> None:
    with server.write("place") as writing:
        writing.execute("INSERT INTO words (word) VALUES (%s)", (word,))


def opened_if_free(process: Process) -> Server | None:
    """A process with the breaking migration; None while the server has not noticed that others ended."""
    try:
        return process(FIRST, BREAKING)
    except FormatInUse:
        return None


def format_of(server: Server) -> TableFormat:
    with server.read("place") as reading:
        return read_format(reading, "place", "words")


def test_older_code_goes_on_beside_newer_after_a_compatible_migration(process: Process) -> None:
    old = process(FIRST)
    for word in "abcd":  # its statements are prepared
        add(old, word)
        words(old)
    new = process(FIRST, EXPANDING)
    assert format_of(new) == TableFormat(2, 1)
    with new.write("place") as writing:
        writing.execute("INSERT INTO words VALUES ('new', 3)")
    add(old, "old")
    add(process(FIRST), "older yet begun later")
    assert words(old) == words(new) == ["a", "b", "c", "d", "new", "old", "older yet begun later", "one"]
    assert format_of(old) == TableFormat(2, 1)


def test_a_migration_that_older_code_cannot_go_on_after_waits_for_its_end(process: Process) -> None:
    old, other = process(FIRST), process(FIRST)
    message = r"format 1 to 2, and code of formats before 2 .* in any schema: 1 \(loccit \d+@"
    with pytest.raises(FormatInUse, match=message):
        process(FIRST, BREAKING)
    add(old, "two")
    assert words(other) == ["one", "two"]
    old.close()
    other.close()
    with eventually(lambda: opened_if_free(process)).read("place") as reading:
        assert reading.rows("SELECT name FROM words") == [("one",), ("two",)]
    with pytest.raises(UnknownFormat, match="format 2, and this program reads formats up to 1"):
        process(FIRST)


def test_a_process_that_does_nothing_for_long_is_still_seen(
    url: str, server: Server, process: Process
) -> None:
    with closing(Server(url, idle_seconds=0.05)) as old:
        migrate(old, "place", "words", [FIRST])
        with old.read("place"), old.read("other"), old.read("place"):
            pass
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        eventually(lambda: server.look("public", sessions) == (2,))  # one is of the one that looks
        with pytest.raises(FormatInUse):
            process(FIRST, BREAKING)
        assert words(old) == ["one"]


def test_processes_that_know_the_format_are_not_in_the_way(process: Process) -> None:
    """Also where the tables of another schema, which they have open, are of the newest format."""
    first = process(FIRST, EXPANDING)
    new = process(FIRST, EXPANDING, CONTRACTING)
    assert format_of(new) == format_of(first) == TableFormat(3, 2)
    add(first, "two")
    assert words(new) == ["one", "two"]


def test_a_contraction_is_refused_while_code_that_uses_what_it_removes_has_the_tables_open(
    process: Process,
) -> None:
    old = process(FIRST)
    process(FIRST, EXPANDING)
    with pytest.raises(FormatInUse, match="format 2 to 3, and code of formats before 2"):
        process(FIRST, EXPANDING, CONTRACTING)
    assert words(old) == ["one"]


def test_tables_that_are_closed_are_not_lost_any_more(url: str, process: Process) -> None:
    old = process(FIRST)
    assert words(old) == ["one"]
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE place.formats SET (format, oldest) = (99, 99)")
    end_connections(url)
    with pytest.raises(UnknownFormat, match="format 99"):
        words(old)
    assert old.admission.has_lost_tables
    old.close_tables("place")
    assert not old.admission.has_lost_tables


@pytest.mark.parametrize("has_session", [True, False])
def test_a_process_that_lost_its_sessions_is_refused_when_it_comes_back(
    url: str, process: Process, has_session: bool
) -> None:
    """As after another host became the leader: what it held is lost, and it is not asked."""
    old = process(FIRST)
    end_connections(url)
    if has_session:
        add(old, "two")
        with pytest.raises(FormatInUse):
            process(FIRST, BREAKING)
        end_connections(url)

    def opened_after_the_end() -> Server | None:
        new = opened_if_free(process)
        if new is None:  # the pool of the old process may have been opening a session meanwhile
            end_connections(url)
        return new

    new = eventually(opened_after_the_end)
    for attempt in (words, lambda server: add(server, "three")):
        with pytest.raises(UnknownFormat, match="format 2"):
            attempt(old)
    with new.read("place") as reading:
        assert len(reading.rows("SELECT name FROM words")) == 1 + has_session


def test_a_process_that_opens_the_tables_during_a_migration_waits_and_is_refused(
    server: Server, process: Process
) -> None:
    process(FIRST).close()
    is_migrating, may_end = threading.Event(), threading.Event()
    found: list[Exception] = []

    def slow(transaction: Transaction) -> None:
        transaction.execute(BREAKING)
        is_migrating.set()
        may_end.wait(PATIENCE)

    def begin() -> None:
        try:
            process(FIRST)
        except UnknownFormat as error:
            found.append(error)

    new, old = threading.Thread(target=process, args=(FIRST, slow)), threading.Thread(target=begin)
    new.start()
    assert is_migrating.wait(PATIENCE)
    old.start()
    eventually(lambda: server.look("public", WAITING) == (1,))
    may_end.set()
    for thread in (new, old):
        thread.join(PATIENCE)
    assert "format 2" in str(found[0])


def test_of_two_processes_that_migrate_at_once_one_does(process: Process) -> None:
    process(FIRST).close()
    second = "INSERT INTO words VALUES ('two')"
    threads = [threading.Thread(target=process, args=(FIRST, second)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert words(process(FIRST, second)) == ["one", "two"]


def test_migrations_of_two_schemas_that_older_code_cannot_go_on_after_wait_for_each_other(
    server: Server, process: Process
) -> None:
    """They take the same locks: those of the older formats of the component."""
    process(FIRST).close()
    migrate(server, "other", "words", [FIRST])
    server.close()
    is_migrating, may_end = threading.Event(), threading.Event()

    def slow(transaction: Transaction) -> None:
        transaction.execute(BREAKING)
        is_migrating.set()
        may_end.wait(PATIENCE)

    new = threading.Thread(target=process, args=(FIRST, slow))
    new.start()
    assert is_migrating.wait(PATIENCE)
    threading.Timer(1.5, may_end.set).start()  # longer than one waits for processes to end
    with closing(Server(server.url)) as another:
        migrate(another, "other", "words", [FIRST, BREAKING])
        assert may_end.is_set()
    new.join(PATIENCE)


def test_a_killed_process_is_not_in_the_way(url: str, process: Process) -> None:
    command = [sys.executable, "-c", HOLDER, url, FIRST]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"open\n"
            with pytest.raises(FormatInUse, match=rf"loccit {holder.pid}@"):
                process(FIRST, BREAKING)
        finally:
            holder.kill()
    new = eventually(lambda: opened_if_free(process))
    with new.read("place") as reading:
        assert reading.rows("SELECT name FROM words") == [("one",)]


def test_a_migration_lets_others_pass_while_it_waits_for_a_reader(process: Process) -> None:
    old = process(FIRST)
    new = threading.Thread(target=process, args=(FIRST, EXPANDING))
    with old.read("place") as reading:
        reading.rows("SELECT word FROM words")
        new.start()
        eventually(lambda: old.look("public", WAITING) == (1,))
        assert words(old) == ["one"]
    new.join(PATIENCE)
    assert format_of(old) == TableFormat(2, 1)


def test_a_migration_that_waits_for_a_reader_is_seldom_in_the_way(process: Process) -> None:
    old = process(FIRST)
    new = threading.Thread(target=process, args=(FIRST, EXPANDING))
    with old.read("place") as reading:
        reading.rows("SELECT word FROM words")
        new.start()
        eventually(lambda: old.look("public", WAITING) == (1,))
        waited = 0
        for _ in range(60):
            waited += old.look("public", WAITING) == (1,)
            threading.Event().wait(0.05)
        assert waited < 30  # it would be nearly always without a long pause
    new.join(PATIENCE)
    assert format_of(old) == TableFormat(2, 1)


def test_tables_without_the_oldest_format_are_for_their_own_format(url: str, process: Process) -> None:
    """As they were made before the oldest format was recorded."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA place; SET search_path TO place")
        connection.execute("CREATE TABLE formats (component text PRIMARY KEY, format integer NOT NULL)")
        connection.execute(FIRST)
        connection.execute("INSERT INTO formats VALUES ('words', 1)")
    old = process(FIRST)
    assert format_of(old) == TableFormat(1, 1)
    assert format_of(process(FIRST, EXPANDING)) == TableFormat(2, 1)
    assert words(old) == ["one"]


@pytest.mark.parametrize(
    ("migrations", "oldest"),
    [
        ([FIRST], 1),
        ([FIRST, EXPANDING, EXPANDING], 1),
        ([FIRST, EXPANDING, CONTRACTING], 2),
        ([FIRST, BREAKING, EXPANDING], 2),
        ([FIRST, EXPANDING, BREAKING, CONTRACTING], 3),
    ],
)
def test_what_broke_older_code_stays_broken_for_it(migrations: list[Migration], oldest: int) -> None:
    assert oldest_of(migrations) == oldest
