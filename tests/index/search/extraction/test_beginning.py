"""A quote begins at the question that it answers, or at the heading in its line."""

from __future__ import annotations

import pytest

from index.search.extraction.beginning import with_lead


@pytest.mark.parametrize(
    ("text", "sentence", "quote"),
    [
        ("How old must I be?\nEighteen. Bring a card.", "Eighteen.", "How old must I be?\nEighteen."),
        ("How old must I be? Eighteen.", "Eighteen.", "How old must I be? Eighteen."),
        ("How old must I be?\n\nEighteen.", "Eighteen.", "How old must I be?\n\nEighteen."),
        ("Do you deliver?\n\nYes, within some miles of the town.", "Yes", "Do you deliver?\n\nYes"),
        (
            "How old must I be?\n\nPeople of eighteen years may borrow it.",
            "People of eighteen years may borrow it.",
            "People of eighteen years may borrow it.",
        ),
        ("How old must I be?\nEighteen. Bring a card.", "Bring a card.", "Bring a card."),
        ("What do I bring?\n- a card\n- a pen", "- a card", "- a card"),
        ("What does it cost?\nA trailer | 5", "A trailer | 5", "A trailer | 5"),
        ("4.2 Ducks. Up to six.", "Up to six.", "4.2 Ducks. Up to six."),
        ("Fires. Only in bowls.", "Only in bowls.", "Only in bowls."),
    ],
)
def test_a_quote_begins_at_what_leads_to_it(text: str, sentence: str, quote: str) -> None:
    start = text.index(sentence)
    first, last = with_lead(text, (start, start + len(sentence)), lambda _: False)
    assert text[first:last] == quote


def test_a_heading_that_the_question_names_is_part_of_the_quote() -> None:
    assert with_lead("Fires. Only in bowls.", (7, 21), lambda _: True) == (0, 21)
