"""The first sentences that people see of everyday documents: ``python -m benchmarks.retrieval.everyday``.

24 documents of many kinds with 399 questions, in words of their own, by somebody who knew nothing of the
service (``benchmarks/answerability/everyday``). An answer is right if the first sentence that is shown has
the words that answer, or the value that is computed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import sets
from benchmarks.answerability.table import EVERYDAY
from benchmarks.proportions import proportion
from benchmarks.retrieval.answers import LEAST, K
from evaluation import questions
from evaluation.measures import Estimate
from evaluation.questions import Question
from index.collection import Collection
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
    def is_dev(self) -> bool:
        """Whether it may be used for choosing and fitting."""
        return sets.is_dev(min(self.question.relevant, default=self.question.id))


def ask(collection: Collection, question: Question) -> Outcome:
    """Ask as a person does who reads the extractive answer."""
    parts = divide_question(question.text)
    asked = [question.text] if len(parts) == 1 else [question.text, *(one.query for one in parts)]
    answers = [collection.ask(text, k=K) for text in asked]
    with collection.archive.resolution() as resolution:
        found = extract_answer(resolution, parts, answers, most=_SHOWN, least=LEAST)
    first = "" if found.declines else found.sentences[0].citation.quote
    reading = answers[0].reading
    seen = first + (f"\n{reading.value}" if first and reading is not None else "")
    is_right = any(quote.casefold() in seen.casefold() for quote in question.quotes)
    return Outcome(question, answers[0].answerability, first, is_right)


def outcomes() -> Iterator[Outcome]:
    """Ask all questions of one collection of the documents."""
    with (
        TemporaryDirectory() as data,
        Library(Path(data), embedder=sets.embedder(), cross_encoder=sets.cross_encoder) as library,
    ):
        collection = library.open("everyday", create=True)
        FolderIngest(collection).run([path for path in EVERYDAY.iterdir() if path.suffix != ".jsonl"])
        collection.embed_pending()
        for question in questions.load(EVERYDAY / "questions.jsonl"):
            yield ask(collection, question)


def study(*, dev: bool = False) -> Mapping[str, Estimate]:
    """Of the questions of a half: right and declined, of those that are answered; answered, of the others."""
    return figures([one for one in outcomes() if one.is_dev == dev])


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
    found = [one for one in outcomes() if one.is_dev == dev]
    for one in found if dev else ():
        if one.is_right != bool(one.question.answerable):
            print(f"{one.probability:.2f} {one.question.text} | {one.first[:100]!r}")
    for name, figure in figures(found).items():
        print(f"{name}: {figure.value:.4f} ({figure.low:.3f} to {figure.high:.3f}) of {figure.questions}")


if __name__ == "__main__":
    main()
