"""What the record store takes and gives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from index.errors import StoreDamaged
from index.types import Block, Metadata, Passage

EventKind = Literal["added", "replaced", "updated", "renamed", "pruned", "deleted"]
"""``replaced`` by another text; ``updated`` is the same text with another title, metadata or structure."""


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document to be stored: its text, and the passages cut from it.

    ``headings`` has, for each passage, the lines that are embedded before its slice. Hashes are
    SHA-256 digests (32 bytes).
    """

    id: str
    title: str
    source: str
    media_type: str
    metadata: Metadata
    text: str
    source_sha256: bytes
    reader: str
    given: str
    """What the caller said beside the bytes, as JSON: to know an unchanged document by."""
    blocks: Sequence[Block]
    pages: Sequence[int]
    passages: Sequence[Passage]
    headings: Sequence[str]
    layout: bytes = b""


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A stored document with its newest version. Times are seconds since the epoch, lengths code points."""

    key: int
    id: str
    title: str
    source: str
    media_type: str
    metadata: Metadata
    version: int
    versions: int
    text_sha256: bytes
    source_sha256: bytes
    reader: str
    length: int
    created: float
    updated: float
    given: str
    passages: int
    embedded: int

    @property
    def origin(self) -> str:
        """Where on this machine the document came from; empty when it came over HTTP."""
        return str(json.loads(self.given)["origin"])


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One extracted text of a document."""

    key: int
    document_id: str
    number: int
    newest: int
    """Number of the document's newest version."""
    title: str
    source: str
    media_type: str
    metadata: Metadata
    text_sha256: bytes
    source_sha256: bytes
    reader: str
    length: int
    created: float
    replaced: float | None
    """When the next version came; None for the newest."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a change did to a document.

    ``version`` is the one that came, or that is gone. ``was`` is the id before it was renamed.
    """

    change: int
    document_id: str
    kind: EventKind
    version: int
    created: float
    was: str = ""


@dataclass(frozen=True, slots=True)
class Structure:
    """How a version's text is divided: its blocks in order, and the offset at which each page starts."""

    blocks: tuple[Block, ...]
    pages: tuple[int, ...]


def content_key(text: str) -> bytes:
    """The 16-byte name of a text that is embedded or quoted."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class PlacedPassage:
    """A live passage with the version that it is a slice of; ``quote_key`` names its words."""

    id: int
    version: VersionRecord
    passage: Passage
    quote_key: bytes
    embedded: bool

    def check(self, words: str) -> None:
        """Raise :class:`index.errors.StoreDamaged` unless these are its words."""
        if content_key(words) != self.quote_key:
            of = self.version.document_id
            raise StoreDamaged(f"Passage {self.id} of {of!r} is not what was indexed. Restore a backup.")


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A live passage with the version that it is a slice of, and its words."""

    id: int
    version: VersionRecord
    passage: Passage
    text: str
    embedded: bool


@dataclass(frozen=True, slots=True)
class PendingPassage:
    """A passage without a vector. ``key`` is the 16-byte name of the text to embed.

    Its slice begins at ``quote`` in the text, after the headings.
    """

    id: int
    key: bytes
    text: str
    quote: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a collection holds. ``embedded`` of ``passages`` have a vector."""

    documents: int
    passages: int
    embedded: int
    characters: int
    change: int
