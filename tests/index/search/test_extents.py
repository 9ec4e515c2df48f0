from io import BytesIO

import pytest
from hypothesis import given, strategies as st
from reportlab.pdfgen.canvas import Canvas

from index.answers import Answer, Extent
from index.collection import Collection
from index.config import LibraryConfig, SearchConfig
from index.ingest.preparation import Source
from index.records import Structure
from index.search.sections import section_span
from index.types import Block
from tests.index.conftest import Opener

EXTENTS: tuple[Extent, ...] = ("sentences", "passage", "section")
FILLER = " ".join(f"The keeper wrote line {n} of the log that evening." for n in range(60))
MANUAL = f"""# Lighthouse

The tower was built in 1820.

## Lamps

The first lamp burned whale oil. Zinc reflectors threw its light nine miles out. Nobody has repaired it since.

{FILLER}

The second lamp burned petroleum. It was lit at dusk.

## Stairs

There are 199 steps of granite.
"""


def fill(collection: Collection, texts: dict[str, str]) -> None:
    for id_, text in texts.items():
        collection.put(Source(id_, text.encode()))
    collection.embed_pending()


def assert_law(collection: Collection, answer: Answer) -> None:
    for hit in answer.hits:
        citation = hit.citation
        _, text = collection.archive.text(citation.document_id, citation.version)
        assert text[citation.start : citation.end] == citation.quote == hit.text
        assert collection.archive.cite(citation.locator).quote == citation.quote
        assert all(citation.start <= one.start < one.end <= citation.end for one in hit.evidence)


@pytest.mark.parametrize("extent", EXTENTS)
@pytest.mark.parametrize("embedded", [True, False])
def test_every_extent_keeps_the_law(collection: Collection, extent: Extent, embedded: bool) -> None:
    collection.put(Source("manual.md", MANUAL.encode()))
    if embedded:
        collection.embed_pending()
    for question in ("How far did zinc reflectors throw the light?", "When was the tower built?", "log"):
        answer = collection.ask(question, extent=extent)
        assert answer.hits
        assert [hit.rank for hit in answer.hits] == list(range(1, len(answer.hits) + 1))
        scores = [hit.score for hit in answer.hits]
        assert scores == sorted(scores, reverse=True)
        assert_law(collection, answer)


def test_sentences_are_those_that_answer(collection: Collection) -> None:
    fill(collection, {"manual.md": MANUAL})
    question = "How many miles out did zinc reflectors throw the light?"
    narrow, usual = (collection.ask(question, k=2, extent=extent) for extent in EXTENTS[:2])
    assert narrow.hits[0].text == "Zinc reflectors threw its light nine miles out."
    assert usual.hits[0].text.startswith("The first lamp burned whale oil.")
    assert len(narrow.hits) == 2
    assert narrow.answerability == usual.answerability


@pytest.mark.parametrize("extent", EXTENTS)
def test_what_the_question_names_is_looked_for_around_the_sentence(
    collection: Collection, extent: Extent
) -> None:
    fill(collection, {"manual.md": MANUAL})
    found = collection.ask("Which Zinc lamp burned whale oil nine miles out in 1820?", k=1, extent=extent)
    assert (found.mentioned, found.missing) == (("Zinc", "nine"), ("1820",))
    assert collection.ask("Who lit the fire?", k=1, extent=extent).missing == ()


def test_a_section_is_whole_and_quoted_once(collection: Collection) -> None:
    fill(collection, {"manual.md": MANUAL})
    answer = collection.ask("Which lamp burned petroleum or whale oil?", extent="section")
    lamps = [hit for hit in answer.hits if hit.citation.section == ("Lamps",)]
    assert len(lamps) == 1
    assert lamps[0].text.startswith("Lamps\n\nThe first lamp")
    assert lamps[0].text.endswith("It was lit at dusk.")
    assert "granite" not in lamps[0].text
    assert len(lamps[0].evidence) >= 1


def test_a_long_section_is_cut_around_the_passage(open_collection: Opener) -> None:
    collection = open_collection(LibraryConfig(search=SearchConfig(section_characters=150)))
    fill(collection, {"manual.md": MANUAL})
    (hit, *_) = collection.ask("Which lamp burned petroleum?", extent="section").hits
    assert "The second lamp burned petroleum." in hit.text
    assert_law(collection, collection.ask("Which lamp burned petroleum?", extent="section"))


def test_equal_passages_elsewhere_have_locators_of_the_same_sentences(collection: Collection) -> None:
    text = "The first lamp burned whale oil. Zinc reflectors threw its light nine miles out. It is gone."
    fill(collection, {"one.txt": text, "two.md": f"# Preface\n\nSome words.\n\n# Lamps\n\n{text}"})
    (hit, *_) = collection.ask("Where did zinc reflectors throw light?", k=3, extent="sentences").hits
    assert len(hit.also_at) == 1
    for locator in hit.also_at:
        assert collection.archive.cite(locator).quote == hit.text


def test_an_earlier_change_has_extents_too(collection: Collection) -> None:
    fill(collection, {"manual.md": MANUAL})
    change = collection.state.change
    fill(collection, {"manual.md": "The tower is gone."})
    answer = collection.ask("How many steps of granite?", extent="section", as_of=change, k=1)
    assert answer.hits[0].text == "Stairs\n\nThere are 199 steps of granite."
    assert_law(collection, answer)


def pdf(*pages: str) -> bytes:
    file = BytesIO()
    canvas = Canvas(file)
    for page in pages:
        for number, line in enumerate(page.split("\n")):
            canvas.drawString(72, 760 - 14 * number, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def test_the_pages_are_those_of_the_quote(collection: Collection) -> None:
    data = pdf(
        "The first lamp burned whale oil.\nIt smoked a lot.", "Zinc reflectors threw light nine miles out."
    )
    collection.put(Source("lamps.pdf", data))
    collection.embed_pending()
    question = "Where did zinc reflectors throw light?"
    wide = collection.ask(question, extent="section").hits[0].citation
    assert wide.pages == (1, 2)
    narrow = collection.ask(question, extent="sentences").hits[0].citation
    assert narrow.quote == "Zinc reflectors threw light nine miles out."
    assert narrow.pages == (2, 2)


BLOCKS = (
    Block("heading", 0, 5, 1, "One"),
    Block("paragraph", 7, 20),
    Block("paragraph", 22, 40),
    Block("heading", 42, 45, 2, "Two"),
    Block("list", 47, 60),
)


@pytest.mark.parametrize(
    ("span", "most", "expected"),
    [
        ((22, 30), 100, (0, 40)),
        ((7, 20), 100, (0, 40)),
        ((50, 55), 100, (42, 60)),
        ((22, 30), 25, (22, 40)),
        ((22, 30), 33, (7, 40)),
        ((22, 30), 5, (22, 30)),
        ((42, 45), 100, (42, 60)),
    ],
)
def test_a_section_reaches_from_its_heading_to_the_next(
    span: tuple[int, int], most: int, expected: tuple[int, int]
) -> None:
    assert section_span(Structure(BLOCKS, ()), *span, most=most) == expected


@given(st.integers(0, 59), st.integers(1, 30), st.integers(1, 80))
def test_a_section_holds_its_passage_and_is_no_longer_than_allowed(
    start: int, length: int, most: int
) -> None:
    end = min(60, start + length)
    found = section_span(Structure(BLOCKS, ()), start, end, most=most)
    assert found[0] <= start < end <= found[1]
    assert found[1] - found[0] <= max(most, end - start)


def test_without_blocks_a_section_is_its_passage() -> None:
    assert section_span(Structure((), ()), 3, 9, most=100) == (3, 9)
