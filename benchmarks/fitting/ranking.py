"""Fit the ranking weights that come with the package: ``python -m benchmarks.fitting.ranking``.

Of each set only the development part is used (:func:`benchmarks.sets.part`), at most 300 questions. How far
the weights go from the combination chosen by hand is chosen by leaving sets out: each set is ranked by
weights that were fitted without it and without its translations.
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks import sets
from evaluation.questions import Question
from index.collection import Collection
from index.config import LibraryConfig
from index.library import Library
from index.search import Question as Asked
from index.search.ranking import scoring
from index.types import Ids

Numbers = NDArray[np.float64]
FEATURES = scoring.FEATURES
_CHOSEN = {
    "balanced": 8 / 1.4,
    "sentence": 8 * 0.3 / 1.4,
    "passage": 8 * 0.1 / 1.4,
    "elsewhere": 8 * 0.1 / 1.4,
}
"""The combination chosen by hand: balanced + 0.3 sentence + 0.1 document, where a document is passage and
elsewhere. Its scale, 8, is that at which it fits best alone."""
_PRIOR: Numbers = np.array([_CHOSEN.get(name, 0.0) for name in FEATURES])
_MOST = 300
_PENALTY = 0.03
_STEPS = 6
_SHRINK = (1.0, 0.5, 0.25, 0.0)
_DEPTH = 10
_FULL_WEIGHT = 80
"""Questions from which on a set counts as much as any other."""
_HARDEST, _HARDEST_WEIGHT = "mtrag test", 3.0
"""The set that weights fitted to the others serve worst, on its development part."""
console = Console()


@dataclass(frozen=True, slots=True)
class Part:
    """Questions that are fitted to: features of all candidates, and how relevant each is.

    ``starts`` has the first candidate of each question. ``group`` is a set with its translations.
    """

    name: str
    group: str
    features: Numbers
    relevance: Numbers
    starts: Ids

    def per_question(self, values: Numbers) -> Numbers:
        """Repeat one value a question for each of its candidates."""
        sizes = np.diff([*self.starts.tolist(), len(self.features)])
        return np.repeat(values, sizes, axis=0)


SETS = (
    ("covidqa", "test"),
    ("chunking_eval", "test"),
    ("clapnq", "test"),
    ("mtrag", "test"),
    ("mtrag", "conversational"),
    ("scifact", "train"),
    *((f"xquad/{language}", "test") for language in ("en", "de", "es", "zh", "hi", "ar", "ru")),
    ("cmrc2018", "test"),
    ("jaquad", "test"),
)


def parts(data: Path, shared: Path) -> Iterator[Part]:
    """Ask the questions of all development parts."""
    embedder = sets.embedder()
    with Library(data, embedder=embedder, config=LibraryConfig()) as library:
        for folder, split in SETS:
            collection, asked = sets.prepared(library, shared / folder, split)
            asked = [one for one in asked if one.relevant and sets.part(one, shared / folder, split) == "dev"]
            if len(asked) > _MOST:
                chosen = np.sort(np.random.default_rng(0).permutation(len(asked))[:_MOST])
                asked = [asked[at] for at in chosen.tolist()]
            yield _part(f"{folder} {split}", [_example(collection, one) for one in asked])


def _part(name: str, examples: Sequence[tuple[Numbers, Numbers]]) -> Part:
    """Join the questions of which a candidate is relevant."""
    some = [one for one in examples if one[1].any()]
    sizes = [len(relevance) for _, relevance in some]
    starts = np.cumsum([0, *sizes[:-1]])
    console.print(f"{name}: {len(some)} of {len(examples)} questions have a relevant candidate")
    group, is_translated, _ = name.partition("/")
    return Part(
        name,
        group if is_translated else name,
        np.concatenate([x for x, _ in some]),
        np.concatenate([y for _, y in some]),
        starts,
    )


def _example(collection: Collection, question: Question) -> tuple[Numbers, Numbers]:
    """The features of a question's candidates, and the relevance of each."""
    found, places = collection.questions.rank(Asked.validate(question.text, turns=question.turns))
    spans = {one.id: (one.version.document_id, one.passage.start, one.passage.end) for one in places}
    relevance = [relevance_of(question, *spans[id_]) for id_ in found.candidates.ids.tolist()]
    if found.features is None:  # nothing was found
        return np.empty((0, len(FEATURES))), np.empty(0)
    return found.features.T.astype(np.float64), np.array(relevance)


def relevance_of(question: Question, document_id: str, start: int, end: int) -> float:
    """The share of an answer that a passage has, or the gain of its document where spans are not known."""
    if not question.answers:
        return float(question.relevant.get(document_id, 0))
    return max(
        sum(
            max(0, min(end, one.end) - max(start, one.start))
            for one in answer
            if one.document_id == document_id
        )
        / sum(one.end - one.start for one in answer)
        for answer in question.answers
    )


def fit(chosen: Sequence[Part]) -> Numbers:
    """Fit what is added to the combination chosen by hand, by Newton's method; groups count equally.

    Minimizes the listwise cross-entropy and a penalty on the squares of the weights of standardized
    features. Few steps suffice: the function is convex and smooth.
    """
    spread = np.concatenate([one.features for one in chosen]).std(axis=0) + 1e-6
    shares = _shares(chosen)
    weights = np.zeros(len(FEATURES))
    for _ in range(_STEPS):
        gradient, curvature = 2 * _PENALTY * weights, 2 * _PENALTY * np.eye(len(weights))
        for one in chosen:
            slope, bend = _derivatives(one, weights, spread)
            gradient += slope * shares[one.name]
            curvature += bend * shares[one.name]
        weights -= np.linalg.solve(curvature, gradient)
    added: Numbers = weights / spread
    return added


def _shares(chosen: Sequence[Part]) -> dict[str, float]:
    """The weight of each question of a set; the weights of all questions add up to 1."""
    totals: dict[str, int] = defaultdict(int)
    for one in chosen:
        totals[one.group] += len(one.starts)
    weights = {
        one.name: min(1.0, totals[one.group] / _FULL_WEIGHT)
        * (_HARDEST_WEIGHT if one.name == _HARDEST else 1.0)
        / totals[one.group]
        for one in chosen
    }
    scale = sum(weights[one.name] * len(one.starts) for one in chosen)
    return {name: weight / scale for name, weight in weights.items()}


def _derivatives(one: Part, weights: Numbers, spread: Numbers) -> tuple[Numbers, Numbers]:
    """Gradient and Hessian of the sum of cross-entropies over a part's questions."""
    x = one.features / spread
    scores = one.features @ _PRIOR + x @ weights
    odds = np.exp(scores - one.per_question(np.maximum.reduceat(scores, one.starts)))
    share = odds / one.per_question(np.add.reduceat(odds, one.starts))
    wanted = one.relevance / one.per_question(np.add.reduceat(one.relevance, one.starts))
    weighted = x * share[:, None]
    means = np.add.reduceat(weighted, one.starts, axis=0)
    return x.T @ (share - wanted), x.T @ weighted - means.T @ means


def quality(one: Part, weights: Numbers) -> float:
    """The mean nDCG@10 of the candidates of a part's questions."""
    scores = one.features @ weights
    values = []
    for start, end in pairwise([*one.starts.tolist(), len(scores)]):
        gains = one.relevance[start:end]
        ranked = gains[np.argsort(-scores[start:end], kind="stable")][:_DEPTH]
        values.append(_gain(ranked) / _gain(np.sort(gains)[::-1][:_DEPTH]))
    return float(np.mean(values))


def _gain(gains: Numbers) -> float:
    return float((gains / np.log2(np.arange(len(gains)) + 2)).sum())


def choose(found: Sequence[Part]) -> tuple[float, dict[str, dict[str, float]]]:
    """Choose how much of the fitted weights to add, by leaving groups out; also returns each set's gain."""
    gains: dict[str, dict[str, float]] = {}
    by_group: dict[float, list[float]] = defaultdict(list)
    for group in dict.fromkeys(one.group for one in found):
        added = fit([one for one in found if one.group != group])
        left_out = [one for one in found if one.group == group]
        for shrink in _SHRINK:
            gained = [quality(one, _PRIOR + shrink * added) - quality(one, _PRIOR) for one in left_out]
            by_group[shrink].append(float(np.mean(gained)))
            for one, gain in zip(left_out, gained, strict=True):
                gains.setdefault(one.name, {})[str(shrink)] = round(gain, 4)
    return max(_SHRINK, key=lambda shrink: float(np.mean(by_group[shrink]))), gains


def content(
    found: Sequence[Part], weights: Numbers, shrink: float, gains: dict[str, dict[str, float]]
) -> dict[str, object]:
    """What is written: the weights, the score of the average candidate, and the provenance."""
    return {
        "weights": {name: round(float(weight), 4) for name, weight in zip(FEATURES, weights, strict=True)},
        "intercept": round(float(np.mean([(one.features @ weights).mean() for one in found])), 4),
        "provenance": {
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "data": f"development parts of the sets, at most {_MOST} questions of each",
            "questions": {one.name: len(one.starts) for one in found},
            "added": f"{shrink} of the fitted weights, chosen by leaving sets out",
            "left out": "nDCG@10 of candidates gained over the combination chosen by hand, by weights fitted "
            "without the set, for each share of them",
            "gained": gains,
        },
    }


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=sets.DATA, help="where collections are kept")
    parser.add_argument("--sets", type=Path, default=sets.SCIFACT.parent, help="folder of the sets")
    options = parser.parse_args()
    found = list(parts(options.data, options.sets))
    shrink, gains = choose(found)
    written = content(found, _PRIOR + shrink * fit(found), shrink, gains)
    path = Path(scoring.__file__).with_name(scoring.FILE)
    path.write_text(json.dumps(written, indent=2) + "\n")
    console.print(written)


if __name__ == "__main__":
    main()
