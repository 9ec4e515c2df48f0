"""Ids of OpenAI's API, and what they name: all but those of uploads are read back from the id itself.

A vector store ``vs_manuals`` is the collection ``manuals``. An uploaded file has a random id, and its
document in a collection is ``{file id}/{filename}``. A document that was put in another way has a file id
that holds its collection and its id. A batch ``vsfb_...`` is a job.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass

from index.errors import CollectionNotFound, InvalidCollectionName
from index.naming import checked_collection_name
from service.errors import UploadNotFound

_STORE, _BATCH, _DOCUMENT = "vs_", "vsfb_", "file-doc-"
UPLOADS = "file-"
"""How the ids of uploaded files begin, and those of their documents."""
_UPLOAD = re.compile(rf"{UPLOADS}[0-9a-f]{{24}}")
_OF_UPLOAD = re.compile(rf"({_UPLOAD.pattern})/(.+)", re.DOTALL)
_LONGEST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A document of a collection."""

    collection: str
    document_id: str


def store_id(collection: str) -> str:
    """The id of the vector store that a collection is."""
    return f"{_STORE}{collection}"


def collection_of(vector_store_id: str) -> str:
    """The collection that a vector store is. Raises :class:`index.errors.CollectionNotFound`."""
    name = vector_store_id.removeprefix(_STORE)
    if name != vector_store_id:
        try:
            return checked_collection_name(name)
        except InvalidCollectionName:
            pass
    raise CollectionNotFound(
        f"There is no vector store {vector_store_id[:_LONGEST_SHOWN]!r}. The id of a vector store is vs_ and "
        "the name of a collection."
    )


def new_upload_id() -> str:
    """Make the id of an uploaded file, which cannot be guessed."""
    return f"{UPLOADS}{secrets.token_hex(12)}"


def is_upload(file_id: str) -> bool:
    """Whether an id has the form of those of uploaded files."""
    return _UPLOAD.fullmatch(file_id) is not None


def document_of_upload(upload_id: str, filename: str) -> str:
    """The id of the document that an uploaded file becomes in every collection."""
    return f"{upload_id}/{filename}"


def file_id(collection: str, document_id: str) -> str:
    """The id of the file that a document of a collection is."""
    if match := _OF_UPLOAD.fullmatch(document_id):
        return match[1]
    written = base64.urlsafe_b64encode(f"{collection}/{document_id}".encode())
    return _DOCUMENT + written.decode().rstrip("=")


def filename(document_id: str) -> str:
    """The name of the file that a document is: that of the upload, or the document's id."""
    match = _OF_UPLOAD.fullmatch(document_id)
    return match[2] if match else document_id


def document_file(file_id_: str) -> DocumentFile | None:
    """The document that an id of this form names, whether it exists or not; None for other ids."""
    written = file_id_.removeprefix(_DOCUMENT)
    if written == file_id_:
        return None
    try:
        padded = written + "=" * (-len(written) % 4)
        collection, _, document_id = base64.b64decode(padded, b"-_", validate=True).decode().partition("/")
    except (binascii.Error, ValueError):
        return None
    found = DocumentFile(collection, document_id)
    # Several writings of the last character would be the same bytes.
    is_canonical = bool(document_id) and file_id(collection, document_id) == file_id_
    return found if is_canonical else None


def batch_id(job_id: str) -> str:
    """The id of the batch that a job is."""
    return f"{_BATCH}{job_id}"


def job_of(batch_id_: str) -> str:
    """The id of the job that a batch is; empty for what is no id of a batch."""
    job_id = batch_id_.removeprefix(_BATCH)
    return "" if job_id == batch_id_ else job_id


def no_such_file(file_id_: str) -> UploadNotFound:
    """The error for a file that does not exist, or that the caller may not see."""
    return UploadNotFound(f"There is no file {file_id_[:_LONGEST_SHOWN]!r}.")
