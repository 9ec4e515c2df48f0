"""Find versions by their tags, by which a ledger outside the record knows them."""

from collections.abc import Container, Iterator

from index.store.rows.tags import version_tag
from index.store.sql.statements import Statements


def list_erased(statements: Statements, after: int) -> list[tuple[int, bytes]]:
    """Return the erased versions after a position: the position and the tag of each, in order."""
    place = statements.position
    rows = statements.rows(
        f"SELECT e.{place}, {statements.value_of('store')} AS store, e.document, e.version, e.added, c.token"
        f" FROM erased e LEFT JOIN changes c ON c.number = e.added WHERE e.{place} > ? ORDER BY e.{place}",
        (after,),
    )
    return [(position, version_tag(str(store), *version)) for position, store, *version in rows]


def find_tagged(
    statements: Statements, store: str, wanted: Container[bytes]
) -> Iterator[tuple[int, int, bool]]:
    """Yield the stored versions that have one of the tags: their keys, documents (keys), whether newest."""
    rows = statements.rows(
        "SELECT v.key, d.version = v.key, v.document, v.number, v.added, c.token FROM versions v"
        " JOIN documents d ON d.key = v.document LEFT JOIN changes c ON c.number = v.added ORDER BY v.key"
    )
    for key, is_newest, document, number, added, token in rows:
        if version_tag(store, document, number, added, token) in wanted:
            yield key, document, bool(is_newest)
