"""Ask three collections together for what one collection with all of their documents has.

``python -m benchmarks.retrieval.divided``. The documents of each set are divided by a hash of their ids.
``one`` is a measure with one collection, ``divided`` with three, ``lost`` the mean difference of a question
with its interval. ``beside`` asks also the three parts of the other set, which answer nothing. They are asked
without the cross-encoder. ``times`` is how many times as long three collections take as one, the median of
questions that are asked of both in turn, and ``times_read`` the same where the cross-encoder reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import sets
from benchmarks.figures import show
from evaluation import measures, questions
from evaluation.measures import Estimate, mean
from evaluation.questions import Question
from index.answers import Answer
from index.collection import Collection
from index.config import LibraryConfig
from index.errors import InvalidInput
from index.library import Library
from index.search import Question as Asked, merge_answers
from index.sources import put_all

SHARED = Path(__file__).parents[3] / "shared" / "data"
SETS = {"covidqa": "span_recall@5", "clapnq": "ndcg@10"}
"""The sets, and the measure of each that a division may lower by a hundredth at most."""
_MEASURES = ("ndcg@10", "span_recall@5")
_PARTS, _K = 3, 20
_EVERY, _EVERY_READ = 3, 30
"""Of the questions, every third one is asked, and every thirtieth with the cross-encoder."""


@dataclass(frozen=True, slots=True)
class _Divided:
    """A set as one collection, and as three."""

    whole: Collection
    parts: Sequence[Collection]


def study() -> dict[str, Estimate]:
    """All figures."""
    cross_encoder = sets.cross_encoder()
    found: dict[str, Estimate] = {}
    with Library(
        sets.DATA, embedder=sets.embedder(), config=LibraryConfig(), cross_encoder=lambda _: cross_encoder
    ) as library:
        divided = {name: _divide(library, name) for name in SETS}
        for name, one in divided.items():
            others = [part for other, of in divided.items() if other != name for part in of.parts]
            some = [asked for asked in questions.load(SHARED / name) if asked.relevant][::_EVERY]
            found |= _figures(name, some, one, others)
    return found


def _divide(library: Library, name: str) -> _Divided:
    """The collections of a set; nothing is embedded twice."""
    folder = SHARED / name
    whole = sets.collection_of(library, folder)
    parts = [library.open(f"{name}-part-{part + 1}", create=True) for part in range(_PARTS)]
    for at, part in enumerate(parts):
        own = (source for source in questions.sources(folder) if _part_of(source.id) == at)
        for outcome in (one for outcomes in put_all(part, own) for one in outcomes):
            if isinstance(outcome, InvalidInput):
                raise outcome
    for collection in (whole, *parts):
        collection.embed_pending()
    return _Divided(whole, parts)


def _part_of(document_id: str) -> int:
    return hashlib.sha256(b"part " + document_id.encode()).digest()[0] % _PARTS


def _figures(
    name: str, asked: Sequence[Question], divided: _Divided, others: Sequence[Collection]
) -> dict[str, Estimate]:
    one: list[Answer] = []
    several: list[Answer] = []
    beside: list[Answer] = []
    for question in asked:
        one.extend(_ask(question, [divided.whole]).values())
        answers = _ask(question, divided.parts)
        several.append(merge_answers(answers, k=_K))
        beside.append(merge_answers(answers | _ask(question, others), k=_K))
    found: dict[str, Estimate] = {}
    values = [measures.measure(asked, [answer.hits for answer in told]) for told in (one, several, beside)]
    for measure in _MEASURES:
        rows = np.array([[each[at][measure] for each in values] for at in range(len(asked))])
        for at, kind in enumerate(("one", "divided", "beside")):
            found[f"{name}_{measure}_{kind}"] = mean(rows[:, at].tolist())
        found[f"{name}_{measure}_lost"] = mean((rows[:, 0] - rows[:, 1]).tolist())
        found[f"{name}_{measure}_lost_beside"] = mean((rows[:, 0] - rows[:, 2]).tolist())
    found[f"{name}_times"] = _times(one, several)
    some = asked[:: _EVERY_READ // _EVERY]
    pairs = [
        (*_ask(each, [divided.whole], read=True).values(), _ask(each, divided.parts, read=True))
        for each in some
    ]
    found[f"{name}_times_read"] = _times(
        [alone for alone, _ in pairs], [merge_answers(answers, k=_K) for _, answers in pairs]
    )
    return found


def _ask(question: Question, collections: Iterable[Collection], *, read: bool = False) -> dict[str, Answer]:
    return {one.name: one.questions.answer(Asked(question.text, _K, read=read)) for one in collections}


def _times(one: Sequence[Answer], several: Sequence[Answer]) -> Estimate:
    """The median quotient, with its quartiles."""
    quotients = [
        together.timings_ms["total"] / alone.timings_ms["total"]
        for alone, together in zip(one, several, strict=True)
    ]
    low, median, high = np.percentile(quotients, (25, 50, 75)).tolist()
    return Estimate(median, low, high, len(quotients))


if __name__ == "__main__":
    show(study())
