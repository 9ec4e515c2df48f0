"""Headings of plain text directly above their text."""

import pytest

from index.readers.plain.text import read_text
from tests.index.readers.laws import assert_laws

PROSE = "The landlord keeps the structure, the boiler and the windows of the house in repair."


def headings(text: str) -> list[tuple[int, str]]:
    extract = read_text(text.encode(), name="a.txt")
    assert_laws(extract)
    return [(block.level, block.title) for block in extract.blocks if block.kind == "heading"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"LEASE OF A FLAT\n{PROSE}", [(1, "LEASE OF A FLAT")]),
        (f"LEASE\n{PROSE}\n\nRENT  \n{PROSE}", [(1, "LEASE"), (2, "RENT")]),
        (
            f"1. Parties\n{PROSE}\n\n2. Premises\n{PROSE}\n\n2.1 Cellar\n{PROSE}",
            [(2, "1. Parties"), (2, "2. Premises"), (3, "2.1 Cellar")],
        ),
        (
            f"Article 1\n{PROSE}\n\nArticle 2\n{PROSE}\n\nArticle 3\n{PROSE}",
            [(2, "Article 1"), (2, "Article 2"), (2, "Article 3")],
        ),
        (
            f"1. Rent\n1.1 {PROSE}\n\n2. Use\n2.1 {PROSE}\n2.2 None.\n\n3. Term\n3.1 Short.",
            [(2, "1. Rent"), (2, "2. Use"), (2, "3. Term")],
        ),
        ("2.1.0 (3 May 2025)\n- Added: tabs\n- Fixed: a crash", [(3, "2.1.0 (3 May 2025)")]),
        ("v1.4.0-rc.1 - 2025-05-03\n- Added: tabs", [(3, "v1.4.0-rc.1 - 2025-05-03")]),
        ("4 March 2024\n- The gate was mended.", [(3, "4 March 2024")]),
        (f"SATURDAY 4 JULY\n{PROSE}", [(1, "SATURDAY 4 JULY")]),
        ("Ingredients\n- 200 g of flour\n- salt", [(3, "Ingredients")]),
        (f"MIETE UND NEBENKOSTEN\n{PROSE}", [(1, "MIETE UND NEBENKOSTEN")]),
    ],
)
def test_a_short_line_above_text_is_a_heading(text: str, found: list[tuple[int, str]]) -> None:
    assert headings(text) == found


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        f"The following is kept in repair:\n- the boiler\n\n{PROSE}",
        "ACME LIMITED\n12 Main Street\nLondon",
        "THE SOFTWARE COMES AS IT IS\nAND WITH NO WARRANTY OF ANY KIND, EXPRESS OR IMPLIED.",
        "1. Milk\nis kept cold, and is used within three days after it was opened, or frozen.",
        f"1. The rent is paid on the first day of the month, by transfer to\n{PROSE}",
        f"1. Parties\n{PROSE}",
        f"1. Parties\n{PROSE}\n\n2. Premises\n{PROSE}",
        "NAME | PRICE\n- 12 | 14",
        "1. Rent\n1.1 Due.\n\n2. Use\n2.1 None.",
        "1. Rent\n2.1 Due.\n\n2. Use\n3.1 None.\n\n3. Term\n4.1 Short.",
        "1. Boil\n- water\n\n2. Add\n- salt\n\n3. Wait\n- a while",
        "x = 1\n- y",
        f"https://example.org/A\n- {PROSE}",
        "and so on\n- a",
        "Wrapped at a dash\n\u2013 so it goes on.",
        "The deposit for the flat is 900 euros\n- two keys were handed over\n- the meter was read",
        "Balance was 100\n- 20 for rent\n- 30 for heating",
        "He said he would come\n- but he never did\n- nor did she",
        "The temperature fell to\n- 5 degrees in the night\n- 6 in the morning",
        "Kind regards\n- Tom",
        f"TOTAL EUR 500\n{PROSE}",
        "",
    ],
)
def test_other_lines_are_none(text: str) -> None:
    assert headings(f"{PROSE}\n\n{text}") == []


def test_a_heading_names_the_section_of_the_text_below() -> None:
    extract = read_text(f"4. RENT\n  {PROSE}\nIt is due on the first day.".encode(), name="a.txt")
    assert [(one.kind, extract.text[one.start : one.end]) for one in extract.blocks] == [
        ("heading", "4. RENT"),
        ("paragraph", f"{PROSE}\nIt is due on the first day."),
    ]


def test_a_long_line_is_read_once() -> None:
    text = "a" * 1_000_000 + "\n\n" + "word " * 200_000
    assert headings(text) == []
