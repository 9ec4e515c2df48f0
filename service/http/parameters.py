"""Types of values in requests. Each declares the errors that a value can cause."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AwareDatetime, Field, PlainValidator, TypeAdapter

from index import errors
from index.naming import validate_groups
from index.sources.web import InvalidUrl
from service.errors import JobNotFinished, JobNotFound, KeysLost, MayRaise, Overloaded

LARGEST = 2**53
"""Largest number that every JSON reader takes exactly."""

STORED = MayRaise(
    errors.CollectionBusy, errors.FormatInUse, errors.Damaged, errors.StoreUnavailable, KeysLost
)
"""Errors of what a data folder or a database holds."""
OPENS = MayRaise(
    errors.InvalidCollectionName,
    errors.CollectionNotFound,
    errors.CollectionMismatch,
    # Of its model, or of the reranker, which is loaded with the first collection.
    errors.ModelNotFound,
    errors.ModelDamaged,
    errors.ModelFailed,
    errors.TooManyModels,
    errors.BackendMissing,
    errors.EngineUnsuitable,
)
"""Errors of opening a collection."""

CollectionName = Annotated[
    str, Field(description="Name of the collection.", examples=["default"]), OPENS, STORED
]
CollectionPath = Annotated[
    str, Path(description="1 to 63 of a-z, 0-9, - and _.", examples=["default"]), OPENS, STORED
]

_DOCUMENT_ID = Path(description="The document's id. It may contain slashes.", examples=["manuals/lamps.md"])
DocumentId = Annotated[str, _DOCUMENT_ID, MayRaise(errors.DocumentNotFound)]
CurrentDocumentId = Annotated[DocumentId, MayRaise(errors.DocumentRetired)]
"""The id of a document that is not retired."""
NewDocumentId = Annotated[str, _DOCUMENT_ID, MayRaise(errors.InvalidDocumentId, errors.DocumentIdTaken)]
DocumentName = Annotated[str, MayRaise(errors.InvalidDocumentId)]
VersionNumber = Annotated[int, Field(ge=1, le=2**31 - 1), MayRaise(errors.VersionNotFound)]
GroupNames = Annotated[str, MayRaise(errors.InvalidGroup)]
"""Comma-separated: see :func:`names_of`."""
Groups = Annotated[list[str], MayRaise(errors.InvalidGroup)]
Metadata = Annotated[dict[str, Any], MayRaise(errors.InvalidMetadata)]

ChangeNumber = Annotated[int, Field(ge=0, le=LARGEST), MayRaise(errors.ChangeNotFound)]
PastChange = Annotated[
    ChangeNumber, MayRaise(errors.ChangeNotKept, errors.MomentTooLarge, errors.NotSupported)
]


def _read_past(value: object) -> int | datetime:
    """The number of a change, or a time with its offset."""
    if isinstance(value, str) and not value.isdecimal():
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("give the number of a change, or a time such as 2024-05-31T12:00:00Z") from None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time says its offset, such as 2024-05-31T12:00:00Z")
        return value
    return _CHANGE.validate_python(value)


_CHANGE = TypeAdapter(Annotated[int, Field(ge=0, le=LARGEST)])
AsOf = Annotated[
    PastChange | datetime, PlainValidator(_read_past, json_schema_input_type=PastChange | AwareDatetime)
]
"""An earlier state: the number of a change, or a time."""
ReachedChange = Annotated[ChangeNumber, Field(strict=True), MayRaise(errors.ChangeNotReached, Overloaded)]

Locator = Annotated[str, MayRaise(errors.InvalidLocator, errors.InvalidLimit)]
ExistingLocator = Annotated[Locator, MayRaise(errors.CitationNotFound)]
LocatorPath = Annotated[
    ExistingLocator,
    Path(
        description="The locator of an answer, or one of the form "
        "document_id@{12 to 64 hex digits of the text's SHA-256}:{start}-{end}.",
        examples=["bth.txt@9f2c41aab3de:1024-1311"],
    ),
]
Quote = Annotated[str, MayRaise(errors.InvalidLimit, errors.IndexUnavailable, errors.NotSupported)]

Question = Annotated[
    str,
    MayRaise(errors.EmptyQuestion, errors.QuestionTooLong, errors.ModelError, errors.IndexUnavailable),
]
EmbedNow = Annotated[bool, MayRaise(errors.ModelError)]
FilterJson = Annotated[dict[str, Any], MayRaise(errors.InvalidFilter)]
LIMITED = MayRaise(errors.InvalidLimit)

WebAddress = Annotated[str, MayRaise(InvalidUrl)]

JobId = Annotated[str, Path(description="The job's id."), MayRaise(JobNotFound), STORED]
FinishedJobId = Annotated[JobId, MayRaise(JobNotFinished)]


def names_of(written: str) -> tuple[str, ...]:
    """The names in a comma-separated list. Raises :class:`index.errors.InvalidGroup`."""
    return validate_groups(name.strip() for name in written.split(",") if name.strip())
