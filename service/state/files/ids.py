"""Ids of files: of uploaded ones, and of documents that are listed as files.

An uploaded file has a random id, and its document in a collection is ``{file id}/{filename}``. A document
that was put in another way has a file id that holds its collection and its id.
"""

import base64
import binascii
import re
import secrets
from dataclasses import dataclass

_DOCUMENT = "file-doc-"
UPLOADS = "file-"
"""How the ids of uploaded files begin, and those of their documents."""
_UPLOAD = re.compile(rf"{UPLOADS}[0-9a-f]{{24}}")
_OF_UPLOAD = re.compile(rf"({_UPLOAD.pattern})/(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A document of a collection."""

    collection: str
    document_id: str


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
