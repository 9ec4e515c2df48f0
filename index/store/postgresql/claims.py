"""Hand out the passages that wait for a vector to workers, each text to one of them at a time."""

from collections.abc import Sequence

from index.postgresql import AdvisoryLeases, notify
from index.postgresql.locks import IS_FREE
from index.records import PendingPassage
from index.store.postgresql.statements import PostgresqlStatements
from index.store.sql.passages import PENDING, end_claims, pending

CHANNEL = "loccit_passages"
"""Notified when passages that wait for a vector are stored or given back."""
CLAIM_SECONDS = 600
"""Seconds after which the claim of a worker ends that hangs. Far longer than a
batch takes: the vectors of a worker that is only slow are refused when another one has its claims."""


def claim(
    statements: PostgresqlStatements, limit: int, lease: str, leases: AdvisoryLeases
) -> list[PendingPassage]:
    """Claim the oldest unclaimed passages without a vector for a lease, one for each text.

    Claims of leases that nobody holds, and those that have lasted too long, end first. Passages that others
    are claiming right now are left to them.
    """
    _end_void(statements, lease)
    rows = statements.rows(
        # The rows of claims decide: two passages, locked by two workers, may have the same text. They are
        # added in one order, so that no two workers wait for each other.
        "WITH free AS (SELECT p.id, p.embedding_key FROM passages p"
        " WHERE p.embedded IS NULL AND p.removed IS NULL"
        " AND NOT EXISTS (SELECT FROM claims c WHERE c.key = p.embedding_key)"
        " ORDER BY p.id LIMIT ? FOR UPDATE OF p SKIP LOCKED),"
        " claimed AS (INSERT INTO claims (key, lease, lock, until)"
        " SELECT DISTINCT embedding_key, ?, ?::int8, now() + make_interval(secs => ?) FROM free"
        " ORDER BY embedding_key ON CONFLICT (key) DO NOTHING RETURNING key)"
        " SELECT min(free.id) FROM free JOIN claimed ON claimed.key = free.embedding_key"
        " GROUP BY claimed.key",
        (limit, lease, leases.key(lease), CLAIM_SECONDS),
    )
    return pending(
        statements,
        statements.rows_among(
            f"{PENDING.format(prefix='')} WHERE {{among}} ORDER BY p.id", "p.id", (id_ for (id_,) in rows)
        ),
    )


def lock_claimed(statements: PostgresqlStatements, keys: Sequence[bytes], lease: str) -> set[bytes]:
    """Return those of the texts that a lease has claimed; until the transaction ends nobody else can."""
    rows = statements.rows(
        "SELECT key FROM claims WHERE key = ANY(?) AND lease = ? ORDER BY key FOR UPDATE",
        (list(keys), lease),
    )
    return {key for (key,) in rows}


def end(statements: PostgresqlStatements, lease: str) -> None:
    """End all claims of a lease."""
    if end_claims(statements, lease):
        announce(statements)


def announce(statements: PostgresqlStatements) -> None:
    """Wake those who embed after the transaction has committed."""
    notify(statements.transaction, CHANNEL)


def _end_void(statements: PostgresqlStatements, lease: str) -> None:
    statements.execute(
        "DELETE FROM claims WHERE key IN (SELECT key FROM claims"
        f" WHERE lease <> ? AND (until < now() OR {IS_FREE.format(key='lock')}) FOR UPDATE SKIP LOCKED)",
        (lease,),
    )
