"""Claims on items: each waiting item is handed out to one session at a time.

All functions take a connection inside a transaction. The transactions that claim items of a job follow one
another: each locks the row of the job, as those that change it do.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from service.state.databases import Connection
from service.state.jobs.records import CLAIM_WINDOW, FINISHED, Item, Kind, choose_claimable
from service.state.jobs.sql import change, get_all, settle

CLAIM_SECONDS = 4 * 3600
"""How long a claim lasts whose session neither ends nor settles it, because its process hangs.

Far longer than a batch takes, whose files each have a time limit: a process that is only slow does its work
in vain when its claims have ended.
"""


class Holder(NamedTuple):
    """The name of a session, and the key of the lock that it holds while its claims count."""

    session: str
    lock: int


class _Waiting(NamedTuple):
    number: int
    kind: Kind
    name: str
    bytes: int


def claim(
    connection: Connection, job_id: str, holder: Holder, *, limit: int, max_bytes: int, fetches: bool
) -> list[Item]:
    """Claim items; see :meth:`service.state.jobs.protocols.Session.claim`."""
    found = connection.execute("SELECT number FROM jobs WHERE id = ? FOR NO KEY UPDATE", (job_id,)).fetchone()
    if found is None:
        return []
    (job,) = found
    claimed = _valid_claims(connection, job, holder.session)
    rows = connection.execute(
        "SELECT number, kind, name, bytes FROM items WHERE job = ? AND outcome = 'waiting'"
        " ORDER BY number LIMIT ?",
        (job, CLAIM_WINDOW),
    ).fetchall()
    chosen = choose_claimable(
        (_Waiting(*row) for row in rows),
        {number for number, _ in claimed},
        limit=limit,
        max_bytes=max_bytes,
        fetches=fetches,
    )
    if not chosen:
        return []
    connection.execute(
        "INSERT INTO item_claims (job, number, session, lock, until)"
        " SELECT ?, number, ?, ?::int8, now() + make_interval(secs => ?) FROM unnest(?::int8[]) AS number",
        (job, *holder, CLAIM_SECONDS, chosen),
    )
    return get_all(connection, job, chosen)


def count_own(connection: Connection, job_id: str, session: str, numbers: Collection[int]) -> int:
    """Count those of these items that a session has claimed; none of a finished job."""
    (count,) = connection.execute(
        "SELECT count(*) FROM item_claims c JOIN jobs j ON j.number = c.job"
        " WHERE j.id = ? AND j.state <> ALL(?) AND c.session = ? AND c.number = ANY(?)",
        (job_id, list(FINISHED), session, list(numbers)),
    ).fetchone()
    return int(count)


def others_claim(connection: Connection, job_id: str, session: str) -> bool:
    """Whether other sessions have claims on items of a job."""
    found = connection.execute("SELECT number FROM jobs WHERE id = ? FOR NO KEY UPDATE", (job_id,)).fetchone()
    if found is None:
        return False
    return any(holder != session for _, holder in _valid_claims(connection, found[0], session))


def settle_own(
    connection: Connection, job_id: str, session: str, items: Sequence[Item], last_passage: int
) -> list[Item]:
    """Settle the items that a session has claimed, and end these claims; returns the items."""
    changed = change(connection, job_id)
    if changed is None:
        return []
    job, _ = changed
    ended = connection.execute(
        "DELETE FROM item_claims WHERE job = ? AND session = ? AND number = ANY(?) RETURNING number",
        (job, session, [item.number for item in items]),
    ).fetchall()
    numbers = {number for (number,) in ended}
    own = [item for item in items if item.number in numbers]
    settle(connection, job, own, last_passage)
    return own


def end_claims(connection: Connection, session: str) -> None:
    """End all claims of a session."""
    connection.execute("DELETE FROM item_claims WHERE session = ?", (session,))


def _valid_claims(connection: Connection, job: int, session: str) -> list[tuple[int, str]]:
    """The items of a job that are claimed, and by which sessions.

    Claims of others end first whose session nobody holds, or that have lasted too long.
    """
    from index.postgresql import IS_HELD

    query = "SELECT number, session FROM item_claims WHERE job = ?"
    claimed = connection.execute(query, (job,)).fetchall()
    if all(holder == session for _, holder in claimed):
        return claimed
    held = IS_HELD.format(key="sessions.lock")
    connection.execute(
        "DELETE FROM item_claims WHERE job = ? AND session <> ? AND (until < now() OR session IN"
        " (SELECT session FROM (SELECT DISTINCT session, lock FROM item_claims WHERE job = ?) AS sessions"
        f" WHERE NOT {held}))",
        (job, session, job),
    )
    return connection.execute(query, (job,)).fetchall()
