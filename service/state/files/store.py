"""The store of files: rows in an SQL database, bytes in a spool."""

import json
from collections.abc import Iterable
from typing import Any, BinaryIO

from service.errors import UploadNotFound
from service.state.databases import Connection, Database
from service.state.files.records import Attachment, StoreLabel, UploadedFile
from service.state.jobs.protocols import Spool

_COLUMNS = "SELECT id, filename, purpose, bytes, created, owner, groups FROM files"
_FILES = f"{_COLUMNS} WHERE erasing = 0"
_ATTACHMENTS = "SELECT collection, file, document, job, created, attributes FROM attachments"
_INSERT = "INSERT INTO attachments VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT"
_RESTORE = f"{_INSERT} DO NOTHING"
_REPLACE = (
    f"{_INSERT} (collection, file) DO UPDATE SET document = excluded.document, job = excluded.job,"
    " created = excluded.created, attributes = excluded.attributes"
)
_LABELS = "SELECT collection, name, description, metadata, created FROM labels"
CONTENT = "000001"
"""Name of a file's bytes in its folder of the spool."""
_ABORTED_SECONDS = 86_400.0


class FileStore:
    """Keeps uploaded files until they are deleted. Safe to use from several threads and processes.

    A change is made as a whole or not at all, and is durable when its method returns. All methods may raise
    :class:`index.errors.CollectionBusy` and :class:`index.errors.StoreDamaged`. ``spool`` holds the bytes,
    ``database`` has the tables.
    """

    def __init__(self, database: Database, spool: Spool) -> None:
        self.spool = spool
        self.database = database

    # Files

    def add(self, file: UploadedFile) -> UploadedFile:
        """Record a file whose bytes are durable in the spool under its id."""
        groups = None if file.groups is None else json.dumps(sorted(file.groups))
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO files (id, filename, purpose, bytes, created, owner, groups)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (file.id, file.filename, file.purpose, file.size, file.created, file.owner, groups),
            )
        return file

    def file(self, file_id: str) -> UploadedFile | None:
        """The file with this id, if there is one."""
        with self.database.read() as connection:
            row = connection.execute(f"{_FILES} AND id = ?", (file_id,)).fetchone()
        return None if row is None else _file_of_row(row)

    def files(self, *, purpose: str = "") -> list[UploadedFile]:
        """All files, in the order in which they were sent."""
        with self.database.read() as connection:
            rows = connection.execute(
                f"{_FILES} AND (? = '' OR purpose = ?) ORDER BY number", (purpose, purpose)
            ).fetchall()
        return [_file_of_row(row) for row in rows]

    def open(self, file_id: str) -> BinaryIO:
        """Open the bytes of a file. Raises :class:`FileNotFoundError` when it was deleted meanwhile."""
        return self.spool.open(file_id, CONTENT)

    def begin_erasing(self, file_id: str, *, known: Iterable[Attachment] | None = None) -> bool:
        """Hide a file for good, so that it is attached to nothing any more; its bytes are there still.

        With ``known``, only if these are all its attachments: False if it was attached again meanwhile.
        """
        with self.database.write() as connection:
            # Written first, although it stays as it is: until the end nothing attaches the file.
            connection.execute("UPDATE files SET erasing = erasing WHERE id = ?", (file_id,))
            if known is not None:
                expected = {(one.collection, one.job_id) for one in known}
                found = _attachments(connection, collection="", file_id=file_id)
                if not expected.issuperset((one.collection, one.job_id) for one in found):
                    return False
            connection.execute("UPDATE files SET erasing = 1 WHERE id = ?", (file_id,))
            return True

    def cancel_erasing(self, file_id: str) -> None:
        """Show a file again whose erasure was begun and cannot go on."""
        with self.database.write() as connection:
            connection.execute("UPDATE files SET erasing = 0 WHERE id = ?", (file_id,))

    def finish_erasing(self, file_id: str) -> None:
        """Remove a file that is hidden, and its bytes. Where it is attached, its documents stay."""
        # The bytes first: after a crash the row still says what is to be removed.
        self.spool.clear(file_id)
        with self.database.write() as connection:
            connection.execute("DELETE FROM files WHERE id = ? AND erasing = 1", (file_id,))

    def erasing(self) -> list[UploadedFile]:
        """The files whose erasure was begun and not finished."""
        with self.database.read() as connection:
            return [
                _file_of_row(row) for row in connection.execute(f"{_COLUMNS} WHERE erasing = 1").fetchall()
            ]

    def sweep(self) -> None:
        """Remove what aborted uploads have left for a day."""
        self.spool.clear_unknown(self.ids(), idle_seconds=_ABORTED_SECONDS)

    def ids(self) -> set[str]:
        """The ids of all files, those whose erasure was begun included."""
        with self.database.read() as connection:
            return {file_id for (file_id,) in connection.execute("SELECT id FROM files").fetchall()}

    # Attachments

    def attach(self, attachments: Iterable[Attachment]) -> list[Attachment]:
        """Record that files become documents; returns what was known of the same files and collections.

        Raises :class:`service.errors.UploadNotFound` if one of the files does not exist any more.
        """
        new = list(attachments)
        with self.database.write() as connection:
            for one in new:
                # Written, although it stays as it is: until the end nothing begins to erase the file.
                exists = "UPDATE files SET erasing = 0 WHERE id = ? AND erasing = 0 RETURNING id"
                if connection.execute(exists, (one.file_id,)).fetchone() is None:
                    raise UploadNotFound(f"There is no file {one.file_id!r}.")
            replaced = [
                found
                for one in new
                for found in _attachments(connection, collection=one.collection, file_id=one.file_id)
            ]
            _insert_attachments(connection, new)
            return replaced

    def attachments(self, *, collection: str = "", file_id: str = "") -> list[Attachment]:
        """The attachments to a collection, of a file, or both."""
        with self.database.read() as connection:
            return _attachments(connection, collection=collection, file_id=file_id)

    def undo(self, attachments: Iterable[Attachment], replaced: Iterable[Attachment]) -> None:
        """Put back what :meth:`attach` replaced, unless it was replaced again."""
        with self.database.write() as connection:
            _delete_attachments(connection, attachments)
            _insert_attachments(connection, replaced, _RESTORE)

    def detach(self, attachments: Iterable[Attachment]) -> None:
        """Forget that files are attached, unless they were attached again since. The files stay."""
        with self.database.write() as connection:
            _delete_attachments(connection, attachments)

    # Names of vector stores

    def label(self, collection: str) -> StoreLabel | None:
        """The name of a collection, if it was given one."""
        with self.database.read() as connection:
            row = connection.execute(f"{_LABELS} WHERE collection = ?", (collection,)).fetchone()
        if row is None:
            return None
        name, called, description, metadata, created = row
        return StoreLabel(name, called, description, json.loads(metadata), created)

    def labels(self) -> list[StoreLabel]:
        """The names of all collections that were given one."""
        with self.database.read() as connection:
            rows = connection.execute(_LABELS).fetchall()
        return [
            StoreLabel(name, called, description, json.loads(metadata), created)
            for name, called, description, metadata, created in rows
        ]

    def set_label(self, label: StoreLabel) -> None:
        """Name a collection, or rename it."""
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO labels VALUES (?, ?, ?, ?, ?) ON CONFLICT (collection) DO UPDATE SET"
                " name = excluded.name, description = excluded.description, metadata = excluded.metadata,"
                " created = excluded.created",
                (
                    *(label.collection, label.name, label.description),
                    json.dumps(dict(label.metadata), ensure_ascii=False),
                    label.created,
                ),
            )

    def remove_label(self, collection: str) -> None:
        """Forget what a collection is called."""
        with self.database.write() as connection:
            connection.execute("DELETE FROM labels WHERE collection = ?", (collection,))

    # Upkeep

    def collections(self) -> set[str]:
        """The collections that something is known of, whether they exist or not."""
        with self.database.read() as connection:
            rows = connection.execute(
                "SELECT collection FROM attachments UNION SELECT collection FROM labels"
            )
            return {name for (name,) in rows.fetchall()}

    def purge(self) -> bool:
        """Remove from the database's files what was deleted; False while others use them: try again."""
        return self.database.cleanse()

    def close(self) -> None:
        """Close everything that is open. The store is not used afterwards."""
        self.database.close()


def _attachments(connection: Connection, *, collection: str, file_id: str) -> list[Attachment]:
    given = {"collection": collection, "file": file_id}
    wanted = {name: value for name, value in given.items() if value}
    where = " AND ".join(f"{name} = ?" for name in wanted) or "TRUE"
    rows = connection.execute(f"{_ATTACHMENTS} WHERE {where}", tuple(wanted.values())).fetchall()
    return [
        Attachment(name, file, document, job, created, json.loads(attributes))
        for name, file, document, job, created, attributes in rows
    ]


def _insert_attachments(
    connection: Connection, attachments: Iterable[Attachment], sql: str = _REPLACE
) -> None:
    connection.executemany(
        sql,
        [
            (
                *(one.collection, one.file_id, one.document_id, one.job_id, one.created),
                json.dumps(dict(one.attributes), ensure_ascii=False),
            )
            for one in attachments
        ],
    )


def _delete_attachments(connection: Connection, attachments: Iterable[Attachment]) -> None:
    connection.executemany(
        "DELETE FROM attachments WHERE collection = ? AND file = ? AND job = ?",
        [(one.collection, one.file_id, one.job_id) for one in attachments],
    )


def _file_of_row(row: tuple[Any, ...]) -> UploadedFile:
    id_, filename, purpose, size, created, owner, listed = row
    groups = None if listed is None else frozenset(json.loads(listed))
    return UploadedFile(id_, filename, purpose, size, created, owner, groups)
