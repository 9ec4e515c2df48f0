"""Everything that this package raises on purpose.

::

    LoccitError
    ├── InvalidInput
    │   ├── EmptyQuestion
    │   ├── QuestionTooLong
    │   ├── InvalidLimit
    │   ├── InvalidFilter
    │   ├── InvalidDocumentId
    │   ├── InvalidCollectionName
    │   ├── InvalidLocator
    │   ├── InvalidMetadata
    │   ├── MomentTooLarge
    │   ├── HashCollision
    │   └── Unreadable
    │       ├── UnsupportedFormat
    │       ├── UndecodableText
    │       ├── EmptyDocument
    │       ├── CorruptDocument
    │       ├── EncryptedDocument
    │       ├── NoTextLayer
    │       ├── ReaderFailed
    │       └── DocumentTooLarge
    ├── NotFound
    │   ├── CollectionNotFound
    │   ├── DocumentNotFound
    │   ├── VersionNotFound
    │   ├── CitationNotFound
    │   ├── ChangeNotFound
    │   └── ChangeNotKept
    ├── Conflict
    │   ├── CollectionMismatch
    │   └── CollectionBusy
    ├── ModelError
    │   ├── ModelNotFound
    │   ├── ModelDamaged
    │   ├── ModelFailed
    │   └── BackendMissing
    └── Damaged
        ├── StoreDamaged
        └── UnknownFormat

A message says what happened and what to do next. ``code`` is the stable name that clients may test.
"""

from __future__ import annotations

from typing import ClassVar


class LoccitError(Exception):
    """The root. Catch this to catch everything that the package raises on purpose."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(LoccitError):
    """The caller can mend it."""

    code = "invalid_input"


class EmptyQuestion(InvalidInput):
    """The question has no letter or digit in it."""

    code = "empty_question"


class QuestionTooLong(InvalidInput):
    """The question is longer than the limit."""

    code = "question_too_long"


class InvalidLimit(InvalidInput):
    """A count, such as ``k``, is outside its range."""

    code = "invalid_limit"


class InvalidFilter(InvalidInput):
    """The metadata filter does not follow the grammar."""

    code = "invalid_filter"


class InvalidDocumentId(InvalidInput):
    """A document id that cannot be used in a locator or an address."""

    code = "invalid_document_id"


class InvalidCollectionName(InvalidInput):
    """A collection name that cannot be a folder's name on every system."""

    code = "invalid_collection_name"


class InvalidLocator(InvalidInput):
    """Not of the form ``{document_id}@{12 to 64 hex digits}:{start}-{end}``."""

    code = "invalid_locator"


class InvalidMetadata(InvalidInput):
    """Metadata is not a flat mapping of names to scalars or lists of scalars."""

    code = "invalid_metadata"


class MomentTooLarge(InvalidInput):
    """The collection held too much after this change to be made searchable as it stood."""

    code = "moment_too_large"


class HashCollision(InvalidInput):
    """A locator of this text would be one of another text of the document too."""

    code = "hash_collision"


class Unreadable(InvalidInput):
    """A file from which no text can be taken; the message is the reason."""

    code = "unreadable_document"


class UnsupportedFormat(Unreadable):
    """No reader for this kind of file."""

    code = "unsupported_format"


class UndecodableText(Unreadable):
    """The bytes are not text in the encoding that they claim, or that was found."""

    code = "undecodable_text"


class EmptyDocument(Unreadable):
    """Nothing but white space."""

    code = "empty_document"


class CorruptDocument(Unreadable):
    """The format's own rules are broken."""

    code = "corrupt_document"


class EncryptedDocument(Unreadable):
    """The file is encrypted, and there is no password or a wrong one."""

    code = "encrypted_document"


class NoTextLayer(Unreadable):
    """Pictures of pages: there is no text to be read."""

    code = "no_text_layer"


class ReaderFailed(Unreadable):
    """The reader crashed on the file, or took more time or memory than it may."""

    code = "reader_failed"


class DocumentTooLarge(Unreadable):
    """Larger than the configured limit."""

    code = "document_too_large"


class NotFound(LoccitError):
    """What the caller named does not exist."""

    code = "not_found"


class CollectionNotFound(NotFound):
    """No collection of this name."""

    code = "collection_not_found"


class DocumentNotFound(NotFound):
    """No document of this id in the collection."""

    code = "document_not_found"


class VersionNotFound(NotFound):
    """The document has no such version."""

    code = "version_not_found"


class CitationNotFound(NotFound):
    """The locator is well formed but names no stored text, or lies outside it."""

    code = "citation_not_found"


class ChangeNotFound(NotFound):
    """The collection has not come to a change of this number."""

    code = "change_not_found"


class ChangeNotKept(NotFound):
    """Something that stood in the collection after this change is deleted or pruned."""

    code = "change_not_kept"


class Conflict(LoccitError):
    """The request is fine, the present state does not allow it."""

    code = "conflict"


class CollectionMismatch(Conflict):
    """The collection was built with another model or other settings."""

    code = "collection_mismatch"


class CollectionBusy(Conflict):
    """Another process holds the collection's write lock; try again."""

    code = "collection_busy"


class ModelError(LoccitError):
    """The embedding model cannot do its work."""

    code = "model_error"


class ModelNotFound(ModelError):
    """The model's files are not there, and nothing may be downloaded."""

    code = "model_not_found"


class ModelDamaged(ModelError):
    """The model's files are not the ones expected."""

    code = "model_damaged"


class ModelFailed(ModelError):
    """The model raised, or gave vectors that are not finite."""

    code = "model_failed"


class BackendMissing(ModelError):
    """What the model is to be run by is not installed, or the model was not prepared for it."""

    code = "backend_missing"


class Damaged(LoccitError):
    """Stored data contradicts itself; restore a backup or build it again."""

    code = "damaged"


class StoreDamaged(Damaged):
    """The record store is not readable, or a stored hash does not match."""

    code = "store_damaged"


class UnknownFormat(Damaged):
    """The collection's format is older or newer than this program."""

    code = "unknown_format"
