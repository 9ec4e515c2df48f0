"""Ranges and amounts as documents and questions write them."""

from __future__ import annotations

from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given, strategies as st

from index.search.ranges import Range, amounts_in, only_range, read_ranges

UNITS = ["years", "kg", "nights", "°C", "euros", "people", "Jahre", "mois", "días", "litres", "%"]
CLOSED = (
    "{} to {} {u}|from {} to {} {u}|{}–{} {u}|{} {u} to {} {u}|between {} and {} {u}|{} bis {} {u}|"
    "von {} bis {} {u}|zwischen {} und {} {u}|de {} à {} {u}|de {} a {} {u}|entre {} et {} {u}"
).split("|")
ABOVE = "over {} {u}|more than {} {u}|> {} {u}|über {} {u}|mehr als {} {u}|plus de {} {u}".split("|")
FROM = (
    "at least {} {u}|from {} {u}|{} {u} or more|{}+ {u}|{} or more {u}|not less than {} {u}|≥ {} {u}|"
    "ab {} {u}|mindestens {} {u}|{} {u} oder mehr|à partir de {} {u}|a partir de {} {u}"
).split("|")
UNDER = "under {} {u}|less than {} {u}|< {} {u}|unter {} {u}|moins de {} {u}|menos de {} {u}".split("|")
UP_TO = (
    "up to {} {u}|at most {} {u}|no more than {} {u}|{} {u} or less|≤ {} {u}|bis zu {} {u}|höchstens {} {u}|"
    "jusqu'à {} {u}|hasta {} {u}"
).split("|")

numbers = st.decimals(0, 900, places=1).map(lambda one: one.quantize(Decimal(1)) if one == int(one) else one)
units = st.sampled_from(UNITS)


def amount(value: Decimal, unit: str) -> Range:
    (found,) = read_ranges(f"{value} {unit}")
    assert not found.bound
    assert found.least == found.most == value
    return found


def told(form: str, *values: Decimal, unit: str) -> Range:
    found = only_range(form.format(*values, u=unit))
    assert found is not None
    return found


@given(st.sampled_from(CLOSED), numbers, numbers, numbers, units)
def test_a_range_with_two_ends_has_what_is_between_them(
    form: str, one: Decimal, other: Decimal, value: Decimal, unit: str
) -> None:
    least, most = sorted((one, other))
    found = told(form, least, most, unit=unit)
    for asked in (least, most, value):
        assert found.has(amount(asked, unit)) == (least <= asked <= most)
        assert found.may_have(amount(asked, unit))


@given(
    st.sampled_from([(one, kind) for kind in (ABOVE, FROM, UNDER, UP_TO) for one in kind]),
    numbers,
    numbers,
    units,
)
def test_a_border_is_in_a_range_or_not(
    form: tuple[str, list[str]], border: Decimal, value: Decimal, unit: str
) -> None:
    written, kind = form
    found = told(written, border, unit=unit)
    for asked in (border, value):
        is_inside = asked == border if kind in (FROM, UP_TO) else False
        is_inside |= asked > border if kind in (ABOVE, FROM) else asked < border
        assert found.has(amount(asked, unit)) == is_inside


@given(st.integers(-40, -1), st.integers(-40, 40), st.integers(-40, 40))
def test_negative_numbers_are_in_ranges(first: int, last: int, value: int) -> None:
    least, most = sorted((first, last))
    (asked,) = read_ranges(f"at {value} °C")
    for form in ("{} to {} °C", "from {} °C to {} °C", "between {} and {} degrees", "{} bis {} Grad"):
        (found,) = read_ranges(form.format(least, most))
        assert found.has(asked) == (least <= value <= most)


MONTHS = "January February March April May June July August September October November December".split()


@given(st.integers(0, 11), st.integers(0, 11), st.integers(0, 11), st.integers(1, 28))
def test_months_and_days_are_in_a_part_of_the_year(first: int, last: int, value: int, day: int) -> None:
    inside = {(first + after) % 12 for after in range((last - first) % 12 + 1)}
    (asked,), (exact,) = read_ranges(f"in {MONTHS[value]}"), read_ranges(f"on {day} {MONTHS[value]}")
    for joined in ("from {} to {}", "{}–{}", "{} until {}"):
        (found,) = read_ranges(joined.format(MONTHS[first], MONTHS[last]))
        assert found.has(asked) == found.has(exact) == (value in inside)
        assert found.may_have(asked)


@pytest.mark.parametrize(
    ("written", "inside", "outside"),
    [
        ("from the fourth month on", ["4 months", "5 months"], ["3 months"]),
        ("from the 4th month onwards", ["4 months"], ["3 months"]),
        ("ab dem vierten Monat", ["4 Monate"], ["3 Monate"]),
        ("over 5 up to 10 years", ["6 years", "10 years"], ["5 years"]),
        ("10 to under 20 kg", ["10 kg", "19.9 kg"], ["20 kg"]),
        ("501 to 5,000 users", ["501 users", "5,000 users"], ["500 users", "5,001 users"]),
        ("1.000 bis 2.000 Nutzer", ["für 1.500 Nutzer"], ["500 Nutzer", "2500 Nutzer"]),
        ("bis 2,5 kg", ["2,5 kg"], ["2,6 kg"]),
        ("£5 to £10", ["7 pounds", "£10"], ["£11"]),
        ("over €50", ["51 euros"], ["€50"]),
        ("aged 12-17", ["14 year old", "17 years"], ["18 years"]),
        ("18 and older", ["aged 18", "20 years"], ["17 years"]),
        ("1 May to 15 September", ["15 September", "June"], ["16 September", "April"]),
        ("1 to 15 May", ["15 May"], ["16 May"]),
        ("Friday to Monday", ["Sunday"], ["Tuesday"]),
        ("-5 to 5 °C", ["0 degrees", "-5 °C"], ["6 °C"]),
        ("over 2 kg and under 10 kg", ["2.1 kg", "9 kg"], ["2 kg", "10 kg"]),
        ("over 1.5 kg and up to 3 kg", ["1.6 kg", "3 kg"], ["1.5 kg", "3.1 kg"]),
        ("at least 2 kg but less than 10 kg", ["2 kg", "9 kg"], ["1 kg", "10 kg"]),
        ("no less than 2 kg and under 10 kg", ["2 kg", "9 kg"], ["1 kg", "10 kg"]),
        ("mehr als 2 kg und weniger als 10 kg", ["3 kg"], ["2 kg", "10 kg"]),
        ("plus de 2 kg et moins de 10 kg", ["3 kg"], ["2 kg", "10 kg"]),
        ("up to and including 12 years", ["11 years", "12 years"], ["13 years"]),
        ("5 up to and including 12 years", ["5 years", "12 years"], ["4 years", "13 years"]),
        ("over 12 years", ["13 years"], ["12 years"]),
    ],
)
def test_what_is_in_a_range(written: str, inside: list[str], outside: list[str]) -> None:
    found = only_range(written)
    assert found is not None
    for is_inside, some in ((True, inside), (False, outside)):
        for one in some:
            (asked,) = read_ranges(one)
            assert found.unit == asked.unit
            assert found.has(asked) is is_inside


@pytest.mark.parametrize(
    "written",
    [
        "5 and 10",
        "12 months",
        "10 to 5",
        "10:30-11:30",
        "aged 12",
        "up to 3 kg and 5 to 7 kg",
        "5/6",
        "Zeta 5",
    ],
)
def test_what_is_no_range(written: str) -> None:
    assert only_range(written) is None


def test_what_is_unclear_is_neither_in_a_range_nor_outside() -> None:
    (thousand,), (july,) = read_ranges("1.000 Nutzer"), read_ranges("in July")
    for written, asked in (("1 bis 10 Nutzer", thousand), ("15 July to 15 August", july)):
        found = only_range(written)
        assert found is not None
        assert found.has(asked) is None


@pytest.mark.parametrize(
    ("written", "bounds"),
    [
        ("up to and including 12 years; over 12 years", [(None, 12), (12, None)]),
        ("12 years and under, over 12 years", [(None, 12), (12, None)]),
        ("up to 3 kg and over 5 kg", [(None, 3), (5, None)]),
        ("not more than 3 kg and up to 5 kg", [(None, 3), (None, 5)]),
        ("from 6 years and up to 3 adults", [(6, None), (None, 3)]),
        ("over 12 years and under 3 years", [(12, None), (None, 3)]),
        ("5 years or more 3 weeks", [(5, None), (3, 3)]),
        ("3 kg and up to the house", [(3, 3)]),
        ("3 kg and up", [(3, None)]),
    ],
)
def test_bounds_belong_to_their_own_amounts(
    written: str, bounds: list[tuple[int | None, int | None]]
) -> None:
    assert [(one.least, one.most) for one in read_ranges(written)] == bounds


@pytest.mark.parametrize("written", ["1 May, ", "1.000 Nutzer, ", "over 5 kg and "])
def test_a_long_list_of_amounts_takes_no_longer_for_each(written: str) -> None:
    def seconds(times: int) -> float:
        start = process_time()
        read_ranges(written * times)
        return process_time() - start

    short = min(seconds(500) for _ in range(3))
    assert min(seconds(4000) for _ in range(3)) < 8 * 3 * short + 0.1


@pytest.mark.parametrize("letters", ["a", "A", "Aa"])
def test_a_long_word_before_an_amount_takes_no_longer_for_each_letter(letters: str) -> None:
    start = process_time()
    amounts_in(f"{letters * 10_000} 5 kg 6 kg 7 kg")
    assert process_time() - start < 0.3


def test_ranges_within_a_sentence_have_their_units() -> None:
    found = read_ranges("Children from 6 to 11 years: 5 ml; over 30 kg, 7 ml. Take it for up to 4 days.")
    assert [(one.least, one.most, one.unit) for one in found if one.bound] == [
        (6, 11, "year"),
        (30, None, "kg"),
        (None, 4, "day"),
    ]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What do I get after 7 years?", [(7, "year")]),
        ("How many may my 14 year old take?", [(14, "year")]),
        ("How many may my 14-year-old take?", [(14, "year")]),
        ("I am 17, may I?", [(17, "year")]),
        ("What is it for three nights and 2 people?", [(3, "night"), (2, "person")]),
        ("May up to 20 people use it?", [(20, "person")]),
        ("What do I get over 5 years?", []),
        ("What do I get between 3 and 5 years?", []),
        ("Who gets it from 3 to 5 years?", []),
        ("How big is room 15 people use?", []),
        ("What does the HL-15 people like cost?", []),
        ("Which of the 2019 guests paid?", []),
    ],
)
def test_amounts_of_a_question(question: str, found: list[tuple[int, str]]) -> None:
    assert [(int(one.most or 0), one.unit) for one in amounts_in(question)] == found


@pytest.mark.parametrize(
    ("question", "text", "is_same"),
    [
        ("May my 7 year old swim?", "Children from six years may swim.", True),
        ("May my 7 year old swim?", "from six years", True),
        ("May a 7-year-old dog swim?", "Dogs over 6 years may swim.", True),
        ("May a 7-year-old dog swim?", "Children from six years may swim.", False),
        ("My car is 7 years old. Is it insured?", "Drivers aged 5 to 10 years pay more.", False),
        ("My car is 7 years old. Is it insured?", "Cars more than 5 years old are not.", True),
        ("May my 7 year old ride?", "Horses over 6 years old are not ridden.", False),
        ("What notice is due after 7 years?", "Children aged 5 to 10 years have none.", False),
        ("What notice is due after 7 years?", "Service of 5 to 10 years: two months", True),
    ],
)
def test_an_age_is_not_compared_with_that_of_another_thing(question: str, text: str, is_same: bool) -> None:
    (asked,) = amounts_in(question)
    (found,) = (one for one in read_ranges(text) if one.bound)
    assert found.may_have(asked) is is_same
    assert found.has(asked)
