"""Days and months that a text covers without their names."""

from __future__ import annotations

import pytest

from index.search.question.calendar import is_covered


@pytest.mark.parametrize(
    ("word", "text", "covered"),
    [
        ("Sundays", "The pool is open daily.", True),
        ("Sunday", "Open Monday to Friday.", True),
        ("Saturday", "Closed at weekends.", True),
        ("July", "The pool is open from May to September.", True),
        ("May", "Open from April–June.", True),
        ("Juli", "Von Mai bis September geöffnet.", True),
        ("Sunday", "Open on Mondays.", False),
        ("July", "The pool is open daily.", False),
        ("July", "In May it is warm.", False),
        ("Oslo", "The pool is open daily.", False),
    ],
)
def test_a_text_covers_a_day_or_month(word: str, text: str, covered: bool) -> None:
    assert is_covered(word, text) is covered
