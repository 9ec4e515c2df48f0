"""One state of a record in memory. States are never changed: a write makes the next one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from functools import partial
from secrets import token_hex
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.records import (
    DocumentRecord,
    Event,
    Mark,
    PlacedPassage,
    RefusedMirror,
    StoredPassage,
    Structure,
    VersionRecord,
    content_key,
)
from index.types import Metadata, Passage, Sentences


@dataclass(frozen=True, slots=True)
class Document:
    """A document; ``version`` is the key of its newest version."""

    key: int
    id: str
    version: int
    source: str
    media_type: str
    metadata: Metadata
    given: str
    created: float
    updated: float
    retired: float | None = None

    def attributes(self, title: str) -> Metadata:
        """The attributes that filters compare."""
        own = {"document_id": self.id, "title": title, "source": self.source, "media_type": self.media_type}
        return {**self.metadata, **own}


@dataclass(frozen=True, slots=True)
class Version:
    """A version, newest from change ``added`` until before ``removed``."""

    key: int
    document: int
    number: int
    title: str
    text: bytes
    source_sha256: bytes
    reader: str
    structure: Structure
    layout: bytes | None
    created: float
    added: int
    removed: int | None = None
    replaced: float | None = None


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A passage, live from change ``added`` until before ``removed``, with a vector from ``embedded`` on."""

    id: int
    document: int
    version: int
    passage: Passage
    heading: str
    quote: str
    quote_key: bytes
    key: bytes
    added: int
    removed: int | None = None
    embedded: int | None = None

    @property
    def text(self) -> str:
        """The text that is embedded and searched: the headings, then the slice."""
        return f"{self.heading}\n{self.quote}" if self.heading else self.quote

    def is_live(self, change: int) -> bool:
        """Whether it was live after a change."""
        return self.added <= change and (self.removed is None or self.removed > change)

    def has_vector(self, change: int) -> bool:
        """Whether it had a vector after a change."""
        return self.embedded is not None and self.embedded <= change


@dataclass(frozen=True, slots=True)
class Erased:
    """A version that was erased: newest from change ``added`` until before ``removed``."""

    document: int
    document_id: str
    version: int
    added: int
    removed: int


@dataclass
class State:
    """Everything that a record holds after one change. Only the write that makes it changes it."""

    change: int = 0
    store: str = field(default_factory=partial(token_hex, 8))
    epoch: str = field(default_factory=partial(token_hex, 8))
    tokens: dict[int, str] = field(default_factory=dict)
    """The token of each change."""
    documents: dict[int, Document] = field(default_factory=dict)
    versions: dict[int, Version] = field(default_factory=dict)
    passages: dict[int, StoredRow] = field(default_factory=dict)
    texts: dict[bytes, str] = field(default_factory=dict)
    vectors: dict[bytes, tuple[NDArray[np.float16], Sentences | None]] = field(default_factory=dict)
    aliases: set[tuple[str, int]] = field(default_factory=set)
    names: dict[tuple[str, bytes], tuple[bytes, int]] = field(default_factory=dict)
    removals: list[tuple[int, int]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    event_documents: list[int] = field(default_factory=list)
    """Key of the document of each event."""
    groups: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Groups by document (key); those of deleted documents stay, for their events."""
    erased: list[Erased] = field(default_factory=list)
    originals: dict[bytes, int] = field(default_factory=dict)
    """Sizes of the bytes that are kept, by their SHA-256."""
    refused_mirrors: list[RefusedMirror] = field(default_factory=list)
    access_mark: str = ""
    last_key: int = 0
    last_passage: int = 0

    def following(self) -> State:
        """A copy to change, of the next change."""
        copies: dict[str, Any] = {
            one.name: value.copy()
            for one in fields(self)
            if isinstance(value := getattr(self, one.name), dict | set | list)
        }
        copies["tokens"][self.change + 1] = token_hex(8)
        return replace(self, change=self.change + 1, **copies)

    def mark(self, change: int) -> Mark:
        """The mark of a change."""
        return Mark(change, self.store, self.epoch, self.tokens.get(change, ""))

    def tag(self, document: int, number: int, added: int) -> bytes:
        """The tag of a version in a ledger of erasures."""
        return content_key(f"{self.store} {document} {number} {self.tokens.get(added, '')}")

    def document_named(self, document_id: str) -> Document | None:
        """The document with this id."""
        return next((one for one in self.documents.values() if one.id == document_id), None)

    def versions_of(self, document: int) -> list[Version]:
        """The versions of a document (key), newest first."""
        kept = (one for one in self.versions.values() if one.document == document)
        return sorted(kept, key=lambda one: -one.number)

    def live(self, change: int | None = None) -> Iterator[StoredRow]:
        """The passages that were live after a change, the last one without one, in order of id."""
        at = self.change if change is None else change
        return (row for row in self.passages.values() if row.is_live(at))

    def document_record(self, document: Document) -> DocumentRecord:
        """A document as the record gives it."""
        version = self.versions[document.version]
        live = [row for row in self.live() if row.document == document.key]
        return DocumentRecord(
            key=document.key,
            id=document.id,
            title=version.title,
            source=document.source,
            media_type=document.media_type,
            metadata=document.metadata,
            version=version.number,
            versions=len(self.versions_of(document.key)),
            text_sha256=version.text,
            source_sha256=version.source_sha256,
            reader=version.reader,
            length=len(self.texts[version.text]),
            created=document.created,
            updated=document.updated,
            given=document.given,
            passages=len(live),
            embedded=sum(row.embedded is not None for row in live),
            retired=document.retired,
            groups=self.groups.get(document.key, ()),
        )

    def version_record(self, version: Version) -> VersionRecord:
        """A version as the record gives it."""
        document = self.documents[version.document]
        return VersionRecord(
            key=version.key,
            document_id=document.id,
            number=version.number,
            newest=self.versions[document.version].number,
            title=version.title,
            source=document.source,
            media_type=document.media_type,
            metadata=document.metadata,
            text_sha256=version.text,
            source_sha256=version.source_sha256,
            reader=version.reader,
            length=len(self.texts[version.text]),
            created=version.created,
            replaced=version.replaced,
            retired=document.retired,
            given=document.given,
        )

    def placed_passage(self, row: StoredRow, change: int) -> PlacedPassage:
        """A passage without its words, as after a change."""
        version = self.version_record(self.versions[row.version])
        return PlacedPassage(row.id, version, row.passage, row.quote_key, row.has_vector(change))

    def stored_passage(self, row: StoredRow, change: int) -> StoredPassage:
        """A passage with its words, as after a change."""
        version = self.version_record(self.versions[row.version])
        return StoredPassage(row.id, version, row.passage, row.quote, row.has_vector(change))
