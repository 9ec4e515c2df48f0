"""Search a collection: turn a question into cited passages."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from index.answers import Answer, Hit, IndexState
from index.config import SearchConfig
from index.filters import Comparison, Filter, divide_pages
from index.protocols import History, Passages, Rankings, Reranker, Searchable, Side
from index.records import StoredPassage
from index.search.answerability import Answerability
from index.search.cross_encoder.passages import judge_passages
from index.search.extraction.costs import hit_lacks_cost
from index.search.extraction.reasons import hits_lack_reason
from index.search.features import Features
from index.search.headings.lines import heading_lines
from index.search.headings.weighing import Headings
from index.search.hits import Hits
from index.search.named import Named, absent_from, compare_best
from index.search.question import Query, Selection
from index.search.question.abbreviations import (
    abbreviations_in,
    abbreviations_of,
    is_lacked,
    is_otherwise,
    may_abbreviate,
    spell_out,
)
from index.search.question.amounts import AskedAmounts
from index.search.question.conversation import FollowUp
from index.search.question.definitions import AskedThing
from index.search.question.homographs import Homographs
from index.search.question.queries import Queries
from index.search.question.quoted import Quotes, find_quotes
from index.search.question.referents import may_refer
from index.search.question.words import HASH, QuestionWords
from index.search.ranking.candidates import Candidates, RankedCandidates
from index.search.ranking.preferences import Preferences
from index.search.ranking.scoring import rank_candidates
from index.search.ranking.second_look import SecondLook, look
from index.search.results import UNLIT, Judged, SearchResult, judge_hits
from index.search.stopwatch import Stopwatch
from index.search.tables.asked import Asked
from index.sentence_table import SentenceTable
from index.text.analysis import Analyzer
from index.text.sentence_terms import split_sentences
from index.text.tables import shift_tables
from index.types import Ids, Ranking, Vectors

if TYPE_CHECKING:
    from index.search.cross_encoder.model import CrossEncoder

_QUOTED_PASSAGES = 8
"""Passages in which the quotes of an answer are looked for."""
_SPELLING_PASSAGES = 20
"""Passages with an abbreviation in which one is looked for that spells it out."""
_PAGED = 1000
"""Passages on printed pages whose documents are searched; more are looked for in all documents."""
_READ, _READ_TOKENS, _READ_WEIGHT = 4, 128, 0.4
"""Passages that the cross-encoder reads, the tokens of a window with the question, and the weight of what it
says beside the logit of the score, chosen on the development parts of four sets."""
_NOTHING = -10.0
"""The logit of the probability that no passages answer."""
_COMPARED = 3
"""Hits that are compared with what the question names."""
_DECIDING = 5
"""Hits by which the probability that the passages answer is estimated, however many are asked for."""
_MOST_ODDS = math.log(20.0)
"""The most by which the logit of this probability exceeds that of the best sentence: passages that are about
what is asked, and none of whose sentences answers, do not answer."""
_MOST_TEXT = 150_000
"""Code points of the longest text that is looked through for what a question names."""
_UNLIT_SHARE = 0.04
"""What the best sentence is taken for where none is lit."""


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """The ranking for a query, and the ``hits`` made of it, before their sentences are read."""

    query: Query
    k: int
    ranking: RankedCandidates
    degraded: tuple[Side, ...]
    words: QuestionWords
    headings: Headings
    hits: Hits
    selection: Selection
    """That of the deciding hits."""


class Search:
    """Answers one question from a snapshot of the record and the engine's indexes.

    ``history`` is the snapshot, also where ``passages`` are those of an earlier change. ``analyzer`` is that
    of the engine.
    """

    def __init__(  # noqa: PLR0913 -- what a search reads and asks
        self,
        passages: Passages,
        history: History,
        engine: Searchable,
        analyzer: Analyzer,
        config: SearchConfig,
        *,
        reranker: Reranker | None = None,
        cross_encoder: CrossEncoder | None = None,
    ) -> None:
        self._passages = passages
        self._history = history
        self._engine = engine
        self._reranker = reranker
        self._cross_encoder = cross_encoder
        self._analyzer = analyzer
        self._config = config

    def answer(
        self,
        asked: Queries,
        *,
        k: int,
        where: Filter | None,
        watch: Stopwatch,
        state: IndexState,
        answerability: Answerability,
    ) -> Answer:
        """Return up to ``k`` best passages, and the probability that they answer the question.

        A follow-up question is asked alone and with its context, or with what it refers to put in. Where the
        documents spell out what a question abbreviates, or abbreviate what it spells out, and one of the
        first has only the other of the two, it is asked with both.
        """
        alone = asked.resolved or self._of_named_document(asked, where, watch) or asked.alone
        draft = self._draft(alone, k, where, watch)
        follow_up = asked.follow_up if asked.resolved is None else None
        restated = None
        if follow_up is None:
            # Before any sentence is judged, which would be for nothing where it is asked in other words.
            quotes = partial(draft.hits.quotes, _DECIDING, draft.selection)
            restated = self._spelled_out(asked, quotes, where, watch)
        if restated is None:
            judged = self._judged(draft, watch, answerability)
        if follow_up is not None:
            query = self._context_needed(asked, follow_up, judged.logit, where, watch)
            if query is not None:
                other = self.judge(query, k=k, where=where, watch=watch, answerability=answerability)
                is_resolved = query.question != asked.alone.question
                if is_resolved or follow_up.prefers_context(judged.logit, other.logit, query.near):
                    judged = other
            shown = [hit.text for hit in judged.found.deciding]
            restated = self._spelled_out(asked, lambda: shown, where, watch)
        if restated is not None:
            return self.answer(
                restated, k=k, where=where, watch=watch, state=state, answerability=answerability
            )
        found = judged.found
        began = perf_counter()
        certainty = judged.certain
        probability, hits = judge_hits(found.hits, judged.estimated, certainty, answerability)
        # A table that answers says all that the question names, though not in one sentence.
        compared = found.compared if certainty is None else Named()
        watch.note("answerability", began)
        return Answer(
            asked.alone.question,
            probability,
            hits,
            # What has failed since, and what was repaired since.
            replace(state, degraded=tuple(dict.fromkeys((*found.degraded, *self._engine.degraded)))),
            reading=found.reading,
            features=judged.features,
            mentioned=compared.present,
            missing=tuple(dict.fromkeys((*compared.missing, *(judged.differs if certainty is None else ())))),
            timings_ms=watch.durations(),
            said=asked.context.said_before(asked.alone.question),
            resolved=judged.query.question if judged.query.context or asked.resolved is not None else "",
            read=len(found.ranked.judged),
            read_by=self._cross_encoder.fingerprint if self._cross_encoder and found.ranked.judged else "",
        )

    def _spelled_out(
        self, asked: Queries, quotes: Callable[[], Sequence[str]], where: Filter | None, watch: Stopwatch
    ) -> Queries | None:
        """The question with its abbreviations as the documents spell them out; None where that adds nothing.

        More words outweigh the others of the question, so it is asked with both only where a passage that was
        found has only the other of the two. ``quotes`` gives the texts of the deciding hits.
        """
        question = (asked.resolved or asked.alone).question
        if asked.restate is None or AskedThing.of(question) is not None:
            return None  # what a thing is, the sentence says that spells it out
        began = perf_counter()
        texts = quotes()
        watch.note("passages", began)
        shown = "\n".join(texts)
        known = [one for one in abbreviations_in(shown, question) if may_abbreviate(one, question, shown)]
        told = {one.short for one in known}
        for short in abbreviations_of(question):
            if short not in told and is_lacked(short, texts):
                _, of_documents = divide_pages(where)
                ids = self._engine.search_words(short, _SPELLING_PASSAGES, where=of_documents)
                spelling = "\n".join([one.text for one in self._passages.passages(ids)])
                known += islice(abbreviations_in(spelling, only=short), 1)
        restated = spell_out(question, [one for one in known if is_otherwise(one, question, texts)])
        return None if restated == question else asked.restate(restated)

    def _of_named_document(self, asked: Queries, where: Filter | None, watch: Stopwatch) -> Query | None:
        """The question asked of the documents that it names, without their name; None if it names none."""
        if asked.naming is None or asked.without_name is None:
            return None
        candidates, _ = self._candidates(asked.alone, where, watch)
        places = self._passages.places(candidates.ids)
        documents = asked.naming.among(places, self._analyzer.hashes)
        return replace(asked.without_name, documents=documents) if documents else None

    def _context_needed(
        self, asked: Queries, follow_up: FollowUp, alone: float, where: Filter | None, watch: Stopwatch
    ) -> Query | None:
        """The question with its context, if that could change the answer that has this logit without it."""
        if not (follow_up.may_need_context(alone) or may_refer(asked.alone.question)):
            return None
        query = self.in_context(asked, where, watch)
        if query is None or query.question != asked.alone.question:
            return query  # with what it refers to, it is another question
        return query if follow_up.may_need_context(alone, query.near) else None

    def judge(
        self, query: Query, *, k: int, where: Filter | None, watch: Stopwatch, answerability: Answerability
    ) -> Judged:
        """Find up to ``k`` passages, and the probability that they answer."""
        return self._judged(self._draft(query, k, where, watch), watch, answerability)

    def _judged(self, draft: _Draft, watch: Stopwatch, answerability: Answerability) -> Judged:
        query, found = draft.query, self._found(draft, watch)
        began = perf_counter()
        features = self.features(query, found)
        estimated, differs = self._limited(query, found, features, answerability)
        logit = estimated
        if (certain := found.certainty) is not None:
            logit = max(logit, math.log(certain.probability / (1.0 - certain.probability)))
        watch.note("answerability", began)
        return Judged(query, found, features, logit, estimated, certain, differs)

    def _limited(
        self,
        query: Query,
        found: SearchResult,
        features: Mapping[str, float],
        answerability: Answerability,
    ) -> tuple[float, Sequence[str]]:
        """The logit of the probability, limited by the best sentence, and what of the question that lacks."""
        if not found.deciding:
            return _NOTHING, ()
        logit = found.limit(answerability.logit(features))
        if found.ranked.second_look is None:
            return logit, ()
        shares = [hit.evidence[0].score if hit.evidence else _UNLIT_SHARE for hit in found.deciding]
        likely = answerability.of_hits(found.deciding, logit) * shares
        at = int(likely.argmax())
        best, hit = float(likely[at]), found.deciding[at]
        differs = found.differs[at] or self._absent(query.question, hit)
        if (
            differs
            or hits_lack_reason(found.deciding, at, query.question)
            or (found.certainty is None and hit_lacks_cost(hit, query.question, self._analyzer))
        ):
            logit = min(logit, UNLIT)
        return (min(logit, math.log(best / (1.0 - best)) + _MOST_ODDS) if best else logit), differs

    def _absent(self, question: str, hit: Hit) -> Sequence[str]:
        """The names of the question that the document of a hit lacks."""
        sha256 = bytes.fromhex(hit.citation.text_sha256)

        def whole() -> str:
            found = self._passages.text(sha256, 0, _MOST_TEXT + 1)
            return found if len(found) <= _MOST_TEXT else ""

        return absent_from(question, hit, whole, self._analyzer.terms)

    def in_context(self, asked: Queries, where: Filter | None, watch: Stopwatch) -> Query | None:
        """The question with those before it and what the last answer quotes; None if there is neither."""
        began = perf_counter()
        quotes = self._quotes(asked.context.said, where)
        watch.note("quotes", began)
        return asked.in_context(quotes) if quotes or asked.context.questions else None

    def _quotes(self, said: str, where: Filter | None) -> Quotes | None:
        """The sentences of the documents in what was answered before; None without one."""
        if not any(map(str.isalnum, said)):
            return None
        _, of_documents = divide_pages(where)
        ids = self._engine.search_words(said, _QUOTED_PASSAGES, where=of_documents)
        passages = self._passages.passages(ids)
        live = np.array([one.id for one in passages], np.int64)
        _, sentences = self._passages.sentences(live)
        if not sentences.known.all():
            sentences = self._complete(live, sentences)
        quotes = find_quotes(said, [one.text for one in passages], sentences)
        if quotes is None:
            return None
        passage, start = passages[quotes.first[0]], quotes.first[1]
        above = self._version_above(passage, start)
        return replace(quotes, above=above, document=passage.version.document_id)

    def _version_above(self, passage: StoredPassage, start: int) -> str:
        """The heading with a version that an offset of a passage is below; empty without one."""
        sha256 = passage.version.text_sha256
        if passage.version.length > _MOST_TEXT:
            return ""
        text = self._passages.whole_texts([sha256]).get(sha256, "")
        lines = [one for one in heading_lines(text) if one.start <= passage.passage.start + start]
        versions = [one for one in lines if any(of.kind == "version" for of in one.designations)]
        return text[versions[-1].start : versions[-1].end] if versions else ""

    def find(self, query: Query, *, k: int, where: Filter | None, watch: Stopwatch) -> SearchResult:
        """Rank the passages, and build up to ``k`` hits."""
        return self._found(self._draft(query, k, where, watch), watch)

    def _draft(self, query: Query, k: int, where: Filter | None, watch: Stopwatch) -> _Draft:
        """Rank the passages."""
        candidates, degraded = self._candidates(query, where, watch)
        ranking = self._rank(query, candidates, k, watch)
        headings = Headings.of(query.question, self._analyzer.hashes, self._passages.whole_texts)
        earlier = query.context[0].text if query.context else ""
        terms = self._analyzer.question_hashes(query.question)
        asked = Asked.of(query.question, map(HASH, terms), headings.hashes, earlier)
        began = perf_counter()
        ranking = Preferences(self._passages, self._history).apply(ranking, query, headings, asked)
        watch.note("second_look", began)
        words = QuestionWords(
            query.question, terms, earlier, query.said, AskedAmounts.of(query.question), query.new
        )
        if self._cross_encoder is not None and query.read:
            began = perf_counter()
            ranking = self._judge_first(self._cross_encoder, query, ranking)
            watch.note("read", began)
        began = perf_counter()
        hits = Hits(
            self._passages,
            self._history,
            ranking,
            config=self._config,
            words=words,
            headings=headings,
            asked=asked,
        )
        selection = replace(query.selection, extent="passage")
        watch.note("passages", began)
        return _Draft(query, k, ranking, degraded, words, headings, hits, selection)

    def _found(self, draft: _Draft, watch: Stopwatch) -> SearchResult:
        """Build the hits of a ranking."""
        began, query, k, hits = perf_counter(), draft.query, draft.k, draft.hits
        deciding = hits.first(_DECIDING, draft.selection)
        found = SearchResult(
            draft.ranking,
            deciding[:k],
            deciding,
            draft.degraded,
            draft.words,
            self._compare(query, deciding, draft.headings),
            hits.reading,
            hits.named,
            hits.headed,
            tuple(hits.differs),
            hits.is_lowered,
        )
        if k > _DECIDING or query.selection.extent != "passage":
            found = replace(found, hits=hits.first(k, query.selection))
        watch.note("passages", began)
        return found

    def _judge_first(self, model: CrossEncoder, query: Query, found: RankedCandidates) -> RankedCandidates:
        """Judge the first passages with the cross-encoder."""
        if found.second_look is None or query.is_spelt:
            return found
        places = {id_: at for at, id_ in enumerate(found.candidates.ids[:_READ].tolist())}
        passages = self._passages.passages(found.candidates.ids[:_READ])
        looks = [(one, found.second_look.look(places[one.id])) for one in passages]
        judged = judge_passages(model, query.text_to_read, looks, tokens=_READ_TOKENS)
        return found.with_judged(judged, _READ_WEIGHT) if judged else found

    def _compare(self, query: Query, hits: Sequence[Hit], headings: Headings) -> Named:
        """Compare what the question names with the first hits; headings count as said below them."""
        hits = hits[:_COMPARED]
        if headings.sections is not None or headings.edition is not None:
            hits = [_with_said(hit, headings) for hit in hits]
        return compare_best(query.question, hits, self._analyzer.terms)

    def features(self, query: Query, found: SearchResult) -> dict[str, float]:
        """Compute the features of the answerability by name; none if nothing was found."""
        if not found.hits:
            return {}
        asked = found.words.every()
        return Features.of(
            found.ranked, found.deciding, asked, found.compared, spelt=query.is_spelt
        ).as_dict()

    def _candidates(
        self, query: Query, where: Filter | None, watch: Stopwatch
    ) -> tuple[Candidates, tuple[Side, ...]]:
        found = self._rankings(query, where, watch)
        began = perf_counter()
        candidates = Candidates.of(found.dense, found.lexical, partial(self._engine.scores, query.vector))
        watch.note("fusion", began)
        if query.documents:
            places = self._passages.places(candidates.ids)
            own = [one.id for one in places if one.version.document_id in query.documents]
            candidates = candidates.reorder(np.flatnonzero(np.isin(candidates.ids, own)))
        return candidates, found.degraded

    def _rankings(self, query: Query, where: Filter | None, watch: Stopwatch) -> Rankings:
        """The two rankings of the engine, of passages on printed pages if the filter asks for some."""
        most, context = self._config.candidates, query.context_words
        ranges, of_documents = divide_pages(where)
        if ranges is None:
            return self._engine.search(
                query.question, query.vector, most, where=where, context=context, noted=watch.note
            )
        began = perf_counter()
        ids = self._passages.on_pages(ranges, of_documents)
        # Words are searched in whole documents, as few as may be: an index does not know pages.
        where = of_documents
        if 0 < len(ids) <= _PAGED:
            documents = {one.version.document_id for one in self._passages.places(ids)}
            where = Comparison("in", "document_id", tuple(sorted(documents)))
        watch.note("filter", began)
        if not len(ids):
            return Rankings(Ranking.empty(), Ranking.empty(), self._engine.degraded)
        found = self._engine.search(
            query.question, query.vector, _PAGED, where=where, context=context, noted=watch.note
        )
        scores, on_pages = self._engine.scores(query.vector, ids), np.isin(found.lexical.ids, ids)
        known = ~np.isnan(scores)
        dense = _best(ids[known], scores[known], most)
        lexical = _best(found.lexical.ids[on_pages], found.lexical.scores[on_pages], most)
        return Rankings(dense, lexical, found.degraded)

    def _rank(self, query: Query, candidates: Candidates, k: int, watch: Stopwatch) -> RankedCandidates:
        began = perf_counter()
        found = rank_candidates(
            candidates, self._config, partial(self._look, query), is_spelt=query.is_spelt, k=k
        )
        watch.note("second_look", began)
        if self._reranker is not None:
            began = perf_counter()
            found = self._rerank(self._reranker, query.question, found, max(self._config.rerank, k))
            watch.note("rerank", began)
        return found

    def _look(self, query: Query, ids: Ids) -> SecondLook:
        documents, sentences = self._passages.sentences(ids)
        if not sentences.known.all():
            sentences = self._complete(ids, sentences)
        importance = self._engine.importance(query.question, query.context_words)
        homographs = Homographs.of(query.question, importance.terms, self._analyzer)
        return look(sentences, documents, query.vector, importance, homographs, query.scale)

    def _complete(self, ids: Ids, sentences: SentenceTable) -> SentenceTable:
        """Add the sentences of passages not embedded yet, which are few, by splitting their texts."""
        waiting = self._passages.passages(ids[~sentences.known])
        hashes = self._analyzer.term_hashes
        split = {
            one.id: split_sentences(one.text, 0, hashes, shift_tables(one.passage.tables, -one.passage.start))
            for one in waiting
        }
        empty = split_sentences("", 0, hashes)
        known = sentences.known.tolist()
        return SentenceTable.of(
            [
                sentences.passage(at) if known[at] else split.get(id_, empty)
                for at, id_ in enumerate(ids.tolist())
            ]
        )

    def _rerank(
        self, reranker: Reranker, question: str, found: RankedCandidates, most: int
    ) -> RankedCandidates:
        ids = found.candidates.ids[:most]
        if not len(ids):
            return found
        texts = {passage.id: passage.text for passage in self._passages.passages(ids)}
        return found.by(reranker.scores(question, [texts.get(id_, "") for id_ in ids.tolist()]))


def _with_said(hit: Hit, headings: Headings) -> Hit:
    """A hit with what of the question is said above its best sentence among its headings."""
    cited = hit.citation
    start = hit.evidence[0].start if hit.evidence else cited.start
    said = headings.said_above(cited.document_id, bytes.fromhex(cited.text_sha256), start)
    return replace(hit, citation=replace(cited, section=(*cited.section, *said)))


def _best(ids: Ids, scores: Vectors, most: int) -> Ranking:
    """Rank passages by their scores."""
    order = np.lexsort((ids, -scores))[:most]
    return Ranking(ids[order], scores[order])
