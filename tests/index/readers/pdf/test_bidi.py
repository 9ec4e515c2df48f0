"""PDF pages with Hebrew and Arabic. Strings that are drawn are in visual order, what is leftmost first."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from random import Random

import matplotlib
import pytest
from hypothesis import given, strategies as st
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from index.readers.pdf import read_pdf_with_layout
from index.readers.pdf.bidi import Glyph, in_logical_order
from tests.index.readers.pdf.test_pdf import HEIGHT, PITCH, PROSE, lines, pdf, read, texts, together, words

FONT, FIXED = "DejaVuSans", "DejaVuSansMono"
SIZE = 10
for font in (FONT, FIXED):
    pdfmetrics.registerFont(
        TTFont(font, str(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{font}.ttf")))
    )

SEEN = "ףוס (גבא) hello world םלוע םולש"
SAID = "שלום עולם hello world (אבג) סוף"
HEBREW = (
    "הנמל נבנה באביב של אותה שנה והוא משמש מאז ועד היום",
    "אף שהאניות הגדולות אינן פוקדות אותו עוד. חומותיו",
    "עשויות אבן אפורה.",
)


def in_font(draw: Callable[[Canvas], object], font: str = FONT) -> Callable[[Canvas], None]:
    def drawn(canvas: Canvas) -> None:
        canvas.setFont(font, SIZE)
        draw(canvas)

    return drawn


def from_the_right(string: str, *, right: float = 500) -> Callable[[Canvas], None]:
    """Each character an object of its own, the first one rightmost."""

    def draw(canvas: Canvas) -> None:
        x = right
        for character in string:
            x -= pdfmetrics.stringWidth(character, FONT, SIZE)
            if character != " ":
                canvas.drawString(x, 600, character)

    return draw


def right_aligned(*strings: str, top: float = 100, right: float = 500) -> Callable[[Canvas], None]:
    """Lines in logical order, of right-to-left letters alone."""

    def draw(canvas: Canvas) -> None:
        for at, string in enumerate(strings):
            canvas.drawRightString(right, HEIGHT - top - at * PITCH, string[::-1])

    return draw


def test_a_line_that_is_drawn_from_the_left_is_read_from_the_right() -> None:
    assert texts(pdf(in_font(lines(SEEN)))) == [SAID]


def test_a_line_whose_glyphs_are_drawn_one_by_one_is_read_the_same() -> None:
    def drawn(canvas: Canvas) -> None:
        x = 70.0
        for character in SEEN:
            canvas.drawString(x, 600, character)
            x += pdfmetrics.stringWidth(character, FONT, SIZE)

    assert texts(pdf(in_font(drawn))) == [SAID]


def test_a_line_that_is_drawn_from_the_right_is_not_reversed() -> None:
    assert texts(pdf(in_font(from_the_right("שלום עולם")))) == ["שלום עולם"]


def test_one_string_that_runs_to_the_left_is_not_reversed() -> None:
    def drawn(canvas: Canvas) -> None:
        text = canvas.beginText(400, 600)
        text.setCharSpace(-2 * pdfmetrics.stringWidth("ب", FIXED, SIZE))
        text.textOut("سلام كبير")
        canvas.drawText(text)

    assert texts(pdf(in_font(drawn, FIXED))) == ["سلام كبير"]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ("12.5 ריחמ", "מחיר 12.5"),
        ("2024-05-06 ךיראת", "תאריך 2024-05-06"),
        ("06-05-2024 خيرات", "تاريخ 2024-05-06"),
        ("%50 ةبسن", "نسبة 50%"),
        ("50% זוחא", "אחוז 50%"),
        ("20 10 םירפסמ", "מספרים 10 20"),
        ("GPT-4 לדומ", "מודל GPT-4"),
        ("iPhone 15 ןופלט", "טלפון iPhone 15"),
        ("ןופלט .1", "1. טלפון"),
        ("iPhone .1 ןופלט", "טלפון 1. iPhone"),
        ("רחא hello, big world דחא", "אחד hello, big world אחר"),
        ("(NATO) ןוגרא", "ארגון (NATO)"),
        (")NATO( ןוגרא", "ארגון (NATO)"),
    ],
)
def test_numbers_and_latin_words_are_read_from_the_left(seen: str, said: str) -> None:
    assert texts(pdf(in_font(lines(seen)))) == [said]


def test_hebrew_words_of_an_english_line_are_read_from_the_right() -> None:
    data = pdf(in_font(lines("They say םלוע םולש twice, and then 12 םלוע 13 םולש again.")))
    assert texts(data) == ["They say שלום עולם twice, and then 12 שלום 13 עולם again."]


def test_a_page_that_is_mostly_hebrew_has_its_english_lines_read_from_the_right() -> None:
    page = together(
        right_aligned(*HEBREW, top=300), lines("ףוס The beginning of the first long name ליחתמ", x=200)
    )
    assert texts(pdf(in_font(page)))[-1] == "מתחיל The beginning of the first long name סוף"


def test_the_boxes_stay_with_their_words() -> None:
    data = pdf(in_font(lines("ףוס hello world םולש")))
    places = {word: box[1:] for word, box in words(data)}
    assert list(places) == ["שלום", "hello", "world", "סוף"]
    edges = [0.0, *(pdfmetrics.stringWidth("ףוס hello world םולש"[:at], FONT, SIZE) for at in range(1, 21))]
    starts = {"סוף": 0, "hello": 4, "world": 10, "שלום": 16}
    for word, at in starts.items():
        x0, y0, x1, y1 = places[word]
        assert x0 == pytest.approx(70 + edges[at], abs=2)
        assert x1 == pytest.approx(70 + edges[at + len(word)], abs=2)
        assert 90 <= y0 < y1 <= 104


def test_a_line_on_a_rotated_page_is_read_from_the_right() -> None:
    def turned(canvas: Canvas) -> None:
        canvas.translate(300, 100)
        canvas.rotate(90)
        canvas.drawString(0, 0, SEEN)

    assert " ".join(texts(pdf(in_font(turned)))) == SAID


def test_lines_are_joined_and_short_ones_end_paragraphs() -> None:
    data = pdf(in_font(right_aligned(*HEBREW, *HEBREW)))
    assert texts(data) == [" ".join(HEBREW)] * 2


def test_the_cells_of_a_row_are_read_from_the_right() -> None:
    rows = [
        right_aligned(string, right=right, top=100 + at * PITCH)
        for at, row in enumerate((("שם", "עיר"), ("דוד", "חיפה"), ("רות", "יפו")))
        for string, right in zip(row, (500, 300), strict=True)
    ]
    assert texts(pdf(in_font(together(*rows)))) == ["שם | עיר\nדוד | חיפה\nרות | יפו"]


def test_the_right_one_of_two_columns_comes_first() -> None:
    right = [f"השורה של הטור הראשון היא ארוכה {letter}" for letter in "אבגדהו"]
    left = [f"השורה של הטור האחרון היא ארוכה {letter}" for letter in "אבגדהו"]
    rows = [
        right_aligned(string, right=edge, top=100 + at * PITCH)
        for at, row in enumerate(zip(left, right, strict=True))
        for string, edge in zip(row, (260, 540), strict=True)
    ]
    assert " ".join(" ".join(texts(pdf(in_font(together(*rows))))).split()) == " ".join(right + left)


def test_english_pages_do_not_change() -> None:
    assert texts(pdf(lines(*PROSE))) == [" ".join(PROSE)]


def with_glyphs(drawn: str, meanings: dict[int, str]) -> bytes:
    """A page that draws glyphs, four hexadecimal digits each, of a font that says what they mean."""
    rows = "".join(f"<{at:04x}> <{meaning.encode('utf-16-be').hex()}>\n" for at, meaning in meanings.items())
    cmap = (
        "begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(meanings)} beginbfchar\n{rows}endbfchar endcmap"
    )
    content = f"BT /F 10 Tf 70 700 Td <{drawn}> Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        "<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>",
        "<</Type/Font/Subtype/CIDFontType2/BaseFont/A/DW 600/FontDescriptor 8 0 R"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>",
        f"<</Length {len(cmap)}>>stream\n{cmap}\nendstream",
        "<</Type/FontDescriptor/FontName/A/Flags 4/Ascent 800/Descent -200/FontBBox[0 -200 600 800]>>",
    ]
    body = "".join(f"{at} 0 obj {text} endobj\n" for at, text in enumerate(objects, 1))
    return f"%PDF-1.4\n{body}trailer <</Root 1 0 R/Size 9>>\n%%EOF".encode("latin-1")


def test_a_ligature_keeps_the_order_of_its_letters() -> None:
    # س لا م drawn from the left, "slam".
    assert texts(with_glyphs("000300020001", {1: "س", 2: "لا", 3: "م"})) == ["سلام"]


def test_a_presentation_form_is_resolved_in_logical_order() -> None:
    assert texts(with_glyphs("000300020001", {1: "ﺳ", 2: "ﻼ", 3: "ﻡ"})) == ["سلام"]


def test_one_glyph_may_have_all_characters_of_a_word() -> None:
    nothing = {0x3F2: "", 0x392: "", 0x3F4: ""}
    data = with_glyphs("03f2039203f40008", nothing | {8: "حَبيب"})
    assert texts(data) == ["حَبيب"]


def test_a_line_may_consist_of_glyphs_without_characters() -> None:
    # Without a meaning, the number of a glyph stands for it; these are Hebrew by chance.
    data = with_glyphs("05d005d1> Tj 0 -40 Td <05d205d30008", {0x5D0 + at: "" for at in range(4)} | {8: "אב"})
    assert "אב" in " ".join(texts(data))


def test_vowel_points_follow_their_letters() -> None:
    assert texts(with_glyphs("00040003000200050001", {1: "ח", 2: "ב", 3: "ר", 4: "ה", 5: "ֶ"})) == ["חֶברה"]


def test_every_character_has_a_box_of_its_glyph() -> None:
    extract, layout = read_pdf_with_layout(
        with_glyphs("0003000200010004000300020001", {1: "س", 2: "لا", 3: "م", 4: " "}), name="a.pdf"
    )
    assert extract.text == "سلام سلام"
    first, second = layout.rectangles(0, 4)[0], layout.rectangles(5, 9)[0]
    assert first.x0 > second.x1


@pytest.mark.parametrize("said", ["لا", "לַ"])
def test_replacement_text_for_glyphs_keeps_its_order(said: str) -> None:
    def drawn(canvas: Canvas) -> None:
        canvas.drawString(100, 600, "א")
        canvas.addLiteral(f"/Span <</ActualText <feff{said.encode('utf-16-be').hex()}>>> BDC")
        canvas.drawString(100 + pdfmetrics.stringWidth("א", FONT, SIZE), 600, "ﻻ")
        canvas.addLiteral("EMC")

    # PDFium gives each of its letters a part of the ligature's box.
    assert texts(pdf(in_font(drawn))) == [f"{said}א"]


def glyphs_of(*drawn: tuple[str, float, float]) -> list[Glyph]:
    """Glyphs, with their places and ends; spaces are PDFium's."""
    return [
        Glyph(text, [at], place, 10.0, end=end, ordered=len(text) > 1, made_up=text == " ")
        for at, (text, place, end) in enumerate(drawn)
    ]


def ordered(*drawn: tuple[str, float, float]) -> str:
    return "".join(glyph.text for glyph in in_logical_order(glyphs_of(*drawn), page_is_rtl=True))


def test_a_space_at_the_wrong_side_of_a_letter_moves_into_the_gap() -> None:
    assert ordered(("ג", 0, 6), ("ד", 6, 12), (" ", 6, 6), ("א", 16, 22), ("ב", 10.5, 15.9)) == "אבדג"
    assert ordered(("ג", 0, 6), ("ד", 6, 12), (" ", 6, 6), ("א", 22, 28), ("ב", 16, 22)) == "אב דג"
    assert ordered(("ג", 0, 6), ("ד", 6, 12), (" ", 13, 13), ("א", 22, 28), ("ב", 16, 22)) == "אב דג"


def test_a_letter_comes_before_its_mark() -> None:
    assert ordered(("\u05b6ח", 10, 12), ("ב", 4, 10)) == "ח\u05b6ב"
    assert ordered(("ח\u05b6", 10, 12), ("ב", 4, 10)) == "ח\u05b6ב"


@pytest.mark.parametrize(("gap", "said"), [(-1.0, "לאבַעולם"), (5.0, "לא בַעולם")])
def test_a_line_that_pdfium_divides_at_a_raised_mark_is_joined(gap: float, said: str) -> None:
    def drawn(canvas: Canvas) -> None:
        canvas.drawString(100, 600, "םלוע")
        at = 100 + pdfmetrics.stringWidth("םלוע", FONT, SIZE)
        canvas.addLiteral(f"/Span <</ActualText <feff{'בַ'.encode('utf-16-be').hex()}>>> BDC")
        canvas.drawString(at, 606, ".")
        canvas.addLiteral("EMC")
        canvas.drawString(at + pdfmetrics.stringWidth(".", FONT, SIZE) + gap, 600, "אל")

    assert texts(pdf(in_font(drawn))) == [said]


def test_a_line_between_english_words_is_read_from_the_left_on_a_hebrew_page() -> None:
    page = together(right_aligned(*HEBREW, top=300), lines("The word םולש is short."))
    assert "The word שלום is short." in texts(pdf(in_font(page)))


def test_glyphs_at_one_position_keep_their_order() -> None:
    glyphs = [Glyph(letter, [at], 0.0, 10.0) for at, letter in enumerate("אבג")]
    assert [glyph.text for glyph in in_logical_order(glyphs, page_is_rtl=True)] == list("אבג")


def test_the_text_keeps_the_laws() -> None:
    assert read(pdf(in_font(lines(SEEN)))).text == SAID


WORDS = st.lists(st.sampled_from(["שלום", "עולם", "بيت", "hello", "World"]), min_size=1, max_size=8)


@given(WORDS, st.randoms(use_true_random=False))
def test_words_in_display_order_are_read_in_logical_order(written: list[str], chance: Random) -> None:
    """In whatever order the glyphs come."""
    written = ["בית", *written]
    shown = [
        "".join(group) if latin else "".join(group)[::-1]
        for latin, group in groupby(" ".join(written), lambda letter: letter.isascii() and letter.isalpha())
    ][::-1]
    # Latin words side by side are one run, with the spaces between them.
    line = re.sub(r"[A-Za-z]+(?: [A-Za-z]+)+", lambda run: " ".join(run[0].split()[::-1]), "".join(shown))
    glyphs = [Glyph(letter, [at], float(at), 1.0) for at, letter in enumerate(line)]
    chance.shuffle(glyphs)
    assert "".join(glyph.text for glyph in in_logical_order(glyphs, page_is_rtl=True)) == " ".join(written)


@given(st.text(st.sampled_from("אب\u05b6a1 .-%()٣"), max_size=12), st.booleans())
def test_no_glyph_is_lost(line: str, page_is_rtl: bool) -> None:
    glyphs = [Glyph(letter, [at], float(at), 1.0) for at, letter in enumerate(line)]
    ordered = in_logical_order(glyphs, page_is_rtl=page_is_rtl)
    assert sorted(number for glyph in ordered for number in glyph.numbers) == list(range(len(line)))
