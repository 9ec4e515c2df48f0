"""Documents and their versions."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from service.requests.base import CollectionName, CollectionQuery, Request


class DocumentRequest(Request):
    """A document as JSON: its text, and what is to be known of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "# Lamps\n\nThe lamp was lit at dusk.", "title": "Lamps", "metadata": {"year": 1859}}
            ]
        }
    )

    text: str = Field(description="The document itself.")
    title: str = Field("", description="Shown in citations; without it, what the document calls itself.")
    source: str = Field("", description="Where it comes from, such as its web address; shown in citations.")
    metadata: dict[str, Any] = Field(
        default_factory=dict,
        description="What filters can ask for: names with strings, numbers, true or false, or lists of them.",
    )
    media_type: str = Field(
        "",
        description="text/plain, text/markdown or text/html; without it, told by the id's "
        "ending, else text/plain.",
    )


class PatchRequest(Request):
    """What is to be known of a document from now on, beside its text."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"metadata": {"year": 1860, "draft": None}}]})

    metadata: dict[str, Any] = Field(
        default_factory=dict, description="Entries to set; null takes one away, others stay as they are."
    )
    source: str | None = Field(None, description="Where the document comes from; left out, it stays.")


class PutQuery(CollectionQuery):
    """What can be said of a document whose body is the file itself."""

    title: str = Field("", description="Shown in citations; without it, what the document calls itself.")
    source: str = Field("", description="Where it comes from, such as its web address.")
    wait: bool = Field(False, description="Answer when the document can also be found by its meaning.")


class ListQuery(CollectionQuery):
    """Which documents to list."""

    limit: int = Field(100, ge=1, le=1000, description="Most documents in this page.")
    after: str = Field("", description="The `next` of the page before.")
    prefix: str = Field("", description="List only ids that begin so.", examples=["manuals/"])


class TextQuery(CollectionQuery):
    """The query for a document's text."""

    version: int | None = Field(
        None, ge=1, le=2**31 - 1, description="Number of the version; the newest when left out."
    )


class DiffQuery(CollectionQuery):
    """Which versions to compare."""

    old: int = Field(ge=1, le=2**31 - 1, description="Number of the version to begin from.")
    new: int | None = Field(
        None, ge=1, le=2**31 - 1, description="And of the other; the newest when left out."
    )


class PruneRequest(Request):
    """Which old versions to erase. One that either rule keeps is kept, and the newest always is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"keep_versions": 3, "keep_days": 365, "dry_run": True}]}
    )

    collection: CollectionName = "default"
    keep_versions: int | None = Field(
        None,
        ge=1,
        le=2**31,
        description="Keep so many versions of each document; LOCCIT_KEEP_VERSIONS if set.",
    )
    keep_days: float | None = Field(
        None,
        ge=0,
        le=1e6,
        description="Keep versions that were the newest in the last so many days; LOCCIT_KEEP_DAYS if set.",
    )
    citations: list[str] = Field(
        default_factory=list, description="Locators: which of them would not resolve any more?"
    )
    dry_run: bool = Field(True, description="Only say what would be erased. false erases it, for good.")
