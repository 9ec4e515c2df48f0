"""Sections that are headed by days of the week: of the question's days, or of other ones."""

from __future__ import annotations

import pytest

from index.collection import Collection
from index.ingest import Source
from index.search.headings.days import days_of_heading

HEADINGS = {
    "weekdays": ["Monday to Friday, from Lund to Orta", "Weekdays", "Mon–Fri (not in August)"],
    "weekend": ["Saturdays, from Lund to Orta", "Saturday and Sunday", "Saturday 19 October"],
}
ROWS = {"weekdays": "Lund station\t05:52\t22:40", "weekend": "Lund station\t08:15\t18:20"}


def page(weekdays: str, weekend: str) -> Source:
    def part(heading: str, row: str) -> str:
        cells = "".join(f"<td>{cell}</td>" for cell in row.split("\t"))
        head = "<tr><th>Stop</th><th>Trip 1</th><th>Trip 2</th></tr>"
        filler = "<tr><td>Orta harbour</td><td>up</td><td>down</td></tr>" * 12
        return f"<h2>{heading}</h2><table>{head}<tr>{cells}</tr>{filler}</table>"

    parts = part(weekend, ROWS["weekend"]) + part(weekdays, ROWS["weekdays"])
    return Source(id="line.html", data=f"<h1>Line 47</h1>{parts}".encode(), media_type="text/html")


def first_lit(collection: Collection, question: str) -> str:
    """The first sentence that is marked."""
    hit = collection.ask(question).hits[0]
    lit = hit.evidence[0]
    return hit.text[lit.start - hit.citation.start : lit.end - hit.citation.start]


@pytest.mark.parametrize("weekend", HEADINGS["weekend"])
@pytest.mark.parametrize("weekdays", HEADINGS["weekdays"])
def test_a_row_below_the_days_of_the_question_answers(
    collection: Collection, weekdays: str, weekend: str
) -> None:
    collection.put(page(weekdays, weekend))
    for words, part in (
        ("on a weekday", "weekdays"),
        ("on Tuesdays", "weekdays"),
        ("on Saturday", "weekend"),
    ):
        shown = first_lit(collection, f"When does the bus leave Lund station {words}?")
        assert shown == ROWS[part].replace("\t", " | ")


@pytest.mark.parametrize("heading", ["Sunday roast", "Fares", "March", "The Friday club", "19 October", ""])
def test_other_headings_have_no_days(heading: str) -> None:
    assert not days_of_heading(heading)


def test_a_sentence_that_names_the_day_itself_is_not_of_another(collection: Collection) -> None:
    monday = "The hall opens at nine. On Sunday the hall opens at noon."
    text = f"# Hall\n\n## Monday\n\n{monday}\n\n## Saturday\n\nThe hall opens at ten.\n"
    collection.put(Source(id="hall.md", data=text.encode(), media_type="text/markdown"))
    assert first_lit(collection, "When does the hall open on Sunday?").startswith("On Sunday")
