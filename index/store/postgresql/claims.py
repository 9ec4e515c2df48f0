"""Hand out the passages that wait for a vector to workers, each text to one of them at a time."""

from __future__ import annotations

from collections.abc import Sequence

from index.postgresql import AdvisoryLeases, Transaction, notify
from index.postgresql.locks import IS_HELD
from index.records import PendingPassage
from index.store.postgresql import texts
from index.store.rows.passages import pending_passage

CHANNEL = "loccit_passages"
"""Notified when passages that wait for a vector are stored or given back."""
CLAIM_SECONDS = 600
"""Seconds after which the claim of a worker ends that hangs. Far longer than a
batch takes: the vectors of a worker that is only slow are refused when another one has its claims."""


def claim(transaction: Transaction, limit: int, lease: str, leases: AdvisoryLeases) -> list[PendingPassage]:
    """Claim the oldest unclaimed passages without a vector for a lease, one for each text.

    Claims of leases that nobody holds, and those that have lasted too long, end first. Passages that others
    are claiming right now are left to them.
    """
    _end_void(transaction, lease)
    rows = transaction.rows(
        # The rows of claims decide: two passages, locked by two workers, may have the same text. They are
        # added in one order, so that no two workers wait for each other.
        "WITH free AS (SELECT p.id, p.embedding_key FROM passages p"
        " WHERE p.embedded IS NULL AND p.removed IS NULL"
        " AND NOT EXISTS (SELECT FROM claims c WHERE c.key = p.embedding_key)"
        " ORDER BY p.id LIMIT %s FOR UPDATE OF p SKIP LOCKED),"
        " claimed AS (INSERT INTO claims (key, lease, lock, until)"
        " SELECT DISTINCT embedding_key, %s, %s::int8, now() + make_interval(secs => %s) FROM free"
        " ORDER BY embedding_key ON CONFLICT (key) DO NOTHING RETURNING key)"
        " SELECT min(free.id) FROM free JOIN claimed ON claimed.key = free.embedding_key"
        " GROUP BY claimed.key",
        (limit, lease, leases.key(lease), CLAIM_SECONDS),
    )
    return _pending(transaction, sorted(id_ for (id_,) in rows))


def lock_claimed(transaction: Transaction, keys: Sequence[bytes], lease: str) -> set[bytes]:
    """Return those of the texts that a lease has claimed; until the transaction ends nobody else can."""
    rows = transaction.rows(
        "SELECT key FROM claims WHERE key = ANY(%s) AND lease = %s ORDER BY key FOR UPDATE",
        (list(keys), lease),
    )
    return {key for (key,) in rows}


def end(transaction: Transaction, lease: str) -> None:
    """End all claims of a lease."""
    if transaction.execute("DELETE FROM claims WHERE lease = %s", (lease,)).rowcount:
        announce(transaction)


def announce(transaction: Transaction) -> None:
    """Wake those who embed when the transaction commits."""
    notify(transaction, CHANNEL)


def end_on(transaction: Transaction, keys: Sequence[bytes]) -> None:
    """End the claims on these texts."""
    transaction.execute("DELETE FROM claims WHERE key = ANY(%s)", (list(keys),))


def _end_void(transaction: Transaction, lease: str) -> None:
    held = IS_HELD.format(key="claims.lock")
    transaction.execute(
        "DELETE FROM claims WHERE key IN (SELECT key FROM claims"
        f" WHERE lease <> %s AND (until < now() OR NOT {held}) FOR UPDATE OF claims SKIP LOCKED)",
        (lease,),
    )


def _pending(transaction: Transaction, ids: Sequence[int]) -> list[PendingPassage]:
    rows = transaction.rows(
        'SELECT p.id, p.embedding_key, p.heading, p.tokens, p.tables, p.start, p."end", v.text_sha256'
        " FROM passages p JOIN versions v ON v.key = p.version WHERE p.id = ANY(%s) ORDER BY p.id",
        (ids,),
    )
    quotes = texts.slices(transaction, [(row[7], row[5], row[6]) for row in rows])
    return [pending_passage(row[:6], quote) for row, quote in zip(rows, quotes, strict=True)]
