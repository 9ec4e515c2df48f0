"""Errors for objects that do not exist, or no longer."""

from __future__ import annotations

from datetime import UTC, datetime

from index.errors.base import LoccitError


class NotFound(LoccitError):
    """The requested object does not exist."""

    code = "not_found"


class CollectionNotFound(NotFound):
    """There is no collection with this name."""

    code = "collection_not_found"

    def __init__(self, message: str, *, name: str = "NAME") -> None:
        super().__init__(message)
        self.name = name


class DocumentNotFound(NotFound):
    """The collection has no document with this id."""

    code = "document_not_found"


class OriginalNotFound(NotFound):
    """The bytes of a version are not kept."""

    code = "original_not_found"


class PageNotFound(NotFound):
    """The document has no page with this number, or no pages that can be drawn."""

    code = "page_not_found"


class DocumentRetired(NotFound):
    """The document is retired: only its versions can be read."""

    code = "document_retired"

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

    code = "version_not_found"


class CitationNotFound(NotFound):
    """The locator is valid but names no stored text, or a span outside it."""

    code = "citation_not_found"

    def __init__(self, message: str, *, document_id: str = "") -> None:
        super().__init__(message)
        self.document_id = document_id


class ChangeNotFound(NotFound):
    """The collection has no change with this number yet."""

    code = "change_not_found"


class ChangeNotKept(NotFound):
    """A document that the collection had after this change is deleted or pruned."""

    code = "change_not_kept"
