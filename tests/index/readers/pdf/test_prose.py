"""Names in a font of fixed pitch, and web addresses, in the paragraphs of PDF files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from index.readers.pdf.urls import breaks_url
from tests.index.readers.laws import shown
from tests.index.readers.pdf.test_pdf import HEIGHT, PITCH, SIZE, pdf, read, texts, words

FILLED = (
    "The harbour was built in the spring of that year and it has been in use ever since, though the large"
)


def rows(*lines: str | Sequence[tuple[str, str]], top: float = 100) -> Callable[[Canvas], None]:
    """A page of lines, each a string or parts with their fonts."""

    def draw(canvas: Canvas) -> None:
        for at, line in enumerate(lines):
            x = 70.0
            for text, font in [(line, "Helvetica")] if isinstance(line, str) else line:
                canvas.setFont(font, SIZE)
                canvas.drawString(x, HEIGHT - top - at * PITCH, text)
                x += stringWidth(text, font, SIZE)

    return draw


def up_to_the_edge(end: str) -> str:
    """A line that ends so and is as long as ``FILLED``."""
    line = f"small {end}"
    while stringWidth(line, "Helvetica", SIZE) < stringWidth(FILLED, "Helvetica", SIZE) - 2:
        line = line.replace("l ", "ll ")
    return line


def code(text: str) -> list[tuple[str, str]]:
    return [(text, "Courier")]


def test_a_monospaced_line_inside_a_paragraph_is_prose() -> None:
    data = pdf(
        rows(
            FILLED, code("apt-get and aptitude and apt-cache and apt-mark and dpkg"), "no longer call there."
        )
    )
    assert shown(read(data)) == [
        (
            "paragraph",
            f"{FILLED} apt-get and aptitude and apt-cache and apt-mark and dpkg no longer call there.",
        )
    ]


def test_a_monospaced_line_at_the_end_of_a_paragraph_is_prose() -> None:
    data = pdf(rows(FILLED, code("debian-reference.")))
    assert shown(read(data)) == [("paragraph", f"{FILLED} debian-reference.")]


def test_a_line_that_begins_and_ends_monospaced_is_prose() -> None:
    line = [
        ("dpkg", "Courier"),
        (" or apt, which are found in packages, or by ", "Helvetica"),
        ("debootstrapping", "Courier"),
    ]
    listing = [code("dpkg --install hello.deb world.deb")] * 5
    assert [kind for kind, _ in shown(read(pdf(rows(line, "", *listing))))] == ["paragraph", "code"]


def test_a_symbol_in_another_font_does_not_end_code() -> None:
    line = [("dpkg --install hello.deb ", "Courier"), ("+", "Helvetica"), (" world.deb", "Courier")]
    assert [kind for kind, _ in shown(read(pdf(rows(line))))] == ["code"]


@pytest.mark.parametrize("above", [f"{FILLED}:", "Now run the command"])
def test_code_below_prose_is_code(above: str) -> None:
    data = pdf(rows(FILLED, above, code("dpkg --list"), code("dpkg --status hello")))
    assert shown(read(data)) == [
        ("paragraph", f"{FILLED} {above}"),
        ("code", "dpkg --list\ndpkg --status hello"),
    ]


def test_indented_code_is_code() -> None:
    data = pdf(rows(FILLED, [("      ", "Courier"), ("dpkg --list", "Courier")]))
    assert [kind for kind, _ in shown(read(data))] == ["paragraph", "code"]


def test_prose_below_code_is_prose() -> None:
    data = pdf(rows(code("dpkg --list"), FILLED))
    assert [kind for kind, _ in shown(read(data))] == ["code", "paragraph"]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("https://www.", "debian.org/distrib)"),
        ("(https://www.debian.org/doc/", "manuals/securing-debian-howto/)."),
        ("https://www.debian.org/", "MailingLists/#ads"),
        ("https://www.debian.org/doc/ch02.en.html#_life_", "with_upgrades"),
        ("https://example.org/search?a=1&", "b=2"),
        ("https://example.org/search?a=", "1"),
        ("https://example.org/doc", "/page.html"),
        ("www.example.org/doc", ".html"),
        ("(https://www.debian.org/distrib/", "archive)."),
        ("(http:", "//www.tldp.org/)."),
    ],
)
def test_an_address_over_two_lines_is_one_word(above: str, below: str) -> None:
    assert breaks_url(above, below)
    filled = up_to_the_edge(above)
    assert texts(pdf(rows(FILLED, filled, f"{below} and no more"))) == [
        f"{FILLED} {filled}{below} and no more"
    ]


def test_an_address_that_goes_on_below_a_shorter_line_is_in_one_paragraph() -> None:
    above, below = "There are many packages (https://packages.", "example.org/stable/) for all of us."
    assert texts(pdf(rows(FILLED, above, below))) == [f"{FILLED} {above}{below}"]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("https://www.debian.org/", "is"),
        ("https://www.debian.org/.", "It"),
        ("https://www.debian.org/doc", "and"),
        ("(https://www.debian.org/doc)", "manuals/x"),
        ("<https://www.debian.org/>.", "in/out"),
        ("https://www.debian.org/", "https://www.debian.org/doc"),
        ("see", "example.org/doc"),
        ("e.g.", "debian.org/doc"),
        ("the http:", "scheme"),
        ("(see https://www.debian.org/", "there)"),
    ],
)
def test_other_words_are_not_joined(above: str, below: str) -> None:
    assert not breaks_url(above.rsplit(maxsplit=1)[-1], below)


def test_an_address_over_three_lines_is_one_word_with_three_boxes() -> None:
    data = pdf(rows(f"{FILLED} https://example.org/", f"{'long-path/' * 9}", "to/it is here"))
    text = read(data).text
    assert text == f"{FILLED} https://example.org/{'long-path/' * 9}to/it is here"
    parts = [word for word, _ in words(data)]
    assert parts[-5:] == ["https://example.org/", "long-path/" * 9, "to/it", "is", "here"]


def test_a_hyphen_in_an_address_is_kept() -> None:
    assert texts(pdf(rows(f"{FILLED} https://example.org/long-", "path/to it"))) == [
        f"{FILLED} https://example.org/long-path/to it"
    ]
