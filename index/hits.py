"""From ranked passages to what is returned: grouped, merged, cited, and explained."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from index import citing
from index.answers import Explanation, Hit, SideScore
from index.candidates import Ranked
from index.errors import VersionNotFound
from index.evidence import evidence
from index.protocols import PassageStore
from index.records import PlacedPassage, VersionRecord

_PER_HIT = 2
"""Candidates read for each passage asked for: some are equal to others, or neighbours."""
_TOGETHER = 4_000_000
"""Code points of texts that are in memory together, or one text."""
_NEIGHBOUR_GAP = 2
"""Code points between passages that still touch: the blank line between paragraphs."""


@dataclass(slots=True)
class _Found:
    """A passage on its way to being a hit, with those merged into it and those equal to it.

    ``members`` are all that are in it with their positions in the ranking, its own first.
    """

    best: PlacedPassage
    start: int
    end: int
    members: list[tuple[int, PlacedPassage]]
    also: list[PlacedPassage] = field(default_factory=list)


class Hits:
    """Makes hits of one question's ranking."""

    def __init__(
        self,
        store: PassageStore,
        ranked: Ranked,
        *,
        merge_characters: int,
        matched: Callable[[Container[int]], list[str]],
        hashes: Callable[[str], Iterable[int]],
    ) -> None:
        self._store = store
        self._ranked = ranked
        self._merge_characters = merge_characters
        self._matched = matched
        self._hashes = hashes

    def first(self, k: int) -> tuple[Hit, ...]:
        """At most ``k`` hits. Raises :class:`StoreDamaged` when a quote is not what was indexed."""
        hits: list[Hit] = []
        for some in _by_length(self._gathered(k)):
            versions = [one.best.version for one in some]
            whole = self._store.whole_texts(
                {of.text_sha256 for of in versions if of.length <= citing.LONGEST}
            )
            for one in some:
                # What is erased between the ranking and here is no hit.
                with suppress(VersionNotFound):
                    hits.append(self._hit(len(hits) + 1, one, whole.get(one.best.version.text_sha256)))
        return tuple(hits)

    def _gathered(self, k: int) -> Sequence[_Found]:
        """Walk down the ranking: equal passages are grouped, neighbours merged, until there are ``k``."""
        ids = self._ranked.candidates.ids
        found: list[_Found] = []
        by_words: dict[bytes, _Found] = {}
        for at in range(0, len(ids), _PER_HIT * k):
            part = ids[at : at + _PER_HIT * k]
            places = {int(id_): at + offset for offset, id_ in enumerate(part)}
            for passage in self._store.places(part):
                span, place = passage.passage, places[passage.id]
                if (twin := by_words.get(passage.quote_key)) is not None:
                    twin.also.append(passage)
                elif (neighbour := self._neighbour(found, passage)) is not None:
                    neighbour.start = min(neighbour.start, span.start)
                    neighbour.end = max(neighbour.end, span.end)
                    neighbour.members.append((place, passage))
                    # It has other words now: those of the passage alone are no twins of it.
                    by_words.pop(neighbour.best.quote_key, None)
                elif len(found) == k:
                    return found
                else:
                    found.append(_Found(passage, span.start, span.end, [(place, passage)]))
                    by_words[passage.quote_key] = found[-1]
        return found

    def _neighbour(self, found: Sequence[_Found], passage: PlacedPassage) -> _Found | None:
        """The hit that this passage overlaps or touches, in the same section, if both together are short."""
        span = passage.passage
        for one in found:
            same = one.best.version.key == passage.version.key
            if not same or one.best.passage.section != span.section or one.also:
                continue
            start, end = min(one.start, span.start), max(one.end, span.end)
            apart = max(one.start, span.start) - min(one.end, span.end)
            if apart <= _NEIGHBOUR_GAP and end - start <= self._merge_characters:
                return one
        return None

    def _hit(self, rank: int, one: _Found, whole: str | None) -> Hit:
        """``whole`` is its text, unless that is long. Raises :class:`VersionNotFound` for an erased one."""
        version, span = one.best.version, one.best.passage
        at, until = citing.window(one.start, one.end)
        text = whole[at:until] if whole is not None else self._part(version, at, until)
        excerpt = citing.Excerpt(version, one.start, one.end, text, at)
        if not excerpt.quote:
            raise VersionNotFound(f"{version.document_id!r} was deleted or pruned a moment ago.")
        for _, member in one.members:
            member.check(text[member.passage.start - at : member.passage.end - at])
        place, _ = one.members[0]
        seen = self._ranked.seen
        return Hit(
            rank=rank,
            score=round(float(self._ranked.scores[place]), 6),
            text=excerpt.quote,
            citation=citing.cite(excerpt, whole, section=span.section, pages=span.pages),
            explain=self._explanation(one, excerpt.quote),
            metadata=version.metadata,
            evidence=evidence((of.passage.start, seen.look(where)) for where, of in one.members)
            if seen
            else (),
            also_at=tuple(
                citing.locator_of(twin.version, twin.passage.start, twin.passage.end) for twin in one.also
            ),
        )

    def _part(self, version: VersionRecord, start: int, end: int) -> str:
        if version.length <= citing.LONGEST:
            return ""  # it was read as a whole, and was not there
        text = self._store.text(version.text_sha256, start, end)
        if not text:
            self._store.text(version.text_sha256)  # tells whether it is erased or damaged
            text = self._store.text(version.text_sha256, start, end)  # neither: it was put again
        return text

    def _explanation(self, one: _Found, text: str) -> Explanation:
        candidates, seen = self._ranked.candidates, self._ranked.seen
        place, _ = one.members[0]
        id_ = one.best.id
        if seen is None:
            terms = set(self._hashes(text))
        else:
            terms = set().union(*(seen.terms(where) for where, _ in one.members))
        lexical = SideScore(
            candidates.lexical_rank.get(id_), _number(candidates.lexical[place]), tuple(self._matched(terms))
        )
        return Explanation(
            SideScore(candidates.dense_rank.get(id_), _number(candidates.dense[place])),
            lexical,
            sentence=_number(seen.sentence[place]) if seen else None,
        )


def _by_length(found: Sequence[_Found]) -> Iterator[list[_Found]]:
    """These in runs whose texts can be in memory together."""
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
