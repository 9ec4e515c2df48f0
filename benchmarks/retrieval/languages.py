"""Ask XQuAD's questions in languages that no cross-encoder was trained on, with and without reading.

``python -m benchmarks.retrieval.languages``, with multilingual-e5-small. Each question is asked twice of the
240 paragraphs: of all, and of those without its own. For each language and measure there are ``unread``,
``read`` and ``gain``, the mean difference with its interval. ``auroc`` and the shares at a probability of .5
or more (``answered``, ``missed``) are of the first against the second. ``sentence``: the first sentence of
the answer is the annotated one.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks import sets
from benchmarks.retrieval.reading import values
from evaluation import by_kind, questions as question_sets
from evaluation.measures import Estimate, mean
from evaluation.questions import Question
from index.collection import Collection
from index.embedding import MULTILINGUAL_MODEL
from index.filters import parse_filter
from index.library import Library
from index.search import Question as Asked

XQUAD = Path(__file__).parents[3] / "shared" / "data" / "xquad"
LANGUAGES = ("de", "es", "hi", "ru")
_MEASURES = ("span_recall@1", "evidence@1", "sentence")
_KEY = "paragraph"
_SURE = 0.5


def collection_of(library: Library, language: str) -> Collection:
    """A collection of the paragraphs in a language, each of which can be left out by a filter."""
    collection = library.open(f"xquad-{language}-apart", create=True)
    for one in question_sets.sources(XQUAD / language):
        collection.put(replace(one, metadata={_KEY: one.id}))
    collection.embed_pending()
    return collection


def _without(id_: str) -> object:
    return {"type": "ne", "key": _KEY, "value": id_}


def figures(
    collection: Collection, asked: Sequence[Question], language: str
) -> Iterator[tuple[str, Estimate]]:
    """All figures of a language."""
    found = {read: [values(collection, one, read=read) for one in asked] for read in (False, True)}
    for measured in _MEASURES:
        both = [
            (unread[measured], read[measured])
            for unread, read in zip(found[False], found[True], strict=True)
            if {measured} <= unread.keys() & read.keys()
        ]
        for kind, numbers in (
            ("unread", [one for one, _ in both]),
            ("read", [one for _, one in both]),
            ("gain", [read - unread for unread, read in both]),
        ):
            yield f"{language}_{measured}_{kind}", mean(numbers)
    for read, kind in ((False, "unread"), (True, "read")):
        told, missed = [], []
        for one in asked:
            without = parse_filter(_without(min(one.relevant)))
            told.append(collection.questions.answer(Asked(one.text, read=read)).answerability)
            missed.append(
                collection.questions.answer(Asked(one.text, where=without, read=read)).answerability
            )
        if (ranked := by_kind.auroc(told, missed)) is not None:
            yield f"{language}_auroc_{kind}", ranked
        yield f"{language}_answered_{kind}", mean([float(one >= _SURE) for one in told])
        yield f"{language}_missed_{kind}", mean([float(one >= _SURE) for one in missed])


def main() -> None:
    """Print the figures of a part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("languages", nargs="*", default=LANGUAGES)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--most", type=int, default=10_000, help="questions of a language")
    options = parser.parse_args()
    found: dict[str, Estimate] = {}
    with Library(
        sets.DATA,
        embedder=sets.embedder(MULTILINGUAL_MODEL),
        cross_encoder=sets.cross_encoder,
    ) as library:
        for language in options.languages:
            asked = [
                one
                for one in question_sets.load(XQUAD / language, split="test")
                if one.answers and sets.part(one, XQUAD / language, "test") == options.part
            ]
            some = asked[:: max(1, len(asked) // options.most)]
            found |= dict(figures(collection_of(library, language), some, language))
    print(json.dumps({name: asdict(one) for name, one in found.items()}, indent=1))


if __name__ == "__main__":
    main()
