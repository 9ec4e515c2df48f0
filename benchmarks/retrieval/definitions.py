"""The share of definitions that stand first: ``python -m benchmarks.retrieval.definitions``.

Of each article of CLAP NQ whose text begins with its title, "What is TITLE?" is asked, or "Who is TITLE?" of
one with a date of birth; the first sentence of the article is right. The texts are one collection, so that
all articles compete. Nobody chose the sentences: a rule that looks for "is a" misses those without it.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks import sets
from benchmarks.proportions import proportion
from benchmarks.retrieval.answers import SHARED, K
from evaluation import questions
from evaluation.measures import Estimate
from index.library import Library
from index.search.extraction import first_sentence
from index.text.sentences import sentence_spans

_BORN = re.compile(r"\(\s*(?:born\b|[^)]*\b\d{4}\s*(?:--|–|-)\s*[^)]*\d{4})")
_READ = 600
"""Code points of an article in which its first sentence is looked for."""
_MARKS = 6
"""Most code points before the title at the beginning of the text: quotation marks, an article."""
_ASIDE = re.compile(r"\s*\(.*\)$")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about an article, and the span of its first sentence."""

    question: str
    document_id: str
    span: tuple[int, int]


def asked() -> Iterator[Asked]:
    """Yield the questions of all articles."""
    for article in questions.sources(SHARED / "clapnq"):
        plain, text = _ASIDE.sub("", article.title), article.data.decode()
        start, end = sentence_spans(text, 0, min(len(text), _READ))[0]
        if plain.casefold() in text[: len(plain) + _MARKS].casefold():
            word = "Who" if _BORN.search(text[:end]) else "What"
            yield Asked(f"{word} is {plain}?", article.id, (start, end))


def study(*, dev: bool = False) -> Mapping[str, Estimate]:
    """The share of questions of a half of the articles whose right sentence stands first."""
    with Library(sets.DATA, embedder=sets.embedder(), cross_encoder=sets.cross_encoder) as library:
        collection = sets.collection_of(library, SHARED / "clapnq")
        collection.embed_pending()
        some = [one for one in asked() if sets.is_dev(one.document_id) == dev]
        right = 0
        for one in some:
            first = first_sentence(collection.ask(one.question, k=K))
            cited = first and first.hit.citation
            is_right = bool(cited and cited.document_id == one.document_id and first.start < one.span[1])
            right += is_right
            if dev and not is_right:
                print(f"{one.question} | {first.text[:90] if first else ''!r}")
        return {"first": proportion(right, len(some))}


def main() -> None:
    """Print the figures of a half."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    print(study(dev=parser.parse_args().part == "dev"))


if __name__ == "__main__":
    main()
