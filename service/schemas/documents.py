"""Documents and their versions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from index import differences, records
from index.ingest import Put
from index.retention import Pruning
from service.links import document_path, in_collection
from service.schemas.values import Json, Metadata, PassageCounts, Sha256, moment


class Document(BaseModel):
    """A stored document with its newest version."""

    document_id: str
    title: str
    source: str
    media_type: str
    metadata: Metadata
    version: int = Field(description="Number of the newest version.")
    versions: int = Field(description="How many versions are kept.")
    text_sha256: Sha256
    source_sha256: Sha256
    reader: str = Field(description="What made the text of the file.")
    length: int = Field(description="Unicode code points of the text.")
    created: datetime
    updated: datetime
    passages: PassageCounts
    links: dict[str, str]


class PutResponse(Document):
    """A document after it was put, and what became of it."""

    status: Literal["added", "replaced", "unchanged"]


class DocumentList(BaseModel):
    """A page of documents in the order of their ids."""

    documents: list[Document]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last.")


class Version(BaseModel):
    """One extracted text of a document."""

    version: int
    title: str
    text_sha256: Sha256
    source_sha256: Sha256
    reader: str
    length: int = Field(description="Unicode code points of the text.")
    created: datetime
    replaced: datetime | None = Field(description="When the next version came; null for the newest.")
    links: dict[str, str]


class VersionList(BaseModel):
    """The versions that are kept of a document, newest first."""

    document_id: str
    versions: list[Version]


class Edit(BaseModel):
    """A stretch that both texts have, or only the old (`delete`), or only the new one (`insert`)."""

    kind: Literal["equal", "delete", "insert"]
    text: str


class Line(BaseModel):
    """A line; when it was replaced by one like it, with the edits of its words."""

    kind: Literal["equal", "delete", "insert"]
    text: str
    edits: list[Edit]


class Hunk(BaseModel):
    """Lines that changed, with some that did not around them; offsets in code points of the two texts."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int
    lines: list[Line]


class Diff(BaseModel):
    """What makes one version of the other."""

    document_id: str
    old: Version
    new: Version
    hunks: list[Hunk]


class PrunedVersion(BaseModel):
    """A version that goes."""

    document_id: str
    version: int
    replaced: datetime


class PruneResponse(BaseModel):
    """The versions that go, and those of the citations given that will not resolve any more."""

    done: bool = Field(description="Whether they are erased; false when this only says what would be.")
    versions: list[PrunedVersion]
    broken: list[str] = Field(description="Locators.")


def document_json(record: records.DocumentRecord, collection: str) -> Json:
    """A document as :class:`Document`."""
    return {
        "document_id": record.id,
        "title": record.title,
        "source": record.source,
        "media_type": record.media_type,
        "metadata": record.metadata,
        "version": record.version,
        "versions": record.versions,
        "text_sha256": record.text_sha256.hex(),
        "source_sha256": record.source_sha256.hex(),
        "reader": record.reader,
        "length": record.length,
        "created": moment(record.created),
        "updated": moment(record.updated),
        "passages": {"total": record.passages, "embedded": record.embedded},
        "links": {
            name: in_collection(document_path(record.id) + tail, collection)
            for name, tail in (("self", ""), ("text", "/text"), ("versions", "/versions"))
        },
    }


def put_json(put: Put, collection: str) -> Json:
    """What became of a document, as :class:`PutResponse`."""
    return {"status": put.status, **document_json(put.record, collection)}


def version_json(version: records.VersionRecord, collection: str) -> Json:
    """A version as :class:`Version`."""
    text = f"{document_path(version.document_id)}/text?version={version.number}"
    return {
        "version": version.number,
        "title": version.title,
        "text_sha256": version.text_sha256.hex(),
        "source_sha256": version.source_sha256.hex(),
        "reader": version.reader,
        "length": version.length,
        "created": moment(version.created),
        "replaced": None if version.replaced is None else moment(version.replaced),
        "links": {"text": in_collection(text, collection)},
    }


def edits_json(edits: Iterable[differences.Edit]) -> list[Json]:
    """Edits as :class:`Edit`."""
    return [{"kind": edit.kind, "text": edit.text} for edit in edits]


def hunk_json(hunk: differences.Hunk) -> Json:
    """A hunk as :class:`Hunk`."""
    return {
        "old_start": hunk.old_start,
        "old_end": hunk.old_end,
        "new_start": hunk.new_start,
        "new_end": hunk.new_end,
        "lines": [
            {"kind": line.kind, "text": line.text, "edits": edits_json(line.edits)} for line in hunk.lines
        ],
    }


def pruning_json(plan: Pruning, *, done: bool) -> Json:
    """What a retention erases, as :class:`PruneResponse`."""
    versions = [
        {
            "document_id": version.document_id,
            "version": version.number,
            "replaced": moment(version.replaced or version.created),
        }
        for version in plan.versions
    ]
    return {"done": done, "versions": versions, "broken": plan.broken}
