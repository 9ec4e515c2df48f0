"""Whether extractive answers quote the right sentence, and decline rightly.

``python -m benchmarks.retrieval.answers``.

``first``: the first sentence of the answer, in the first passage that has an annotated answer, is one of that
answer's sentences; ``anywhere``: the first sentence of all is. ``declined``: of CLAP NQ's questions that
people found unanswerable in the right article, and of those that its passages answer, the shares that are
declined.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks import sets
from benchmarks.proportions import proportion
from evaluation.measures import Estimate, first_with_answer, merge_spans, overlap
from evaluation.questions import Question, Span
from index.answers import Answer
from index.collection import Collection
from index.library import Library
from index.search.extraction import divide_question, extract_answer

SHARED = Path(__file__).parents[3] / "shared" / "data"
LEAST = 0.5
K = 5
_DEPTH = 50
"""Passages among which the first with an answer is looked for, as where evidence is measured."""
Part = Callable[[Question], bool]


def first_sentence(collection: Collection, question: Question, answer: Answer) -> Span | None:
    """The most probable sentence of the extractive answer made of an answer; None if there is none."""
    with collection.archive.resolution() as resolution:
        extract = extract_answer(resolution, divide_question("?"), [answer], most=1, least=0.0)
    if extract.declines:
        return None
    citation = extract.sentences[extract.first].citation
    return Span(citation.document_id, citation.start, citation.end)


def study_first(collection: Collection, questions: Sequence[Question]) -> dict[str, Estimate]:
    """The shares of questions whose first sentence is part of an annotated answer."""
    within, anywhere = [], []
    for question in questions:
        if not question.answers:
            continue
        answer = collection.ask(question.text, k=_DEPTH)
        answers = [merge_spans(one) for one in question.answers]
        if found := first_with_answer(answers, answer.hits):
            hit, _ = found
            within.append(
                _is_part(first_sentence(collection, question, replace(answer, hits=(hit,))), answers)
            )
        first = replace(answer, hits=answer.hits[:K])
        anywhere.append(_is_part(first_sentence(collection, question, first), answers))
    return {
        "first": proportion(sum(within), len(within)),
        "anywhere": proportion(sum(anywhere), len(anywhere)),
    }


def _is_part(sentence: Span | None, answers: Sequence[Mapping[str, Sequence[tuple[int, int]]]]) -> bool:
    return sentence is not None and any(overlap(answer, merge_spans([sentence])) for answer in answers)


def study_declines(collection: Collection, questions: Sequence[Question]) -> dict[str, Estimate]:
    """Of unanswerable and of answerable questions, the shares that are declined at 0.5."""
    shares = {}
    for name, some in (
        ("unanswerable_declined", [one for one in questions if not one.relevant]),
        ("answerable_declined", [one for one in questions if one.relevant]),
    ):
        declined = sum(_declines(collection, one) for one in some)
        shares[name] = proportion(declined, len(some))
    return shares


def _declines(collection: Collection, question: Question) -> bool:
    parts = divide_question(question.text)
    asked = [question.text] if len(parts) == 1 else [question.text, *(part.query for part in parts)]
    answers = [collection.ask(text, k=K) for text in asked]
    with collection.archive.resolution() as resolution:
        return extract_answer(resolution, parts, answers, most=3, least=LEAST).declines


def study(part: Part = lambda _: True) -> dict[str, Estimate]:
    """All figures, of the questions of a part."""
    return dict(_figures(part))


def _figures(part: Part) -> Iterator[tuple[str, Estimate]]:
    with Library(sets.DATA, embedder=sets.embedder()) as library:
        for name in ("clapnq", "covidqa"):
            collection, questions = sets.prepared(library, SHARED / name, "test")
            collection.embed_pending()
            some = [one for one in questions if part(one)]
            for measure, estimate in study_first(collection, some).items():
                yield f"{name}_{measure}", estimate
            if name == "clapnq":
                yield from study_declines(collection, some).items()


def main() -> None:
    """Print the figures of a part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("all", "dev", "test"), default="dev")
    part = parser.parse_args().part

    def is_in(question: Question) -> bool:
        return part == "all" or sets.is_held_out(question) == (part == "test")

    print(json.dumps({name: asdict(one) for name, one in study(is_in).items()}, indent=1))


if __name__ == "__main__":
    main()
