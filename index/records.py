"""Values that the record store reads and writes."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from index.errors import StoreDamaged
from index.provenance import Provenance, provenance
from index.types import Block, Metadata, Passage

PutStatus = Literal["added", "replaced", "unchanged"]
EventKind = Literal["added", "replaced", "updated", "renamed", "retired", "restored", "pruned", "deleted"]
"""``replaced``: another text. ``updated``: the same text with another title, metadata or structure.
``restored``: put again after it was retired."""


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document to store: its text and the passages of it.

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
    """The caller's fields as JSON, used to detect unchanged documents."""
    blocks: Sequence[Block]
    pages: Sequence[int]
    passages: Sequence[Passage]
    headings: Sequence[str]
    layout: bytes = b""
    page_labels: str = ""
    figures: str = ""
    original_bytes: int | None = None
    """Size of its bytes, if they are kept."""
    groups: tuple[str, ...] | None = None
    """Groups that may read it, none for everyone; None keeps those that a stored document has."""

    def indexed_texts(self) -> Iterator[str]:
        """Yield the text of each passage that is embedded and searched."""
        for passage, heading in zip(self.passages, self.headings, strict=True):
            yield indexed_text(heading, self.text[passage.start : passage.end])


@dataclass(frozen=True, slots=True)
class NumberedVersion:
    """A version to store under its number; ``replaced`` is None for the newest."""

    number: int
    created: float
    replaced: float | None
    new: NewDocument


@dataclass(frozen=True, slots=True)
class DocumentHistory:
    """A document of another record: former ids, times, and versions, of which the newest is last.

    ``retired`` is when it was retired; None unless it is.
    """

    id: str
    aliases: Sequence[str]
    created: float
    updated: float
    versions: Sequence[NumberedVersion]
    retired: float | None = None


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
    retired: float | None = None
    """When the document was retired; None unless it is."""
    groups: tuple[str, ...] = ()
    """Groups that may read it, in order; none for everyone."""

    def has(self, source_sha256: bytes, reader: str, given: str) -> bool:
        """Whether it is current and was made from these bytes, by this reader, with these caller's fields."""
        return self.retired is None and (self.source_sha256, self.reader, self.given) == (
            source_sha256,
            reader,
            given,
        )

    @property
    def origin(self) -> str:
        """Path on this machine that the document came from; empty if it came over HTTP."""
        return str(json.loads(self.given)["origin"])

    @property
    def given_title(self) -> str:
        """The title that it was put with or a person gave it; empty for that of its text."""
        return str(json.loads(self.given).get("title", ""))

    @property
    def provenance(self) -> Provenance:
        """The metadata, divided by who said it."""
        return provenance(self.metadata, given=self.given, title=self.title)


@dataclass(frozen=True, slots=True)
class Put:
    """The outcome of putting a document. ``same_text`` if one was replaced without a new version."""

    record: DocumentRecord
    status: PutStatus
    same_text: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """The changes after a change: the last one, and whether anything was erased since.

    ``generation`` counts the exchanges of all passages and vectors by an upgrade.
    """

    change: int
    erased: bool
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure whose bytes may still be in files, until they are purged.

    ``change`` is the last change that erased something. ``documents`` has the ids of the documents concerned,
    and those that they had before they were renamed, each with the time of its erasure in seconds since the
    epoch.
    """

    change: int
    documents: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Mark:
    """Identifies a change of one record: records with an equal mark have an equal history up to it.

    ``store`` names the record, ``epoch`` the time since it was last restored, ``token`` this very change; all
    are random hex digits. Those of change 0, before which there is nothing, do not matter.
    """

    change: int = 0
    store: str = ""
    epoch: str = ""
    token: str = ""


NOTHING = Mark()
"""The mark of what has no change in it yet."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that a check found.

    ``code`` is a stable name, ``place`` says where (``document 'a', version 2``), and ``message`` what is
    wrong and what to do. ``is_repairable``: a repair makes it good, because it is derived or can be
    recomputed.
    """

    code: str
    place: str
    message: str
    is_repairable: bool = False


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
    """When it stopped being the newest: when the next version was stored, or the document retired."""
    retired: float | None = None
    """When the document was retired; None unless it is."""
    given: str = "{}"
    """The fields that the caller gave with the newest version, as JSON."""
    page_labels: str = ""
    """The numbers that its pages bear, packed: see :mod:`index.page_labels`."""
    figures: str = ""
    """The boxes of its pictures that have a caption, packed: see :mod:`index.text.figures`."""

    @property
    def provenance(self) -> Provenance:
        """The metadata, divided by who said it."""
        return provenance(self.metadata, given=self.given, title=self.title)


@dataclass(frozen=True, slots=True)
class Event:
    """Effect of a change on a document.

    ``version`` is the one that was added or erased. ``was`` is the id before a rename.
    """

    change: int
    document_id: str
    kind: EventKind
    version: int
    created: float
    was: str = ""


@dataclass(frozen=True, slots=True)
class RefusedMirror:
    """A folder whose last mirror was refused: its documents stayed although files are missing.

    ``since`` is when that happened first, in seconds since the epoch.
    """

    root: str
    reason: str
    since: float


@dataclass(frozen=True, slots=True)
class Structure:
    """Structure of a version's text: its blocks in order, and the offset at which each page starts."""

    blocks: tuple[Block, ...]
    pages: tuple[int, ...]


def indexed_text(heading: str, quote: str) -> str:
    """Return the text of a passage to embed and search: the heading, if any, then the quote."""
    return f"{heading}\n{quote}" if heading else quote


def content_key(text: str) -> bytes:
    """Return the 16-byte hash that identifies a text that is embedded or quoted."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class PlacedPassage:
    """A live passage and the version that it is a slice of; ``quote_key`` identifies its text."""

    id: int
    version: VersionRecord
    passage: Passage
    quote_key: bytes
    embedded: bool

    def damage(self) -> StoreDamaged:
        """The error for a text whose :func:`content_key` is not ``quote_key``."""
        document_id = self.version.document_id
        return StoreDamaged(
            f"Passage {self.id} of {document_id!r} is not what was indexed. Restore a backup."
        )


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A live passage, the version that it is a slice of, and its text."""

    id: int
    version: VersionRecord
    passage: Passage
    text: str
    embedded: bool


@dataclass(frozen=True, slots=True)
class PendingPassage:
    """A passage that waits for its vector. ``key`` is the :func:`content_key` of the text to embed.

    The slice begins at ``quote`` in the text, after the headings. ``tables`` are those that it has rows of,
    by offsets of this text, which are negative for what is before it.
    """

    id: int
    key: bytes
    text: str
    quote: int
    tokens: int
    tables: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class StagingCounts:
    """Counts of an upgrade: versions in all and staged, passages of these, and those with a vector."""

    versions: int
    staged: int
    passages: int
    embedded: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Size of a collection. ``embedded`` of its ``passages`` have a vector.

    ``original_bytes`` is the size of all originals that are kept, those of earlier versions included.
    """

    documents: int
    passages: int
    embedded: int
    characters: int
    change: int
    original_bytes: int = 0
