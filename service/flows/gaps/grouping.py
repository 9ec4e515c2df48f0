"""Group questions that ask for the same thing, by the likeness of their vectors."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.types import Vectors
from service.state.questions import AskedQuestion

_NONE = -2.0
"""In place of the cosine of a group with itself, and with one that is no more."""
LIKENESS = 0.6
"""Least cosine of a question with the mean of a group, for it to belong there."""
UNLIKELY = 0.25
"""Mean probability below which no document answers the questions of a group.

Of questions planted among others of the development sets, those of gaps had means of at most 0.21, and groups
of others at least 0.24; a smaller likeness or a greater one loses gaps that people ask in their own words.
"""


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Questions that ask for the same; ``name`` is the one that is most like all of them."""

    name: str
    questions: Sequence[AskedQuestion]

    @property
    def count(self) -> int:
        """The number of times it was asked; those who judged an answer had asked before."""
        return len(self._asked)

    @property
    def probability(self) -> float:
        """The mean probability with which passages answered when it was asked."""
        return sum(one.probability for one in self.questions) / len(self.questions)

    @property
    def is_uncertain(self) -> bool:
        """Tell whether documents may answer it, so that the question or the passage is at fault."""
        return self.probability >= UNLIKELY

    @property
    def words(self) -> list[tuple[str, int]]:
        """The different questions, and how often each was asked."""
        return Counter(one.question for one in self._asked).most_common()

    @property
    def _asked(self) -> Sequence[AskedQuestion]:
        """The questions without verdicts; those with them where the question itself was answered well."""
        return [one for one in self.questions if not one.verdict] or self.questions

    @property
    def reasons(self) -> list[str]:
        """The reasons that people gave for their verdicts, the newest first."""
        return [one.reason for one in self.questions if one.reason]

    @property
    def disliked(self) -> int:
        """The number of answers that were judged to be bad."""
        return sum(one.verdict == "down" for one in self.questions)


def group_questions(questions: Sequence[AskedQuestion], vectors: Vectors) -> list[QuestionGroup]:
    """The groups, those that no document answers and the most asked first.

    ``vectors`` are those of the questions, of length 1.

    Pairs of groups whose means are most alike are joined, until none are alike enough: the order of the
    questions changes nothing.
    """
    if not questions:
        return []
    alike: dict[str, list[int]] = {}
    for at, one in enumerate(questions):
        alike.setdefault(" ".join(one.question.casefold().split()), []).append(at)
    groups = list(alike.values())
    _join(groups, np.stack([vectors[group].sum(axis=0) for group in groups]).astype(np.float32))
    found = [_group(questions, vectors, one) for one in groups if one]
    return sorted(found, key=lambda one: (one.is_uncertain, -one.count))


def _join(groups: list[list[int]], sums: Vectors) -> None:
    """Join groups while two are alike; those that were joined to another are empty then.

    For n groups the cosines of all pairs are kept (4 n squared bytes), and those of the group that grew are
    computed anew, so that the time grows with the square of n.
    """
    means = _normalized(sums)
    cosines = means @ means.T
    np.fill_diagonal(cosines, _NONE)
    nearest = cosines.argmax(axis=1)
    likeness = cosines[np.arange(len(groups)), nearest]
    while likeness[first := int(likeness.argmax())] >= LIKENESS:
        keep, gone = sorted((first, int(nearest[first])))
        groups[keep] += groups[gone]
        groups[gone] = []
        sums[keep] += sums[gone]
        means[keep] = _normalized(sums[keep : keep + 1])[0]
        cosines[gone], cosines[:, gone], likeness[gone] = _NONE, _NONE, _NONE
        cosines[keep] = np.where(cosines[keep] == _NONE, _NONE, means @ means[keep])
        cosines[:, keep] = cosines[keep]
        changed = (nearest == keep) | (nearest == gone) | (cosines[keep] > likeness)
        changed[keep] = True
        rows = np.flatnonzero(changed & (likeness != _NONE))
        nearest[rows] = cosines[rows].argmax(axis=1)
        likeness[rows] = cosines[rows, nearest[rows]]


def _normalized(sums: Vectors) -> Vectors:
    found: Vectors = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    return found


def _group(questions: Sequence[AskedQuestion], vectors: Vectors, members: Sequence[int]) -> QuestionGroup:
    mean = vectors[members].mean(axis=0)
    middle = max(members, key=lambda at: float(vectors[at] @ mean))
    newest = sorted((questions[at] for at in members), key=lambda one: -one.asked)
    return QuestionGroup(questions[middle].question, newest)
