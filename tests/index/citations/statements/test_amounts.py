"""Amounts in all forms in which sentences write them: of one amount they agree, of two they do not."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest

from index.citations.statements.amounts import read_amounts
from tests.index.citations.statements.test_opposites import is_conflict

PRICE = "A ticket for the Ely museum costs {} at the desk."
AMOUNTS = (
    (PRICE, "50 cents | half a euro | 0.50 euros | €0.50 | 0.50 €"),
    (PRICE, "2 euros | two euros | €2 | EUR 2 | 2.00 euros | 200 cents | 2 € | 2€ | € 2 | 2 EUR"),
    (PRICE, "€5m | €5 million | 5 million euros | EUR 5 million"),
    (PRICE, "$7k | $7,000 | USD 7000 | 7000 USD"),
    ("The tour of Ely cathedral takes {} in total.", "30 minutes | half an hour | 0.5 hours | 30 min"),
    (
        "The tour of Ely cathedral takes {} in total.",
        "90 minutes | one and a half hours | 1.5 hours | 1½ hours",
    ),
    ("The path around Hadley lake is {} long in all.", "1.5 km | 1500 m | 1,500 metres | 1.5 kilometres"),
    ("The bags of the Ely shuttle may weigh {} each.", "20 kg | twenty kilograms | 20,000 g"),
    ("The Ely museum letter is sent to members {}.", "every two weeks | fortnightly | every other week"),
    (
        "The Ely museum letter is sent to members {}.",
        "monthly | once a month | every month | 12 times a year",
    ),
)


@pytest.mark.parametrize(("frame", "forms"), AMOUNTS)
def test_one_amount_in_two_forms_agrees(frame: str, forms: str) -> None:
    for one, other in product(forms.split(" | "), repeat=2):
        assert not is_conflict(frame.format(one), frame.format(other)), (one, other)


def test_two_prices_in_two_forms_disagree() -> None:
    for one, other in product(("€2", "2 €", "EUR 2", "200 cents"), ("€3", "3 €", "300 cents", "3 euros")):
        assert is_conflict(PRICE.format(one), PRICE.format(other)), (one, other)


TOURS = {
    "en": "The tour of Ely cathedral takes {} in total.",
    "de": "Die Führung durch den Dom Ely dauert {} mit Turm.",
    "fr": "La visite de la cathédrale Ely dure {} avec la tour.",
    "es": "La visita de la catedral Ely dura {} con la torre.",
}
UNITS = {
    "en": ("hour hours", "minute minutes", "and"),
    "de": ("Stunde Stunden", "Minute Minuten", "und"),
    "fr": ("heure heures", "minute minutes", "et"),
    "es": ("hora horas", "minuto minutos", "y"),
}
OFFICE = "The term of office of the Ely board is {} in total."
PRICES = {
    "euro": "{n} euros|{n} euro|€{n}|EUR {n}|{n} EUR|{n} €|€ {n}",
    "dollar": "{n} dollars|${n}|USD {n}|{n} USD|{n} $|US${n}|{n} US dollars|{n} Dollar",
    "pound": "{n} pounds|£{n}|GBP {n}|{n} GBP|{n} £",
    "franc": "{n} francs|CHF {n}|{n} CHF|{n} Franken",
}


def lengths(minutes: int, language: str) -> list[str]:
    """A length of time in its forms."""
    hours, rest = divmod(minutes, 60)
    (hour, several), (_, minute), (joint,) = (some.split() for some in UNITS[language])
    some = f"{hours} {hour if hours == 1 else several}"
    found = [f"{minutes} min", f"{minutes} {minute}"]
    if not rest:
        return [*found, some, f"{hours} h"]
    found += [f"{some} {rest} {minute}", f"{some} {joint} {rest} {minute}"]
    found += [f"{hours}{gap}h{gap}{rest}{end}" for gap in ("", " ") for end in ("", " min")]
    if not rest % 15:
        part = {15: "¼", 30: "½", 45: "¾"}[rest]
        found += [f"{Decimal(minutes) / 60} {several}", f"{hours}{part} {several}"]
    if language == "en":
        found += [f"{hours}h {rest}m", f"{some}, {rest} minutes", f"{hours} hr {rest} mins"]
        words = {15: "a quarter", 30: "a half", 45: "three quarters"}.get(rest, "")
        one = "an hour" if hours == 1 else f"{hours} hours"
        found += [f"{one} and {rest} minutes", *([f"{one} and {words}"] if words and hours == 1 else [])]
    return found


@pytest.mark.parametrize("language", TOURS)
@pytest.mark.parametrize(("minutes", "others"), [(90, 105), (75, 60), (105, 120), (130, 140), (150, 135)])
def test_lengths_of_hours_and_minutes(minutes: int, others: int, language: str) -> None:
    frame, own = TOURS[language], lengths(minutes, language)
    for one, other in product(own, repeat=2):
        assert not is_conflict(frame.format(one), frame.format(other), are_related=True), (one, other)
    for one, other in product(own, lengths(others, language)):
        assert is_conflict(frame.format(one), frame.format(other), are_related=True), (one, other)


@pytest.mark.parametrize("gap", [" and ", " ", ", "])
def test_lengths_of_years_and_months(gap: str) -> None:
    own = [f"two years{gap}six months", f"2 years{gap}6 months", "30 months", "thirty months", "2.5 years"]
    own += ["2½ years", "two and a half years"]
    for one, other in product(own, repeat=2):
        assert not is_conflict(OFFICE.format(one), OFFICE.format(other)), (one, other)
    for one, other in product(own, [f"2 years{gap}7 months", "31 months", "two years", "3 years"]):
        assert is_conflict(OFFICE.format(one), OFFICE.format(other)), (one, other)


@pytest.mark.parametrize("thousands", ["{}000", "{},000", "{} 000", "{}.000"])
@pytest.mark.parametrize("currency", PRICES)
def test_prices_with_the_word_or_the_sign_of_a_currency(currency: str, thousands: str) -> None:
    forms = PRICES[currency].split("|")
    own = [one.format(n=thousands.format(2)) for one in forms]
    same = [one.format(n="2,000") for one in forms]
    others = [one.format(n="3,000") for one in forms]
    for one, other in product(own, same):
        assert not is_conflict(PRICE.format(one), PRICE.format(other)), (one, other)
    for one, other in product(own, others):
        assert is_conflict(PRICE.format(one), PRICE.format(other)), (one, other)


@pytest.mark.parametrize(("sign", "word"), [("€", "euro"), ("$", "dollar")])
def test_cents_are_of_the_currency_of_the_other_sentence(sign: str, word: str) -> None:
    own = [f"{sign}2.50", f"2 {word}s 50 cents", f"2 {word}s and 50 cents", "250 cents", f"2½ {word}s"]
    for one, other in product(own, repeat=2):
        assert not is_conflict(PRICE.format(one), PRICE.format(other)), (one, other)
    for one, other in product(own, [f"{sign}2.60", f"2 {word}s 70 cents", "260 cents"]):
        assert is_conflict(PRICE.format(one), PRICE.format(other)), (one, other)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("2 weeks, 5 days a week", [14, 5]),
        ("between 1 hour and 30 minutes", [Fraction(1, 24), Fraction(1, 48)]),
        ("1 hour, 90 minutes", [Fraction(1, 24), Fraction(1, 16)]),
        ("30 minutes and 1 hour", [Fraction(1, 48), Fraction(1, 24)]),
        ("5 euros an hour and 30 minutes", [Fraction(1, 48)]),
        ("3 times a day and 12 hours", [Fraction(1, 2)]),
    ],
)
def test_what_is_no_part_of_an_amount_is_one_of_its_own(text: str, amounts: list[Fraction]) -> None:
    found = [one for one in read_amounts(text) if one.measure == "time"]
    assert [Fraction(*max(one.values).as_integer_ratio()) / 86400 for one in found] == amounts
