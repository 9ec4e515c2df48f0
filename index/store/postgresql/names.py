"""Reserve (document id, hash prefix) so that a locator never names two texts.

The prefix has 48 bits, so an author can construct two texts with the same prefix (a birthday attack takes a
minute). The second such text is refused, even after the first was erased: a locator never resolves to
other words.
"""

from __future__ import annotations

from index.postgresql import Transaction
from index.store.rows.names import DIGITS, require_same


def put(transaction: Transaction, document_id: str, sha256: bytes, version: int) -> None:
    """Reserve the name of a version's text. Raises :class:`HashCollision` if another text has it."""
    row = transaction.row(
        "INSERT INTO names VALUES (%s, %s, %s, %s) ON CONFLICT (document_id, digits)"
        " DO UPDATE SET version = GREATEST(names.version, EXCLUDED.version) RETURNING text_sha256",
        (document_id, sha256[:DIGITS], sha256, version),
    )
    require_same(document_id, sha256, row[0] if row else None)


def put_all(transaction: Transaction, document_id: str, document: int) -> None:
    """Reserve names under a new id for all versions of a document (key). Raises :class:`HashCollision`."""
    rows = transaction.rows(
        "SELECT text_sha256, max(number) FROM versions WHERE document = %s GROUP BY text_sha256", (document,)
    )
    for sha256, version in rows:
        put(transaction, document_id, sha256, version)
