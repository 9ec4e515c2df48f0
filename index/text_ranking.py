"""Rank texts that come with a question, as a search ranks the passages of a collection. Nothing is kept.

The texts become a record in memory for the time of the question, so that they are divided, embedded, searched
and judged by the code that does so for collections. Rarity of words is that among the given texts.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from index.answers import Answer, IndexState
from index.citations import parse_locator
from index.config import LibraryConfig, SearchConfig
from index.description import Description
from index.embedding.cosine_scale import cosine_scale
from index.engine import open_exact_engine
from index.given_texts import GivenText, record_of
from index.ingest.embedding_queue import EmbeddedBatch, EmbeddingQueue
from index.protocols import Embedder, Lease, RecordStore, Reranker
from index.search import load_answerability
from index.search.question import Query, Selection, is_spelt
from index.search.question.queries import Queries
from index.search.search import Search
from index.search.stopwatch import Stopwatch
from index.text.analysis import Analyzer
from index.types import Vectors

_MOST_LOOKED_AT = 1000
"""Passages that are ranked sentence by sentence, at most; those after them have no score."""
_EVERY_TEXT = Selection(max_per_document=1, near_duplicates="keep")


@dataclass(frozen=True, slots=True)
class TextRanker:
    """Ranks texts with one model. Safe to use from several threads."""

    embedder: Embedder
    config: LibraryConfig
    reranker: Reranker | None = None

    def truncate(self, texts: Sequence[str], most_tokens: int) -> list[str]:
        """The texts, each cut before its first token beyond so many."""
        starts = self.embedder.token_starts(texts)
        return [
            text[: int(at[most_tokens])] if len(at) > most_tokens else text
            for text, at in zip(texts, starts, strict=True)
        ]

    def probabilities(
        self,
        question: str,
        texts: Sequence[str],
        *,
        vector: Vectors,
        stop: Callable[[], bool] = lambda: False,
    ) -> list[float]:
        """The calibrated probability of each text that it answers the question; 0 for an empty one.

        ``question`` is checked, and ``vector`` is its own, shape (dimension,). The score of a text is that of
        its best passage. ``stop`` is asked before each batch is embedded: once it is true, nobody wants the
        result, and what is left is not done. Raises :class:`index.errors.ModelFailed`.
        """
        found = [0.0] * len(texts)
        places: dict[str, list[int]] = {}
        for at, text in enumerate(texts):
            places.setdefault(text, []).append(at)
        # A text that is given several times is one document: equal passages would share a hit.
        distinct = list(places)
        answer = self._answer(question, distinct, vector, stop)
        for hit in answer.hits:
            for locator in (hit.citation.locator, *hit.also_at):
                for at in places[distinct[int(parse_locator(locator).document_id)]]:
                    found[at] = max(found[at], hit.probability)
        return found

    def _answer(
        self, question: str, texts: Sequence[str], vector: Vectors, stop: Callable[[], bool]
    ) -> Answer:
        description = Description.of_today(self.embedder, self.config)
        analyzer = description.analyzer()
        given = [GivenText(str(at), text) for at, text in enumerate(texts)]
        (starts,) = self.embedder.token_starts([question])
        spelt, scale = is_spelt(question, starts.tolist()), cosine_scale(self.embedder.fingerprint)
        query = Query(question, vector, is_spelt=spelt, selection=_EVERY_TEXT, scale=scale)
        with closing(record_of(given, self.embedder, self.config)) as store:
            self._embed(store, analyzer, stop)
            engine = open_exact_engine(store, description)
            engine.update()
            with store.snapshot() as moment:
                search = Search(
                    moment, moment, engine, analyzer, self._search_config(store), reranker=self.reranker
                )
                return search.answer(
                    Queries(query, vector[None]),
                    k=max(1, len(texts)),
                    where=None,
                    watch=Stopwatch(),
                    state=IndexState(description.fingerprint, moment.change, 1.0),
                    answerability=load_answerability(model=description.model_source),
                )

    def _embed(self, store: RecordStore, analyzer: Analyzer, stop: Callable[[], bool]) -> None:
        def put(one: EmbeddedBatch, _: Lease) -> int:
            return store.put_vectors(one.keys, one.vectors, one.sentences)

        queue = EmbeddingQueue(store, self.embedder, analyzer)
        for _ in queue.drain(self.config.ingest.passages_per_batch, put, stop=stop):
            pass

    def _search_config(self, store: RecordStore) -> SearchConfig:
        """Search settings with which every passage is a candidate of the second look."""
        config = self.config.search
        every = min(_MOST_LOOKED_AT, max(1, store.last_passage()))
        return replace(config, candidates=every, second_look=config.second_look and every)
