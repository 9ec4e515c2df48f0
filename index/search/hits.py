"""Build hits from ranked passages: group duplicates, merge neighbours, cite and explain."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from index.answers import Evidence, Explanation, Extent, Hit, SideScore
from index.citations import citing
from index.config import SearchConfig
from index.protocols import History, Passages
from index.records import PlacedPassage
from index.search.candidates import Ranked
from index.search.evidence import Judged, evidence, judged, runs
from index.search.sections import section_span
from index.text.tables import cells_between
from index.types import Block

_PER_HIT = 2
"""Candidates read per requested hit: some are duplicates or neighbours of others."""
_TOGETHER = 4_000_000
"""Most code points of texts in memory at the same time, unless one text is longer."""
_NEIGHBOUR_GAP = 2
"""Most code points between adjacent passages: the blank line between paragraphs."""


@dataclass(slots=True)
class _Found:
    """A hit under construction: its best passage, passages merged into it, and duplicates.

    ``members`` are all merged passages with their positions in the ranking, the best one first; ``also`` are
    the duplicates. ``probability`` is that of a run of sentences; ``judged`` are the sentences of all
    members, once they are judged.
    """

    best: PlacedPassage
    start: int
    end: int
    members: list[tuple[int, PlacedPassage]]
    also: list[PlacedPassage] = field(default_factory=list)
    probability: float | None = None
    judged: list[Judged] | None = None

    @property
    def read(self) -> tuple[int, int]:
        """The span to read: that of the hit and of its passages, with what citations need around it."""
        starts = [self.start, *(of.passage.start for _, of in self.members)]
        ends = [self.end, *(of.passage.end for _, of in self.members)]
        return citing.window(min(starts), max(ends))


class Hits:
    """Builds the hits of one ranking. ``history`` tells sections and pages."""

    def __init__(
        self,
        passages: Passages,
        history: History,
        ranked: Ranked,
        *,
        config: SearchConfig,
        matched: Callable[[Container[int]], list[str]],
        hashes: Callable[[str], Iterable[int]],
    ) -> None:
        self._passages = passages
        self._history = history
        self._ranked = ranked
        self._config = config
        self._matched = matched
        self._hashes = hashes

    def first(self, k: int, extent: Extent = "passage") -> tuple[Hit, ...]:
        """Return at most ``k`` hits. Raises :class:`StoreDamaged` if a quote is not what was indexed.

        With the extent ``sentences`` they are the best runs of sentences in the ``k`` best passages.
        """
        found = self._gathered(k, extent)
        if extent == "sentences":
            found = list(islice(self._runs(found), k))
        hits: list[Hit] = []
        for some in _by_length(found):
            versions = [one.best.version for one in some]
            whole = self._passages.whole_texts(
                {of.text_sha256 for of in versions if of.length <= citing.LONGEST}
            )
            for one in some:
                hits.append(self._hit(len(hits) + 1, one, whole.get(one.best.version.text_sha256)))
        return tuple(hits)

    def _gathered(self, k: int, extent: Extent) -> Sequence[_Found]:
        """Group duplicates and merge neighbours in ranking order until there are ``k`` hits.

        With the extent ``section`` each is widened to its section, and what is inside it is merged.
        """
        ids = self._ranked.candidates.ids
        found: list[_Found] = []
        by_words: dict[bytes, _Found] = {}
        for at in range(0, len(ids), _PER_HIT * k):
            part = ids[at : at + _PER_HIT * k]
            places = {int(id_): at + offset for offset, id_ in enumerate(part)}
            for passage in self._passages.places(part):
                span, place = passage.passage, places[passage.id]
                if (twin := by_words.get(passage.quote_key)) is not None:
                    twin.also.append(passage)
                elif (neighbour := self._neighbour(found, passage, extent)) is not None:
                    neighbour.start = min(neighbour.start, span.start)
                    neighbour.end = max(neighbour.end, span.end)
                    neighbour.members.append((place, passage))
                    # Its text has changed: duplicates of the single passage no longer equal it.
                    by_words.pop(neighbour.best.quote_key, None)
                elif len(found) == k:
                    return found
                else:
                    start, end = self._section(passage) if extent == "section" else (span.start, span.end)
                    found.append(_Found(passage, start, end, [(place, passage)]))
                    by_words[passage.quote_key] = found[-1]
        return found

    def _section(self, passage: PlacedPassage) -> tuple[int, int]:
        structure, span = self._history.structure(passage.version), passage.passage
        return section_span(structure, span.start, span.end, most=self._config.section_characters)

    def _runs(self, found: Iterable[_Found]) -> list[_Found]:
        """Divide passages into runs of sentences, most probable first."""
        divided = []
        for rank, one in enumerate(found, 1):
            at, until = one.read
            text = self._passages.text(one.best.version.text_sha256, at, until)
            one.judged = self._judged(one, text, at)  # the parts below share it
            parts = runs(one.judged, rank)
            if not parts:  # without the second look there are no sentences
                divided.append((0.0, rank, one))
            for run in parts:
                part = replace(one, start=run.start, end=run.end, probability=run.probability)
                divided.append((run.probability, rank, part))
        divided.sort(key=lambda part: (-part[0], part[1]))
        return [part for *_, part in divided]

    def _neighbour(self, found: Sequence[_Found], passage: PlacedPassage, extent: Extent) -> _Found | None:
        """Find a hit of the same section that the passage overlaps or adjoins, if the union is short."""
        span = passage.passage
        for one in found:
            same = one.best.version.key == passage.version.key
            if extent == "section" and same and one.start <= span.start and span.end <= one.end:
                return one
            if not same or one.best.passage.section != span.section or one.also or extent == "section":
                continue
            start, end = min(one.start, span.start), max(one.end, span.end)
            apart = max(one.start, span.start) - min(one.end, span.end)
            if apart <= _NEIGHBOUR_GAP and end - start <= self._config.merge_characters:
                return one
        return None

    def _hit(self, rank: int, one: _Found, whole: str | None) -> Hit:
        """Build a hit; ``whole`` is the whole text, or None if it is too long to read."""
        version, best = one.best.version, one.best.passage
        at, until = one.read
        text = self._passages.text(version.text_sha256, at, until) if whole is None else whole[at:until]
        for _, member in one.members:
            member.check(text[member.passage.start - at : member.passage.end - at])
        begin, end = citing.window(one.start, one.end)
        excerpt = citing.Excerpt(version, one.start, one.end, text[begin - at : end - at], begin)
        place, _ = one.members[0]
        score = float(self._ranked.scores[place]) if one.probability is None else one.probability
        return Hit(
            rank=rank,
            score=round(score, 6),
            text=excerpt.quote,
            citation=citing.cite(excerpt, whole, section=best.section, pages=self._pages(one)),
            explain=self._explanation(one, excerpt.quote),
            metadata=version.metadata,
            evidence=self._evidence(one, text, at, whole),
            match=self._match(one),
            also_at=tuple(
                citing.locator_of(
                    twin.version,
                    twin.passage.start + one.start - best.start,
                    twin.passage.start + one.end - best.start,
                )
                for twin in one.also
            ),
        )

    def _evidence(self, one: _Found, text: str, at: int, whole: str | None) -> tuple[Evidence, ...]:
        """The evidence in a hit; its rows have their cells, unless the text is too long to read."""
        found = evidence(self._judged(one, text, at) if one.judged is None else one.judged)
        found = tuple(lit for lit in found if one.start <= lit.start and lit.end <= one.end)
        tables = _tables(one)
        if not tables or whole is None:
            return found
        return tuple(
            replace(lit, cells=tuple(cells_between(whole, tables, lit.start, lit.end))) for lit in found
        )

    def _judged(self, one: _Found, text: str, at: int) -> list[Judged]:
        if (second_look := self._ranked.second_look) is None:
            return []
        looks = ((of.passage.start, second_look.look(where)) for where, of in one.members)
        return judged(looks, text, at, _tables(one))

    def _match(self, one: _Found) -> float:
        if (second_look := self._ranked.second_look) is None:
            return 0.0
        return round(min(1.0, max(float(second_look.match[where]) for where, _ in one.members)), 4)

    def _pages(self, one: _Found) -> tuple[int, int] | None:
        pages, span = one.best.passage.pages, one.best.passage
        if pages is None or (one.start, one.end) == (span.start, span.end):
            return pages
        if pages[0] == pages[1] and span.start <= one.start and one.end <= span.end:
            return pages
        return self._history.section_at(one.best.version, one.start, one.end)[1]

    def _explanation(self, one: _Found, text: str) -> Explanation:
        candidates, second_look = self._ranked.candidates, self._ranked.second_look
        place, _ = one.members[0]
        id_ = one.best.id
        if second_look is None:
            terms = set(self._hashes(text))
        else:
            terms = set().union(*(second_look.terms(where) for where, _ in one.members))
        lexical = SideScore(
            candidates.lexical_rank.get(id_), _number(candidates.lexical[place]), tuple(self._matched(terms))
        )
        return Explanation(
            SideScore(candidates.dense_rank.get(id_), _number(candidates.dense[place])),
            lexical,
            sentence=_number(second_look.sentence[place]) if second_look else None,
        )


def _tables(one: _Found) -> list[Block]:
    """The tables that a hit has rows of."""
    return list({table.start: table for _, of in one.members for table in of.passage.tables}.values())


def _by_length(found: Sequence[_Found]) -> Iterator[list[_Found]]:
    """Split into runs whose texts fit into memory together."""
    run: list[_Found] = []
    length = 0
    for one in found:
        length += one.best.version.length
        if run and length > _TOGETHER:
            yield run
            run, length = [], one.best.version.length
        run.append(one)
    if run:
        yield run


def _number(score: np.float32) -> float | None:
    number = float(score)
    return None if math.isnan(number) else round(number, 4)
