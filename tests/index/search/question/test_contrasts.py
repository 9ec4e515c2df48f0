"""One word or measure tells things apart: part-time and full-time staff, a pan of 32 and of 24 cm."""

from __future__ import annotations

import pytest

from index.search.judged import JudgedSentence
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
        ("How much is the 1,000 g bag?", "The 1000 g bag costs 12 euros.", "named"),
        ("How much is the 1000 g bag?", "The 1,000 g bag costs 12 euros.", "named"),
        ("How much is the 1.50 kg bag?", "The 1.5 kg bag costs 12 euros.", "named"),
        ("How much is the 1.5 kg bag?", "The 1.50 kg bag costs 12 euros.", "named"),
        (PAN, "The 24 cm iron pan costs 32 euros.", "other"),
        (PAN, "The 24 cm iron pan costs €32.", "other"),
        (PAN, "The 24 and the 32-centimetre iron pan cost €32.", "named"),
        ("How much is a 2 m cable?", "The 1 m cable, or that of 200 cm, costs 5 euros.", "open"),
        ("How much is the yearly fee?", "The monthly fee is 10 euros, or 100 euros per year.", "named"),
        ("What is the noise at high fan speed?", "Noise, low fan | 34 dB", "other"),
        ("What is the noise at high fan speed?", "Noise, high fan | 48 dB", "named"),
        ("How high is the tower?", "The tower has a low door.", None),
        ("How much is a child ticket?", "Kids pay 6 euros, and an adult ticket is 12 euros.", "named"),
        ("How many days do non-permanent staff get?", "Temporary staff get 10 days of leave.", None),
        ("How do I get money back when it breaks?", "If the front wheel breaks, it is returned.", None),
        ("What is the maximum wait?", "After 20 min wait you get a drink.", "open"),
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
        ("P-216; Iron pan; Size: 24 cm; Weight: 2 kg", "other"),
        ("P-215; Iron pan; Size: up to 40 cm; Price: 59.00", "open"),
    ],
)
def test_a_row_has_another_measure(row: str, standing: Standing) -> None:
    contrasts = Contrasts.of(PAN)
    assert contrasts is not None
    assert [one.stands_in(row, is_row=True) for one in contrasts.named] == [standing]


@pytest.mark.parametrize(
    ("second", "strengths", "missing"),
    [
        ("Full-time staff have 27 days.", (1.0, 3.0), []),
        ("Full-time staff have 27 days.", (1.0, 9.0), ["part-time staff"]),
        ("Full-time staff have 27 days, others fewer.", (1.0, 9.0), []),
    ],
)
def test_what_is_missing_is_what_the_best_sentence_lacks_when_all_are_weighed(
    second: str, strengths: tuple[float, float], missing: list[str]
) -> None:
    text = f"Other staff get it in proportion. {second}"
    begin = text.index(second)
    judged = [JudgedSentence(0, begin - 1, strengths[0]), JudgedSentence(begin, len(text), strengths[1])]
    contrasts = Contrasts.of(LEAVE)
    assert contrasts is not None
    assert contrasts.weigh(judged, text, 0, "")[1] == missing


def test_measures_that_are_named_again_and_many_of_them_are_not_looked_for() -> None:
    again, many = (
        Contrasts.of("How much is the " + "3 cm pan " * 90),
        Contrasts.of("How much is the " + " ".join(f"{at} cm pan" for at in range(90))),
    )
    assert again is not None
    assert many is not None
    assert (len(again.named), len(many.named)) == (1, 4)


@pytest.mark.parametrize(
    ("question", "sentence", "standing"),
    [
        ("How much is a tyre with rim?", "Car tyre without rim | £3", "other"),
        ("How much is a tyre without rim?", "Car tyre without rim | £3", "named"),
        ("How heavy is the bike without battery?", "Weight with battery | 23 kg", "other"),
        ("What is the price excluding VAT?", "Price including VAT: 20 euros", "other"),
        ("What does a room with sea view cost?", "Double room without sea view | £80", "other"),
        ("What does a room with sea view cost?", "Double room without bath | £80", "open"),
        ("Was kostet das Zimmer mit Frühstück?", "Zimmer ohne Frühstück | 60 €", "other"),
        ("Wie viel wiegt das Rad ohne Akku?", "Gewicht mit Akku | 23 kg", "other"),
        ("Combien coûte la chambre sans balcon ?", "Chambre avec balcon | 70 €", "other"),
        ("¿Cuánto cuesta el billete sin equipaje?", "Billete con equipaje | 50 €", "other"),
        # What is allowed with a permit alone answers.
        ("May I fish without permit?", "Fishing is allowed with permit only.", None),
        ("Darf ich ohne Ausweis parken?", "Parken ist nur mit Ausweis erlaubt.", None),
    ],
)
def test_a_figure_with_something_is_not_that_without(
    question: str, sentence: str, standing: Standing | None
) -> None:
    contrasts = Contrasts.of(question)
    found = contrasts and {one.stands_in(sentence, is_row=False) for one in contrasts.named}
    assert found == (None if standing is None else {standing})


@pytest.mark.parametrize(
    ("question", "sentence", "standing"),
    [
        ("What is not included in the tour?", "The price includes:", "other"),
        ("What is not included in the tour?", "Not included:", "named"),
        ("What does the rent not include?", "The rent does not include water.", "named"),
        ("What is excluded?", "Included are flights.", "other"),
        ("What is included in the tour?", "Not included:", "other"),
        ("What is included in the tour?", "The fee doesn't include drinks.", "other"),
        ("Which meals are included?", "Breakfast is included, lunch is not.", "named"),
        ("What is included and what is not included?", "Not included:", None),
        ("Was ist im Preis enthalten?", "Nicht enthalten:", "other"),
        ("Was ist nicht im Preis enthalten?", "Im Preis enthalten:", "other"),
        ("Welche Kosten sind nicht inbegriffen?", "Nicht inbegriffen sind Getränke.", "named"),
        ("Qu'est-ce qui n'est pas compris ?", "Le prix comprend le guide.", "other"),
        ("Quels repas sont compris ?", "Ne sont pas compris : les boissons.", "other"),
        # What is left out answers whether it is included.
        ("Is insurance included?", "Not included: insurance.", None),
    ],
)
def test_what_is_included_is_not_what_is_left_out(
    question: str, sentence: str, standing: Standing | None
) -> None:
    contrasts = Contrasts.of(question)
    found = contrasts and {one.stands_in(sentence, is_row=False) for one in contrasts.named}
    assert found == (None if standing is None else {standing})
