"""Response models: documents and their versions."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from index import records, text as index_text
from index.history import Pruning, PurgeState
from index.records import Put
from service.faces.api.schemas.values import (
    DocumentMetadata,
    Json,
    PassageCounts,
    Purged,
    SaysOfItself,
    Sha256,
    WrittenChange,
    moment,
)
from service.http.links import document_path, in_collection, text_path


class Document(BaseModel):
    """A stored document with its newest version."""

    document_id: str
    title: str
    source: str
    media_type: str
    metadata: DocumentMetadata
    says_of_itself: SaysOfItself
    groups: list[str] = Field(description="Groups that may read it; everyone if there are none.")
    version: int = Field(description="Number of the newest version.")
    versions: int = Field(description="Number of versions that are kept.")
    text_sha256: Sha256
    source_sha256: Sha256
    reader: str = Field(description="The reader that extracted the text.")
    length: int = Field(description="Length of the text in Unicode code points.")
    created: datetime
    updated: datetime
    retired: datetime | None = Field(description="When the document was retired; null unless it is.")
    passages: PassageCounts
    links: dict[str, str]


class StoredDocument(Document):
    """A document after a write."""

    change: WrittenChange


class PutResponse(StoredDocument):
    """A document after a `PUT`, and whether it was new."""

    status: Literal["added", "replaced", "unchanged"]


class DeletedDocument(BaseModel):
    """A document that was erased."""

    document_id: str
    versions: int = Field(description="Number of versions that were erased.")
    passages: int = Field(description="Number of passages of the newest version.")
    change: WrittenChange
    purged: Purged


class DocumentList(BaseModel):
    """A page of documents in the order of their ids."""

    documents: list[Document]
    next: str | None = Field(description="Use it as `after` of the next page; null on the last page.")


class Version(BaseModel):
    """A version of a document's text."""

    version: int
    title: str
    text_sha256: Sha256
    source_sha256: Sha256
    reader: str
    length: int = Field(description="Length of the text in Unicode code points.")
    created: datetime
    replaced: datetime | None = Field(
        description="When a newer version replaced it, or its document was retired; else null."
    )
    links: dict[str, str]


class VersionList(BaseModel):
    """The kept versions of a document, newest first."""

    document_id: str
    retired: datetime | None = Field(description="When the document was retired; null unless it is.")
    versions: list[Version]


class Edit(BaseModel):
    """Text in both versions (`equal`), only in the old (`delete`), or only in the new one (`insert`)."""

    kind: Literal["equal", "delete", "insert"]
    text: str


class Line(BaseModel):
    """A line. If a similar line replaced it, `edits` has the changed words."""

    kind: Literal["equal", "delete", "insert"]
    text: str
    edits: list[Edit]


class Hunk(BaseModel):
    """Changed lines with some context. Offsets are code points of the two texts."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int
    lines: list[Line]


class Diff(BaseModel):
    """The difference between two versions."""

    document_id: str
    old: Version
    new: Version
    hunks: list[Hunk]


class PrunedVersion(BaseModel):
    """A version to erase."""

    document_id: str
    version: int
    replaced: datetime


class RetiredDocument(BaseModel):
    """A retired document to erase, with all its versions."""

    document_id: str
    retired: datetime


class PruneResponse(BaseModel):
    """The versions and documents to erase, and the given citations that will no longer resolve."""

    done: bool = Field(description="Whether they were erased; false for a dry run.")
    versions: list[PrunedVersion]
    retired: list[RetiredDocument]
    broken: list[str] = Field(description="Locators.")
    change: WrittenChange
    purged: Purged


def document_json(record: records.DocumentRecord, collection: str) -> Json:
    """A document as :class:`Document`."""
    return {
        "document_id": record.id,
        "title": record.title,
        "source": record.source,
        "media_type": record.media_type,
        "metadata": record.provenance.metadata,
        "says_of_itself": record.provenance.says_of_itself,
        "groups": record.groups,
        "version": record.version,
        "versions": record.versions,
        "text_sha256": record.text_sha256.hex(),
        "source_sha256": record.source_sha256.hex(),
        "reader": record.reader,
        "length": record.length,
        "created": moment(record.created),
        "updated": moment(record.updated),
        "retired": None if record.retired is None else moment(record.retired),
        "passages": {"total": record.passages, "embedded": record.embedded},
        "links": {
            name: in_collection(document_path(record.id) + tail, collection)
            for name, tail in (("self", ""), ("text", "/text"), ("versions", "/versions"))
        },
    }


def stored_json(record: records.DocumentRecord, collection: str, change: int) -> Json:
    """A document after a write, as :class:`StoredDocument`."""
    return {**document_json(record, collection), "change": change}


def deleted_json(record: records.DocumentRecord, change: int, purged: PurgeState) -> Json:
    """The result of a deletion, as :class:`DeletedDocument`."""
    return {
        "document_id": record.id,
        "versions": record.versions,
        "passages": record.passages,
        "change": change,
        "purged": purged,
    }


def put_json(put: Put, collection: str, change: int) -> Json:
    """The result of a `PUT`, as :class:`PutResponse`."""
    return {"status": put.status, **stored_json(put.record, collection, change)}


def version_json(version: records.VersionRecord, collection: str) -> Json:
    """A version as :class:`Version`."""
    text = text_path(version.document_id, version.number)
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


def edits_json(edits: Iterable[index_text.Edit]) -> list[Json]:
    """Edits as :class:`Edit`."""
    return [{"kind": edit.kind, "text": edit.text} for edit in edits]


def hunk_json(hunk: index_text.Hunk) -> Json:
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


def pruning_json(plan: Pruning, *, done: bool, change: int, purged: PurgeState) -> Json:
    """The result of pruning, as :class:`PruneResponse`."""
    versions = [
        {
            "document_id": version.document_id,
            "version": version.number,
            "replaced": moment(version.replaced or version.created),
        }
        for version in plan.versions
    ]
    retired = [
        {"document_id": one.id, "retired": moment(one.retired or one.updated)} for one in plan.documents
    ]
    return {
        "done": done,
        "versions": versions,
        "retired": retired,
        "broken": plan.broken,
        "change": change,
        "purged": purged,
    }
