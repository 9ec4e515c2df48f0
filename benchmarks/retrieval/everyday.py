"""The first sentences that people see of everyday documents: ``python -m benchmarks.retrieval.everyday``.

24 documents of many kinds with 399 questions, in words of their own, by somebody who knew nothing of the
service (``benchmarks/answerability/everyday``). An answer is right if the first sentence that is shown has
the words that answer, or the value that is computed.

``told.jsonl`` has for each near miss a sentence that answers it, to be put beside its document. Who writes
near misses asks for other things than whoever asks what a text tells, so that the words of a question alone
tell one from the other (AUROC .80 for the cross-encoder with an empty page): only the same question, answered
with the sentence and declined without it, shows that something was read.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks import sets
from benchmarks.answerability.table import EVERYDAY
from benchmarks.near_misses.study import auroc
from benchmarks.proportions import proportion
from benchmarks.retrieval.answers import LEAST, K
from evaluation import questions
from evaluation.measures import Estimate
from evaluation.questions import Question
from index.collection import Collection
from index.ingest import Source
from index.library import Library
from index.search.extraction import divide_question, extract_answer
from index.sources import FolderIngest

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question, the sentence shown first (empty where the answer declines), and whether it is right."""

    question: Question
    probability: float
    first: str
    is_right: bool

    @property
    def is_wrong(self) -> bool:
        """Tell if it is not right, or answers what no document tells."""
        return not self.is_right if self.question.answerable else bool(self.first)

    @property
    def is_dev(self) -> bool:
        """Whether it may be used for choosing and fitting."""
        return sets.is_dev(min(self.question.relevant, default=self.question.id))


def ask(collection: Collection, question: Question) -> Outcome:
    """Ask as a person does who reads the extractive answer."""
    parts = divide_question(question.text)
    asked = [question.text] if len(parts) == 1 else [question.text, *(one.query for one in parts)]
    answers = [collection.ask(text, k=K, turns=question.turns) for text in asked]
    with collection.archive.resolution() as resolution:
        found = extract_answer(resolution, parts, answers, most=_SHOWN, least=LEAST)
    first = found.opening
    reading = answers[0].reading
    seen = first + (f"\n{reading.value}" if first and reading is not None else "")
    is_right = any(quote.casefold() in seen.casefold() for quote in question.quotes)
    return Outcome(question, answers[0].answerability, first, is_right)


def outcomes(*, tells: bool = False) -> Iterator[Outcome]:
    """Ask all questions of one collection of the documents.

    ``tells``: the near misses alone, and the collection has the sentences that answer them, too.
    """
    asked = questions.load(EVERYDAY / "questions.jsonl")
    with (
        TemporaryDirectory() as data,
        Library(Path(data), embedder=sets.embedder(), cross_encoder=sets.cross_encoder) as library,
    ):
        collection = library.open("everyday", create=True)
        FolderIngest(collection).run([path for path in EVERYDAY.iterdir() if path.suffix != ".jsonl"])
        if tells:
            quotes = _tell(collection)
            asked = [
                replace(one, quotes=(quotes[one.id],), answerable=True) for one in asked if one.id in quotes
            ]
        collection.embed_pending()
        for question in asked:
            yield ask(collection, question)


def _tell(collection: Collection) -> dict[str, str]:
    """Put what answers near misses beside the documents; returns the words that answer, by question."""
    told = [json.loads(line) for line in (EVERYDAY / "told.jsonl").read_text(encoding="utf-8").splitlines()]
    texts: dict[str, list[str]] = defaultdict(list)
    for one in told:
        texts[one["document"]].append(one["text"])
    collection.put_many(
        [
            Source(f"additions to {name}", "\n\n".join(some).encode(), media_type="text/plain")
            for name, some in texts.items()
        ]
    )
    return {one["id"]: one["quote"] for one in told}


def study(*, dev: bool = False) -> Mapping[str, Estimate]:
    """Of the questions of a half: right and declined, of those that are answered; answered, of the others.

    ``told_right`` and ``told_declined`` are of the others, when their answers are told.
    """
    found, told = ([one for one in some if one.is_dev == dev] for some in (outcomes(), outcomes(tells=True)))
    return figures(found) | _of_told(found, told)


def _of_told(found: list[Outcome], told: list[Outcome]) -> Mapping[str, Estimate]:
    """The near misses when they are answered, and how well the probability tells both cases of them."""
    same = {one.question.id for one in told}
    missed = np.array([one.probability for one in found if one.question.id in same])
    seen = np.array([one.probability for one in told])
    return {
        "told_right": proportion(sum(one.is_right for one in told), len(told)),
        "told_declined": proportion(sum(not one.first for one in told), len(told)),
        "told_auroc": auroc(seen, missed),
    }


def figures(found: list[Outcome]) -> Mapping[str, Estimate]:
    """The shares."""
    known = [one for one in found if one.question.answerable]
    others = [one for one in found if not one.question.answerable]
    return {
        "right": proportion(sum(one.is_right for one in known), len(known)),
        "declined": proportion(sum(not one.first for one in known), len(known)),
        "answered_wrongly": proportion(sum(bool(one.first) for one in others), len(others)),
    }


def main() -> None:
    """Print the figures of a half, and the questions of the development half that go wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    dev = parser.parse_args().part == "dev"
    found, told = ([one for one in some if one.is_dev == dev] for some in (outcomes(), outcomes(tells=True)))
    for one in [*found, *told] if dev else ():
        if one.is_wrong:
            print(f"{one.probability:.2f} {one.question.text} | {one.first[:100]!r}")
    for name, figure in (figures(found) | _of_told(found, told)).items():
        print(f"{name}: {figure.value:.4f} ({figure.low:.3f} to {figure.high:.3f}) of {figure.questions}")


if __name__ == "__main__":
    main()
