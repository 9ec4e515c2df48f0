"""Errors of this package.

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
    │   ├── InvalidGroup
    │   ├── InvalidSource
    │   ├── DocumentIdTaken
    │   ├── MomentTooLarge
    │   ├── NotSupported
    │   ├── HashCollision
    │   └── Unreadable
    │       ├── UnsupportedFormat
    │       ├── UndecodableText
    │       ├── EmptyDocument
    │       ├── CorruptDocument
    │       ├── EncryptedDocument
    │       ├── EncryptionNotSupported
    │       ├── NoTextLayer
    │       ├── ReaderFailed
    │       └── DocumentTooLarge
    ├── NotFound
    │   ├── CollectionNotFound
    │   ├── DocumentNotFound
    │   ├── SourceNotFound
    │   ├── OriginalNotFound
    │   ├── PageNotFound
    │   ├── DocumentRetired
    │   ├── VersionNotFound
    │   ├── CitationNotFound
    │   ├── ChangeNotFound
    │   └── ChangeNotKept
    ├── Conflict
    │   ├── CollectionMismatch
    │   ├── UpgradeBegun
    │   ├── CollectionBusy
    │   └── FormatInUse
    ├── ModelError
    │   ├── ModelNotFound
    │   ├── ModelDamaged
    │   ├── ModelFailed
    │   ├── TooManyModels
    │   └── BackendMissing
    ├── ChangeNotReached
    ├── IndexUnavailable
    ├── SourceError
    │   ├── SourceFailed
    │   └── SourceRefused
    ├── StoreUnavailable
    ├── ObjectsUnavailable
    ├── ObjectsOfAnother
    ├── ReadersUnavailable
    ├── EngineUnsuitable
    ├── LedgerFailed
    ├── DiskFull
    ├── DiskReadOnly
    └── Damaged
        ├── StoreDamaged
        └── UnknownFormat

A message says what happened and, where the library knows it, what to do next. It names no route, command or
environment variable: the layers that have these add their own advice, by the class of the error and what it
carries. ``code`` is a stable name that clients can test: that of the class, unless the class has another.

The first argument of every class is the message, and others are optional: errors are copied and pickled.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import ClassVar

__all__ = [
    "BackendMissing",
    "ChangeNotFound",
    "ChangeNotKept",
    "ChangeNotReached",
    "CitationNotFound",
    "CollectionBusy",
    "CollectionMismatch",
    "CollectionNotFound",
    "Conflict",
    "CorruptDocument",
    "Damaged",
    "DiskFull",
    "DiskReadOnly",
    "DocumentIdTaken",
    "DocumentNotFound",
    "DocumentRetired",
    "DocumentTooLarge",
    "EmptyDocument",
    "EmptyQuestion",
    "EncryptedDocument",
    "EncryptionNotSupported",
    "EngineUnsuitable",
    "FormatInUse",
    "HashCollision",
    "IndexUnavailable",
    "InvalidCollectionName",
    "InvalidDocumentId",
    "InvalidFilter",
    "InvalidGroup",
    "InvalidInput",
    "InvalidLimit",
    "InvalidLocator",
    "InvalidMetadata",
    "InvalidSource",
    "LedgerFailed",
    "LoccitError",
    "ModelDamaged",
    "ModelError",
    "ModelFailed",
    "ModelNotFound",
    "MomentTooLarge",
    "NoTextLayer",
    "NotFound",
    "NotSupported",
    "ObjectsOfAnother",
    "ObjectsUnavailable",
    "OriginalNotFound",
    "PageNotFound",
    "QuestionTooLong",
    "ReaderFailed",
    "ReadersUnavailable",
    "SourceError",
    "SourceFailed",
    "SourceNotFound",
    "SourceRefused",
    "StoreDamaged",
    "StoreUnavailable",
    "TooManyModels",
    "UndecodableText",
    "UnknownFormat",
    "Unreadable",
    "UnsupportedFormat",
    "UpgradeBegun",
    "VersionNotFound",
]

# The root of all errors.


class LoccitError(Exception):
    """Base class of all errors that this package raises deliberately."""

    code: ClassVar[str] = "error"

    def __init_subclass__(cls) -> None:
        if "code" not in vars(cls):
            cls.code = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


# Input that the caller can correct.


class InvalidInput(LoccitError):
    """The input is invalid; the caller can correct it."""


class EmptyQuestion(InvalidInput):
    """The question contains no letter or digit."""


class QuestionTooLong(InvalidInput):
    """The question is longer than the limit."""


class InvalidLimit(InvalidInput):
    """A count, such as ``k``, is outside its range.

    ``limit`` names the configured limit, where it is one.
    """

    def __init__(self, message: str, *, limit: str = "") -> None:
        super().__init__(message)
        self.limit = limit


class InvalidFilter(InvalidInput):
    """The metadata filter does not follow the grammar."""


class InvalidDocumentId(InvalidInput):
    """The document id cannot be used in a locator or URL, or another document has it."""

    @classmethod
    def in_use(cls, document_id: str, *, retired: bool) -> InvalidDocumentId:
        """The error for an id that a document, retired or not, has already."""
        of = f"a retired document {document_id!r}" if retired else f"a document {document_id!r} already"
        return cls(f"There is {of}. Choose another id.")


class InvalidCollectionName(InvalidInput):
    """The collection name cannot be a folder name on every system."""


class InvalidLocator(InvalidInput):
    """The locator does not have the form ``{document_id}@{12 to 64 hex digits}:{start}-{end}``."""


class InvalidMetadata(InvalidInput):
    """The metadata is not a flat mapping of names to scalars or lists of scalars."""


class InvalidGroup(InvalidInput):
    """The name of a group is empty, too long, or has a comma or control characters."""


class InvalidSource(InvalidInput):
    """A source is described in a way that cannot be used; the message names what is wrong."""


class DocumentIdTaken(InvalidInput):
    """A document that the caller may not read has this id."""


class MomentTooLarge(InvalidInput):
    """The past state of the collection is too large to be searched."""


class NotSupported(InvalidInput):
    """The engine of this collection cannot do this."""


class HashCollision(InvalidInput):
    """A locator of this text would also name another text of the document."""


# Files from which no text can be extracted.


class Unreadable(InvalidInput):
    """No text can be extracted from the file; the message has the reason."""

    code = "unreadable_document"


class UnsupportedFormat(Unreadable):
    """There is no reader for this file format."""


class UndecodableText(Unreadable):
    """The bytes are not text in the declared or detected encoding."""


class EmptyDocument(Unreadable):
    """The document has no words: it is white space, or nothing at all."""


class CorruptDocument(Unreadable):
    """The file violates the rules of its format."""


class EncryptedDocument(Unreadable):
    """The file is encrypted, and the password is missing or wrong."""


class EncryptionNotSupported(Unreadable):
    """The file is encrypted in a way that is not opened, whatever the password."""


class NoTextLayer(Unreadable):
    """The pages are images without text."""


class ReaderFailed(Unreadable):
    """The reader crashed, or exceeded its time or memory limit."""


class DocumentTooLarge(Unreadable):
    """The document is larger than a limit.

    ``limit`` names the configured limit, where it is one.
    """

    def __init__(self, message: str, *, limit: str = "") -> None:
        super().__init__(message)
        self.limit = limit


# Errors for objects that do not exist, or no longer.


class NotFound(LoccitError):
    """The requested object does not exist."""


class CollectionNotFound(NotFound):
    """There is no collection with this name."""

    def __init__(self, message: str, *, name: str = "NAME") -> None:
        super().__init__(message)
        self.name = name


class DocumentNotFound(NotFound):
    """The collection has no document with this id."""


class SourceNotFound(NotFound):
    """The collection has no source of this name."""


class OriginalNotFound(NotFound):
    """The bytes of a version are not kept."""


class PageNotFound(NotFound):
    """The document has no page with this number, or no pages that can be drawn."""


class DocumentRetired(NotFound):
    """The document is retired: only its versions can be read."""

    @classmethod
    def of(cls, document_id: str, since: float) -> DocumentRetired:
        """The error for a document that was retired at a time (seconds since the epoch)."""
        moment = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return cls(
            f"The document {document_id!r} is retired since {moment}. Its versions and citations can be "
            "read. Put it again to restore it."
        )


class VersionNotFound(NotFound):
    """The document has no such version."""


class CitationNotFound(NotFound):
    """The locator is valid but names no stored text, or a span outside it."""

    def __init__(self, message: str, *, document_id: str = "") -> None:
        super().__init__(message)
        self.document_id = document_id


class ChangeNotFound(NotFound):
    """The collection has no change with this number yet."""


class ChangeNotKept(NotFound):
    """A document that the collection had after this change is deleted or pruned."""


# Requests that the present state does not allow.


class Conflict(LoccitError):
    """The request is valid but conflicts with the current state."""


class CollectionMismatch(Conflict):
    """The collection was built with another model or other settings."""


class UpgradeBegun(Conflict):
    """An upgrade to another model has begun and is not done."""


class CollectionBusy(Conflict):
    """Another process holds the collection's write lock; retry."""


class FormatInUse(Conflict):
    """Tables are to be changed, and processes of an older version, which could not go on, have them open."""


# Embedding models that cannot be used.


class ModelError(LoccitError):
    """The embedding model cannot be used."""


class ModelNotFound(ModelError):
    """The model's files are missing, and downloads are not allowed."""


class ModelDamaged(ModelError):
    """The model's files differ from the expected ones."""


class ModelFailed(ModelError):
    """The model failed, or returned vectors that are not finite."""


class TooManyModels(ModelError):
    """As many models are loaded as are allowed."""


class BackendMissing(ModelError):
    """The runtime for the model is not installed, or the model was not prepared for it."""


# Stores and indexes that are damaged, full or out of reach.


class ChangeNotReached(LoccitError):
    """Answers lack a change that the record has and the question asks for; retry."""

    @classmethod
    def of(cls, name: str, *, asked: int, reached: int) -> ChangeNotReached:
        """The error of a collection whose answers are complete up to the change ``reached``."""
        return cls(
            f"Answers from the collection {name!r} have reached change {reached} here, and change {asked} is "
            "asked for. Ask again in a moment."
        )


class IndexUnavailable(LoccitError):
    """An index that is needed has failed, and is being made anew from the record; retry."""


class SourceError(LoccitError):
    """The application of a source gives no documents: nothing is removed by that."""


class SourceFailed(SourceError):
    """The application that a source names does not answer as it should. Nothing is removed by that."""


class SourceRefused(SourceError):
    """The application refuses the source's credentials: they are wrong, or have expired."""


class StoreUnavailable(LoccitError):
    """The server of the record store cannot be reached; retry. What was acknowledged is stored."""


class ObjectsUnavailable(LoccitError):
    """The object store with originals and uploads cannot be reached or refuses; retry."""


class ObjectsOfAnother(LoccitError):
    """A folder for originals or uploads belongs to another database: nothing is deleted there."""


class ReadersUnavailable(LoccitError):
    """No reader process can be started, so no file can be read; retry. The file is not the reason."""


class EngineUnsuitable(LoccitError):
    """The engine that is configured is not installed, or its server lacks what it is to do."""


class LedgerFailed(LoccitError):
    """The ledger of erasures cannot be read or written."""


class DiskFull(LoccitError):
    """There is no room on the disk for a change: nothing of it is stored."""


class DiskReadOnly(LoccitError):
    """The disk cannot be written to: nothing of a change is stored. What is there is served."""


class Damaged(LoccitError):
    """Stored data is inconsistent; restore a backup or rebuild it."""


class StoreDamaged(Damaged):
    """The record store cannot be read, or a stored hash does not match.

    ``in_vectors``: only stored vectors are damaged, which can be computed again from the texts.
    """

    def __init__(self, message: str, *, in_vectors: bool = False) -> None:
        super().__init__(message)
        self.in_vectors = in_vectors


class UnknownFormat(Damaged):
    """The collection has a format of an older or newer version of this program."""
