"""Whether a figure is found in an annual report: ``python -m benchmarks.retrieval.reports``.

Reports of companies that do not exist are drawn as PDF files, with the statements, notes and pages of prose
that such reports have; ``reports.yaml`` has the lines of their statements in the words of each company, what
is asked, and the sentences of the prose. A question names a line in the words of those who ask, which often
are not those of the statement. Each report is a collection of its own. The companies named in
``DEVELOPED_ON`` were looked at while the search was developed; the others were not.
"""

from __future__ import annotations

import io
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from benchmarks import sets
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.ingest import Source
from index.library import Library
from index.protocols import Embedder

REPORTS = Path(__file__).with_name("reports.yaml")
DEVELOPED_ON = frozenset({"Orrin Tool"})
FIRST = 5
_WIDTH, _HEIGHT = letter
_LEFT, _RIGHT, _TOP = 60.0, 552.0, 700.0
_PITCH, _SIZE = 13.0, 9.0
_BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=10, leading=12.5, spaceAfter=7)
_Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question of a report: the page that answers, and the pages of the first passages."""

    company: str
    question: str
    page: int
    pages: Sequence[tuple[int, int]]

    @property
    def is_found(self) -> bool:
        """Whether one of the passages is on the page."""
        return any(first <= self.page <= last for first, last in self.pages)


class _Report:
    """Draws a report; ``pages`` has the page of each statement or note by its name."""

    def __init__(self, company: Mapping[str, Any], prose: Mapping[str, Sequence[str]]) -> None:
        self._company = company
        self._prose = prose
        self._random = random.Random(company["name"])
        self._file = io.BytesIO()
        self._canvas = Canvas(self._file, pagesize=letter, invariant=True)
        self._page = 1
        self.pages: dict[str, int] = {}

    def drawn(self) -> bytes:
        """The bytes of the file."""
        self._text("Annual report", [f"{self._company['name']}, {self._company['period']} {self._years[0]}."])
        for topic in ("business", "risks", "risks", "properties", "results", "results", "liquidity"):
            for _ in range(2):
                self._text(topic.capitalize(), self._paragraphs(topic))
        for name, one in self._company["statements"].items():
            self.pages[name] = self._page
            self._statement(one["title"], one["rows"])
        for number, (name, one) in enumerate(self._company["notes"].items(), 1):
            self.pages[name] = self._page
            self._note(f"Note {number}. {one['title']}", one["rows"])
            self._text(f"Note {number} (continued)", self._paragraphs("notes"))
        self._canvas.save()
        return self._file.getvalue()

    @property
    def _years(self) -> list[str]:
        return [str(year) for year in self._company["years"]]

    def _paragraphs(self, topic: str) -> list[str]:
        sentences = [one.format(**self._company["words"]) for one in self._prose[topic]]
        return [" ".join(self._random.sample(sentences, 4)) for _ in range(7)]

    def _text(self, heading: str, paragraphs: Sequence[str]) -> None:
        self._heading(heading)
        self._write(paragraphs, _TOP)
        self._end()

    def _heading(self, heading: str) -> None:
        self._canvas.setFont("Times-Bold", 12)
        self._canvas.drawString(_LEFT, _TOP + 24, heading)

    def _write(self, paragraphs: Sequence[str], y: float) -> None:
        for one in paragraphs:
            paragraph = Paragraph(one, _BODY)
            _, height = paragraph.wrap(_RIGHT - _LEFT, y)
            if y - height < 60:
                break
            y -= height
            paragraph.drawOn(self._canvas, _LEFT, y)
            y -= _BODY.spaceAfter

    def _end(self) -> None:
        self._canvas.setFont("Times-Roman", 9)
        self._canvas.drawCentredString(_WIDTH / 2, 36, str(self._page))
        self._canvas.showPage()
        self._page += 1

    def _statement(self, title: str, rows: Sequence[_Row]) -> None:
        self._canvas.setFont("Times-Bold", 11)
        self._canvas.drawCentredString(_WIDTH / 2, _TOP + 38, self._company["name"].upper())
        self._canvas.drawCentredString(_WIDTH / 2, _TOP + 24, title)
        self._canvas.setFont("Times-Italic", 9)
        self._canvas.drawCentredString(_WIDTH / 2, _TOP + 11, self._company["units"])
        y = self._rows(rows, _TOP - 6)
        self._canvas.setFont("Times-Roman", 8)
        self._canvas.drawString(
            _LEFT, y - 12, "The accompanying notes are an integral part of these statements."
        )
        self._end()

    def _note(self, title: str, rows: Sequence[_Row]) -> None:
        self._heading(title)
        y = self._rows(rows, _TOP - 6)
        self._write(self._paragraphs("notes")[:3], y - 14)
        self._end()

    def _rows(self, rows: Sequence[_Row], y: float) -> float:
        ends = [_RIGHT - 76 * at for at in reversed(range(len(self._years)))]
        self._canvas.setFont("Times-Roman", _SIZE)
        self._canvas.drawCentredString((ends[0] + ends[-1]) / 2 - 16, y, self._company["period"])
        y -= _PITCH
        self._canvas.setFont("Times-Bold", _SIZE)
        for end, year in zip(ends, self._years, strict=True):
            self._canvas.drawCentredString(end - 16, y, year)
        self._canvas.setFont("Times-Roman", _SIZE)
        for number, (label, *figures) in enumerate(rows):
            y -= _PITCH
            self._canvas.drawString(_LEFT + (8 if figures else 0), y, label)
            for end, figure in zip(ends, figures, strict=False):
                self._canvas.drawRightString(end, y, str(figure))
                if figures and number in (1, len(rows) - 1):
                    self._canvas.drawString(end - 48, y, "$")
        return y


def study(
    embedder: Embedder | Callable[[], Embedder] = sets.embedder, *, held_out: bool = True
) -> list[Outcome]:
    """Ask the questions of each report that was not developed on, or of those that were."""
    found = yaml.safe_load(REPORTS.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as data, Library(Path(data), embedder=embedder) as library:
        return [
            outcome
            for number, company in enumerate(found["companies"])
            if (company["name"] not in DEVELOPED_ON) == held_out
            for outcome in _asked(library, f"report-{number}", company, found)
        ]


def _asked(
    library: Library, name: str, company: Mapping[str, Any], found: Mapping[str, Any]
) -> Iterator[Outcome]:
    report = _Report(company, found["prose"])
    collection = library.open(name, create=True)
    title = f"{company['name']} annual report {company['years'][0]}"
    collection.put(Source(id="report.pdf", data=report.drawn(), title=title))
    collection.embed_pending()
    for asked, where in found["questions"].items():
        question = asked.format(year=company["years"][0], name=company["name"])
        hits = collection.ask(question, k=FIRST).hits
        pages = [hit.citation.pages for hit in hits if hit.citation.pages]
        yield Outcome(company["name"], question, report.pages[where], pages)


def figures(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """The share of questions whose page is among the first passages."""
    return {"page_found": proportion(sum(one.is_found for one in outcomes), len(outcomes))}


def main() -> None:
    """Print the figures as one JSON object, with the questions whose page was not found."""
    for held_out in (False, True):
        outcomes = study(held_out=held_out)
        found: dict[str, Any] = {name: asdict(one) for name, one in figures(outcomes).items()}
        found["missed"] = [
            [one.company, one.question, one.page, list(one.pages)] for one in outcomes if not one.is_found
        ]
        print(json.dumps({"held_out": held_out, **found}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
