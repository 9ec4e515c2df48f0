"""Compare the same questions with and without the cross-encoder, of held-out documents.

``python -m benchmarks.retrieval.reading``. Each set and measure has three figures: ``unread``, ``read``, and
``gain``, the mean difference with its interval. ``sentence``: the first sentence of the answer is one of an
annotated answer's.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks import sets
from benchmarks.retrieval.answers import first_sentence
from evaluation.measures import Estimate, mean, measure, merge_spans, overlap
from evaluation.questions import Question
from index.collection import Collection
from index.config import LibraryConfig
from index.library import Library
from index.search import Question as Asked

SHARED = Path(__file__).parents[3] / "shared" / "data"
SETS = {name: SHARED / name for name in ("clapnq", "covidqa", "chunking_eval")} | {
    "xquad-en": SHARED / "xquad" / "en"
}
MEASURES = ("span_recall@1", "span_recall@5", "evidence@1", "sentence")
_K = 5


def values(collection: Collection, question: Question, *, read: bool) -> dict[str, float]:
    """The measures of one question."""
    answer = collection.questions.answer(Asked(question.text, _K, read=read))
    (found,) = measure([question], [answer.hits])
    sentence = first_sentence(collection, question, answer)
    is_right = sentence is not None and any(
        overlap(merge_spans(one), merge_spans([sentence])) for one in question.answers
    )
    return {**found, "sentence": float(is_right)}


def study(*, dev: bool = False) -> dict[str, Estimate]:
    """All figures."""
    cross_encoder = sets.cross_encoder()
    found: dict[str, Estimate] = {}
    with Library(
        sets.DATA, embedder=sets.embedder(), config=LibraryConfig(), cross_encoder=lambda _: cross_encoder
    ) as library:
        for name, folder in SETS.items():
            collection, questions = sets.prepared(library, folder, "test")
            collection.embed_pending()
            some = [one for one in questions if one.answers and sets.is_held_out(one) != dev]
            pairs = [
                (values(collection, one, read=False), values(collection, one, read=True)) for one in some
            ]
            found |= dict(_figures(name, pairs))
    return found


def _figures(
    name: str, pairs: Sequence[tuple[dict[str, float], dict[str, float]]]
) -> Iterator[tuple[str, Estimate]]:
    for measured in MEASURES:
        both = [
            (unread[measured], read[measured])
            for unread, read in pairs
            if {measured} <= unread.keys() & read.keys()
        ]
        unread, read = np.array(both).T
        for kind, numbers in (("unread", unread), ("read", read), ("gain", read - unread)):
            yield f"{name}_{measured}_{kind}", mean(numbers.tolist())


def main() -> None:
    """Print the figures of a part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    part = parser.parse_args().part
    print(json.dumps({name: asdict(one) for name, one in study(dev=part == "dev").items()}, indent=1))


if __name__ == "__main__":
    main()
