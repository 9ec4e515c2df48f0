"""Whether a document answers alike in each of its formats: ``python -m benchmarks.documents.parity``.

The Debian FAQ is published as HTML, PDF and plain text, the Debian Live Manual as HTML, EPUB and ODT. Each
format is a collection of its own and is asked the questions of ``parity.yaml``.
"""

from __future__ import annotations

import json
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from benchmarks import sets
from benchmarks.documents.manifest import FORMATS
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.library import Library
from index.sources import FolderIngest

QUESTIONS = Path(__file__).with_name("parity.yaml")
REFERENCE = "html"
FILES: Mapping[str, Mapping[str, str]] = {
    "debian-faq": {
        REFERENCE: "debian-faq/*.en.html",
        "pdf": "debian-faq/debian-faq.en.pdf",
        "txt": "debian-faq/debian-faq.en.txt",
    },
    "live-manual": {
        REFERENCE: "live-manual/live-manual.en.html",
        "epub": "live-manual/live-manual.en.epub",
        "odt": "live-manual/live-manual.en.odt",
    },
}
"""Document -> format -> its files, one or several."""
FIRST = 3
SHARED = 0.5
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a document, and ``words`` that stand in the passage that answers it."""

    document: str
    question: str
    words: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The texts of the passages found first in each format, best first."""

    asked: Question
    found: Mapping[str, Sequence[str]]

    def answered(self, name: str) -> bool:
        """Whether one of a format's passages holds the words."""
        return any(holds(text, self.asked.words) for text in self.found[name])

    @property
    def alike(self) -> bool:
        """Whether the best passage of each format is that of the HTML format, or holds the words too."""
        best = {name: texts[0] if texts else "" for name, texts in self.found.items()}
        return all(
            common(text, best[REFERENCE]) >= SHARED or holds(text, self.asked.words) for text in best.values()
        )


def words_of(text: str) -> list[str]:
    """The words of a text without marks and capitals: ``dpkg --list`` has two."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def holds(text: str, words: str) -> bool:
    """Whether the words stand in a text, one after the other."""
    return f" {' '.join(words_of(words))} " in f" {' '.join(words_of(text))} "


def common(one: str, other: str) -> float:
    """The share of the words of the shorter text that the other one has too, as often as it has them."""
    a, b = Counter(words_of(one)), Counter(words_of(other))
    shorter = min(a.total(), b.total())
    return (a & b).total() / shorter if shorter else 0.0


def questions() -> list[Question]:
    """All of the file."""
    asked: Mapping[str, Sequence[Mapping[str, str]]] = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))
    return [Question(document, **one) for document, rows in asked.items() for one in rows]


def study(folder: Path = FORMATS) -> list[Outcome]:
    """Ask every format of each document."""
    asked = questions()
    with (
        tempfile.TemporaryDirectory() as data,
        Library(Path(data), embedder=sets.embedder) as library,
    ):
        found = {
            (one, name): texts
            for document, formats in FILES.items()
            for name, pattern in formats.items()
            for one, texts in _asked(
                library, f"{document}-{name}", sorted(folder.glob(pattern)), _of(asked, document)
            )
        }
    return [Outcome(one, {name: found[one, name] for name in FILES[one.document]}) for one in asked]


def _of(asked: Sequence[Question], document: str) -> list[Question]:
    return [one for one in asked if one.document == document]


def _asked(
    library: Library, name: str, files: Sequence[Path], asked: Sequence[Question]
) -> Iterator[tuple[Question, list[str]]]:
    """Raises ValueError when a file is refused: then there is nothing to compare."""
    collection = library.open(name, create=True)
    report = FolderIngest(collection).run(files)
    if report.skipped or not report.added:
        raise ValueError(f"{name}: {[one.reason for one in report.skipped] or 'no files'}")
    for one in asked:
        yield one, [hit.text for hit in collection.ask(one.question, k=FIRST).hits]


def figures(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """Shares of the pairs of question and format that are answered, and of the questions answered alike."""
    pairs = [one.answered(name) for one in outcomes for name in one.found]
    return {
        "answered": proportion(sum(pairs), len(pairs)),
        "alike": proportion(sum(one.alike for one in outcomes), len(outcomes)),
    }


def main() -> None:
    """Print the figures as one JSON object, with the questions that a format does not answer."""
    outcomes = study()
    answered = Counter(
        f"{one.asked.document} {name}" for one in outcomes for name in one.found if one.answered(name)
    )
    missed = [
        {"question": one.asked.question, "words": one.asked.words, "alike": one.alike}
        | {name: [*texts] for name, texts in one.found.items() if not one.answered(name) or not one.alike}
        for one in outcomes
        if not one.alike or not all(one.answered(name) for name in one.found)
    ]
    found = {name: asdict(one) for name, one in figures(outcomes).items()}
    print(json.dumps({**found, "by_format": answered, "missed": missed}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
