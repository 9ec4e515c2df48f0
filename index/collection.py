"""A collection: the one place where its parts are wired together."""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Any, Self

import numpy as np

from index.answers import Answer, Citation, Extent, IndexState, NearDuplicates, Turn
from index.citations.budget import ReadingBudget
from index.citations.statements import Checking, KnownSources
from index.citations.verification import Verification
from index.config import LibraryConfig
from index.derivation import Derivation, derive
from index.description import Description, find_or_create
from index.embedding import Models
from index.errors import DocumentNotFound, InvalidInput, LedgerFailed, StoreUnavailable
from index.filters import Filter, ReadableBy
from index.history.archive import Archive
from index.history.editing import Editor
from index.history.ledger import Ledger, LedgerFollower
from index.history.purging import Purging
from index.history.readable import ReadableStore
from index.ingest.embedding_queue import Embedded
from index.ingest.preparation import Source
from index.ingest.writing import DocumentWriter
from index.lag import Lag, LagWatch
from index.protocols import (
    Catalogue,
    Embedder,
    Engine,
    Failure,
    Lease,
    Passages,
    PastPassages,
    RecordChanged,
    RecordStore,
    Reranker,
    Searchable,
    Snapshot,
)
from index.readers import InProcessReaders, Readers
from index.records import PlacedPassage, Put, VersionRecord
from index.search.candidates import Ranked
from index.search.conversation import combined
from index.search.explaining import DocumentExplanation, Explaining
from index.search.question import Query, Question, Selection, is_spelt
from index.search.search import Search, Stopwatch
from index.types import Vectors

_log = logging.getLogger("loccit.collection")
_LONGEST_SEARCHED = 1000
"""Code points of a quote whose words are searched for: more find no more."""
_PASSAGES_SEARCHED = 50
_PASSAGES_CHECKED = 5
"""Passages by which a claim that cites none is judged."""


@dataclass(frozen=True, slots=True)
class _Now:
    """What is derived, and the state of the record that it has reached; replaced together."""

    derivation: Derivation
    state: IndexState


def _state_of(derivation: Derivation, change: int, passages: int, embedded: int) -> IndexState:
    share = round(embedded / passages, 4) if passages else 1.0
    return IndexState(derivation.description.fingerprint, change, share)


def _query(embedder: Embedder, question: Question, vectors: Vectors | None, watch: Stopwatch) -> Query:
    """Represent a question as the search needs it. ``vectors`` are those of its texts, where known."""
    if vectors is None:
        with watch.stage("encode"):
            vectors = embedder.embed_queries(question.texts)
    with watch.stage("tokens"):
        (starts,) = embedder.token_starts([question.text])
        context = question.context
        spelt = is_spelt(question.text, starts.tolist())
        return Query(question.text, combined(vectors, context), context, spelt, question.selection)


class Collection:
    """A named set of documents with one embedding model.

    ``archive`` reads documents, versions, citations and changes; ``editor`` changes documents that are
    stored; ``purging`` removes from the files what was erased. Safe to use from several threads; several
    processes may open the same collection, one of them writes at a time, and each sees what the others
    committed after :meth:`refresh`.
    """

    def __init__(  # noqa: PLR0913 -- this is where the parts are put together
        self,
        catalogue: Catalogue,
        name: str,
        *,
        embedder: Embedder | Models,
        config: LibraryConfig,
        model: str = "",
        reranker: Reranker | None = None,
        readers: Readers | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        """Creates the collection where the catalogue has none of this name, with ``model`` or the default.

        ``ledger`` learns of erasures.
        A collection that exists has the model, the chunking and the analysis that it was made with, whatever
        ``config`` says. Raises :class:`index.errors.CollectionMismatch`, :class:`index.errors.ModelError`.
        """
        models = embedder if isinstance(embedder, Models) else Models(embedder)
        self.name = name
        find_or_create(
            catalogue, name, lambda: Description.of_today(models.named(model), config, model or models.name)
        )
        self.folder = catalogue.folder(name)
        self._store: RecordStore = catalogue.open(name)
        readers = readers or InProcessReaders(config.reading)
        self._derive = partial(derive, catalogue, name, self._store, models, config, readers)
        self._configured = config
        self._models = models
        self._reranker = reranker
        self._readable: ReadableBy | None = None
        self._whole = self
        """The collection that restricted views of it were made from."""
        self._exchanging = threading.RLock()
        self._watch = LagWatch()
        self.archive = Archive(self._store, catalogue.originals(name), readers)
        self._follower = LedgerFollower(ledger, self._store) if ledger else None
        self.editor = Editor(self._store, lock_seconds=config.lock_seconds, committed=self._committed)
        self._writer = DocumentWriter(
            self._store,
            catalogue.originals(name) if config.ingest.keep_originals else None,
            lambda: self._derivation.preparation,
            self._writing,
            indexing=self._prepare_indexing,
        )
        self.purging = Purging(
            self._store, lambda: self._engine, catalogue.originals(name), lock_seconds=config.lock_seconds
        )
        derivation = self._derive()
        self._now = _Now(derivation, self._read_state(derivation))
        self._catch_up()
        self._enter_erasures()  # those of a process that was killed before it did
        if self.outdated:
            _log.info(
                "The collection %r was made with another %s than this version of the program would make it "
                "with. It answers as it is; an upgrade is available.",
                name,
                " and ".join(self.outdated),
            )

    @property
    def description(self) -> Description:
        """What its passages and vectors are made with."""
        return self._derivation.description

    @property
    def config(self) -> LibraryConfig:
        """Its settings, with the chunking of its description."""
        return self._derivation.config

    @property
    def outdated(self) -> list[str]:
        """What an upgrade would change although the model stays: fields of the description, ``precision``."""
        description = self.description
        other = self._models.has_other_precision(description.model, description.source)
        return [*description.differences(self._configured), *(["precision"] if other else [])]

    @property
    def fingerprint(self) -> str:
        """A hash of everything that decides passages and vectors."""
        return self.description.fingerprint

    @property
    def state(self) -> IndexState:
        """The fingerprint, change and embedded share that answers come from now, and what has failed."""
        now = self._whole._now
        degraded = now.derivation.engine.degraded
        return replace(now.state, degraded=degraded) if degraded else now.state

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The indexes that have failed, and are being made anew from the record."""
        return self._engine.failures

    def unindexed(self) -> int:
        """How many documents cannot be found yet, by meaning or by words, because an index has failed.

        They are stored. An index that cannot be reached now counts as empty unless it was reached before.
        """
        if not self.failures:
            return 0
        with self._whole._store.snapshot() as moment:
            return moment.documents_since(self._engine.change)

    @property
    def lag(self) -> Lag:
        """How far answers are behind the record, as of the last look at it. Asks nobody.

        What an index lacks that has failed does not count: :attr:`failures` has it.
        """
        return self._whole._watch.lag(self._reached())

    @property
    def _derivation(self) -> Derivation:
        return self._whole._now.derivation

    @property
    def _engine(self) -> Engine:
        return self._derivation.engine

    def seen_by(self, groups: AbstractSet[str] | None) -> Collection:
        """The collection as callers in some groups see it; None is whoever sees everything.

        Documents that they may not read are not found by questions and quotes, do not exist in
        ``archive`` and ``editor``, and their ids cannot be put. The rest is shared: do not close it.
        """
        if groups is None:
            return self
        seen = copy.copy(self)
        seen._readable = readable = ReadableBy(frozenset(groups))
        seen._store = ReadableStore(self._store, readable)
        seen.archive = self.archive.of(seen._store)
        seen.editor = self.editor.of(seen._store)
        seen._writer = self._writer.of(seen._store, seen._writing)
        return seen

    # The read flow

    def ask(  # noqa: PLR0913 -- the parts of a question
        self,
        question: str,
        *,
        k: int = 5,
        where: Filter | None = None,
        turns: Sequence[Turn] = (),
        vectors: Vectors | None = None,
        as_of: int | None = None,
        extent: Extent = "passage",
        max_per_document: int | None = None,
        near_duplicates: NearDuplicates = "fold",
    ) -> Answer:
        """Check a question and :meth:`answer` it.

        At most ``max_per_document`` of the ``k`` passages come from one document. A passage in nearly the
        words of a better one takes no place: its locator is in ``also_in`` of that one, unless
        ``near_duplicates`` is ``keep``. Raises :class:`index.errors.EmptyQuestion`,
        :class:`index.errors.InvalidLimit`, and what :meth:`answer` raises.
        """
        asked = Question.checked(
            question,
            k=k,
            where=where,
            turns=turns,
            as_of=as_of,
            extent=extent,
            max_per_document=max_per_document,
            near_duplicates=near_duplicates,
        )
        return self.answer(asked, vectors=vectors)

    def answer(self, question: Question, *, vectors: Vectors | None = None, model: str = "") -> Answer:
        """The passages that best answer a question, and the probability that they do.

        ``vectors`` are those of ``question.texts``, shape (texts, dimension), where the caller has them, and
        ``model`` the fingerprint of the model that made them: those of another model are not used.
        Raises :class:`index.errors.ModelFailed`; for an earlier change also
        :class:`index.errors.ChangeNotFound`, :class:`index.errors.ChangeNotKept`,
        :class:`index.errors.MomentTooLarge`, :class:`index.errors.NotSupported`.
        """
        now = self._whole._now
        model = model or now.derivation.description.model
        opened: Callable[[], AbstractContextManager[Snapshot]] = self._store.brief_snapshot
        if question.as_of is not None:
            opened = partial(self._store.snapshot, standby=True)
        has_broken = False
        while True:
            known = model == now.derivation.description.model
            try:
                answer = self._answered(question, now, vectors if known else None, opened)
            except RecordChanged:
                opened = partial(self._store.snapshot, standby=True)
                continue
            except StoreUnavailable:
                # A transaction breaks with its connection; what a brief snapshot reads was tried again.
                if has_broken or opened == self._store.brief_snapshot:
                    raise
                has_broken = True
                continue
            if answer is not None:
                return answer
            self._whole.refresh()  # an upgrade has exchanged passages and vectors
            now = self._whole._now

    def _answered(
        self,
        question: Question,
        now: _Now,
        vectors: Vectors | None,
        opened: Callable[[], AbstractContextManager[Snapshot]],
    ) -> Answer | None:
        """The answer by what is derived now; None if that is not of the record any more."""
        watch, derived = Stopwatch(), now.derivation
        query = _query(derived.embedder, question, vectors, watch)

        with opened() as moment:
            where = self._within(question.where, moment)

            def answered(passages: Passages, engine: Searchable, state: IndexState) -> Answer:
                hashes, settings = derived.analyzer.term_hashes, derived.config.search
                return Search(passages, moment, engine, hashes, settings, self._reranker).answer(
                    query,
                    k=question.k,
                    where=where,
                    watch=watch,
                    state=state,
                    answerability=derived.answerability,
                )

            if question.as_of is None:
                answer = answered(moment, derived.engine, now.state)
                # Last, for a brief snapshot begins with what the search reads.
                return None if self._was_exchanged(moment, now) else answer
            if self._was_exchanged(moment, now):
                return None
            past = moment.at(question.as_of)
            state = _state_of(derived, question.as_of, *past.counts())
            change = derived.engine.change
            if self._is_live(past, moment, change):
                answer = answered(past, derived.engine, state)
                if derived.engine.change == change:  # and not updated meanwhile
                    return answer
            with watch.stage("moment"):
                engine = derived.engine.at(past)
            return answered(past, engine, state)

    def explain(
        self, question: Question, document_id: str, *, vectors: Vectors | None = None, model: str = ""
    ) -> DocumentExplanation:
        """Why an answer to a question has a document or not. ``vectors`` and ``model`` as in :meth:`answer`.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.ModelFailed`.
        """
        derived = self._derivation
        known = model in ("", derived.description.model)
        query = _query(derived.embedder, question, vectors if known else None, Stopwatch())
        with self._store.snapshot(standby=True) as moment:
            document = moment.find_document(document_id, retired=True)
            if document is None:
                raise DocumentNotFound(f"There is no document {document_id!r}.")
            hashes, settings = derived.analyzer.term_hashes, derived.config.search
            search = Search(moment, moment, derived.engine, hashes, settings, self._reranker)
            explaining = Explaining(search, moment, derived.engine, settings.candidates)
            return explaining.explain(document, question, query, self._within(question.where, moment))

    def ranked(self, question: Question) -> tuple[Ranked, list[PlacedPassage]]:
        """The candidates of a question in their final order, with all scores, and where they stand.

        For fitting: an answer makes hits of the first of them. Raises :class:`index.errors.ModelFailed`.
        """
        watch = Stopwatch()
        derived = self._derivation
        query = _query(derived.embedder, question, None, watch)
        with self._store.snapshot() as moment:
            search = Search(
                moment, moment, derived.engine, derived.analyzer.term_hashes, derived.config.search
            )
            where = self._within(question.where, moment)
            found = search.found(query, k=question.k, where=where, watch=watch).ranked
            return found, moment.places(found.candidates.ids)

    def _within(self, where: Filter | None, moment: Snapshot) -> Filter | None:
        """A question's filter, and that of the caller's groups where there is something to hide."""
        if self._readable is None or not moment.hides(self._readable):
            return where
        return self._readable.within(where)

    @staticmethod
    def _was_exchanged(moment: Snapshot, now: _Now) -> bool:
        """Whether the record has other passages than what is derived. That is a change."""
        return moment.change != now.state.change and moment.generation != now.derivation.generation

    @staticmethod
    def _is_live(past: PastPassages, moment: Snapshot, change: int) -> bool:
        """Whether an engine at this change holds the very passages that were live at that earlier one."""
        return past.reached <= change <= moment.change and moment.at(moment.change).reached == past.reached

    @contextmanager
    def verification(
        self,
        *,
        most_characters: int | None = None,
        claims: bool = True,
        known: KnownSources | None = None,
    ) -> Iterator[Verification]:
        """Verifies citations, quotes and answers in one snapshot of the record.

        ``most_characters`` limits how much text is searched; ``claims``: judge also what the sentences of
        an answer claim, which takes the model. ``known`` keeps the passages that were embedded for it, for
        an answer that is verified sentence by sentence.
        """
        with self.archive.resolution() as resolution:

            def likely(quote: str) -> list[VersionRecord]:
                return self._likely(resolution.moment, quote)

            def passages(text: str) -> list[Citation]:
                return self._passages_like(resolution.moment, text)

            checking = (
                Checking(self._derivation.analyzer.terms, self._derivation.embedder, passages, known)
                if claims
                else None
            )
            yield Verification(resolution, likely, ReadingBudget(most_characters), checking)

    def _passages_like(self, moment: Snapshot, text: str) -> list[Citation]:
        """The passages that a question with these words would find."""
        if not any(map(str.isalnum, text)):
            return []
        (vector,) = self._derivation.embedder.embed_queries([text])
        (starts,) = self._derivation.embedder.token_starts([text])
        # A claim is judged by each place, also where others say the same.
        every = Selection(near_duplicates="keep")
        query = Query(text, vector, is_spelt=is_spelt(text, starts.tolist()), selection=every)
        search = Search(
            moment, moment, self._engine, self._derivation.analyzer.term_hashes, self.config.search
        )
        where = self._within(None, moment)
        found = search.found(query, k=_PASSAGES_CHECKED, where=where, watch=Stopwatch())
        return [hit.citation for hit in found.hits]

    def _likely(self, moment: Snapshot, quote: str) -> list[VersionRecord]:
        """The versions that most likely have these words."""
        if not any(map(str.isalnum, quote)):
            return []
        words, where = quote[:_LONGEST_SEARCHED], self._within(None, moment)
        found = self._engine.search_words(words, _PASSAGES_SEARCHED, where=where)
        versions = [place.version for place in moment.places(found)]
        return list({version.key: version for version in versions}.values())

    def sample_texts(self, most: int) -> list[str]:
        """The words of at most so many passages, drawn from all of them, the same at each call."""
        last = self._store.last_passage()
        # An upgrade leaves the ids below those of its passages.
        first = max(1, last - 2 * self.archive.counts().passages)
        random = np.random.default_rng(0)
        ids = np.unique(random.integers(first, last + 1, 4 * most if last else 0))
        with self._store.snapshot() as moment:
            found = moment.passages(ids)
        return [found[at].text for at in random.permutation(len(found))[:most].tolist()]

    # The write flow

    def put(self, source: Source) -> Put:
        """Add or replace one document; see :meth:`put_many`. Raises what is wrong with it."""
        (outcome,) = self.put_many([source])
        if isinstance(outcome, InvalidInput):
            raise outcome
        return outcome

    def put_many(self, sources: Sequence[Source]) -> list[Put | InvalidInput]:
        """Add or replace documents, in order, in one transaction; returns the outcome or error of each.

        When it returns they are durable and can be found by their words; vectors come with
        :meth:`embed_pending`. Raises :class:`index.errors.CollectionBusy`.
        """
        return self._writer.put_many(sources)

    def adopt_many(self, values: Sequence[Mapping[str, Any]]) -> list[Put | InvalidInput]:
        """Add documents that :meth:`Archive.exported` gave, with their versions; returns the outcome of each.

        Locators of the other collection resolve here. Raises as :meth:`put_many`.
        """
        return self._writer.adopt_many(values)

    def embed_pending(
        self,
        *,
        limit: int | None = None,
        progress: Callable[[int, int], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> int:
        """Embed passages that have no vector, oldest first, at most about ``limit``; returns how many.

        ``progress`` is called with (passages done, passages that were waiting). Passages that another
        worker has claimed are left to it. ``stop`` is asked between two batches.
        """
        counts = self.archive.counts()
        waiting, done = counts.passages - counts.embedded, 0
        size = self.config.ingest.passages_per_batch
        # Who looks often must not take a lease each time, for which a database opens a connection.
        more = self._store.waiting_since() is not None
        while more and (limit is None or done < limit) and not stop():
            more = False
            left = None if limit is None else limit - done
            derivation = self._derivation
            put = partial(self._put_vectors, derivation)
            for embedded in derivation.embedding.drain(size, put, limit=left, stop=stop):
                more, done = True, done + embedded
                if progress:
                    progress(done, max(waiting, done))
        # A caller that embeds a few passages at a time has other work to do.
        self._engine.maintain(background=limit is not None)
        return done

    def maintain(self) -> None:
        """Begin in the background what keeps searches fast. Where passages are embedded that is done, too."""
        self._engine.maintain(background=True)

    def _prepare_indexing(self, texts: Iterable[str]) -> None:
        self._engine.prepare(texts)

    def _put_vectors(self, derivation: Derivation, embedded: Embedded, lease: Lease) -> int:
        with self._writing():
            if derivation is not self._derivation:
                return 0  # of a model that the collection has no more
            return self._store.put_vectors(embedded.keys, embedded.vectors, embedded.sentences, lease=lease)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the write lease for one commit, with what is derived as of now."""
        with self.editor.writing():
            self._whole._follow_exchange()
            yield

    # Following the record

    def refresh(self) -> None:
        """See what other processes committed. Cheap when there is nothing new."""
        state = self._now.state
        try:
            change = self._store.notice(state.change).change
        except StoreUnavailable:
            self._watch.lost()
            raise
        self._watch.saw(change, self._reached())
        if change != state.change or change > self._engine.change:
            self._catch_up()

    def _reached(self) -> int:
        """The change up to which answers are complete."""
        change = self._whole._now.state.change
        return change if self.failures else min(change, self._engine.change)

    def _committed(self) -> None:
        self._catch_up()
        self._enter_erasures()

    def _enter_erasures(self) -> None:
        try:
            if self._follower:
                self._follower.follow()
        except LedgerFailed as error:
            # What was committed is committed: the caller must not be told that it failed.
            _log.error("%s What was erased is entered with the next change.", error.message)

    def _catch_up(self) -> None:
        """Apply what was committed, here or by another process, to the indexes and to what is in memory."""
        whole = self._whole
        whole._follow_exchange()
        notice = whole._store.notice(whole._now.state.change)
        whole._watch.saw(notice.change, whole._reached())
        if notice.erased:
            whole.archive.forget(notice.change)
            whole._engine.forget()
        whole._engine.update()
        derivation = whole._derivation
        whole._now = _Now(derivation, whole._read_state(derivation))

    def _follow_exchange(self) -> None:
        """Use the model, indexes and rules of an upgrade that has exchanged passages and vectors.

        Questions that are being answered finish with the earlier ones, which are closed when nothing refers
        to them any more.
        """
        with self._exchanging:
            state, derivation = self._now.state, self._now.derivation
            if self._store.notice(state.change).generation == derivation.generation:
                return
            _log.info("The collection %r was upgraded.", self.name)
            derivation = self._derive()
            derivation.engine.update()
            self._now = _Now(derivation, self._read_state(derivation))

    def _read_state(self, derivation: Derivation) -> IndexState:
        counts = self.archive.counts()
        return _state_of(derivation, counts.change, counts.passages, counts.embedded)

    def close(self) -> None:
        """Release files and memory."""
        self._engine.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
