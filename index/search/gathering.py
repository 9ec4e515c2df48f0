"""Choose hits from ranked passages: group duplicates, merge neighbours, limit how many a document has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, count, repeat

from index.citations import citing
from index.config import SearchConfig
from index.protocols import History, Passages
from index.records import PlacedPassage, VersionRecord
from index.search.judged import JudgedText
from index.search.near_duplicates import LEAST_SKETCHED, Wording, similar_lengths, sketches
from index.search.question import Selection
from index.search.ranking.candidates import RankedCandidates
from index.search.sections import section_span
from index.types import Block

_PER_HIT = 2
"""Candidates read per requested hit: some are duplicates or neighbours of others."""
_SKETCHED = 16
"""Passages whose terms are compared at a time: about as many as five hits are made of."""
_NEIGHBOUR_GAP = 2
"""Most code points between adjacent passages: the blank line between paragraphs."""


@dataclass(slots=True)
class Repeat:
    """A span elsewhere in nearly or exactly the words of a part ``[of_start, of_end)`` of a hit."""

    version: VersionRecord
    start: int
    end: int
    of_start: int
    of_end: int

    def join(self, other: Repeat) -> bool:
        """Extend to a span that overlaps or adjoins this one; returns whether it does."""
        apart = max(self.start, other.start) - min(self.end, other.end)
        if self.version.key != other.version.key or apart > _NEIGHBOUR_GAP:
            return False
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        self.of_start, self.of_end = min(self.of_start, other.of_start), max(self.of_end, other.of_end)
        return True


@dataclass(slots=True)
class HitDraft:
    """A hit under construction: its best passage, passages merged into it, and duplicates.

    ``members`` are all merged passages with their positions in the ranking, the best one first; ``also`` are
    passages with the text of the hit, ``repeats`` those that repeat a part of it, or nearly. ``tables`` are
    those that it has rows of.
    ``probability`` is that of a run of sentences, and ``judged`` what all members of its passage say.
    """

    best: PlacedPassage
    start: int
    end: int
    members: list[tuple[int, PlacedPassage]]
    also: list[PlacedPassage] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    tables: Sequence[Block] = ()
    probability: float | None = None
    judged: JudgedText | None = None

    @property
    def read(self) -> tuple[int, int]:
        """The span to read: that of the hit and of its passages, with the context that citations need."""
        starts = [self.start, *(of.passage.start for _, of in self.members)]
        ends = [self.end, *(of.passage.end for _, of in self.members)]
        return citing.window(min(starts), max(ends))

    @property
    def document_id(self) -> str:
        """The document that it is in."""
        return self.best.version.document_id

    def add_repeat(self, repeat: Repeat) -> None:
        """Add a repeat, or extend an earlier one that it adjoins."""
        if not any(known.join(repeat) for known in self.repeats):
            self.repeats.append(repeat)


class Gathering:
    """Walks down one ranking. ``history`` returns the sections of passages."""

    def __init__(
        self,
        passages: Passages,
        history: History,
        ranked: RankedCandidates,
        repeats: NearDuplicateFinder,
        selection: Selection,
        config: SearchConfig,
    ) -> None:
        self._history = history
        self._ranked = ranked
        self._selection = selection
        self._config = config
        self._folds = selection.near_duplicates == "fold"
        self._repeats = repeats
        self._passages = passages
        self._found: list[HitDraft] = []
        self._by_version: dict[int, list[HitDraft]] = {}
        self._by_words: dict[bytes, HitDraft] = {}

    def first(self, k: int) -> list[HitDraft]:
        """Group duplicates and merge neighbours in ranking order until there are ``k`` hits.

        With the extent ``section`` each is widened to its section, and what is inside it is merged.
        """
        per_document = Counter[str]()
        most = self._selection.max_per_document
        size, last = _PER_HIT * k, len(self._ranked.candidates.ids)
        parts = map(self._read_places, range(0, last, size), repeat(size))
        for place, passage in chain.from_iterable(parts):
            if self._merge_into_hit(place, passage):
                continue
            if len(self._found) == k:
                break
            document_id = passage.version.document_id
            if most is not None and per_document[document_id] >= most:
                continue
            per_document[document_id] += 1
            start, end = passage.passage.start, passage.passage.end
            if self._selection.extent == "section":
                start, end = self._section(passage)
            draft = HitDraft(passage, start, end, [(place, passage)], tables=passage.passage.tables)
            self._found.append(draft)
            self._by_version.setdefault(passage.version.key, []).append(draft)
            self._by_words[passage.quote_key] = draft
        return self._found

    def _read_places(self, start: int, size: int) -> list[tuple[int, PlacedPassage]]:
        """Read the live passages of a part of the ranking, with their positions in it."""
        ids = self._ranked.candidates.ids[start : start + size]
        places = dict(zip(ids.tolist(), count(start), strict=False))
        return [(places[passage.id], passage) for passage in self._passages.places(ids)]

    def _merge_into_hit(self, place: int, passage: PlacedPassage) -> bool:
        """Merge a passage into a hit that it repeats or continues; returns whether there is one."""
        if (twin := self._by_words.get(passage.quote_key)) is not None:
            if self._selection.extent == "section":  # the rest of its section may be another text
                twin.add_repeat(_repeat_of(twin.best, passage))
            else:
                twin.also.append(passage)
            return True
        near = self._repeats.find(self._found, place, passage) if self._folds and self._found else None
        is_elsewhere = near is not None and near[1].version.key != passage.version.key
        beside = None if is_elsewhere else self._by_version.get(passage.version.key)
        if beside and (neighbour := self._neighbour(beside, passage)) is not None:
            neighbour.start = min(neighbour.start, passage.passage.start)
            neighbour.end = max(neighbour.end, passage.passage.end)
            neighbour.members.append((place, passage))
            if passage.passage.tables:
                known = {table.start: table for table in (*neighbour.tables, *passage.passage.tables)}
                neighbour.tables = tuple(known.values())
            # Its text has changed: duplicates of the single passage no longer equal it.
            self._by_words.pop(neighbour.best.quote_key, None)
            return True
        if near is not None:
            one, member = near
            one.add_repeat(_repeat_of(member, passage))
        return near is not None

    def _section(self, passage: PlacedPassage) -> tuple[int, int]:
        span, structure = passage.passage, self._history.structure(passage.version)
        return section_span(structure, span.start, span.end, most=self._config.section_characters)

    def _neighbour(self, beside: Sequence[HitDraft], passage: PlacedPassage) -> HitDraft | None:
        """Find a hit of the same version and section that the passage continues, if the union is short."""
        span, whole_sections = passage.passage, self._selection.extent == "section"
        for one in beside:
            if whole_sections and one.start <= span.start and span.end <= one.end:
                return one
            if one.best.passage.section != span.section or one.also or whole_sections:
                continue
            start, end = min(one.start, span.start), max(one.end, span.end)
            apart = max(one.start, span.start) - min(one.end, span.end)
            if apart <= _NEIGHBOUR_GAP and end - start <= self._config.merge_characters:
                return one
        return None


class NearDuplicateFinder:
    """Finds passages of a ranking that repeat others nearly. Reads the texts of those with terms alike."""

    def __init__(self, passages: Passages, ranked: RankedCandidates) -> None:
        self._passages = passages
        self._terms = None if ranked.second_look is None else ranked.second_look.own_terms
        self._sketches: list[int] = []
        """Those of the terms of the first passages of the ranking."""
        self._known: dict[int, Wording] = {}

    def find(
        self, found: Sequence[HitDraft], place: int, passage: PlacedPassage
    ) -> tuple[HitDraft, PlacedPassage] | None:
        """Return the hit, and the passage of it, that a passage repeats; None if there is none."""
        lengths = similar_lengths(passage.passage.end - passage.passage.start)
        for one in found:
            for at, member in one.members:
                if member.passage.end - member.passage.start not in lengths:
                    continue
                if self._terms is not None:
                    if place >= len(self._sketches):  # and ``at`` is before it
                        first = len(self._sketches)
                        self._sketches += sketches(self._terms[first : max(place + 1, first + _SKETCHED)])
                    mine, theirs = self._sketches[place], self._sketches[at]
                    if (mine & theirs).bit_count() < LEAST_SKETCHED * (mine | theirs).bit_count():
                        continue
                if self._wording(member).says_the_same(self._wording(passage)):
                    return one, member
        return None

    def _wording(self, of: PlacedPassage) -> Wording:
        if (known := self._known.get(of.id)) is None:
            text = self._passages.text(of.version.text_sha256, of.passage.start, of.passage.end)
            known = self._known[of.id] = Wording.of(text)
        return known


def _repeat_of(member: PlacedPassage, passage: PlacedPassage) -> Repeat:
    of, span = member.passage, passage.passage
    return Repeat(passage.version, span.start, span.end, of.start, of.end)
