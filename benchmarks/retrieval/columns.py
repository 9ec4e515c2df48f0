"""Measure how many questions over a column or two rows are computed rightly, in five formats.

``python -m benchmarks.retrieval.columns``.

The tables and questions of ``columns.yaml`` are written as CSV, Word, HTML, PDF and Excel files; the files of
a format are one collection, of which all questions are asked. An answer is right if its value is, by the
operation that was asked for and of the cells of the column and rows that are named, each cited by its place;
or if there is no value where none can be computed. It is declined if there is none where one could be.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from benchmarks import sets
from benchmarks.proportions import proportion
from benchmarks.retrieval.tables import FORMATS, OwnTable
from evaluation.measures import Estimate
from index.answers import Reading
from index.citations import parse_locator
from index.collection import Collection
from index.ingest import Source
from index.library import Library
from index.protocols import Embedder

COLUMNS = Path(__file__).with_name("columns.yaml")
Result = Literal["right", "declined", "wrong"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the value that must be computed, empty if none can, and the cells that it is made of."""

    question: str
    operation: str = ""
    value: str = ""
    column: str = ""
    rows: Sequence[str] = ()
    cells: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ColumnTable:
    """A table of the file."""

    title: str
    above: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    questions: Sequence[Asked]

    def cells(self, asked: Asked) -> list[str]:
        """The cells that an answer must cite."""
        if asked.cells or not asked.column:
            return list(asked.cells)
        at = self.columns.index(asked.column)
        return [row[at] for row in self.rows if not asked.rows or row[0] in asked.rows]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a question in a format."""

    format: str
    asked: Asked
    result: Result
    value: str
    reason: str


def tables() -> list[ColumnTable]:
    """All of the file."""
    found = yaml.safe_load(COLUMNS.read_text(encoding="utf-8"))["tables"]
    return [
        ColumnTable(**{**one, "questions": [Asked(**asked) for asked in one["questions"]]}) for one in found
    ]


def study(
    embedder: Embedder | Callable[[], Embedder] = sets.embedder, formats: Sequence[str] = tuple(FORMATS)
) -> list[Outcome]:
    """Ask all questions of each format."""
    with tempfile.TemporaryDirectory() as data, Library(Path(data), embedder=embedder) as library:
        return [outcome for name in formats for outcome in _asked(library.open(name, create=True), name)]


def _asked(collection: Collection, name: str) -> Iterator[Outcome]:
    own = tables()
    for number, table in enumerate(own):
        written = OwnTable(table.title, table.above, "", table.columns, table.rows, ())
        collection.put(Source(id=f"{number}.{name}", data=FORMATS[name](written), title=table.title))
    collection.embed_pending()
    for number, table in enumerate(own):
        for asked in table.questions:
            reading = collection.ask(asked.question, k=5).reading
            value, reason = (reading.value, reading.reason) if reading else ("", "")
            is_cited = reading is None or _is_cited(
                collection, reading, f"{number}.{name}", table.cells(asked)
            )
            result: Result = "wrong"
            if value == asked.value:
                is_same = not value or (reading is not None and reading.operation == asked.operation)
                result = "right" if is_same and is_cited else "wrong"
            elif not value:
                result = "declined"
            yield Outcome(name, asked, result, value, reason)


def _is_cited(collection: Collection, reading: Reading, document: str, cells: Sequence[str]) -> bool:
    """Whether a value cites these cells of the document, each by the place where it stands."""
    if not reading.value:
        return True
    with collection.archive.resolution() as resolution:
        quotes = [resolution.cite(parse_locator(one.locator)).quote for one in reading.cells]
    is_verbatim = quotes == [one.text for one in reading.cells]
    return reading.document_id == document and is_verbatim and not Counter(cells) - Counter(quotes)


def figures(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """The shares that are right, right or declined, and wrong."""
    found = Counter(one.result for one in outcomes)
    count = len(outcomes)
    return {
        "right": proportion(found["right"], count),
        "right_or_declined": proportion(found["right"] + found["declined"], count),
        "wrong": proportion(found["wrong"], count),
    }


def main() -> None:
    """Print the figures of each format, and what is not right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", default=list(FORMATS))
    outcomes = study(formats=parser.parse_args().formats)
    found: dict[str, Any] = {}
    for name in dict.fromkeys(one.format for one in outcomes):
        some = [one for one in outcomes if one.format == name]
        found[name] = Counter(one.result for one in some)
    found["not_right"] = [
        [one.format, one.result, one.asked.question, one.asked.value, one.value, one.reason]
        for one in outcomes
        if one.result != "right"
    ]
    print(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
