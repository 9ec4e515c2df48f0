"""A collection on disk: the one place where the parts are wired together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from filelock import FileLock, Timeout

from index import answerability, citing
from index.analysis import Analyzer
from index.answers import Answer, Citation, IndexState, Turn
from index.config import LibraryConfig
from index.conversation import combined, context, spoken
from index.description import described, fingerprint_parts
from index.errors import (
    CitationNotFound,
    CollectionBusy,
    InvalidInput,
)
from index.filters import Filter
from index.ingest import Preparation, Put, Source
from index.lexical import TantivyIndex
from index.naming import checked_document_id
from index.protocols import Embedder, Reranker
from index.records import Counts, DocumentRecord, NewDocument, PendingPassage, VersionRecord
from index.search import Query, Search, Stopwatch, checked_k, checked_question, is_spelt
from index.second_look import taken_apart
from index.store import Store
from index.types import Sentences, Vectors
from index.vectors import FaissIndex


class Collection:
    """A named set of documents with one embedding model, in a folder of its own.

    Safe to use from several threads; several processes may have the same folder open, one of them
    writes at a time, and each sees what the others committed after :meth:`refresh`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        embedder: Embedder,
        config: LibraryConfig,
        reranker: Reranker | None = None,
    ) -> None:
        self.folder = folder
        self.name = folder.name
        self._embedder = embedder
        self._config = config
        self.fingerprint = described(folder, fingerprint_parts(embedder, config))
        self._preparation = Preparation(embedder, config)
        self._locking = threading.RLock()
        self._write_lock = FileLock(folder / "write.lock", thread_local=False)
        self._embed_lock = FileLock(folder / "embed.lock", thread_local=False)
        self._store = Store(folder / "store.sqlite")
        self._dense = FaissIndex.open(folder / "vectors", embedder.dimension)
        self._analyzer = Analyzer(config.language)
        self._lexical = TantivyIndex.open(folder / "lexical", self._analyzer)
        self._search = Search(
            self._store, self._dense, self._lexical, self._analyzer.hashes, config.search, reranker
        )
        self._answerability = answerability.load([folder])
        self._state = self._counted()
        self.refresh()

    @property
    def config(self) -> LibraryConfig:
        """The settings it was opened with."""
        return self._config

    # Reading

    def ask(
        self,
        question: str,
        *,
        k: int = 5,
        where: Filter | None = None,
        turns: Sequence[Turn] = (),
        vectors: Vectors | None = None,
    ) -> Answer:
        """The at most ``k`` passages that best answer a question, among documents that ``where`` admits.

        ``turns`` are what was said before it, oldest first. ``vectors`` are those of
        :func:`index.conversation.spoken`, when the caller has embedded them already. Raises
        :class:`index.errors.EmptyQuestion`, :class:`index.errors.InvalidLimit`.
        """
        question = checked_question(question)
        k = checked_k(k)
        said = context(turns)
        watch = Stopwatch()
        if vectors is None:
            with watch.stage("encode"):
                vectors = self._embedder.embed_queries(spoken(question, said))
        (starts,) = self._embedder.token_starts([question])
        return self._search.answer(
            Query(question, combined(vectors, said), said, is_spelt(question, starts.tolist())),
            k=k,
            where=where,
            watch=watch,
            state=self._state,
            answerability=self._answerability,
        )

    def cite(self, locator: str) -> Citation:
        """The citation that a locator names, of the newest version or of an older one.

        Raises :class:`index.errors.InvalidLocator`, :class:`index.errors.CitationNotFound`.
        """
        wanted = citing.parse_locator(locator)
        version = self._store.version_by_text(wanted.document_id, wanted.text_sha256)
        if version is None:
            raise CitationNotFound(
                f"No stored version of {wanted.document_id!r} has a text whose SHA-256 begins with "
                f"{wanted.text_sha256}. The document was deleted, or the locator is of another collection."
            )
        if wanted.end > version.length:
            raise CitationNotFound(f"{locator!r} ends past the text, which has {version.length} characters.")
        at, until = citing.window(wanted.start, wanted.end)
        text = self._store.text(version.text_sha256, at, until)
        section, pages = self._store.section_at(version, wanted.start)
        excerpt = citing.Excerpt(version, wanted.start, wanted.end, text, at)
        return citing.cite(excerpt, section=section, pages=pages)

    def find_document(self, document_id: str) -> DocumentRecord | None:
        """The document of this id, or None."""
        return self._store.find_document(document_id)

    def document(self, document_id: str) -> DocumentRecord:
        """Raise :class:`index.errors.DocumentNotFound` when there is none of this id."""
        return self._store.document(document_id)

    def documents(
        self, *, limit: int = 100, after: str = "", prefix: str = "", where: Filter | None = None
    ) -> list[DocumentRecord]:
        """Documents in order of their ids, those after ``after`` that begin with ``prefix``."""
        return self._store.documents(limit=limit, after=after, prefix=prefix, where=where)

    def text(self, document_id: str, version: int | None = None) -> tuple[VersionRecord, str]:
        """The whole text of a version, the newest when none is named, checked against its hash."""
        record = self._store.version(document_id, version)
        return record, self._store.text(record.text_sha256)

    def counts(self) -> Counts:
        """How much there is."""
        return self._store.counts()

    # Writing

    def put(self, source: Source) -> Put:
        """Add or replace one document; see :meth:`put_many`. Raises what is wrong with it."""
        (outcome,) = self.put_many([source])
        if isinstance(outcome, InvalidInput):
            raise outcome
        return outcome

    def put_many(self, sources: Sequence[Source]) -> list[Put | InvalidInput]:
        """Add or replace documents in one transaction; for each what became of it, or what is wrong with it.

        When it returns they are durable and can be found by their words; vectors come with
        :meth:`embed_pending`. Raises :class:`index.errors.CollectionBusy`.
        """
        prepared = [self._prepared(source) for source in sources]
        new = [part for part in prepared if isinstance(part, NewDocument)]
        stored: dict[str, DocumentRecord] = {}
        known = {part.id for part in new if self._store.find_document(part.id)}
        if new:
            with self._writing():
                stored = {record.id: record for record in self._store.put(new)}
                self._catch_up()
        return [
            Put(stored[part.id], "replaced" if part.id in known else "added")
            if isinstance(part, NewDocument)
            else part
            for part in prepared
        ]

    def _prepared(self, source: Source) -> NewDocument | Put | InvalidInput:
        try:
            known = self._store.find_document(checked_document_id(source.id))
            new = self._preparation.prepare(source, known)
        except InvalidInput as error:
            return error
        if new is None and known is not None:
            return Put(known, "unchanged")
        assert new is not None  # noqa: S101 -- only a known document can be unchanged
        return new

    def delete(self, document_id: str) -> DocumentRecord:
        """Erase a document with all its versions; returns what it was."""
        with self._writing():
            record = self._store.delete(document_id)
            self._catch_up()
        return record

    def embed_pending(
        self, *, limit: int | None = None, progress: Callable[[int, int], None] | None = None
    ) -> int:
        """Embed passages that have no vector, oldest first, at most about ``limit``; returns how many.

        ``progress`` is called with (passages done, passages that were waiting). One process does this at
        a time; where another is at it, this returns 0 at once.
        """
        try:
            with self._embed_lock.acquire(timeout=0):
                return self._embed(limit, progress)
        except Timeout:
            return 0

    def _embed(self, limit: int | None, progress: Callable[[int, int], None] | None) -> int:
        counts = self._store.counts()
        waiting, done = counts.passages - counts.embedded, 0
        size = self._config.ingest.passages_per_batch
        while limit is None or done < limit:
            batch = self._store.pending(size if limit is None else min(size, limit - done))
            if not batch:
                break
            vectors, sentences = self._embedded(batch)
            with self._writing():
                done += self._store.put_vectors([passage.key for passage in batch], vectors, sentences)
                self._catch_up()
            if progress:
                progress(done, max(waiting, done))
        if self._dense.should_compact:
            with self._writing():
                self._dense.compact()
        return done

    def _embedded(self, batch: Sequence[PendingPassage]) -> tuple[Vectors, list[Sentences]]:
        apart = [taken_apart(passage.text, passage.quote, self._analyzer.hashes) for passage in batch]
        spans = [
            [(start + passage.quote, end + passage.quote) for start, end in one.spans.tolist()]
            for passage, one in zip(batch, apart, strict=True)
        ]
        vectors, inside = self._embedder.embed_sentences([passage.text for passage in batch], spans)
        return vectors, [replace(one, vectors=rows) for one, rows in zip(apart, inside, strict=True)]

    # Keeping up

    def refresh(self) -> None:
        """See what other processes committed. Cheap when there is nothing new."""
        change = self._store.change()
        if self._dense.change >= change and self._lexical.change >= change:
            return
        self._lexical.refresh()
        if self._lexical.change < change:
            # Whoever committed is bringing its words into the index now, unless it was killed on the way.
            with suppress(CollectionBusy), self._writing(seconds=0.0):
                self._catch_up()
        with self._locking:
            self._catch_up_dense()

    def _catch_up(self) -> None:
        """Bring both indexes to the store's last change; the caller holds the write lock."""
        self._lexical.refresh()
        since, until = self._lexical.change, self._store.change()
        if since < until:
            self._lexical.update(
                until,
                added=self._store.added_texts(since, until),
                removed=self._store.removed(since, until),
            )
        self._catch_up_dense()

    def _catch_up_dense(self) -> None:
        self._dense.reload()
        since, until = self._dense.change, self._store.change()
        if since < until:
            nothing = np.empty(0, np.int64)
            for ids, documents, vectors in self._store.added_vectors(since, until, self._embedder.dimension):
                # Complete only with the last batch: until then the index stays at the change before.
                self._dense.update(since, ids=ids, documents=documents, vectors=vectors, removed=nothing)
            self._dense.update(
                until,
                ids=nothing,
                documents=nothing,
                vectors=np.empty((0, self._embedder.dimension), np.float32),
                removed=self._store.removed(since, until),
            )
        self._state = self._counted()

    def _counted(self) -> IndexState:
        counts = self._store.counts()
        embedded = counts.embedded / counts.passages if counts.passages else 1.0
        return IndexState(self.fingerprint, counts.change, round(embedded, 4))

    @contextmanager
    def _writing(self, seconds: float | None = None) -> Iterator[None]:
        seconds = self._config.lock_seconds if seconds is None else seconds
        try:
            with self._locking, self._write_lock.acquire(timeout=seconds):
                yield
        except Timeout as error:
            raise CollectionBusy(
                f"The collection {self.name!r} is being written by another process. Try again in a moment."
            ) from error

    def close(self) -> None:
        """Release files and memory."""
        self._lexical.close()
        self._dense.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
