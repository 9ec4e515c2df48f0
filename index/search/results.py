"""What a search found for a question, and with which probability it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from index.answers import Answer, Hit, Reading
from index.protocols import Side
from index.search.answerability import Answerability, probability
from index.search.named import Named
from index.search.question import Query
from index.search.question.words import QuestionWords
from index.search.ranking.candidates import RankedCandidates

_NAMED, _COMPUTED, _HEADED = 0.75, 0.85, 0.75
"""Least probability where the question names a row and a column, where a value was computed, and where the
headings above a list or a section say all that is asked for."""
UNLIT = -1.0
"""The largest logit of the probability that passages answer of which no sentence does."""


class Certainty(NamedTuple):
    """The least probability that the hit of a ``rank`` answers, 0 if that one is not shown."""

    rank: int
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class SearchResult:
    """A ranking of candidates, the hits made of it, and the indexes that have failed.

    ``deciding`` are the first hits, of which there are as many however many are asked for.
    ``words`` are those of the question; ``compared`` is what it names, compared with the first hits.
    """

    ranked: RankedCandidates
    hits: tuple[Hit, ...]
    deciding: tuple[Hit, ...]
    degraded: tuple[Side, ...]
    words: QuestionWords
    compared: Named
    reading: Reading | None = None
    named: int = 0
    """The rank of the first hit of which the question names a row and a column of a table, 0 if none."""
    headed: int = 0
    """The rank of the first hit whose headings say all that the question asks for, 0 if none."""
    differs: Sequence[Sequence[str]] = ()
    """For each deciding hit what the question names, of which its best sentence has another one."""
    is_lowered: bool = False
    """Whether sentences are not lit because they are titles, or of other sections than the one named."""

    def limit(self, logit: float) -> float:
        """The logit of the probability; at most :data:`UNLIT` where only such sentences would answer.

        So does a passage about a sibling of what the question names, such as "Aster 3" for "Aster 2".
        """
        is_lit = not self.is_lowered or any(hit.evidence for hit in self.deciding)
        return logit if is_lit and not self.compared.is_of_sibling else min(logit, UNLIT)

    @property
    def certainty(self) -> Certainty | None:
        """The least probability of a hit in which a table answers, None if none does."""
        reading = self.reading
        if reading is not None and reading.value:
            of = [hit for hit in self.hits if hit.citation.document_id == reading.document_id]
            shown = [hit for hit in of if any(lit.answering for lit in hit.evidence)]
            return Certainty(next((hit.rank for hit in shown or of), 0), _COMPUTED)
        if self.named:
            return Certainty(self._shown(self.named), _NAMED)
        return Certainty(self._shown(self.headed), _HEADED) if self.headed else None

    def _shown(self, rank: int) -> int:
        """The rank of the hit that has the best sentence of a deciding one, 0 if none has."""
        for lit in self.deciding[rank - 1].evidence[:1]:
            for hit in self.hits:
                cited, of = hit.citation, self.deciding[rank - 1].citation
                is_same = (cited.document_id, cited.text_sha256) == (of.document_id, of.text_sha256)
                if is_same and cited.start <= lit.start and lit.end <= cited.end:
                    return hit.rank
        return 0


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The result of a query, its features, and the logit of the probability that it answers.

    ``estimated`` is the logit by the features and the best sentence, ``certain`` the least probability of a
    table's hit, and ``differs`` what the question names and the best sentence has not, or another one of.
    """

    query: Query
    found: SearchResult
    features: dict[str, float]
    logit: float
    estimated: float
    certain: Certainty | None
    differs: Sequence[str] = ()


def judge_hits(
    hits: Sequence[Hit], logit: float, certainty: Certainty | None, answerability: Answerability
) -> tuple[float, tuple[Hit, ...]]:
    """Return the probability that the hits answer, and the hits with theirs; 0 without hits.

    ``logit`` is that of the question by its features, and ``certainty`` what a table or a heading tells.
    """
    if not hits:
        return 0.0, ()
    alone = answerability.of_hits(hits, logit).tolist()
    together = probability(logit)
    together = max(together, 0.0 if certainty is None else certainty.probability)
    if certainty is not None and certainty.rank:
        alone[certainty.rank - 1] = max(alone[certainty.rank - 1], certainty.probability)
    seen = [replace(hit, probability=round(one, 4)) for hit, one in zip(hits, alone, strict=True)]
    return round(together, 4), tuple(seen)


def withhold_hits(answer: Answer, least: float) -> Answer:
    """Remove the hits of an answer if its probability is below ``least``."""
    if answer.answerability >= least or not answer.hits:
        return answer
    reason = (
        f"The best passages found answer the question with a probability of {answer.answerability:.2f}, less "
        f"than the {least:.2f} asked for. Ask otherwise, or lower min_answerability to see them."
    )
    return replace(answer, hits=(), withheld=reason, reading=None)
