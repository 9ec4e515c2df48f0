"""The cases: a question, a collection of some size, and whether its documents answer the question.

Each question with known documents is asked of collections of 1, 10, 100 and all documents, twice: with a
document that answers it, and with that document replaced by the nearest other one. All documents that answer
or repeat text of one that does are missing from the second, and there are as many documents in both (but
fewer in the collection of all), so the cases of a size are answerable in half. Further cases are questions
that a set itself calls unanswerable, and questions of other sets.

Where a set's documents are pieces of pages that overlap (MTRAG), a document is the whole page.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import sets
from benchmarks.answerability.parts import Part, Whole
from evaluation.questions import Question, Span
from index.answers import Hit
from index.config import SearchConfig
from index.protocols import Snapshot
from index.search.cross_encoder.model import CrossEncoder
from index.search.question import Query
from index.search.results import SearchResult
from index.search.search import Search
from index.search.stopwatch import Stopwatch

SIZES = (1, 10, 100, 0)
"""Documents in a collection; 0 is all that the set has."""
K = 5
_PIECE = re.compile(r"((?:ibmcld_)?[0-9a-f]+)[_-]\d+-\d+(?:-\d+-\d+)?")
"""A piece of a page in MTRAG: the page, and offsets."""
CaseKind = str
"""``present``, ``replaced``, ``unanswerable``, ``off_topic``, or ``near-`` with the kind of a near miss."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One question asked of one collection. ``size`` is one of :data:`SIZES`.

    ``is_dev``: it may be used for choosing and fitting. ``relevant`` says of each hit whether it answers.
    """

    question: str
    size: int
    kind: CaseKind
    is_dev: bool
    query: Query
    found: SearchResult
    relevant: tuple[bool, ...]

    @property
    def answerable(self) -> bool:
        """Whether a document of the collection answers the question."""
        return self.kind == "present"


class Asking:
    """Asks questions of parts of one collection, with the service's own search."""

    def __init__(
        self,
        name: str,
        whole: Whole,
        moment: Snapshot,
        keys: dict[str, int],
        config: SearchConfig,
        *,
        cross_encoder: CrossEncoder | None = None,
    ) -> None:
        """``keys`` are the documents' keys by their ids."""
        self._name = name
        self._whole = whole
        self._moment = moment
        self._keys = keys
        self._config = config
        self._cross_encoder = cross_encoder
        self._entire = Part(whole)
        self._units: dict[str, list[int]] = defaultdict(list)
        for id_, key in sorted(keys.items()):
            self._units[unit_of(id_)].append(key)
        self._unit_of_key = {key: unit for unit, keys in self._units.items() for key in keys}
        self._names = sorted(self._units)
        means = [
            np.mean([whole.by_document[key] for key in self._units[name]], axis=0) for name in self._names
        ]
        self._means = np.stack(means)

    def cases(self, question: Question, query: Query) -> Iterator[Case]:
        """All cases of one question of the set, or the one case of a question that it cannot answer."""
        if question.answerable is False or not question.relevant:
            found = self._found(self._entire, query)
            dev = sets.is_dev(question.id)
            yield Case(question.id, 0, "unanswerable", dev, query, found, (False,) * len(found.hits))
            return
        gold = [self._keys[id_] for id_ in question.relevant if id_ in self._keys]
        if not gold:
            return
        dev = sets.is_dev(unit_of(min(question.relevant)))
        random = np.random.default_rng(int(hashlib.sha256(question.id.encode()).hexdigest()[:12], 16))
        one = self._unit_of_key[int(random.choice(gold))]
        others, nearest = self._others(gold, one)
        others = random.permutation(others).tolist()
        rest = [name for name in others if name != nearest]
        for size in SIZES:
            if size > len(others):
                continue
            present = self._part([one, *rest[: size - 1]]) if size else self._entire
            replaced = self._part([nearest, *rest[: size - 1]] if size else others)
            kinds: tuple[tuple[CaseKind, Part], ...] = (("present", present), ("replaced", replaced))
            for kind, part in kinds:
                found = self._found(part, query)
                relevant = tuple(kind == "present" and has_answer(question, hit) for hit in found.hits)
                yield Case(question.id, size, kind, dev, query, found, relevant)

    def off_topic(self, question: Question, query: Query) -> Iterator[Case]:
        """A question of another set, asked of a collection of one of the sizes."""
        digest = hashlib.sha256(f"{self._name}/{question.id}".encode()).digest()
        size = SIZES[digest[1] % len(SIZES)]
        random = np.random.default_rng(int.from_bytes(digest[2:8]))
        chosen = random.permutation(self._names)[:size].tolist()
        found = self._found(self._part(chosen) if size else self._entire, query)
        yield Case(
            question.id, size, "off_topic", digest[0] % 2 == 0, query, found, (False,) * len(found.hits)
        )

    def _others(self, gold: Sequence[int], one: str) -> tuple[list[str], str]:
        """The units that neither answer nor repeat what does, and of them the nearest to one that answers."""
        out = {self._unit_of_key[key] for key in gold}
        for key in [key for name in out for key in self._units[name]]:
            out |= {self._unit_of_key[other] for other in self._whole.repeating(key)}
        at = [place for place, name in enumerate(self._names) if name not in out]
        cosines = self._means[at] @ self._means[self._names.index(one)]
        return [self._names[place] for place in at], self._names[at[int(cosines.argmax())]]

    def _part(self, units: Sequence[str]) -> Part:
        return Part(self._whole, [key for name in units for key in self._units[name]])

    def _found(self, part: Part, query: Query) -> SearchResult:
        search = Search(
            self._moment,
            self._moment,
            part,
            self._whole.analyzer,
            self._config,
            cross_encoder=self._cross_encoder,
        )
        return search.find(query, k=K, where=None, watch=Stopwatch())


def has_answer(question: Question, hit: Hit) -> bool:
    """Whether a passage has part of an answer; of a document that answers, where no answers are known."""
    citation = hit.citation
    if citation.document_id not in question.relevant:
        return False
    return not question.answers or any(
        _overlap(span, citation.document_id, citation.start, citation.end)
        for answer in question.answers
        for span in answer
    )


def _overlap(span: Span, document_id: str, start: int, end: int) -> bool:
    return span.document_id == document_id and span.start < end and start < span.end


def unit_of(document_id: str) -> str:
    """The page that a document of MTRAG is a piece of; any other document's own id."""
    found = _PIECE.fullmatch(document_id)
    return found[1] if found else document_id


def sample(questions: Sequence[Question], most: int) -> list[Question]:
    """At most so many questions, chosen by the hashes of their ids."""
    return sorted(questions, key=lambda one: hashlib.sha256(one.id.encode()).digest())[:most]
