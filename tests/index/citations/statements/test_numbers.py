from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from index.citations.statements.numbers import Number, read_numbers


def one(text: str) -> Number:
    (number,) = read_numbers(text)
    return number


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1,577 people", "1577 people"),
        ("1.577 Menschen", "1 577 people"),
        ("1'577", "1\u202f577"),
        ("35 %", "thirty-five per cent"),
        ("35 percent", "35％"),
        ("2.5 million", "2,500,000"),
        ("2,5 Millionen", "2500000"),
        ("two hundred and five men", "205 men"),
        ("five thousand", "5000"),
        ("12,5", "12.5"),
        ("25万人", "250,000 people"),
        ("三千五百", "3,500"),
        ("二〇一九年", "2019"),
        ("٣٥", "35"),
        ("२०१९", "2019"),
        ("1958年", "1958"),
        ("5mg", "5 mg"),
    ],
)
def test_one_number_in_two_notations(a: str, b: str) -> None:
    assert one(a).equals(one(b))
    assert one(b).equals(one(a))
    assert one(a).is_percent == one(b).is_percent


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1,577", "1,578"),
        ("1.5", "15"),
        ("2.5 million", "2.5 billion"),
        ("35", "36"),
        ("2019", "2018"),
        ("2020", "2019"),
        ("1990", "1987"),
        ("0.125", "125"),
    ],
)
def test_two_numbers(a: str, b: str) -> None:
    assert not one(a).equals(one(b))
    assert not one(b).equals(one(a))


def test_a_rounded_number_equals_the_exact_one() -> None:
    assert one("2.6 million").equals(one("2,643,037"))
    assert not one("2,643,037").equals(one("2.6 million"))
    assert not one("2.5 million").equals(one("2,643,037"))
    assert not one("2.6 million").equals(one("2,690,000"))
    assert not one("3").equals(one("2.9"))


@pytest.mark.parametrize(
    "text", ["", "one of them", "no number", "H1N1 and IL2 and B12", "hundred", "a million"]
)
def test_what_is_no_number(text: str) -> None:
    assert read_numbers(text) == []


def test_several_numbers_keep_their_places() -> None:
    text = "In 2019, 1,577 of 3.5 million (0.05 %) had twenty-one."
    found = read_numbers(text)
    assert [text[number.start : number.end] for number in found] == [
        "2019", "1,577", "3.5 million", "0.05 %", "twenty-one",
    ]  # fmt: skip
    assert found[2].values == {Decimal(3_500_000)}


@given(st.text(alphabet="0123456789.,' %万千百三〇 -aone hundred", max_size=40))
def test_offsets_hold_in_any_text(text: str) -> None:
    last = 0
    for number in read_numbers(text):
        assert last <= number.start < number.end <= len(text)
        assert number.values
        last = number.start


@pytest.mark.parametrize("written", ["9", "一", "٣"])
def test_a_number_of_thousands_of_digits_is_a_number(written: str) -> None:
    assert one(written * 5000).equals(one(written * 5000))


def test_the_end_of_a_range_of_years_is_a_year() -> None:
    year, end = read_numbers("the season of 2018–19")
    assert year.values == {Decimal(2018)}
    assert end.values == {Decimal(19), Decimal(2019)}
    assert read_numbers("12018-19")[-1].values == {Decimal(19)}


@pytest.mark.parametrize("scale", ["thousand", "thousands", "tausend", "millions", "billions"])
def test_the_long_s_of_old_prints_is_an_s(scale: str) -> None:
    assert one(f"5 {scale.replace('s', chr(0x17F))}").values == one(f"5 {scale}").values


@pytest.mark.parametrize(("exact", "stated"), [("2.65", "2.6"), ("2.65", "2.7"), ("38,500", "38,000")])
def test_a_number_in_the_middle_is_rounded_by_one_of_two_customs(exact: str, stated: str) -> None:
    assert read_numbers(stated)[0].equals(read_numbers(exact)[0])


@pytest.mark.parametrize(("exact", "stated"), [("39,500", "39,000"), ("2.75", "2.7"), ("17,500", "17,000")])
def test_no_custom_rounds_an_odd_digit_down_from_the_middle(exact: str, stated: str) -> None:
    assert not read_numbers(stated)[0].equals(read_numbers(exact)[0])
