"""The job store in PostgreSQL."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

import psycopg

from index.errors import LoccitError
from index.postgresql import IS_FREE, Compatible, Migration, Session, lock_key, translate_error
from service.state.databases import Connection
from service.state.databases.announcing import Announced
from service.state.databases.postgresql import PostgresqlDatabase
from service.state.jobs.records import CLAIM_WINDOW, FINISHED, Item, Kind, NewItem, choose_claimable
from service.state.jobs.sql import SqlJobStore, as_json, change, get_all, settle

_ADD = """
INSERT INTO items (job, number, kind, name, spooled, bytes, request)
SELECT ?, last + row_number() OVER (ORDER BY place), kind, name, spooled, bytes, request
FROM (SELECT COALESCE(MAX(number), 0) AS last FROM items WHERE job = ?) AS there,
    (SELECT DISTINCT ON (kind, name, spooled) * FROM unnest(
        ?::text[], ?::text[], ?::text[], ?::bigint[], ?::text[]
    ) WITH ORDINALITY AS given (kind, name, spooled, bytes, request, place)
    ORDER BY kind, name, spooled, place) AS new
WHERE NOT EXISTS (SELECT FROM items WHERE job = ? AND md5(items.name) = md5(new.name)
    AND (items.kind, items.name, items.spooled) = (new.kind, new.name, new.spooled))
"""


class PostgresqlJobStore(Announced, SqlJobStore):
    """Jobs in the database at a URL, for as many processes and machines as use it.

    Raises :class:`index.errors.StoreUnavailable`, as all methods may.
    """

    def __init__(self, url: str) -> None:
        self._announcing = PostgresqlDatabase(url, "jobs", migrations())
        super().__init__(self._announcing)

    def open_session(self) -> AdvisorySession | None:
        return AdvisorySession.open(self._announcing)

    def _add_items(self, connection: Connection, job: int, items: Iterable[NewItem]) -> None:
        """Add items at the end by one statement, however many there are."""
        new = list(items)
        columns = (
            [item.kind for item in new],
            [item.name for item in new],
            [item.spooled for item in new],
            [item.bytes for item in new],
            [as_json(item.request) for item in new],
        )
        connection.execute(_ADD, (job, job, *columns, job))

    def _serialize_upgrades(self, connection: Connection) -> None:
        connection.execute("LOCK TABLE jobs IN SHARE ROW EXCLUSIVE MODE")


# Tables of the job store; the triggers count each statement's items together, not one by one.


_TABLES = """
CREATE TABLE jobs (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    collection text NOT NULL,
    state text NOT NULL,
    created double precision NOT NULL,
    started double precision,
    finished double precision,
    cancelling integer NOT NULL DEFAULT 0,
    problem text NOT NULL DEFAULT '',
    mark bigint NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 1,
    age double precision NOT NULL DEFAULT 0, -- seconds since it finished, as the runner has measured them
    groups text NOT NULL DEFAULT '[]',       -- JSON: those that its documents get
    sender text,                             -- JSON: groups of the caller that sent it; NULL for all
    kind text NOT NULL DEFAULT 'ingest',
    details text NOT NULL DEFAULT '{}'       -- JSON: of an upgrade the model, plan, progress and result
);
CREATE INDEX jobs_unfinished ON jobs (state, number) WHERE state NOT IN ('done', 'cancelled', 'failed');

CREATE TABLE items (
    job bigint NOT NULL REFERENCES jobs (number),
    number bigint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    spooled text NOT NULL,
    bytes bigint NOT NULL,
    request text NOT NULL,                   -- JSON
    outcome text NOT NULL DEFAULT 'waiting',
    code text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    passages bigint NOT NULL DEFAULT 0,
    document text NOT NULL DEFAULT '',
    PRIMARY KEY (job, number)
);
CREATE INDEX items_outcome ON items (job, outcome, number);
-- By a hash: a name may be longer than a row of an index. It is not unique: transactions that add to a job
-- follow one another, for they change the row of the job, and they compare the names.
CREATE INDEX items_name ON items (job, md5(name));

CREATE TABLE counts (
    job bigint NOT NULL REFERENCES jobs (number),
    outcome text NOT NULL,
    items bigint NOT NULL,
    bytes bigint NOT NULL,
    passages bigint NOT NULL,
    PRIMARY KEY (job, outcome)
);
"""
_COUNT = """
    INSERT INTO counts AS c
    SELECT job, outcome, SUM(n), SUM(n * bytes), SUM(n * passages) FROM ({changes}) AS changes
    GROUP BY job, outcome
    ON CONFLICT (job, outcome) DO UPDATE SET items = c.items + excluded.items,
        bytes = c.bytes + excluded.bytes, passages = c.passages + excluded.passages;
    RETURN NULL;
"""
_ADDED = "SELECT *, 1 AS n FROM added"
_REMOVED = "SELECT *, -1 AS n FROM removed"
# Triggers, so that no statement that changes an item can forget to count.
_TRIGGERS = f"""
CREATE FUNCTION count_added_items() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    {_COUNT.format(changes=_ADDED)} END $$;
CREATE TRIGGER items_added AFTER INSERT ON items REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION count_added_items();
CREATE FUNCTION count_changed_items() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    {_COUNT.format(changes=f"{_ADDED} UNION ALL {_REMOVED}")} END $$;
CREATE TRIGGER items_changed AFTER UPDATE ON items REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION count_changed_items();
"""

_CLAIMS = """
CREATE TABLE item_claims (
    job bigint NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
    number bigint NOT NULL,
    session text NOT NULL,                   -- of the process that is storing the item
    lock bigint NOT NULL,                    -- key of the advisory lock that the session holds
    until timestamptz NOT NULL,
    PRIMARY KEY (job, number)
)
"""


def migrations() -> Sequence[Migration]:
    """One migration for each format; see :func:`index.postgresql.migrate`."""
    # Versions that know no claims run all jobs in one process, which no newer one joins.
    return (_TABLES + _TRIGGERS, Compatible(_CLAIMS))


# The session of whoever runs jobs: locks of a connection, which the server frees when that ends.


_SCOPE = "service jobs"
_WHAT = "the leases to run jobs"
CLAIM_SECONDS = 4 * 3600
"""How long a claim lasts whose session neither ends nor settles it, because its process hangs.

Far longer than a batch takes, whose files each have a time limit: a process that is only slow does its work
in vain when its claims have ended.
"""


class _Waiting(NamedTuple):
    number: int
    kind: Kind
    name: str
    bytes: int


class AdvisorySession:
    """Implements :class:`service.state.jobs.protocols.Session` by a connection of its own.

    Claims are rows of a table, and are void when nobody holds the lock of their session.
    """

    def __init__(self, database: PostgresqlDatabase, connection: Session) -> None:
        """Use :meth:`open`."""
        self._database = database
        self._connection = connection
        self._name = f"run/{os.getpid()}-{uuid.uuid4().hex}"
        self._claimed: set[tuple[str, int]] = set()
        self._leases: set[str] = set()
        self._changing = threading.Lock()

    @classmethod
    def open(cls, database: PostgresqlDatabase) -> AdvisorySession | None:
        """Connect; None while a process of a version before runs jobs, which it does alone.

        Raises :class:`index.errors.StoreUnavailable`.
        """
        try:
            heartbeats = database.server.heartbeats
            connection = database.server.connect(heartbeats.settings)
            try:
                # All sessions share the lock that such a process needs for itself.
                query = "SELECT pg_try_advisory_lock_shared(%s)"
                if connection.execute(query, [lock_key("service", "jobs")]).fetchone() == (True,):
                    session = cls(database, connection)
                    connection.execute("SELECT pg_advisory_lock(%s)", [session._key])
                    heartbeats.add(connection)
                    return session
            except BaseException:
                connection.close()
                raise
            connection.close()
        except psycopg.Error as error:
            raise translate_error(error, _WHAT) from error
        return None

    @property
    def _key(self) -> int:
        """The key of the lock that says whether the session is held."""
        return lock_key(_SCOPE, self._name)

    def is_held(self) -> bool:
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:  # the server ended the session, or cannot be reached
            return False
        return True

    def acquire(self, lease: str) -> bool:
        with self._changing:
            try:
                # A lock that the connection has would be granted again, and have to be released twice.
                query = "SELECT 1" if lease in self._leases else "SELECT pg_try_advisory_lock(%s)"
                values = [] if lease in self._leases else [lock_key(_SCOPE, lease)]
                row = self._connection.execute(query, values).fetchone()
            except psycopg.Error as error:
                raise translate_error(error, _WHAT) from error
            if row is None or not row[0]:
                return False
            self._leases.add(lease)
            return True

    def release(self, lease: str) -> None:
        with self._changing:
            if lease in self._leases:
                self._leases.remove(lease)
                with suppress(psycopg.Error):  # lost with the connection
                    self._connection.execute("SELECT pg_advisory_unlock(%s)", [lock_key(_SCOPE, lease)])

    def claim(self, job_id: str, *, limit: int, max_bytes: int, fetches: bool = False) -> list[Item]:
        with self._database.write() as connection:
            if (job := _lock_job(connection, job_id)) is None:
                return []
            claimed = {number for number, _ in _valid_claims(connection, job, self._name)}
            rows = connection.execute(
                "SELECT number, kind, name, bytes FROM items WHERE job = ? AND outcome = 'waiting'"
                " ORDER BY number LIMIT ?",
                (job, CLAIM_WINDOW),
            ).fetchall()
            waiting = (_Waiting(*row) for row in rows)
            chosen = choose_claimable(waiting, claimed, limit=limit, max_bytes=max_bytes, fetches=fetches)
            if not chosen:
                return []
            connection.execute(
                "INSERT INTO item_claims (job, number, session, lock, until) SELECT ?, number, ?, ?::int8,"
                " now() + make_interval(secs => ?) FROM unnest(?::int8[]) AS number",
                (job, self._name, self._key, CLAIM_SECONDS, chosen),
            )
            self._claimed |= {(job_id, number) for number in chosen}
            return get_all(connection, job, chosen)

    def has_claimed(self, job_id: str, numbers: Collection[int]) -> bool:
        with self._database.read() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM item_claims c JOIN jobs j ON j.number = c.job"
                " WHERE j.id = ? AND j.state <> ALL(?) AND c.session = ? AND c.number = ANY(?)",
                (job_id, list(FINISHED), self._name, list(numbers)),
            ).fetchone()
        return bool(count == len(numbers))

    def others_claim(self, job_id: str) -> bool:
        with self._database.write() as connection:
            job = _lock_job(connection, job_id)
            claims = [] if job is None else _valid_claims(connection, job, self._name)
        return any(session != self._name for _, session in claims)

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int = 0) -> list[Item]:
        settled: list[Item] = []
        with self._database.write() as connection:
            if (changed := change(connection, job_id)) is not None:
                ended = connection.execute(
                    "DELETE FROM item_claims WHERE job = ? AND session = ? AND number = ANY(?)"
                    " RETURNING number",
                    (changed[0], self._name, [item.number for item in items]),
                ).fetchall()
                numbers = {number for (number,) in ended}
                settled = [item for item in items if item.number in numbers]
                settle(connection, changed[0], settled, last_passage)
        self._claimed -= {(job_id, item.number) for item in items}
        return settled

    def give_back(self) -> None:
        if self._claimed:
            with self._database.write() as connection:
                connection.execute("DELETE FROM item_claims WHERE session = ?", (self._name,))
            self._claimed.clear()

    def close(self) -> None:
        self._database.server.heartbeats.remove(self._connection)
        with suppress(LoccitError):  # claims are void without the session
            self.give_back()
        with suppress(psycopg.Error):
            # Closing alone ends the session a moment later.
            self._connection.execute("SELECT pg_advisory_unlock_all()")
        self._connection.close()


# Claims on items: each waiting item is handed out to one session at a time.


def _lock_job(connection: Connection, job_id: str) -> int | None:
    """The number of a job; None if there is none.

    The transactions that claim items of a job follow one another: each locks the row of the job, as those
    that change it do.
    """
    query = "SELECT number FROM jobs WHERE id = ? FOR NO KEY UPDATE"
    found = connection.execute(query, (job_id,)).fetchone()
    return None if found is None else int(found[0])


def _valid_claims(connection: Connection, job: int, session: str) -> list[tuple[int, str]]:
    """The items of a job that are claimed, and by which sessions.

    Claims of others end first whose session nobody holds, or that have lasted too long.
    """
    query = "SELECT number, session FROM item_claims WHERE job = ?"
    claimed = connection.execute(query, (job,)).fetchall()
    if all(holder == session for _, holder in claimed):
        return claimed
    connection.execute(
        "DELETE FROM item_claims WHERE job = ? AND session <> ? AND (until < now() OR session IN"
        " (SELECT session FROM (SELECT DISTINCT session, lock FROM item_claims WHERE job = ?) AS sessions"
        f" WHERE {IS_FREE.format(key='sessions.lock')}))",
        (job, session, job),
    )
    return connection.execute(query, (job,)).fetchall()
