"""Input that the caller can correct."""

from __future__ import annotations

from index.errors.base import LoccitError


class InvalidInput(LoccitError):
    """The input is invalid; the caller can correct it."""

    code = "invalid_input"


class EmptyQuestion(InvalidInput):
    """The question contains no letter or digit."""

    code = "empty_question"


class QuestionTooLong(InvalidInput):
    """The question is longer than the limit."""

    code = "question_too_long"


class InvalidLimit(InvalidInput):
    """A count, such as ``k``, is outside its range.

    ``limit`` names the configured limit, where it is one.
    """

    code = "invalid_limit"

    def __init__(self, message: str, *, limit: str = "") -> None:
        super().__init__(message)
        self.limit = limit


class InvalidFilter(InvalidInput):
    """The metadata filter does not follow the grammar."""

    code = "invalid_filter"


class InvalidDocumentId(InvalidInput):
    """The document id cannot be used in a locator or URL, or another document has it."""

    code = "invalid_document_id"

    @classmethod
    def in_use(cls, document_id: str, *, retired: bool) -> InvalidDocumentId:
        """The error for an id that a document, retired or not, has already."""
        of = f"a retired document {document_id!r}" if retired else f"a document {document_id!r} already"
        return cls(f"There is {of}. Choose another id.")


class InvalidCollectionName(InvalidInput):
    """The collection name cannot be a folder name on every system."""

    code = "invalid_collection_name"


class InvalidLocator(InvalidInput):
    """The locator does not have the form ``{document_id}@{12 to 64 hex digits}:{start}-{end}``."""

    code = "invalid_locator"


class InvalidMetadata(InvalidInput):
    """The metadata is not a flat mapping of names to scalars or lists of scalars."""

    code = "invalid_metadata"


class InvalidGroup(InvalidInput):
    """The name of a group is empty, too long, or has a comma or control characters."""

    code = "invalid_group"


class DocumentIdTaken(InvalidInput):
    """A document that the caller may not read has this id."""

    code = "document_id_taken"


class MomentTooLarge(InvalidInput):
    """The past state of the collection is too large to be searched."""

    code = "moment_too_large"


class NotSupported(InvalidInput):
    """The engine of this collection cannot do this."""

    code = "not_supported"


class HashCollision(InvalidInput):
    """A locator of this text would also name another text of the document."""

    code = "hash_collision"
