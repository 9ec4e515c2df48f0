"""Reserve (document id, hash prefix) so that a locator never names two texts.

The prefix has 48 bits, so an author can construct two texts with the same prefix (a birthday attack takes a
minute). The second such text is refused, even after the first was erased: a locator never resolves to
other words.
"""

from index.errors import HashCollision
from index.store.sql.statements import Statements

_DIGITS = 6
"""Bytes of the hash prefix in a locator."""
RAISE_VERSION = (
    "ON CONFLICT (document_id, digits) DO UPDATE SET version ="
    " CASE WHEN names.version > excluded.version THEN names.version ELSE excluded.version END"
)
"""Of two rows for one name, keep the later version."""


def put(statements: Statements, document_id: str, sha256: bytes, version: int) -> None:
    """Reserve the name of a version's text. Raises :class:`HashCollision` if another text has it."""
    row = statements.row(
        f"INSERT INTO names VALUES (?, ?, ?, ?) {RAISE_VERSION} RETURNING text_sha256",
        (document_id, sha256[:_DIGITS], sha256, version),
    )
    _require_same(document_id, sha256, row[0] if row else None)


def put_all(statements: Statements, document_id: str, document: int) -> None:
    """Reserve names under a new id for all versions of a document (key). Raises :class:`HashCollision`."""
    rows = statements.rows(
        "SELECT text_sha256, MAX(number) FROM versions WHERE document = ? GROUP BY text_sha256", (document,)
    )
    for sha256, version in rows:
        put(statements, document_id, sha256, version)


def _require_same(document_id: str, sha256: bytes, named: bytes | None) -> None:
    """Raise :class:`index.errors.HashCollision` if a locator names another text already."""
    if named != sha256:
        raise HashCollision(
            f"{document_id!r}: the SHA-256 of this text begins with the same 12 digits as that of another "
            "text that was put under this id, so that locators could not tell them apart. Change the text, "
            "if only by a blank line, or choose another id."
        )
