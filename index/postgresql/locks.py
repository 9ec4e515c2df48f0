"""Keys of advisory locks, and a query for their holders."""

import hashlib

HELD = (
    "locktype = 'advisory' AND objsubid = 1 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND classid::bigint = (({key} >> 32) & 4294967295) AND objid::bigint = ({key} & 4294967295)"
)
"""SQL condition on rows of ``pg_locks``: that a session holds the lock with a key (SQL expression)."""
IS_FREE = "pg_try_advisory_xact_lock_shared({key})"
"""SQL condition: that no session holds the lock with a key (SQL expression). Nobody can take it until the
transaction ends. It looks at one lock; ``pg_locks`` lists all of the server, which keep still meanwhile."""


def lock_key(scope: str, name: str) -> int:
    """Return the key of an advisory lock: 64 bits of a hash, signed."""
    digest = hashlib.blake2b(f"{scope}\n{name}".encode(), digest_size=8, person=b"loccit lease").digest()
    return int.from_bytes(digest, "big", signed=True)
