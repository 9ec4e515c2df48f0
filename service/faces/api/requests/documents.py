"""Documents and their versions."""

from typing import Annotated

from pydantic import ConfigDict, Field

from index import errors
from service.errors import MayRaise
from service.http.parameters import LIMITED, EmbedNow, GroupNames, Groups, Locator, Metadata, VersionNumber
from service.http.request_models import CollectionBody, CollectionQuery, Request


class PatchRequest(Request):
    """Changes of a document's metadata, source and groups, its title and its id."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"metadata": {"year": 1860, "draft": None}},
                {"document_id": "manuals/lamps-2024.md", "title": "Lamps, 2024"},
            ]
        }
    )

    metadata: Metadata = Field(
        default_factory=dict, description="Entries to set. null removes an entry; others are not changed."
    )
    source: str | None = Field(None, description="New origin of the document; not changed by default.")
    groups: Groups | None = Field(
        None,
        description="Groups that may read the document from now on; an empty list for everyone. Not changed "
        "by default.",
    )

    title: str | None = Field(None, description="New title; empty for none. Not changed by default.")
    document_id: Annotated[str, MayRaise(errors.InvalidDocumentId, errors.HashCollision)] | None = Field(
        None, description="New id, which no document has. Locators and links with the former id go on."
    )


class PutQuery(CollectionQuery):
    """Attributes of a document whose body is the file itself."""

    title: str = Field("", description="Shown in citations; by default the title found in the document.")
    source: str = Field("", description="Origin of the document, such as its URL.")
    groups: GroupNames | None = Field(
        None,
        description="Comma-separated groups that may read the document; empty for everyone. By default a "
        "document that exists keeps its groups.",
    )
    wait: EmbedNow = Field(
        False, description="Respond only when the document is embedded, so that it can be found by meaning."
    )


class DeleteQuery(CollectionQuery):
    """How a document is deleted."""

    wait: bool = Field(
        False,
        description="Respond only when no file of the data folder holds its bytes; after a minute at most.",
    )


class ListQuery(CollectionQuery):
    """The page of documents to list."""

    limit: int = Field(100, ge=1, le=1000, description="Maximum number of documents in the page.")
    after: str = Field("", description="`next` of the previous page.")
    prefix: str = Field("", description="List only ids with this prefix.", examples=["manuals/"])
    retired: bool = Field(False, description="Also list retired documents.")


class TextQuery(CollectionQuery):
    """The version whose text to read."""

    version: VersionNumber | None = Field(None, description="Number of the version; by default the newest.")


class DiffQuery(CollectionQuery):
    """The versions to compare."""

    old: VersionNumber = Field(description="Number of the old version.")
    new: VersionNumber | None = Field(None, description="Number of the new version; by default the newest.")


class PruneRequest(CollectionBody):
    """Which old versions and retired documents to erase.

    A version is kept if either rule keeps it; the newest is always kept.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"keep_versions": 3, "keep_days": 365, "dry_run": True}]}
    )

    keep_versions: Annotated[int, LIMITED] | None = Field(
        None,
        ge=1,
        le=2**31,
        description="Keep this many versions of each document.",
    )
    keep_days: float | None = Field(
        None,
        ge=0,
        le=1e6,
        description="Keep versions that were the newest within this many days.",
    )
    keep_retired_days: float | None = Field(
        None,
        ge=0,
        le=1e6,
        description="Keep retired documents for this many days; by default LOCCIT_KEEP_RETIRED_DAYS.",
    )
    citations: list[Locator] = Field(
        default_factory=list,
        description="Locators to check: `broken` lists those that would no longer resolve.",
    )
    dry_run: bool = Field(
        True, description="Only report what would be erased. With false it is erased permanently."
    )
