"""Find versions by their tags, by which a ledger outside the record knows them."""

from __future__ import annotations

from collections.abc import Container, Iterator

from index.postgresql import Transaction
from index.store.rows.tags import version_tag


def list_erased(transaction: Transaction, store: str, after: int) -> list[tuple[int, bytes]]:
    """Return the erased versions after a position: the position and the tag of each, in order."""
    rows = transaction.rows(
        "SELECT e.position, e.document, e.version, e.added, c.token FROM erased e"
        " LEFT JOIN changes c ON c.number = e.added WHERE e.position > %s ORDER BY e.position",
        (after,),
    )
    return [(position, version_tag(store, *version)) for position, *version in rows]


def find_tagged(
    transaction: Transaction, store: str, wanted: Container[bytes]
) -> Iterator[tuple[int, int, bool]]:
    """Yield the stored versions that have one of the tags: their keys, documents (keys), whether newest."""
    rows = transaction.rows(
        "SELECT v.key, d.version = v.key, v.document, v.number, v.added, c.token FROM versions v"
        " JOIN documents d ON d.key = v.document LEFT JOIN changes c ON c.number = v.added ORDER BY v.key"
    )
    for key, is_newest, document, number, added, token in rows:
        if version_tag(store, document, number, added, token) in wanted:
            yield key, document, bool(is_newest)
