"""A collection on disk: the one place where the parts are wired together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from index import answerability
from index.analysis import Analyzer
from index.answers import Answer, IndexState, Turn
from index.config import LibraryConfig
from index.conversation import combined, context, spoken
from index.description import described, fingerprint_parts
from index.editing import EditableArchive
from index.embedding_queue import Embedded, EmbeddingQueue
from index.errors import HashCollision, InvalidInput
from index.filters import Filter
from index.indexes import Indexes
from index.ingest import Preparation, Put, Source
from index.moments import Moment, Moments
from index.naming import checked_document_id
from index.protocols import Embedder, PassageStore, PastPassageStore, Reranker
from index.reading import Reading, ReadingHere
from index.reading_budget import ReadingBudget
from index.records import DocumentRecord, NewDocument, VersionRecord
from index.search import Query, Search, Stopwatch, checked_k, checked_question, is_spelt
from index.store import Store
from index.types import Vectors
from index.verification import Verification

_LONGEST_SEARCHED = 1000
"""Code points of a quote whose words are searched for: more find no more."""
_PASSAGES_SEARCHED = 50


class Collection(EditableArchive):
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
        reading: Reading | None = None,
    ) -> None:
        self.folder = folder
        self.name = folder.name
        self._embedder = embedder
        self._config = config
        self.fingerprint = described(folder, fingerprint_parts(embedder, config))
        self._preparation = Preparation(embedder, reading or ReadingHere(config.reading), config)
        self._embed_lock = FileLock(folder / "embed.lock", thread_local=False)
        super().__init__(Store(folder / "store.sqlite"), folder, lock_seconds=config.lock_seconds)
        self._analyzer = Analyzer(config.language)
        self._indexes = Indexes(folder, self._store, self._analyzer, embedder.dimension, config.vectors)
        self._moments = Moments(self._analyzer, embedder.dimension, config.search.as_of_passages)
        self._embedding = EmbeddingQueue(self._store, embedder, self._analyzer)
        self._reranker = reranker
        self._search = self._searching(self._store, self._indexes)
        self._answerability = answerability.load([folder])
        self._state = self._counted()
        self.refresh()

    @property
    def config(self) -> LibraryConfig:
        """The settings it was opened with."""
        return self._config

    @property
    def state(self) -> IndexState:
        """What answers now."""
        return self._state

    # Reading

    def ask(
        self,
        question: str,
        *,
        k: int = 5,
        where: Filter | None = None,
        turns: Sequence[Turn] = (),
        vectors: Vectors | None = None,
        as_of: int | None = None,
    ) -> Answer:
        """The at most ``k`` passages that best answer a question, among documents that ``where`` admits.

        ``turns`` are what was said before it, oldest first. ``vectors`` are those of
        :func:`index.conversation.spoken`, when the caller has embedded them already. ``as_of`` asks the
        collection as it stood after that change. Raises :class:`index.errors.EmptyQuestion`,
        :class:`index.errors.InvalidLimit`; with ``as_of`` also :class:`index.errors.ChangeNotFound`,
        :class:`index.errors.ChangeNotKept`, :class:`index.errors.MomentTooLarge`.
        """
        question = checked_question(question)
        k = checked_k(k)
        said = context(turns)
        watch = Stopwatch()
        if vectors is None:
            with watch.stage("encode"):
                vectors = self._embedder.embed_queries(spoken(question, said))
        with watch.stage("tokens"):
            (starts,) = self._embedder.token_starts([question])
            query = Query(question, combined(vectors, said), said, is_spelt(question, starts.tolist()))

        def answered(search: Search, state: IndexState) -> Answer:
            answerable = self._answerability
            return search.answer(query, k=k, where=where, watch=watch, state=state, answerability=answerable)

        if as_of is None:
            return answered(self._search, self._state)
        return self._answered_as_of(as_of, answered, watch)

    def _answered_as_of(
        self, as_of: int, answered: Callable[[Search, IndexState], Answer], watch: Stopwatch
    ) -> Answer:
        past = self._store.at(as_of)
        state = self._state_of(as_of, *past.counts())
        if self._is_live(past):
            answer = answered(self._search, state)
            if self._is_live(past):  # still: nothing was committed meanwhile
                return answer
        with watch.stage("moment"):
            search = self._searching(past, self._moments.of(past))
        answer = answered(search, state)
        self._store.at(as_of)  # what was erased meanwhile is missing in the answer
        return answer

    def _is_live(self, past: PastPassageStore) -> bool:
        """Whether the live passages are those of that moment, in the store and in the indexes."""
        if self._store.at(self._store.change()).reached != past.reached:
            return False  # this process or another has gone on
        return min(self._indexes.dense.change, self._indexes.lexical.change) >= past.reached

    def _searching(self, store: PassageStore, over: Indexes | Moment) -> Search:
        hashes, settings = self._analyzer.hashes, self._config.search
        return Search(store, over.dense, over.lexical, hashes, settings, self._reranker)

    def verification(self, *, most_characters: int | None = None) -> Verification:
        """Verifies citations, quotes and answers; ``most_characters`` limits what is looked through."""
        return Verification(self.resolution(), self._likely, ReadingBudget(most_characters))

    def _likely(self, quote: str) -> list[VersionRecord]:
        """The documents that most likely have these words."""
        if not any(map(str.isalnum, quote)):
            return []
        found = self._indexes.lexical.search(quote[:_LONGEST_SEARCHED], _PASSAGES_SEARCHED)
        versions = [passage.version for passage in self._store.passages(found.ids)]
        return list({version.key: version for version in versions}.values())

    def sample_texts(self, most: int) -> list[str]:
        """The words of at most so many passages, from all over the collection, the same at each call."""
        last = self._store.last_passage()
        random = np.random.default_rng(0)
        ids = np.unique(random.integers(1, last + 1, 2 * most if last else 0))
        found = self._store.passages(ids)
        return [found[at].text for at in random.permutation(len(found))[:most].tolist()]

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
        stored: dict[str, DocumentRecord | HashCollision] = {}
        known = {part.id for part in new if self._store.find_document(part.id)}
        if new:
            with self._writing():
                stored = self._stored(new)
                self._catch_up()
        outcomes: list[Put | InvalidInput] = []
        for part in prepared:
            outcome = stored[part.id] if isinstance(part, NewDocument) else part
            if isinstance(outcome, DocumentRecord):
                outcome = Put(outcome, "replaced" if outcome.id in known else "added")
            outcomes.append(outcome)
        return outcomes

    def _stored(self, new: Sequence[NewDocument]) -> dict[str, DocumentRecord | HashCollision]:
        try:
            return {record.id: record for record in self._store.put(new)}
        except HashCollision as error:
            if len(new) == 1:
                return {new[0].id: error}
        # One of them is refused, and the others are not to suffer for it: each by itself.
        stored: dict[str, DocumentRecord | HashCollision] = {}
        for one in new:
            stored |= self._stored([one])
        return stored

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
        more = True
        while more and (limit is None or done < limit):
            more = False
            for served in self._embedding.drain(
                size, self._put_vectors, limit=None if limit is None else limit - done
            ):
                more, done = True, done + served
                if progress:
                    progress(done, max(waiting, done))
        if self._indexes.dense.should_compact:
            # Whoever embeds a few passages at a time has others to see to; whoever embeds all wants it done.
            compact = (
                self._indexes.dense.compact if limit is None else self._indexes.dense.compact_in_background
            )
            compact()
        return done

    def _put_vectors(self, embedded: Embedded) -> int:
        with self._writing():
            served = self._store.put_vectors(embedded.keys, embedded.vectors, embedded.sentences)
            self._catch_up()
        return served

    # Keeping up

    def refresh(self) -> None:
        """See what other processes committed. Cheap when there is nothing new."""
        if self._indexes.refresh(lambda: self._writing(seconds=0.0)):
            self._see()

    def _forget(self) -> None:
        super()._forget()
        self._moments.forget()

    def _catch_up(self) -> None:
        self._indexes.catch_up()
        self._see()

    def _see(self) -> None:
        seen, self._state = self._state.change, self._counted()
        if self._store.erases(seen):
            self._forget()  # by another process, perhaps

    def _counted(self) -> IndexState:
        counts = self._store.counts()
        return self._state_of(counts.change, counts.passages, counts.embedded)

    def _state_of(self, change: int, passages: int, embedded: int) -> IndexState:
        return IndexState(self.fingerprint, change, round(embedded / passages, 4) if passages else 1.0)

    def close(self) -> None:
        """Release files and memory."""
        self._moments.forget()
        self._indexes.close()
        super().close()
