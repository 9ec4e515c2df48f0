"""Questions to a collection: answered, explained, and ranked for fitting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from index.answers import Answer, IndexState, Unasked, UnknownLanguage
from index.citations.supersession import Superseding, among, superseded_by
from index.collection.following import DerivedState, Following, state_of
from index.derivation import Derivation
from index.errors import ChangeNotReached, DocumentNotFound, StoreUnavailable
from index.filters import Filter, ReadableBy
from index.protocols import (
    Passages,
    PastPassages,
    RecordChanged,
    RecordStore,
    Reranker,
    Searchable,
    Snapshot,
)
from index.records import PlacedPassage
from index.search.amendments import put_amendments_first
from index.search.explaining import DocumentExplanation, Explaining
from index.search.question import Query, Question
from index.search.question.aliases import rename
from index.search.question.misspelt import correct, is_english_misspelt
from index.search.question.queries import Queries, make_queries
from index.search.question.unknown_language import is_unknown_language, seconds_with_another
from index.search.ranking.candidates import RankedCandidates
from index.search.results import Judged
from index.search.search import Search
from index.search.stopwatch import Stopwatch
from index.types import Vectors

if TYPE_CHECKING:
    from index.search.cross_encoder.model import CrossEncoder

Opened = Callable[[], AbstractContextManager[Snapshot]]


class Questions:
    """Answers questions from a record and its indexes. Safe to use from several threads.

    ``readable`` is what the callers may see; None is everything.
    """

    def __init__(
        self,
        store: RecordStore,
        following: Following,
        reranker: Reranker | None,
        readable: ReadableBy | None = None,
        *,
        cross_encoder: Callable[[str], CrossEncoder | None] | None = None,
        superseding: Superseding | None = None,
    ) -> None:
        self._store = store
        self._following = following
        self._reranker = reranker
        self._readable = readable
        self._cross_encoder = cross_encoder
        self._superseding = superseding or Superseding()

    def of(self, store: RecordStore, readable: ReadableBy) -> Questions:
        """The same, for a restricted view of the store."""
        return Questions(
            store,
            self._following,
            self._reranker,
            readable,
            cross_encoder=self._cross_encoder,
            superseding=self._superseding,
        )

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of questions, one each. Raises :class:`index.errors.ModelFailed`."""
        return self._following.now.derivation.embedder.embed_queries(texts)

    def answer(self, question: Question, *, vectors: Vectors | None = None, model: str = "") -> Answer:
        """The passages that best answer a question, and the probability that they do.

        ``vectors`` are those of ``question.texts``, shape (texts, dimension), where the caller has them, and
        ``model`` the fingerprint of the model that made them: those of another model are not used.
        Raises :class:`index.errors.ModelFailed`, :class:`index.errors.ChangeNotReached`; for an earlier
        change also :class:`index.errors.ChangeNotFound`, :class:`index.errors.ChangeNotKept`,
        :class:`index.errors.MomentTooLarge`, :class:`index.errors.NotSupported`.
        """
        if question.at_least_change:
            self._require_change(question, self._following.reached)
        now = self._following.now
        model = model or now.derivation.description.model
        opened: Opened = self._store.brief_snapshot
        if question.as_of is not None:
            opened = partial(self._store.snapshot, standby=True)
        has_broken = False
        while True:
            known = model == now.derivation.description.model
            try:
                answer = self._try_answer(question, now, vectors if known else None, opened)
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
            self._following.refresh()  # an upgrade has exchanged passages and vectors
            now = self._following.now

    def _hides_some(self, opened: Opened) -> bool:
        """Look for documents that the caller may not read: their words would correct a question."""
        if self._readable is None:
            return False
        with opened() as moment:
            return moment.hides(self._readable)

    def _try_answer(
        self, question: Question, now: DerivedState, vectors: Vectors | None, opened: Opened
    ) -> Answer | None:
        """Answer with the current derivation; None if an upgrade has exchanged it meanwhile."""
        watch, derived, text = Stopwatch(), now.derivation, question.text
        began = perf_counter()
        (starts,) = derived.embedder.token_starts([text])
        watch.note("tokens", began)
        right = text if question.as_of is not None else _corrected(text, starts.tolist(), derived)
        if right != text and not self._hides_some(opened):
            # Only now and then: the vectors of its context are computed again.
            asked = make_queries(derived.embedder, replace(question, text=right), None, watch)
        else:
            asked = make_queries(derived.embedder, question, vectors, watch, starts.tolist())

        with opened() as moment:
            where = visible(question.where, moment, self._readable)

            def answered(
                passages: Passages, engine: Searchable, state: IndexState, total: Callable[[], int]
            ) -> Answer:
                search = self._search(passages, moment, engine, derived)
                answer = search.answer(
                    asked,
                    k=question.k,
                    where=where,
                    watch=watch,
                    state=state,
                    answerability=derived.answerability,
                )
                if question.as_of is None:
                    answer = self._with_amendments(answer, asked, where, (search, moment), derived)
                answer = replace(answer, question=question.text)
                answer = self._with_reason(answer, passages, where, moment, total)
                model = derived.description.model_name
                if not _is_unknown(asked, model):
                    return answer
                count = moment.counts(readable=self._readable).passages
                seconds = count * seconds_with_another(derived.embedder, [one.text for one in answer.hits])
                return replace(answer, unknown_language=UnknownLanguage(model, count, seconds))

            if question.as_of is None:
                answer = answered(moment, derived.engine, now.state, lambda: moment.counts().documents)
                # Last, for a brief snapshot begins with what the search reads.
                if _was_exchanged(moment, now):
                    return None
                # A standby may lack what the indexes have.
                self._require_change(question, moment.change)
                return answer
            if _was_exchanged(moment, now):
                return None
            past = moment.at(question.as_of)
            state, total = state_of(derived, question.as_of, *past.counts()), lambda: past.counts()[0]
            change = derived.engine.change
            if _is_live(past, moment, change):
                answer = answered(past, derived.engine, state, total)
                if derived.engine.change == change:  # and not updated meanwhile
                    return answer
            began = perf_counter()
            engine = derived.engine.at(past)
            watch.note("moment", began)
            return answered(past, engine, state, total)

    def _with_reason(
        self,
        answer: Answer,
        passages: Passages,
        where: Filter | None,
        moment: Snapshot,
        total: Callable[[], int],
    ) -> Answer:
        """Say why nothing was found, if no document was asked. ``total`` counts what is there for anybody."""
        if answer.hits or (total() if where is None else len(passages.select(where))):
            return answer
        readers = visible(None, moment, self._readable)
        some = total() if readers is None else len(passages.select(readers))
        none: Unasked = "no_documents" if passages is moment else "no_documents_then"
        return replace(answer, unasked="filtered_out" if some else none)

    def _with_amendments(
        self,
        answer: Answer,
        asked: Queries,
        where: Filter | None,
        reading: tuple[Search, Snapshot],
        derived: Derivation,
    ) -> Answer:
        """The answer with what amends its hits before them, if documents supersede those of the hits."""
        search, moment = reading
        if not self._superseding.is_told(moment.select, moment.change, self._readable):
            return answer
        newer = superseded_by(moment, [hit.citation.document_id for hit in answer.hits], where)
        if not newer:
            return answer
        ids = sorted({id_ for some in newer.values() for id_ in some})
        k = max(len(answer.hits), len(ids))
        amending = search.answer(
            asked,
            k=k,
            where=among(ids, where),
            watch=Stopwatch(),
            state=answer.index,
            answerability=derived.answerability,
        )
        return put_amendments_first(answer, amending, newer, derived.analyzer.content_terms)

    def _require_change(self, question: Question, reached: int) -> None:
        if reached < question.at_least_change:
            raise ChangeNotReached.of(self._following.name, asked=question.at_least_change, reached=reached)

    def explain(
        self, question: Question, document_id: str, *, vectors: Vectors | None = None, model: str = ""
    ) -> DocumentExplanation:
        """Explain why an answer has a document or not. ``vectors`` and ``model`` as in :meth:`answer`.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.ModelFailed`.
        """
        derived = self._following.derivation
        known = model in ("", derived.description.model)
        query = make_queries(derived.embedder, question, vectors if known else None, Stopwatch()).alone
        with self._store.snapshot(standby=True) as moment:
            document = moment.find_document(document_id, retired=True)
            if document is None:
                raise DocumentNotFound(f"There is no document {document_id!r}.")
            search = self._search(moment, moment, derived.engine, derived)
            explaining = Explaining(search, moment, derived.config.search.candidates)
            where = visible(question.where, moment, self._readable)
            return explaining.explain(document, question, query, where)

    def rank(self, question: Question) -> tuple[RankedCandidates, list[PlacedPassage]]:
        """Rank the candidates of a question; returns them in final order with all scores, and their places.

        For fitting: an answer makes hits of the first of them, and no reranker is asked. A follow-up question
        is asked with the questions before it.
        Raises :class:`index.errors.ModelFailed`.
        """
        watch, derived = Stopwatch(), self._following.derivation
        query = make_queries(derived.embedder, question, None, watch).in_context()
        with self._store.snapshot() as moment:
            where = visible(question.where, moment, self._readable)
            search = Search(moment, moment, derived.engine, derived.analyzer, derived.config.search)
            found = search.find(query, k=question.k, where=where, watch=watch).ranked
            return found, moment.places(found.candidates.ids)

    def variants(self, question: Question) -> tuple[Judged, Judged | None]:
        """Return what is found for a question alone, and with the conversation before it; None without use.

        For fitting what decides between the two. Raises :class:`index.errors.ModelFailed`.
        """
        watch, derived = Stopwatch(), self._following.derivation
        asked = make_queries(derived.embedder, question, None, watch)
        with self._store.snapshot() as moment:
            where = visible(question.where, moment, self._readable)
            search = self._search(moment, moment, derived.engine, derived)

            def judge(query: Query) -> Judged:
                return search.judge(
                    query, k=question.k, where=where, watch=watch, answerability=derived.answerability
                )

            together = search.in_context(asked, where, watch) if asked.context else None
            return judge(asked.alone), None if together is None else judge(together)

    def _search(
        self, passages: Passages, moment: Snapshot, engine: Searchable, derived: Derivation
    ) -> Search:
        model = derived.description.model_source
        return Search(
            passages,
            moment,
            engine,
            derived.analyzer,
            derived.config.search,
            reranker=self._reranker,
            cross_encoder=self._cross_encoder(model) if self._cross_encoder else None,
        )


def _corrected(question: str, starts: Sequence[int], derived: Derivation) -> str:
    """A question with its misspelt words corrected, and in the collection's own words for what it names.

    ``starts`` are those of its tokens.
    """
    right = correct(question, starts, derived.analyzer, derived.engine.terms)
    return rename(right, derived.analyzer, derived.engine.terms)


def _is_unknown(asked: Queries, model: str) -> bool:
    """Whether a question is in a language that the model does not know, and not only misspelt."""
    question = asked.alone.question
    is_unknown = is_unknown_language(question, model, is_spelt=asked.alone.is_spelt)
    return is_unknown and not is_english_misspelt(question, asked.starts)


def visible(where: Filter | None, moment: Snapshot, readable: ReadableBy | None) -> Filter | None:
    """Combine a filter with that of the caller's groups, unless the snapshot hides nothing from them."""
    if readable is None or not moment.hides(readable):
        return where
    return readable.within(where)


def _was_exchanged(moment: Snapshot, now: DerivedState) -> bool:
    """Whether an upgrade has exchanged the passages of the record since the derivation."""
    return moment.change != now.state.change and moment.generation != now.derivation.generation


def _is_live(past: PastPassages, moment: Snapshot, change: int) -> bool:
    """Whether an engine at ``change`` has exactly the passages that were live at an earlier one."""
    return past.reached <= change <= moment.change and moment.at(moment.change).reached == past.reached
