"""Whether the row that answers is found and marked alone, in five formats.

``python -m benchmarks.retrieval.tables``.

The tables and questions of ``tables.yaml`` are written as PDF, Word, HTML, Excel and CSV files. The files of
a format are one collection, of which all questions are asked.
"""

from __future__ import annotations

import csv
import html
import io
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import docx
import openpyxl
import yaml
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

from benchmarks import sets
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.collection import Collection
from index.ingest import Source
from index.library import Library
from index.protocols import Embedder

TABLES = Path(__file__).with_name("tables.yaml")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the first cell of the row that answers it."""

    question: str
    row: str


@dataclass(frozen=True, slots=True)
class OwnTable:
    """A table of the file, with a paragraph above and below it."""

    title: str
    above: str
    below: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    questions: Sequence[Asked]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question in a format: the first cells of the rows that are marked, best first."""

    asked: Asked
    format: str
    text: str
    rows: Sequence[str]
    others: int
    """Sentences that are marked and are no rows."""

    @property
    def is_first(self) -> bool:
        """Whether the right row is marked first in the first passage."""
        return self.rows[:1] == [self.asked.row]

    @property
    def is_alone(self) -> bool:
        """Whether nothing but the right row is marked in the first passage."""
        return self.is_first and len(self.rows) == 1 and not self.others


def tables() -> list[OwnTable]:
    """All of the file."""
    found = yaml.safe_load(TABLES.read_text(encoding="utf-8"))
    return [OwnTable(**{**one, "questions": [Asked(**asked) for asked in one["questions"]]}) for one in found]


def _csv(table: OwnTable) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([table.columns, *table.rows])
    return file.getvalue().encode()


def _html(table: OwnTable) -> bytes:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows
    )
    return (
        f"<!DOCTYPE html><html lang='en'><title>{table.title}</title><h1>{table.title}</h1>"
        f"<p>{table.above}</p><table><tr>{head}</tr>{rows}</table><p>{table.below}</p></html>"
    ).encode()


def _docx(table: OwnTable) -> bytes:
    document = docx.Document()
    document.add_heading(table.title, 1)
    document.add_paragraph(table.above)
    grid = document.add_table(0, len(table.columns))
    for row in [table.columns, *table.rows]:
        for cell, text in zip(grid.add_row().cells, row, strict=True):
            cell.text = text
    document.add_paragraph(table.below)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _xlsx(table: OwnTable) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = table.title.split(",")[0][:31]
    for row in ([table.title], [], table.columns, *table.rows):
        sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _pdf(table: OwnTable) -> bytes:
    styles, file = getSampleStyleSheet(), io.BytesIO()
    numbers = [(at, at) for at in range(1, len(table.columns))]
    grid = Table(
        [table.columns, *table.rows],
        style=[("ALIGN", (first, 0), (last, -1), "RIGHT") for first, last in numbers],
    )
    SimpleDocTemplate(file, invariant=True, title=table.title).build(
        [
            Paragraph(table.title, styles["Heading1"]),
            Paragraph(table.above, styles["BodyText"]),
            grid,
            Paragraph(table.below, styles["BodyText"]),
        ]
    )
    return file.getvalue()


FORMATS: Mapping[str, Callable[[OwnTable], bytes]] = {
    "csv": _csv,
    "docx": _docx,
    "html": _html,
    "pdf": _pdf,
    "xlsx": _xlsx,
}


def study(embedder: Embedder | Callable[[], Embedder] = sets.embedder) -> list[Outcome]:
    """Ask all questions of each format."""
    own = tables()
    with tempfile.TemporaryDirectory() as data, Library(Path(data), embedder=embedder) as library:
        return [
            outcome
            for name, write in FORMATS.items()
            for outcome in _asked(library.open(name, create=True), own, name, write)
        ]


def _asked(
    collection: Collection, own: Sequence[OwnTable], name: str, write: Callable[[OwnTable], bytes]
) -> Iterator[Outcome]:
    for table in own:
        id_ = f"{table.title.lower().replace(', ', ' ').replace(' ', '-')}.{name}"
        collection.put(Source(id=id_, data=write(table), title=table.title))
    collection.embed_pending()
    for table in own:
        for asked in table.questions:
            hit = collection.ask(asked.question, k=1).hits[0]
            rows = [one.cells[0].row for one in hit.evidence if one.cells]
            yield Outcome(asked, name, hit.text, rows, len(hit.evidence) - len(rows))


def figures(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """Shares of the pairs of question and format whose row is marked first, and alone."""
    count = len(outcomes)
    return {
        "first": proportion(sum(one.is_first for one in outcomes), count),
        "alone": proportion(sum(one.is_alone for one in outcomes), count),
    }


def main() -> None:
    """Print the figures as one JSON object, with what was marked beside or instead of the right row."""
    outcomes = study()
    found: dict[str, Any] = {name: asdict(one) for name, one in figures(outcomes).items()}
    for which in ("is_first", "is_alone"):
        found[which] = Counter(one.format for one in outcomes if getattr(one, which))
    found["missed"] = [
        [one.format, one.asked.question, one.asked.row, list(one.rows), one.others]
        for one in outcomes
        if not one.is_alone
    ]
    print(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
