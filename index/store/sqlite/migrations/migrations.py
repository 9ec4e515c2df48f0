"""Bring store.sqlite to the newest format by numbered migrations, which only go forward.

To change the schema, append a function to :data:`MIGRATIONS` that changes a file of the format before; it
runs inside one transaction with all others that are due. Those before it stay as they are. A new file is made
in the base format and migrated like any other: it cannot differ from one that was made earlier.
"""

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

from index.errors import StoreDamaged, UnknownFormat
from index.store.sql import groups
from index.store.sql.state import random_name
from index.store.sqlite import totals
from index.store.sqlite.database import cover
from index.store.sqlite.migrations import base
from index.store.sqlite.statements import SqliteStatements

_log = logging.getLogger("loccit.store")

Migration = Callable[[sqlite3.Connection], None]


def _identify_changes(connection: sqlite3.Connection) -> None:
    """Make format 4: a store id, an epoch, and a token for each change from here on."""
    base.complete(connection)
    connection.execute("CREATE TABLE changes (number INTEGER PRIMARY KEY, token BLOB NOT NULL)")
    name_store(connection)


def name_store(connection: sqlite3.Connection) -> None:
    """Give the file its store id and its first epoch."""
    connection.execute("INSERT INTO meta VALUES ('store', ?), ('epoch', ?)", (random_name(), random_name()))


def _keep_originals(connection: sqlite3.Connection) -> None:
    """Make format 5: what was erased and is to be purged from the files, and which originals are kept."""
    connection.execute(
        "INSERT INTO meta SELECT 'erased', COALESCE(MAX(change), 0) FROM events"
        " WHERE kind IN ('pruned', 'deleted')"
    )
    connection.execute("INSERT INTO meta VALUES ('purged', 0)")
    connection.execute(
        "CREATE TABLE originals (sha256 BLOB PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID"
    )
    connection.execute("INSERT INTO meta VALUES ('original_bytes', 0)")
    for event, sign, row in (("INSERT", "+", "NEW"), ("DELETE", "-", "OLD")):
        connection.execute(
            f"CREATE TRIGGER originals_{event.lower()} AFTER {event} ON originals BEGIN UPDATE meta"
            f" SET value = value {sign} {row}.bytes WHERE key = 'original_bytes'; END"
        )


def _check_vectors(connection: sqlite3.Connection) -> None:
    """Make format 6: vectors and sentences that are stored from here on end with a checksum."""


def _retire_documents(connection: sqlite3.Connection) -> None:
    """Make format 7: documents can be retired, and the totals leave retired ones out."""
    connection.execute("ALTER TABLE documents ADD COLUMN retired REAL")
    connection.execute("CREATE INDEX documents_retired ON documents (retired) WHERE retired IS NOT NULL")
    totals.leave_out_retired(SqliteStatements(connection))


_GROUPS = """
CREATE TABLE document_groups (         -- who may read a document; those of deleted ones stay for its events
    document INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (document, name)
) WITHOUT ROWID
"""


def _add_groups(connection: sqlite3.Connection) -> None:
    """Make format 8: groups of documents, and the document of each event."""
    connection.execute(_GROUPS)
    connection.execute("CREATE INDEX document_groups_name ON document_groups (name)")
    connection.execute("ALTER TABLE events ADD COLUMN document INTEGER")  # its key
    connection.execute(
        "UPDATE events SET document = COALESCE((SELECT key FROM documents WHERE id = events.document_id),"
        " (SELECT MAX(document) FROM aliases WHERE id = events.document_id))"
    )


def _describe_tables(connection: sqlite3.Connection) -> None:
    """Make format 9: the tables that a passage has rows of, and the columns of tables in the structure."""
    connection.execute("ALTER TABLE passages ADD COLUMN tables TEXT")  # JSON


def _cover_rows(connection: sqlite3.Connection) -> None:
    """Make format 10: what no hash covers is there twice, so that a check notices damage.

    Groups of erased documents are hashes from here on. Their names leave the files with the next purge.
    """
    if groups.veil_of_erased(SqliteStatements(connection)):
        connection.execute("UPDATE meta SET value = 0 WHERE key = 'purged'")
    cover(connection, _WHOLE)


def _add_printed_pages(connection: sqlite3.Connection) -> None:
    """Make format 11: the numbers that pages bear, and the boxes of pictures that have a caption."""
    for column in ("page_labels", "figures"):
        connection.execute(f"ALTER TABLE versions ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    connection.execute("DROP INDEX versions_whole")
    cover(connection, {"versions": f"{_WHOLE['versions']}, page_labels, figures"})


_WHOLE = {
    "meta": "value",
    "documents": "id, version, source, media_type, metadata, given, created, updated, retired",
    "versions": "document, number, title, text_sha256, source_sha256, reader, created, added, removed, "
    "replaced",
    "names": "text_sha256, version",
    # Other indexes have its keys and the changes that added and embedded it; hashes cover its heading.
    "passages": 'document, start, "end", section, first_page, last_page, tokens, removed, tables',
    "removals": "passage",
    "events": "change, document_id, kind, was, version, created, document",
    "erased": "document, document_id, version, added, removed",
    "changes": "token",
    "originals": "bytes",
}
"""Columns of each table that nothing else has, and no hash covers."""


MIGRATIONS: tuple[Migration, ...] = (
    _identify_changes,
    _keep_originals,
    _check_vectors,
    _retire_documents,
    _add_groups,
    _describe_tables,
    _cover_rows,
    _add_printed_pages,
)
"""The first one makes the format after the base, and so on."""

FORMAT = base.BASE + len(MIGRATIONS)
"""The format that this program writes."""


def migrate(connection: sqlite3.Connection, path: Path, *, create: bool) -> None:
    """Create the tables of a new file or bring those of an older one up to date, inside a write transaction.

    Raises :class:`index.errors.UnknownFormat` for a file of a later format, or of one before the base, and
    :class:`index.errors.StoreDamaged` for one without tables if it is not to be created.
    """
    found = base.read_format(connection)
    if found is None:
        if not create:
            raise StoreDamaged(
                f"{path} is empty, although the collection has been written to. Restore a backup, or delete "
                f"the folder {path.parent} to begin anew."
            )
        base.create(connection)
    elif not base.BASE <= found <= FORMAT:
        raise _unknown(path, found)
    before = base.BASE if found is None else found
    for migration in MIGRATIONS[before - base.BASE :]:
        migration(connection)
    if before != FORMAT:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (FORMAT,))
    if found not in (None, FORMAT):
        _log.info("%s was migrated from format %d to format %d.", path, found, FORMAT)


def is_newest(connection: sqlite3.Connection) -> bool:
    """Whether a file has the newest format."""
    return base.read_format(connection) == FORMAT


def require_known(path: Path, connection: sqlite3.Connection) -> None:
    """Raise :class:`index.errors.UnknownFormat` if a file has a later format, inside a write transaction."""
    found = base.read_format(connection)
    if found is not None and found > FORMAT:
        raise _unknown(path, found)


def _unknown(path: Path, found: int) -> UnknownFormat:
    if found > FORMAT:
        return UnknownFormat(
            f"{path} has format {found}, and this program reads formats up to {FORMAT}. Start the version of "
            "the program that wrote it, or a newer one, or restore a backup made before it was upgraded."
        )
    return UnknownFormat(
        f"{path} has format {found}; this program reads formats {base.BASE} to {FORMAT}. Ingest its "
        "documents into a new collection."
    )
