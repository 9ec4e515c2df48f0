"""What the words cost that passages repeat, and what they bring.

``python -m benchmarks.retrieval.token_costs``.

A passage repeats the last sentences of the one before it, and is embedded with the title and the headings
above it. The same documents are taken in without either, and asked the questions of the development part of
three sets: SciFact's training claims, and the halves of COVID-QA and CLAP NQ that may be tuned on. A part
of the documents is taken in, all relevant ones among them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import sets
from benchmarks.figures import exact, show
from evaluation import questions
from evaluation.comparison import compare
from evaluation.harness import Evaluation, evaluate
from evaluation.measures import Estimate
from evaluation.questions import Question
from index.config import ChunkingConfig
from index.errors import InvalidInput
from index.ingest import Source
from index.ingest.chunking import chunk
from index.protocols import Embedder
from index.readers.formats import read
from index.sources import put_all
from service.settings import load_settings
from service.state.library import open_library

SETS = ("scifact", "covidqa", "clapnq")
_QUESTIONS = 300
"""Most questions of a set."""
_SHARE = 5
"""One in this many of the documents that no question is about."""
_NO_TITLE = "-"
"""An empty title would be replaced by that in the text."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way of taking documents in: settings, and whether titles are kept."""

    name: str
    settings: Mapping[str, int] = field(default_factory=dict)
    has_titles: bool = True


WAYS = (
    Way("default"),
    Way("overlap_0", {"chunk_overlap_tokens": 0}),
    Way("untitled", has_titles=False),
)


def study(name: str) -> dict[str, Estimate]:
    """Tokens and passages of each way in those of the default, and the difference of nDCG@10."""
    folder = sets.SCIFACT.parent / name
    asked = _asked(folder)
    sources = _documents(folder, asked)
    found: dict[str, Estimate] = {}
    before: tuple[int, Evaluation] | None = None
    for way in WAYS:
        tokens, told = _taken_in(way, sources, asked)
        before = before or (tokens, told)
        found[f"{name}_{way.name}_tokens"] = exact(tokens / before[0], len(sources))
        found[f"{name}_{way.name}_ndcg@10"] = told.estimates()["ndcg@10"]
        if gain := compare(before[1].by_question("ndcg@10"), told.by_question("ndcg@10")):
            found[f"{name}_{way.name}_gain"] = Estimate(gain.value, gain.low, gain.high, gain.questions)
    return found


def _asked(folder: Path) -> list[Question]:
    split = "train" if (folder / "qrels" / "train.tsv").exists() else "test"
    every = questions.load(folder, split=split)
    return [one for one in every if one.relevant and sets.part(one, folder, split) == "dev"][:_QUESTIONS]


def _documents(folder: Path, asked: Sequence[Question]) -> list[Source]:
    every = list(questions.sources(folder))
    relevant = {key for one in asked for key in one.relevant}
    return [one for at, one in enumerate(every) if one.id in relevant or at % _SHARE == 0]


def _taken_in(way: Way, sources: Sequence[Source], asked: Sequence[Question]) -> tuple[int, Evaluation]:
    given = sources if way.has_titles else [replace(one, title=_NO_TITLE) for one in sources]
    models = sets.MODELS.resolve()
    with tempfile.TemporaryDirectory() as apart:
        settings = load_settings(data=Path(apart), models=models, precision="float", **way.settings)
        with open_library(settings) as library:
            collection = library.open(way.name.replace("_", "-"), create=True)
            for outcomes in put_all(collection, iter(given)):
                for outcome in outcomes:
                    if isinstance(outcome, InvalidInput):
                        raise outcome
            tokens = sum(_tokens(one, library.embedder, library.config.chunking) for one in given)
            return tokens, evaluate(collection, asked, name=way.name)


def _tokens(source: Source, embedder: Embedder, config: ChunkingConfig) -> int:
    """The tokens that the model reads of a document."""
    extract = read(source.data, name=source.name or source.id, media_type=source.media_type)
    return sum(one.tokens for one in chunk(extract, title=source.title, tokenizer=embedder, config=config))


def main() -> None:
    """Print the figures of the sets that are named, or of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join(SETS))
    figures: dict[str, Estimate] = {}
    for name in parser.parse_args().sets or SETS:
        figures |= study(name)
        print(f"{name} is measured", file=sys.stderr)
    show(figures)


if __name__ == "__main__":
    main()
