"""A collection as a knowledge base that a program keeps equal to a list of files.

The program sends a manifest of paths and checksums, uploads what the difference names, and asks to remove
what its manifest does not have. The checksum of a file is stored with its text, as the origin of its
document. Documents that came another way are no part of the knowledge base, and stay as they are.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.collection import Collection
from index.errors import DocumentIdTaken, InvalidDocumentId
from index.ingest import Source
from index.naming import validate_document_id
from index.records import DocumentRecord, Put
from index.sources import FEW, SHARE
from index.sources.applications import Origin, read_origin
from service.errors import RemovalRefused

_KNOWLEDGE = ""
"""The name of the source that the documents of a knowledge base are of: no source can have it."""
_KEPT = "kept-"
"""Beginning of the id of a file that an upload is going to replace: it is not removed before."""
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class File:
    """A file of a manifest or of a knowledge base."""

    path: str
    checksum: str = ""
    size: int = 0

    @property
    def folder(self) -> str:
        """The path of its folder; empty at the top."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """Its name in the folder."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Difference:
    """The differences between a manifest and a knowledge base."""

    added: Sequence[File]
    modified: Sequence[File]
    deleted: Sequence[File]
    unmodified: int
    folders: Sequence[str]


def encode_id(path: str) -> str:
    """The id of the file or folder with this path."""
    return base64.urlsafe_b64encode(path.encode()).decode().rstrip("=")


def encode_replaced(path: str) -> str:
    """The id of a file that is going to be replaced: to remove it does nothing, so that its versions stay."""
    return f"{_KEPT}{encode_id(path)}"


def decode_id(written: str) -> str:
    """The path that an id is of. Raises :class:`index.errors.InvalidDocumentId`."""
    try:
        return base64.b64decode(f"{written}{'=' * (-len(written) % 4)}", b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise InvalidDocumentId(f"{written[:100]!r} is the id of no file or folder.") from None


def files_of(collection: Collection) -> Iterator[File]:
    """The files of a knowledge base."""
    return (file for file, _ in _documents(collection))


def compare(collection: Collection, manifest: Sequence[File]) -> Difference:
    """Compare a manifest with a knowledge base. Of two files with one path the first counts."""
    wanted: dict[str, File] = {}
    for file in manifest:
        wanted.setdefault(stored_path(file.path), file)
    known = {file.path: file for file in files_of(collection)}
    modified = [
        file for path, file in wanted.items() if path in known and known[path].checksum != file.checksum
    ]
    return Difference(
        added=[file for path, file in wanted.items() if path not in known],
        modified=modified,
        deleted=[file for path, file in known.items() if path not in wanted],
        unmodified=sum(path in known for path in wanted) - len(modified),
        # Those alone that files are in: all above them together would be far longer than the manifest.
        folders=sorted({file.folder for file in wanted.values() if file.folder}),
    )


def upload(collection: Collection, file: File, data: bytes) -> Put:
    """Store a file. Raises :class:`index.errors.DocumentIdTaken` for the id of a document from elsewhere.

    A document that a person gave another id or title keeps both.
    """
    home = validate_document_id(file.path)
    known = _find(collection, home)
    if known is None and collection.archive.find_document(home, retired=True):
        raise DocumentIdTaken(
            f"The collection has a document {home!r} that came another way. Delete it, or rename the file."
        )
    return collection.put(
        Source(
            known.id if known else home,
            data,
            name=file.name,
            title=known.given_title if known else "",
            origin=Origin(file.checksum, "", home).written(_KNOWLEDGE),
        )
    )


def remove(collection: Collection, file_ids: Sequence[str]) -> int:
    """Retire files by their ids, all or none; returns how many were there.

    Raises :class:`service.errors.RemovalRefused` for many of them.
    """
    paths = {decode_id(one) for one in file_ids if not one.startswith(_KEPT)}
    if not paths:
        return 0
    known = [(file.path, document_id) for file, document_id in _documents(collection)]
    going = [document_id for path, document_id in known if path in paths]
    if len(going) >= FEW and len(going) > SHARE * len(known):
        raise RemovalRefused(
            f"{len(going)} of the {len(known)} files would be removed, which is more than "
            f"{100 * SHARE:.0f} %: none was. If that is meant, reset the knowledge base and synchronize "
            "again: what is unchanged is not embedded again."
        )
    return _retire(collection, going)


def reset(collection: Collection) -> int:
    """Retire all files of a knowledge base; returns how many these were."""
    return _retire(collection, [document_id for _, document_id in _documents(collection)])


def _retire(collection: Collection, document_ids: Sequence[str]) -> int:
    for start in range(0, len(document_ids), _AT_ONCE):
        collection.editor.retire(document_ids[start : start + _AT_ONCE])
    return len(document_ids)


def _documents(collection: Collection) -> Iterator[tuple[File, str]]:
    """The files, and the id of the document of each, which a person may have changed."""
    for record in collection.archive.all_documents():
        if (origin := read_origin(record, _KNOWLEDGE)) is not None:
            yield File(origin.home, origin.checksum, record.length), record.id


def _find(collection: Collection, home: str) -> DocumentRecord | None:
    """The document of a file, retired or not, whatever its id is today."""
    for document_id in (home, collection.archive.renamed_to(home)):
        record = collection.archive.find_document(document_id, retired=True) if document_id else None
        if record and (origin := read_origin(record, _KNOWLEDGE)) and origin.home == home:
            return record
    return None


def stored_path(path: str) -> str:
    """The id that a path gets; a path that can be no id as it is, so that its upload says what is wrong."""
    try:
        return validate_document_id(path)
    except InvalidDocumentId:
        return path
