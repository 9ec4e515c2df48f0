from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from index.errors import EncryptedDocument, NoTextLayer
from index.readers.pdf import read_pdf, read_pdf_with_layout
from index.types import Extract
from tests.index.readers.laws import assert_laws, shown

WIDTH, HEIGHT = 600, 800
SIZE, PITCH = 10, 12

PROSE = (
    "The harbour was built in the spring of that year and it has been in use ever since, though the",
    "larger ships no longer call there. Its walls are of a grey stone that was brought from the north",
    "in barges, and on its inner side there are steps for those who come ashore at low water.",
)
COLUMN = (
    "A column is narrower than a page, so its",
    "lines are short and there are many words",
    "that have to be read down before the eye",
    "goes across to the next one, where it is",
    "found that the text is carried on as if it",
    "had never been interrupted by anything.",
)
OTHER = (
    "here on the right the second column then",
    "takes over what the first one had to say",
    "until it comes to the foot of the page,",
    "which may be some way further down from",
    "here, or may not be, as the case is with",
    "this rather short example of two columns.",
)


def pdf(
    *pages: Callable[[Canvas], object], encrypt: StandardEncryption | None = None, **settings: str
) -> bytes:
    file = BytesIO()
    canvas = Canvas(file, pagesize=(WIDTH, HEIGHT), encrypt=encrypt, invariant=True)
    for setting, value in settings.items():
        getattr(canvas, f"set{setting.capitalize()}")(value)
    for draw in pages:
        canvas.setFont("Helvetica", SIZE)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def lines(*strings: str, x: float = 70, top: float = 100, pitch: float = PITCH) -> Callable[[Canvas], None]:
    """A page with the lines one below the other; ``top`` is the distance of the first from the page's top."""

    def draw(canvas: Canvas) -> None:
        for at, string in enumerate(strings):
            canvas.drawString(x, HEIGHT - top - at * pitch, string)

    return draw


def together(*parts: Callable[[Canvas], object]) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        for part in parts:
            part(canvas)

    return draw


def sized(size: float, draw: Callable[[Canvas], object], font: str = "Helvetica") -> Callable[[Canvas], None]:
    def drawn(canvas: Canvas) -> None:
        canvas.setFont(font, size)
        draw(canvas)
        canvas.setFont("Helvetica", SIZE)

    return drawn


def read(data: bytes) -> Extract:
    extract = read_pdf(data, name="file.pdf")
    assert_laws(extract)
    return extract


def texts(data: bytes) -> list[str]:
    return [text for _, text in shown(read(data))]


def words(data: bytes) -> Iterator[tuple[str, tuple[float, ...]]]:
    extract, layout = read_pdf_with_layout(data, name="file.pdf")
    for start, end, page, box in zip(
        layout.starts, layout.ends, layout.pages, layout.boxes / 100, strict=True
    ):
        yield extract.text[start:end], (int(page), *(round(float(length)) for length in box))


def test_lines_become_paragraphs_separated_by_gaps() -> None:
    data = pdf(together(lines(*PROSE), lines(*COLUMN, top=160)))
    assert texts(data) == [" ".join(PROSE), " ".join(COLUMN)]


def test_an_indented_line_after_a_full_stop_begins_a_paragraph() -> None:
    data = pdf(together(lines(*PROSE), lines("Indented, a new one begins.", x=90, top=100 + 3 * PITCH)))
    assert texts(data) == [" ".join(PROSE), "Indented, a new one begins."]


def test_a_short_line_ends_a_paragraph() -> None:
    data = pdf(lines(*PROSE[:2], "in barges.", *PROSE))
    assert texts(data) == [" ".join((*PROSE[:2], "in barges.")), " ".join(PROSE)]


def test_bullets_are_a_list() -> None:
    data = pdf(lines("• first, which is rather long for an item and", "goes on", "• second", "• third"))
    assert shown(read(data)) == [
        ("list", "• first, which is rather long for an item and goes on\n• second\n• third")
    ]


def test_pages_begin_where_their_text_begins() -> None:
    extract = read(pdf(lines("First page."), lambda canvas: None, lines("Third page."), lambda canvas: None))
    third = extract.text.index("Third")
    assert extract.pages == (0, third, third, len(extract.text))


def test_a_paragraph_is_divided_at_the_end_of_a_page() -> None:
    extract = read(pdf(lines(*PROSE[:2]), lines(PROSE[2])))
    assert [block.start for block in extract.blocks] == list(extract.pages)


def test_columns_that_are_drawn_one_after_the_other_keep_their_order() -> None:
    data = pdf(together(lines(*COLUMN, x=50), lines(*OTHER, x=320)))
    assert " ".join(texts(data)) == " ".join(COLUMN + OTHER)


def test_columns_that_are_drawn_row_by_row_are_read_down() -> None:
    rows = [
        lines(string, x=x, top=100 + at * PITCH)
        for at, row in enumerate(zip(COLUMN, OTHER, strict=True))
        for x, string in zip((50, 320), row, strict=True)
    ]
    title = lines("A title that stands across both of the columns and so ends neither of them", x=120, top=60)
    assert " ".join(texts(pdf(together(title, *rows)))).endswith(" ".join(COLUMN + OTHER))


def test_columns_that_nearly_touch_are_not_mixed() -> None:
    rows = [
        lines(string, x=x, top=100 + at * PITCH)
        for at, row in enumerate(zip(COLUMN, OTHER, strict=True))
        for x, string in zip((50, 245), row, strict=True)
    ]
    assert " ".join(texts(pdf(together(*rows)))) == " ".join(COLUMN + OTHER)


def test_a_table_is_read_by_rows() -> None:
    rows = [("Austria", "8.9", "Vienna"), ("Belgium", "11.5", "Brussels"), ("Denmark", "5.8", "Copenhagen")]
    cells = [
        lines(cell, x=70 + 120 * column, top=100 + at * PITCH)
        for at, row in enumerate(rows)
        for column, cell in enumerate(row)
    ]
    assert shown(read(pdf(together(*cells)))) == [("table", "\n".join(" | ".join(row) for row in rows))]


def test_a_long_table_of_two_columns_is_read_by_rows() -> None:
    rows = [(f"Row {row}", f"{row} ships and {'many ' * (row % 3)}boats") for row in range(8)]
    cells = [
        lines(cell, x=x, top=100 + at * PITCH)
        for at, row in enumerate(rows)
        for x, cell in zip((70, 340), row, strict=True)
    ]
    assert texts(pdf(together(*cells))) == ["\n".join(" | ".join(row) for row in rows)]


def test_lines_that_are_drawn_from_the_bottom_are_read_from_the_top() -> None:
    upward = [lines(line, top=100 + at * PITCH) for at, line in enumerate(COLUMN)]
    assert texts(pdf(together(*reversed(upward)))) == [" ".join(COLUMN)]


def test_code_keeps_its_lines_and_indentation() -> None:
    code = sized(9, lines("def double(x):", top=200), "Courier")
    inside = sized(9, lines("return 2 * x", top=211, x=70 + 4 * 5.4), "Courier")
    data = pdf(together(lines(*PROSE), code, inside))
    assert shown(read(data))[1:] == [("code", "def double(x):\n    return 2 * x")]


def running(number: int, *body: str) -> Callable[[Canvas], None]:
    return together(
        lines(f"Annals of Harbours {number + 6}", top=40),
        lines(*body, top=100),
        lines(f"page {number} of 4", x=280, top=770),
    )


def test_running_lines_and_page_numbers_are_dropped() -> None:
    bodies = (PROSE, COLUMN, OTHER, PROSE[1:])
    data = pdf(*(running(number, *body) for number, body in enumerate(bodies, 1)))
    assert texts(data) == [" ".join(body) for body in bodies]


def test_running_lines_that_alternate_are_dropped() -> None:
    pages = [
        together(
            lines("Seven Harbours" if number % 2 else "Of Stone", x=70 if number % 2 else 400, top=40),
            lines(*PROSE),
        )
        for number in range(1, 8)
    ]
    assert texts(pdf(*pages)) == [" ".join(PROSE)] * 7


def test_the_running_line_of_a_short_chapter_is_dropped_too() -> None:
    chapters = ["Of Stone"] * 4 + ["Of Wood"] + ["Of Steel"] * 4
    pages = [together(lines(chapter, top=40), lines(*PROSE)) for chapter in chapters]
    assert texts(pdf(*pages)) == [" ".join(PROSE)] * 9


def test_numbered_text_at_the_top_of_pages_is_kept() -> None:
    pages = [
        lines(*(f"{row} Row of a long table, number {row}" for row in range(page * 7, page * 7 + 7)), top=40)
        for page in range(5)
    ]
    assert all(
        f"{row} Row of a long table, number {row}" in " ".join(texts(pdf(*pages))) for row in range(35)
    )


def test_titles_of_slides_are_kept() -> None:
    pages = [together(sized(24, lines("Agenda", top=50)), lines(*PROSE, top=120)) for _ in range(3)]
    others = [
        together(sized(24, lines(title, top=50)), lines(*PROSE, top=120)) for title in ("A", "B", "C", "D")
    ]
    assert texts(pdf(*pages, *others)).count("Agenda") == 3


def test_nothing_is_dropped_if_everything_is_repeated() -> None:
    assert texts(pdf(*[lines("Certificate", top=100)] * 4)) == ["Certificate"] * 4


def test_a_broken_word_is_joined_and_has_two_boxes() -> None:
    data = pdf(
        lines("All of the stone that had been quarried was, as it turned out, trans-", "ported by sea.")
    )
    extract, layout = read_pdf_with_layout(data, name="file.pdf")
    assert extract.text.endswith("turned out, transported by sea.")
    at = extract.text.index("transported")
    assert [extract.text[s:e] for s, e in zip(layout.starts, layout.ends, strict=True)][-5:-1] == [
        "out,",
        "trans",
        "ported",
        "by",
    ]
    first, second = layout.rectangles(at, at + len("transported"))
    assert first.x0 > 300
    assert second.x0 == pytest.approx(70, abs=1)
    assert second.y0 - first.y0 == pytest.approx(PITCH, abs=3)


@pytest.mark.parametrize(
    ("before", "first", "second", "whole"),
    [
        ("", "trans-", "ported", "transported"),
        ("a well-known ship", "well-", "known", "well-known"),
        ("", "Bose-", "Einstein", "Bose-Einstein"),
        ("", "1914-", "1918", "1914-1918"),
        ("", "state-of-", "the-art", "state-of-the-art"),
        ("the gzip file was compressed by the clerk of the port", "gzip-", "compressed", "gzip-compressed"),
        ("Die Karten sind Wechselkarten, die man wechseln kann", "Karten-", "wechsel", "Kartenwechsel"),
    ],
)
def test_hyphens_of_words_are_kept(before: str, first: str, second: str, whole: str) -> None:
    data = pdf(
        lines(before, f"And these are some words, a line of them, before {first}", f"{second} goes on.")
    )
    assert f"before {whole} goes on." in read(data).text


def test_a_word_broken_at_the_end_of_a_page_keeps_its_hyphen() -> None:
    extract = read(pdf(lines("This was trans-"), lines("ported by sea.")))
    assert extract.text == "This was trans-\n\nported by sea."


def outlined(canvas: Canvas) -> None:
    lines("1 Of Harbours", *PROSE, "1.1 Of Their", "Walls", *PROSE, "Not a heading", top=100)(canvas)
    for key, (title, level) in enumerate([("Of harbours", 0), ("Of Their Walls", 1), ("Elsewhere", 1)]):
        canvas.bookmarkPage(str(key))
        canvas.addOutlineEntry(title, str(key), level)


def test_the_outline_names_the_headings() -> None:
    headings = [(level, text) for level, text in shown(read(pdf(outlined))) if isinstance(level, int)]
    assert headings == [(1, "1 Of Harbours"), (2, "1.1 Of Their Walls")]


def test_a_title_that_occurs_twice_is_a_heading_where_its_bookmark_is() -> None:
    def draw(canvas: Canvas) -> None:
        lines("Walls", *PROSE, *PROSE, "Walls", *PROSE)(canvas)
        canvas.bookmarkPage("w", fit="XYZ", left=70, top=HEIGHT - 100 - 6.5 * PITCH)
        canvas.addOutlineEntry("Walls", "w", 0)

    kinds = [kind for kind, text in shown(read(pdf(draw))) if text == "Walls"]
    assert kinds == ["paragraph", 1]


def test_larger_type_marks_headings_where_there_is_no_outline() -> None:
    page = together(
        sized(20, lines("On Harbours", top=60)),
        sized(14, lines("Their walls", top=85)),
        lines(*PROSE, *PROSE),
        sized(14, lines("Their steps", top=200)),
        lines(*PROSE, top=220),
    )
    extract = read(pdf(page))
    assert [pair for pair in shown(extract) if isinstance(pair[0], int)] == [
        (1, "On Harbours"),
        (2, "Their walls"),
        (2, "Their steps"),
    ]
    assert extract.title == "On Harbours"


def test_larger_type_marks_no_headings_if_there_is_much_of_it() -> None:
    page = together(sized(14, lines(*COLUMN[:3], pitch=17)), lines(*PROSE, *PROSE, top=300))
    assert not [kind for kind, _ in shown(read(pdf(page))) if isinstance(kind, int)]


def test_metadata() -> None:
    data = pdf(
        lines("Text."), title="On  Harbours", author="A. Mason", subject="Stone", keywords="wall, quay"
    )
    extract = read(data)
    assert extract.title == "On Harbours"
    assert {**extract.metadata, "date": ""} == {
        "author": "A. Mason",
        "description": "Stone",
        "keywords": "wall, quay",
        "date": "",
    }
    assert extract.metadata["date"] == "2000-01-01"


def test_default_titles_of_programs_are_ignored() -> None:
    assert read(pdf(lines("Text."), title="untitled")).title == ""
    assert read(pdf(lines("Text."), title="Microsoft Word - Harbours.doc")).title == "Harbours.doc"


def test_boxes_are_where_the_words_are_shown() -> None:
    word, (page, x0, y0, x1, y1) = next(words(pdf(lines("Harbour"))))
    assert (word, page) == ("Harbour", 1)
    assert (x0, x1) == (71, 106)
    assert 91 <= y0 <= 94
    assert y1 == 100


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_boxes_on_a_rotated_page(turn: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(turn)  # it exchanges the page's width and height as well
        # Upright on the page as it is shown, 200 points from its left, 300 from its top.
        x, y = {0: (200, 500), 90: (300, 200), 180: (400, 300), 270: (500, 400)}[turn]
        canvas.translate(x, y)
        canvas.rotate(turn)
        canvas.drawString(0, 0, "Harbour wall")

    extract, layout = read_pdf_with_layout(pdf(draw), name="file.pdf")
    assert layout.page_size(1) == (WIDTH, HEIGHT)
    (rectangle,) = layout.rectangles(0, len(extract.text))
    assert rectangle.x0 == pytest.approx(200.8, abs=1)
    assert rectangle.y1 == pytest.approx(300, abs=1)
    assert rectangle.x1 - rectangle.x0 == pytest.approx(54.7, abs=1)


def test_boxes_count_from_the_crop_box_and_text_outside_is_left_out() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setCropBox((50, 100, 350, 700))
        lines("Inside", x=70, top=200)(canvas)
        lines("Outside", x=400, top=200)(canvas)

    extract, layout = read_pdf_with_layout(pdf(draw), name="file.pdf")
    assert extract.text == "Inside"
    assert layout.page_size(1) == (300, 600)
    (rectangle,) = layout.rectangles(0, 6)
    assert (rectangle.x0, rectangle.y1) == (pytest.approx(20.8, abs=1), pytest.approx(100, abs=1))


def test_rotated_text_is_read() -> None:
    def draw(canvas: Canvas) -> None:
        lines(*PROSE)(canvas)
        canvas.translate(30, 300)
        canvas.rotate(90)
        canvas.drawString(0, 0, "Printed in the margin")

    assert texts(pdf(draw)) == [" ".join(PROSE), "Printed in the margin"]


def test_a_file_that_opens_without_a_password_is_read() -> None:
    data = pdf(lines("Open."), encrypt=StandardEncryption("", ownerPassword="secret", canCopy=0))
    assert read(data).text == "Open."


def test_a_password_is_required_and_used() -> None:
    data = pdf(lines("Closed."), encrypt=StandardEncryption("sesame"))
    with pytest.raises(EncryptedDocument, match=r"^file\.pdf: it is encrypted, and a password is needed"):
        read_pdf(data, name="file.pdf")
    with pytest.raises(EncryptedDocument, match=r"^file\.pdf: it is encrypted, and the password given"):
        read_pdf(data, name="file.pdf", password="barley")  # noqa: S106
    extract = read_pdf(data, name="file.pdf", password="sesame")  # noqa: S106
    assert extract.text == "Closed."


def test_pages_without_text_need_ocr() -> None:
    with pytest.raises(NoTextLayer, match=r"^file\.pdf: no page of it has a text layer.*Run OCR"):
        read_pdf(pdf(lambda canvas: canvas.rect(100, 100, 50, 50)), name="file.pdf")


def test_text_outside_the_page_is_no_text_layer() -> None:
    with pytest.raises(NoTextLayer, match=r"^file\.pdf: its text cannot be read"):
        read_pdf(pdf(lines("Far away", x=5000)), name="file.pdf")
