"""Lines that head sections are told from lines of text, in files without structure."""

from __future__ import annotations

import pytest

from index.search.headings.lines import heading_lines, lines_above


@pytest.mark.parametrize(
    ("text", "heads"),
    [
        ("Changes\n\n2.2.0\n\nAdded\n\n- a map\n\n2.1.0\n\n- a list", ["2.2.0", "2.1.0"]),
        ("Minutes, 4 March 2024\n\nAll were present.", ["Minutes, 4 March 2024"]),
        ("Item 1: Mirrors\n\nThey are late.\n\nItem 2: Fees\n\nNone.", ["Item 1: Mirrors", "Item 2: Fees"]),
        ("1. Status\n\nIt is late.\n\n2. Decisions\n\nNone.", ["1. Status", "2. Decisions"]),
        ("v1.2\n- a map\n- a list", ["v1.2"]),
        ("1. Rent\n1.1 The rent is due.\n1.2 It rises.", ["1. Rent", "1.1", "1.2"]),
        ("The board met on 4 March 2024.\n\nIt was late.", []),
        ("We decided:\n\n1. The ferry sails on 4 March 2024\n2. The fare is 4 euros\n\nAll agreed.", []),
        ("Name | Due\nMaps | 4 March 2024\n\nAll agreed.", []),
        ("On 4 March 2024 the board met in the old hall by the lake and talked of\nthe ferry.", []),
        ("All agreed.\n\nNext meeting on 4 March 2024", []),
        ("Received: 4 March 2024\n\nThe ferry is late.", []),
    ],
)
def test_heading_lines(text: str, heads: list[str]) -> None:
    assert [text[one.start : one.end] for one in heading_lines(text)] == heads


def test_lines_above_are_the_short_ones_nearest_first() -> None:
    text = f"{'long ' * 30}\n\n4 March\n\nDecided:\n\n- a map"
    assert lines_above(text, text.index("- a map")) == ["Decided:", "4 March"]
    assert lines_above(text, text.index("4 March")) == []


def test_a_line_with_only_white_space_below_heads_nothing() -> None:
    assert heading_lines("All agreed.\n\n4 March 2024\n\n \n\t\n") == []
