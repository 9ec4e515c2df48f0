"""Questions of people who brought documents of their own: ``python -m benchmarks.retrieval.visitors``.

Each knew the README alone, and wrote documents of many kinds, questions that these answer, near misses and
conversations before asking anything (``benchmarks/answerability/visitors``). What they found was mended, so
that the sets are for development: they show whether that stays so. How much each judged right who first asked
is in docs/evaluation.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import sets
from benchmarks.proportions import proportion
from benchmarks.retrieval import everyday
from evaluation import questions
from evaluation.questions import Question
from index.answers import Turn
from index.collection import Collection
from index.embedding import MULTILINGUAL_MODEL
from index.library import Library
from index.sources import FolderIngest

MULTILINGUAL = ("club",)
"""Sets in other languages than English."""
VISITORS = Path(__file__).parents[1] / "answerability" / "visitors"


def conversed(collection: Collection, file: Path) -> Iterator[everyday.Outcome]:
    """Ask the turns of each conversation, after those before it and their answers."""
    for line in file.read_text(encoding="utf-8").splitlines():
        conversation = json.loads(line)
        turns: list[Turn] = []
        for place, one in enumerate(conversation["turns"]):
            asked = Question(
                f"{conversation['id']}.{place}",
                one["question"],
                quotes=(one["quote"],),
                answerable=True,
                turns=tuple(turns),
            )
            outcome = everyday.ask(collection, asked)
            yield outcome
            turns += [Turn("user", asked.text), Turn("assistant", outcome.first)]


def study(folder: Path) -> None:
    """Print the figures of a set, and the questions that go wrong."""
    model = MULTILINGUAL_MODEL if folder.name in MULTILINGUAL else ""
    with (
        TemporaryDirectory() as data,
        Library(Path(data), embedder=sets.embedder(model), cross_encoder=sets.cross_encoder) as library,
    ):
        collection = library.open("visitors", create=True)
        FolderIngest(collection).run([path for path in folder.iterdir() if path.suffix != ".jsonl"])
        collection.embed_pending()
        found = [everyday.ask(collection, one) for one in questions.load(folder / "questions.jsonl")]
        file = folder / "conversations.jsonl"
        turns = list(conversed(collection, file)) if file.exists() else []
    for one in (*found, *turns):
        if one.is_wrong:
            print(f"{one.probability:.2f} {one.question.id} {one.question.text} | {one.first[:100]!r}")
    figures = dict(everyday.figures(found))
    if turns:
        figures["turns_right"] = proportion(sum(one.is_right for one in turns), len(turns))
    for name, figure in figures.items():
        interval = f"({figure.low:.3f} to {figure.high:.3f})"
        print(f"{folder.name} {name}: {figure.value:.3f} {interval} of {figure.questions}")


def main() -> None:
    """Ask the questions of each set, or of one."""
    names = sorted(path.name for path in VISITORS.iterdir())
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=names, help=f"of {', '.join(names)}")
    for name in parser.parse_args().names:
        study(VISITORS / name)


if __name__ == "__main__":
    main()
