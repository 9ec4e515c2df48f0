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
    ├── StoreUnavailable
    ├── ObjectsUnavailable
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
carries. ``code`` is a stable name that clients can test.

The first argument of every class is the message, and others are optional: errors are copied and pickled.
"""

from index.errors.base import LoccitError
from index.errors.conflicts import CollectionBusy, CollectionMismatch, Conflict, FormatInUse, UpgradeBegun
from index.errors.input import (
    DocumentIdTaken,
    EmptyQuestion,
    HashCollision,
    InvalidCollectionName,
    InvalidDocumentId,
    InvalidFilter,
    InvalidGroup,
    InvalidInput,
    InvalidLimit,
    InvalidLocator,
    InvalidMetadata,
    MomentTooLarge,
    NotSupported,
    QuestionTooLong,
)
from index.errors.missing import (
    ChangeNotFound,
    ChangeNotKept,
    CitationNotFound,
    CollectionNotFound,
    DocumentNotFound,
    DocumentRetired,
    NotFound,
    OriginalNotFound,
    PageNotFound,
    VersionNotFound,
)
from index.errors.models import (
    BackendMissing,
    ModelDamaged,
    ModelError,
    ModelFailed,
    ModelNotFound,
    TooManyModels,
)
from index.errors.reading import (
    CorruptDocument,
    DocumentTooLarge,
    EmptyDocument,
    EncryptedDocument,
    EncryptionNotSupported,
    NoTextLayer,
    ReaderFailed,
    UndecodableText,
    Unreadable,
    UnsupportedFormat,
)
from index.errors.storage import (
    ChangeNotReached,
    Damaged,
    DiskFull,
    DiskReadOnly,
    EngineUnsuitable,
    IndexUnavailable,
    LedgerFailed,
    ObjectsUnavailable,
    ReadersUnavailable,
    StoreDamaged,
    StoreUnavailable,
    UnknownFormat,
)

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
    "ObjectsUnavailable",
    "OriginalNotFound",
    "PageNotFound",
    "QuestionTooLong",
    "ReaderFailed",
    "ReadersUnavailable",
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
