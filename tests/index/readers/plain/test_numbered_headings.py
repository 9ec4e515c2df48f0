"""Numbered headings of plain text, and numbered lists, which are none."""

from __future__ import annotations

import pytest

from index.readers.plain.text import find_blocks, mark_numbered_headings, read_text
from tests.index.readers.laws import assert_laws, shown
from tests.sizes import size

FAQ = """\
The FAQ

Chapter 1. Definitions

1.1. What is this FAQ?

    It answers questions.

1.2. What is the difference between the one and
the other, and why?

    There is none:

  * this one
  * that one

Chapter 2. The tools

2.1. apt

  * It installs.

6.2.1. Another

    And so on."""

RFC = """\
Example                                                    April 2020

Table of Contents

   1.  Introduction . . . . . . . . . . . . . . . . . . . .   2
   2.  Requirements . . . . . . . . . . . . . . . . . . . .   2

1.  Introduction

   This document says what is required. It has three sections, of which
   this is the first one.

2.  Requirements

   All of them are here.

10.  References

   None."""


def blocks(text: str) -> list[tuple[str | int, str]]:
    extract = read_text(text.encode(), name="a.txt")
    assert_laws(extract)
    assert extract.text == text
    return shown(extract)


def headings(text: str) -> list[tuple[str | int, str]]:
    return [block for block in blocks(text) if isinstance(block[0], int)]


def numbered(*parts: str, body: str = "    Some words.") -> str:
    return "\n\n".join(f"{part}\n\n{body}" for part in parts)


def test_numbers_give_the_levels_of_headings() -> None:
    assert headings(FAQ) == [
        (1, "Chapter 1. Definitions"),
        (2, "1.1. What is this FAQ?"),
        (2, "1.2. What is the difference between the one and the other, and why?"),
        (1, "Chapter 2. The tools"),
        (2, "2.1. apt"),
        (3, "6.2.1. Another"),
    ]


def test_sections_of_rfcs_are_headings_but_not_in_the_contents() -> None:
    assert headings(RFC) == [(1, "1. Introduction"), (1, "2. Requirements"), (1, "10. References")]


def test_a_heading_that_goes_too_deep_has_the_deepest_level() -> None:
    found = headings(numbered("1.1 One", "1.2 Two", "1.2.1.1.1.1 Deep", "1.2.1.1.1.1.1 Deeper"))
    assert found[-2:] == [(6, "1.2.1.1.1.1 Deep"), (6, "1.2.1.1.1.1.1 Deeper")]


def test_two_headings_are_too_few() -> None:
    assert headings(numbered("1.1. One", "1.2. Two")) == []
    assert len(headings(numbered("1.1. One", "1.2. Two", "1.3. Three"))) == 3


@pytest.mark.parametrize(
    "text",
    [
        "1. One\n2. Two\n3. Three\n\nText.",
        "1. One\n\n2. Two\n\n3. Three\n\nText.",
        "1.1. One\n\n1.2. Two\n\n1.3. Three\n\nText.",
        numbered("1. One", "2. Two", "3. Three", body="   What one does."),
        numbered("10. One", "9. Two", "8. Three"),
        numbered("1. One", "25. Two", "90. Three", body="Words."),
        numbered("1. One", "2. Two", body="Words.") + "\n\n  3. Three\n\nWords.",
        numbered("1. One is done first.", "2. Two comes then.", "3. Three is the last."),
        numbered("1.1. the tenant pays;", "1.2. the owner is paid;", "1.3. and so on."),
        numbered("1. one", "2. two", "3. three"),
        numbered("      1. One", "      2. Two", "      3. Three"),
        numbered("1 One", "2 Two", "3 Three"),
        numbered("1. 12", "2. 13", "3. 14"),
        numbered("1. One\n2. Two", "3. Three\n4. Four", "5. Five\n6. Six"),
        numbered("1. One\n- a\n- b", "2. Two\n- a", "3. Three\n- a"),
        numbered(*(f"{at}. " + "Word " * 50 for at in range(1, 4))),
        "1. One\nText.\n\n2. Two\nText.\n\n3. Three\nText. And more of it.",
        "Text.\n1. One\n\nText.\n2. Two\n\nText.\n3. Three\n\nText.",
        "1990 was wet\n\nYes.\n\n1991 was dry\n\nYes.\n\n1992 was cold\n\nYes.",
    ],
)
def test_lists_and_clauses_are_no_headings(text: str) -> None:
    assert headings(text) == []


def test_a_list_between_headings_is_no_heading() -> None:
    steps = "1. Open it\n\n2. Close it\n\n3. Go\n\n    Then it is done."
    text = numbered("1.1. One", "1.2. Two") + f"\n\n{steps}\n\n" + numbered("1.3. Three", "1.4. Four")
    assert [title for _, title in headings(text)] == ["1.1. One", "1.2. Two", "1.3. Three", "1.4. Four"]


def test_headings_are_kept_if_one_breaks_the_order() -> None:
    found = headings(numbered("1.1. One", "7.1. Odd", "1.2. Two", "1.3. Three"))
    assert [title for _, title in found] == ["1.1. One", "1.2. Two", "1.3. Three"]


@pytest.mark.timeout(50)
def test_many_headings_are_found_quickly() -> None:
    count = size(100_000)
    text = "\n\n".join(f"{at // 900 + 1}.{at % 900 + 1}. Title\n\nWords." for at in range(count))
    found = list(find_blocks(text))
    promoted = mark_numbered_headings(text, found)
    assert sum(block.kind == "heading" for block in promoted) == count
