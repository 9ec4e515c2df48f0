"""One word or measure tells things apart: part-time and full-time staff, a pan of 32 and of 24 cm."""

from __future__ import annotations

import pytest

from index.search.question.contrasts import Contrasts
from index.search.question.designations import Standing

LEAVE = "How many days of leave do part-time staff get?"
PAN = "How much is the 32 cm iron pan?"


@pytest.mark.parametrize(
    ("question", "sentence", "standing"),
    [
        (LEAVE, "Full-time staff have 27 days.", "other"),
        (LEAVE, "Full time staff and part time staff have 27 days.", "named"),
        (LEAVE, "All staff have 27 days; full-time posts are rare.", "open"),
        ("When does the outdoor pool open?", "The indoor pool opens at 8.", "other"),
        ("When does the pool open?", "The indoor pool opens at 8.", None),
        ("Is the indoor or the outdoor pool open?", "The indoor pool is open.", None),
        ("What does a single room cost?", "Double rooms are 90 euros.", "other"),
        ("What do adult tickets cost?", "Tickets are 9 euros.", "open"),
        ("Wie viel Urlaub haben Teilzeit Kräfte?", "Vollzeit Kräfte haben 27 Tage.", "other"),
        ("How much is the 10 km run?", "The 5 km run costs 12 euros.", "other"),
        ("How much is the 10 km run?", "It costs 12 euros, and is 5 km from here.", "open"),
        ("Can I bring a 25 kg bag?", "The 23 kg bag is free.", None),
        ("How much is a parcel of 3 kg?", "A parcel of 5 kg is 9 euros.", None),
    ],
)
def test_a_sentence_is_about_another_thing(question: str, sentence: str, standing: Standing | None) -> None:
    contrasts = Contrasts.of(question)
    found = contrasts and {one.stands_in(sentence, is_row=False) for one in contrasts.named}
    assert found == (None if standing is None else {standing})


@pytest.mark.parametrize(
    ("row", "standing"),
    [
        ("P-210; Iron pan; Size: 24 cm; Price: 59.00", "other"),
        ("P-212; Iron pan; Size: 32 cm; Price: 79.00", "named"),
        ("P-213; Iron pan; Size: 32.0 cm; Price: 79.00", "named"),
        ("P-214; Iron pan; Price: 59.00", "open"),
        ("P-215; Iron pan; Size: up to 40 cm; Price: 59.00", "open"),
    ],
)
def test_a_row_has_another_measure(row: str, standing: Standing) -> None:
    contrasts = Contrasts.of(PAN)
    assert contrasts is not None
    assert [one.stands_in(row, is_row=True) for one in contrasts.named] == [standing]
