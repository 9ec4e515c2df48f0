"""The seams. Each has one contract suite in ``tests/contracts`` that every implementation passes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Protocol

from numpy.typing import NDArray

from index.filters import Filter
from index.records import (
    Counts,
    DocumentRecord,
    Event,
    NewDocument,
    PendingPassage,
    PlacedPassage,
    StoredPassage,
    Structure,
    VersionRecord,
)
from index.sentence_table import SentenceTable
from index.types import Ids, Importance, IndexedPassage, Metadata, Ranking, Sentences, Vectors


class Tokenizer(Protocol):
    """The embedding model's own idea of tokens."""

    @property
    def max_tokens(self) -> int:
        """Longest input in tokens, special tokens included; the rest would be cut off."""

    @property
    def special_tokens(self) -> int:
        """Tokens that the model adds to every passage: markers, and the passage prompt if it has one."""

    def token_starts(self, texts: Sequence[str]) -> list[NDArray]:  # type: ignore[type-arg]
        """For each text, the ascending int64 code-point offsets at which its tokens start.

        Special tokens are left out, and nothing is cut off.
        """


class Embedder(Tokenizer, Protocol):
    """Turns text into unit vectors. Stateless: safe to call from several threads.

    Raises :class:`index.errors.ModelFailed` when the model raises or its vectors are not finite.
    """

    @property
    def fingerprint(self) -> str:
        """Names everything that decides the vectors: weights, prompts, pooling, precision."""

    @property
    def dimension(self) -> int: ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension)."""

    def embed_sentences(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]
    ) -> tuple[Vectors, list[Vectors]]:
        """The passages' vectors, and for each passage those of the spans in it, shape (spans, dimension).

        A span's vector is of its words where they stand: what surrounds them may colour it.
        """

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension)."""


class Reranker(Protocol):
    """Reads question and passage together: better than both sides, and too slow for more than a few."""

    def scores(self, question: str, passages: Sequence[str]) -> NDArray:  # type: ignore[type-arg]
        """How relevant each passage is, in [0, 1]; float32. Raises :class:`index.errors.ModelFailed`."""


class DenseIndex(Protocol):
    """Nearest passages by inner product. Readers never wait for writers."""

    @property
    def change(self) -> int:
        """The store's change number up to which this index is complete."""

    def update(self, change: int, *, ids: Ids, documents: Ids, vectors: Vectors, removed: Ids) -> None:
        """Add passages (id, document key, vector) and drop ``removed``. Repeating an update is harmless."""

    def search(self, query: Vectors, n: int, *, documents: Ids | None = None) -> list[Ranking]:
        """For each row of ``query`` the at most ``n`` nearest, among ``documents`` (keys) when given."""

    def scores(self, query: Vectors, ids: Ids) -> NDArray:  # type: ignore[type-arg]
        """Inner products of one query row with the named passages; NaN for those not held. float32."""

    def close(self) -> None: ...


class LexicalIndex(Protocol):
    """Passages by the words they share with the question (BM25)."""

    @property
    def change(self) -> int:
        """The store's change number up to which this index is complete."""

    def update(self, change: int, *, added: Iterable[IndexedPassage], removed: Ids) -> None:
        """Add passages and drop ``removed``, durably. Repeating an update is harmless."""

    def search(
        self,
        question: str,
        n: int,
        *,
        documents: Ids | None = None,
        context: Sequence[tuple[str, float]] = (),
    ) -> Ranking:
        """At most ``n`` passages that share a word with the question, among ``documents`` when given.

        ``context`` are other texts whose words count too, each with its weight beside the question's 1.
        """

    def importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        """How much each of the question's words tells, and each of the context's, weighed as in a search."""

    def matched(self, question: str, terms: Container[int]) -> list[str]:
        """The question's words, as written there, whose terms are among these, given by their hashes."""

    def refresh(self) -> None:
        """See what another process has committed."""

    def close(self) -> None: ...


class PassageStore(Protocol):
    """What a search reads: the live passages of today, or those of an earlier moment."""

    def passages(self, ids: Ids) -> list[StoredPassage]:
        """The live ones among these passages, with their words, in the order given."""

    def places(self, ids: Ids) -> list[PlacedPassage]:
        """The same without the words."""

    def sentences(self, ids: Ids) -> tuple[Ids, SentenceTable]:
        """For each passage its document's key, 0 if it is not live, and its sentences, if it has some."""

    def select(self, where: Filter) -> Ids:
        """Keys of the documents that a filter admits, ascending."""

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        """``text[start:end]`` of a stored text, by code points."""

    def whole_texts(self, sha256s: Iterable[bytes]) -> dict[bytes, str]:
        """Those of these texts that are stored."""


class PastPassageStore(PassageStore, Protocol):
    """The passages that were live after a change, and what indexes over them are built of."""

    @property
    def change(self) -> int:
        """That change."""

    @property
    def reached(self) -> int:
        """The last change up to it that did something to what a search can find."""

    def counts(self) -> tuple[int, int]:
        """How many passages were live, and how many of them had a vector."""

    def texts(self) -> Iterator[IndexedPassage]:
        """All of them, in order of id."""

    def vectors(self, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        """Batches of (passage ids, document keys, unit vectors) of all that had one."""


class RecordStore(PassageStore, Protocol):
    """The system of record: documents, versions, texts, passages, vectors, and a change number.

    A write is one transaction; when a method returns, it is durable. Readers see one moment.
    """

    def put(self, new: Sequence[NewDocument]) -> list[DocumentRecord]:
        """Add documents, or replace them by new versions, all or none.

        Numbers of versions are never used again for an id. Raises :class:`index.errors.HashCollision` for a
        text whose hash begins as that of another text that the id has, or had.
        """

    def rename(self, document_id: str, to: str) -> DocumentRecord:
        """Give a document another id, which no document has; what cites it by the old one still resolves.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.InvalidDocumentId`,
        :class:`index.errors.HashCollision`.
        """

    def describe(self, document_id: str, metadata: Metadata, *, source: str) -> DocumentRecord:
        """Replace what is known of a document beside its text; its passages stay as they are."""

    def delete(self, document_id: str) -> DocumentRecord:
        """Erase a document with all its versions; returns what it was."""

    def put_vectors(
        self, keys: Sequence[bytes], vectors: Vectors, sentences: Sequence[Sentences] = ()
    ) -> int:
        """Store vectors (unit rows) by the names of their texts; returns how many passages they serve.

        ``sentences`` are those of each text, or none at all.
        """

    def prune(self, keys: Sequence[int]) -> list[VersionRecord]:
        """Erase those of the versions (keys) that are still there and not the newest; returns them."""

    def forget(self) -> None:
        """Keep no text in memory: another process erased something."""

    def change(self) -> int:
        """Number of the last committed change."""

    def counts(self) -> Counts:
        """How much there is."""

    def document(self, document_id: str) -> DocumentRecord:
        """Raise :class:`index.errors.DocumentNotFound` when there is none of this id."""

    def find_document(self, document_id: str) -> DocumentRecord | None:
        """The document of this id, or None."""

    def documents(
        self, *, limit: int, after: str = "", prefix: str = "", where: Filter | None = None
    ) -> list[DocumentRecord]:
        """Documents in order of their ids, those after ``after`` that begin with ``prefix``."""

    def documents_of_source(self, sha256: bytes) -> list[DocumentRecord]:
        """The documents whose newest version was made of the bytes with this hash."""

    def version(self, document_id: str, number: int | None = None) -> VersionRecord:
        """A version by its number, the newest without one; else :class:`index.errors.VersionNotFound`."""

    def version_by_text(self, document_id: str, sha256_prefix: str) -> VersionRecord | None:
        """The newest version whose text hash begins with these hex digits.

        Of the document of this id, or else of one that had the id before it was renamed.
        """

    def version_at(self, document_id: str, change: int) -> VersionRecord | None:
        """The version that was a document's newest after a change; None if it is not kept, or was none."""

    def stood(self, document_id: str, change: int) -> bool:
        """Whether there was a document of this id, now or before a renaming, after a change: kept or not."""

    def versions(self, document_id: str) -> list[VersionRecord]:
        """The versions kept of a document, newest first; else :class:`index.errors.DocumentNotFound`."""

    def replaced_versions(self) -> list[VersionRecord]:
        """All versions that are not the newest of their documents, by document, newest first."""

    def structure(self, version: VersionRecord) -> Structure:
        """How the text of a version is divided. Raises :class:`index.errors.VersionNotFound`."""

    def section_at(
        self, version: VersionRecord, start: int, end: int
    ) -> tuple[tuple[str, ...], tuple[int, int] | None]:
        """Section path and pages of a span of a version."""

    def layout(self, version: VersionRecord) -> bytes | None:
        """Where the words of a version are on its pages (:class:`index.layout.Layout`), if that is known."""

    def events(self, since: int, until: int, limit: int) -> list[Event]:
        """Events after change ``since``, up to ``until``: about ``limit``, but all of a change or none."""

    def erases(self, since: int) -> bool:
        """Whether a change after ``since`` erased anything."""

    def at(self, change: int) -> PastPassageStore:
        """The passages as they stood after a change.

        Raises :class:`index.errors.ChangeNotFound`, :class:`index.errors.ChangeNotKept`.
        """

    def last_passage(self) -> int:
        """The id of the passage that was stored last; 0 if none ever was."""

    def waiting(self, up_to: int) -> int:
        """How many live passages, up to this one, have no vector."""

    def pending(self, limit: int, *, after: int = 0) -> list[PendingPassage]:
        """The oldest passages without a vector, one for each text to embed, with ids above ``after``."""

    def added_texts(self, since: int, until: int) -> Iterator[IndexedPassage]:
        """Live passages that came after change ``since``, up to ``until``, in order of id."""

    def added_vectors(self, since: int, until: int, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        """Batches of (passage ids, document keys, unit vectors) that came in these changes."""

    def removed(self, since: int, until: int) -> Ids:
        """Passages that left the indexes in these changes."""

    def close(self) -> None: ...
