"""Measure how often the value that answers is marked first, in financial reports.

``python -m benchmarks.retrieval.tatqa``.

TAT-QA's development part: each report, a table and the paragraphs around it, is one document, and a question
is asked of its own report. It is answered if each value of the annotated answer stands in the first sentence,
row or line of column names that is marked in the first passage. Questions whose answer is calculated are left
out.
"""

from __future__ import annotations

import argparse
import html
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import docx
import openpyxl
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

from benchmarks import sets
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.answers import Hit
from index.collection import Collection
from index.filters import parse_filter
from index.ingest import Source
from index.library import Library
from index.protocols import Embedder

REPORTS = Path(__file__).parents[3] / "shared" / "data" / "tatqa" / "dev.json"
IN_FORMATS = 100
"""Reports that are also written in other formats."""
_KINDS = ("span", "multi-span")
_SOURCES = ("table", "table-text", "text")
_WIDTH = 460


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the values of its answer, and where they stand: ``table``, ``table-text`` or ``text``."""

    text: str
    values: Sequence[str]
    source: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report: the rows of its table, the paragraphs, and what is asked."""

    id: str
    rows: Sequence[Sequence[str]]
    paragraphs: Sequence[str]
    questions: Sequence[Asked]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a question in a format: the first sentence that is marked."""

    format: str
    asked: Asked
    first: str

    @property
    def is_right(self) -> bool:
        """Whether it has every value."""
        return all(_plain(value) in _plain(self.first) for value in self.asked.values)


def reports(count: int | None = None) -> list[Report]:
    """The first reports of the file, or all."""
    found = json.loads(REPORTS.read_text(encoding="utf-8"))[:count]
    return [
        Report(
            one["table"]["uid"],
            one["table"]["table"],
            [part["text"] for part in sorted(one["paragraphs"], key=lambda part: part["order"])],
            [
                Asked(asked["question"], asked["answer"], asked["answer_from"])
                for asked in one["questions"]
                if asked["answer_type"] in _KINDS
            ],
        )
        for one in found
    ]


def _html(report: Report) -> bytes:
    rows = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in report.rows)
    table = "".join(f"<tr>{row}</tr>" for row in rows)
    text = "".join(f"<p>{html.escape(one)}</p>" for one in report.paragraphs)
    return f"<!DOCTYPE html><html lang='en'><body><table>{table}</table>{text}</body></html>".encode()


def _docx(report: Report) -> bytes:
    document, file = docx.Document(), io.BytesIO()
    grid = document.add_table(0, max(map(len, report.rows)))
    for row in report.rows:
        for cell, text in zip(grid.add_row().cells, row, strict=False):
            cell.text = text
    for one in report.paragraphs:
        document.add_paragraph(one)
    document.save(file)
    return file.getvalue()


def _xlsx(report: Report) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    for row in report.rows:
        sheet.append(["'" + cell if cell.startswith("=") else cell for cell in row])
    for one in report.paragraphs:
        sheet.append([])
        sheet.append([one])
    book.save(file)
    return file.getvalue()


def _pdf(report: Report) -> bytes:
    styles, file = getSampleStyleSheet(), io.BytesIO()
    body = styles["BodyText"]
    width = max(map(len, report.rows))
    label = _WIDTH * 0.4
    rows = [
        [Paragraph(html.escape(row[0]), body) if row else "", *row[1:], *[""] * (width - len(row))]
        for row in report.rows
    ]
    grid = Table(
        rows,
        colWidths=[label, *[(_WIDTH - label) / max(1, width - 1)] * (width - 1)],
        style=[("ALIGN", (1, 0), (-1, -1), "RIGHT"), ("FONTSIZE", (0, 0), (-1, -1), 7)],
    )
    text = [Paragraph(html.escape(one), body) for one in report.paragraphs]
    SimpleDocTemplate(file, invariant=True).build([grid, *text])
    return file.getvalue()


FORMATS: Mapping[str, Callable[[Report], bytes]] = {
    "html": _html,
    "docx": _docx,
    "xlsx": _xlsx,
    "pdf": _pdf,
}


def study(
    embedder: Embedder | Callable[[], Embedder] = sets.embedder,
    formats: Sequence[str] = ("html",),
    count: int | None = None,
) -> list[Outcome]:
    """Ask the questions of the first reports, or of all, in each format."""
    with tempfile.TemporaryDirectory() as data, Library(Path(data), embedder=embedder) as library:
        return [
            outcome
            for name in formats
            for outcome in _asked(library.open(name, create=True), name, reports(count))
        ]


def _asked(collection: Collection, name: str, found: Sequence[Report]) -> Iterator[Outcome]:
    for report in found:
        metadata = {"report": report.id}
        collection.put(Source(id=f"{report.id}.{name}", data=FORMATS[name](report), metadata=metadata))
    collection.embed_pending()
    for report in found:
        where = parse_filter({"type": "eq", "key": "report", "value": report.id})
        for asked in report.questions:
            hits = collection.ask(asked.text, k=1, where=where).hits
            yield Outcome(name, asked, _first_marked(hits[0]) if hits else "")


def _first_marked(hit: Hit) -> str:
    at = hit.citation.start
    return next((hit.text[one.start - at : one.end - at] for one in hit.evidence), "")


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def figures(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """The shares that are right, by where the values stand."""
    some = {name: [one for one in outcomes if one.asked.source == name] for name in _SOURCES}
    return {
        name.replace("-", "_"): proportion(sum(one.is_right for one in of), len(of))
        for name, of in some.items()
    }


def format_figures(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """The shares that are right, by format."""
    some = {name: [one for one in outcomes if one.format == name] for name in FORMATS}
    return {name: proportion(sum(one.is_right for one in of), len(of)) for name, of in some.items() if of}


def main() -> None:
    """Print the figures, and with ``--missed`` what was marked instead."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", default=["html"])
    parser.add_argument("--count", type=int, help="how many reports; all without it")
    parser.add_argument("--missed", action="store_true")
    options = parser.parse_args()
    outcomes = study(formats=options.formats, count=options.count)
    for name in options.formats:
        of = [one for one in outcomes if one.format == name]
        print(name, json.dumps({key: asdict(one) for key, one in figures(of).items()}, indent=1))
    for one in outcomes if options.missed else ():
        if not one.is_right:
            print(one.format, one.asked.source, one.asked.text, one.asked.values, [one.first], sep=" | ")


if __name__ == "__main__":
    main()
