"""Find stored text that is similar to a given text: documents with a quote, passages for a claim."""

from __future__ import annotations

from collections.abc import Sequence

from index.answers import Citation
from index.collection.questions import visible
from index.derivation import Derivation
from index.filters import ReadableBy
from index.protocols import Snapshot
from index.records import VersionRecord
from index.search.question import Query, Selection, is_spelt
from index.search.search import Search, Stopwatch
from index.types import Vectors

_LONGEST_SEARCHED = 1000
"""Code points of a quote whose words are searched for: more find no more."""
_PASSAGES_SEARCHED = 50
_PASSAGES_CHECKED = 5
"""Passages by which a claim that cites none is judged."""


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

    def passages(self, text: str) -> list[Citation]:
        """The passages that a question with the words of a text would find."""
        if not any(map(str.isalnum, text)):
            return []
        derived = self._derived
        if (vector := self._vectors.get(text)) is None:
            (vector,) = derived.embedder.embed_queries([text])
        (starts,) = derived.embedder.token_starts([text])
        # A claim is judged by each place, also where others say the same.
        every = Selection(near_duplicates="keep")
        query = Query(text, vector, is_spelt=is_spelt(text, starts.tolist()), selection=every)
        search = Search(self._moment, self._moment, derived.engine, derived.analyzer, derived.config.search)
        where = visible(None, self._moment, self._readable)
        found = search.find(query, k=_PASSAGES_CHECKED, where=where, watch=Stopwatch())
        return [hit.citation for hit in found.hits]
