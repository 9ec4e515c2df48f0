"""Find stored text that is similar to a given text: documents with a quote, passages for a claim."""

from collections.abc import Callable, Sequence

from index.answers import Hit
from index.citations.statements import FoundPassage, SentenceVectors
from index.collection.questions import visible
from index.derivation import Derivation
from index.embedding.cosine_scale import cosine_scale
from index.filters import ReadableBy
from index.protocols import Snapshot
from index.records import VersionRecord
from index.search.question import Query, Selection, is_spelt
from index.search.results import SearchResult
from index.search.search import Search
from index.search.stopwatch import Stopwatch
from index.text.sentences import Span
from index.types import Vectors

_LONGEST_SEARCHED = 1000
"""Code points of a quote whose words are searched for: more find no more."""
_PASSAGES_SEARCHED = 50
_PASSAGES_CHECKED = 5
"""Passages by which a claim that cites none is judged."""
_PASSAGES_READ = 20
"""Passages, best first, among which those of the hits are: a hit may be several."""


class Likeness:
    """Finds similar text in one snapshot of the record and its indexes.

    ``readable`` is what the callers may see; None is everything.
    """

    def __init__(self, moment: Snapshot, derived: Derivation, readable: ReadableBy | None) -> None:
        self._moment = moment
        self._derived = derived
        self._readable = readable
        self._vectors: dict[str, Vectors] = {}

    def versions(self, quote: str) -> list[VersionRecord]:
        """The versions that most likely have the words of a quote."""
        if not any(map(str.isalnum, quote)):
            return []
        where = visible(None, self._moment, self._readable)
        found = self._derived.engine.search_words(quote[:_LONGEST_SEARCHED], _PASSAGES_SEARCHED, where=where)
        versions = [place.version for place in self._moment.places(found)]
        return list({version.key: version for version in versions}.values())

    def prepare(self, texts: Sequence[str]) -> None:
        """Embed texts together, for :meth:`passages` to be asked for them next."""
        asked = [text for text in dict.fromkeys(texts) if any(map(str.isalnum, text))]
        vectors = self._derived.embedder.embed_queries(asked) if asked else ()
        self._vectors = dict(zip(asked, vectors, strict=True))

    def passages(self, text: str) -> list[FoundPassage]:
        """The passages that a question with the words of a text would find."""
        if not any(map(str.isalnum, text)):
            return []
        derived = self._derived
        if (vector := self._vectors.get(text)) is None:
            (vector,) = derived.embedder.embed_queries([text])
        (starts,) = derived.embedder.token_starts([text])
        # A claim is judged by each place, also where others say the same.
        every = Selection(near_duplicates="keep")
        spelt, scale = is_spelt(text, starts.tolist()), cosine_scale(derived.embedder.fingerprint)
        query = Query(text, vector, is_spelt=spelt, selection=every, scale=scale)
        search = Search(self._moment, self._moment, derived.engine, derived.analyzer, derived.config.search)
        where = visible(None, self._moment, self._readable)
        found = search.find(query, k=_PASSAGES_CHECKED, where=where, watch=Stopwatch())
        vectors = self._vectors_of(found)
        return [FoundPassage(one.citation, vectors(one)) for one in found.hits]

    def _vectors_of(self, found: SearchResult) -> Callable[[Hit], SentenceVectors | None]:
        """The vectors that are stored of the sentences of hits: a hit may be several passages."""
        ids = found.ranked.candidates.ids[:_PASSAGES_READ]
        places = {one.id: one for one in self._moment.places(ids)}
        _, table = self._moment.sentences(ids)
        stored = [(places[id_], table.passage(at)) for at, id_ in enumerate(ids.tolist()) if id_ in places]

        def of(hit: Hit) -> SentenceVectors | None:
            by_span: dict[Span, Vectors] = {}
            for place, sentences in stored:
                start, end = place.passage.start, place.passage.end
                is_inside = hit.citation.start <= start and end <= hit.citation.end
                if place.version.key == hit.version.key and is_inside and len(sentences.vectors):
                    spans = (sentences.spans + (start - hit.citation.start)).tolist()
                    by_span.update(zip(map(tuple, spans), sentences.vectors, strict=True))
            return SentenceVectors(by_span) if by_span else None

        return of
