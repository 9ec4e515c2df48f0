from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, strategies as st

from index.citations.statements.alignment import align
from index.citations.statements.conflicts import find_conflicts
from index.citations.statements.words import words_of
from index.text import Analyzer

TERMS = Analyzer().terms
DRUG = (
    "The drug reduced COVID-19 mortality in 1,577 patients of the New York hospital by 35 percent in "
    "March 2001."
)


def differing(claim: str, source: str) -> list[tuple[str, str, str]]:
    """The facts on which both differ; their offsets are checked."""
    found = find_conflicts(align(words_of(claim, TERMS), words_of(source, TERMS)))
    for one in found:
        if one.kind != "number":
            assert one.claimed.split() == claim[one.start : one.end].split()
            assert one.stated.split() == source[one.at : one.to].split()
    return [(one.kind, one.claimed, one.stated) for one in found]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("1,577", "1,677", ("number", "1,677", "1,577")),
        ("35 percent", "34 %", ("number", "34 %", "35 percent")),
        ("2001", "2003", ("number", "2003", "2001")),
        ("March", "May", ("date", "May", "March")),
        ("New York", "Boston", ("name", "Boston", "New York")),
        ("COVID-19", "SARS-2", ("name", "SARS-2", "COVID-19")),
        ("reduced", "did not reduce", ("negation", "not", "")),
        ("reduced", "didn’t reduce", ("negation", "n’t", "")),
        ("reduced", "increased", ("direction", "increased", "reduced")),
    ],
)
def test_one_fact_that_differs_is_told_with_both_values(
    old: str, new: str, found: tuple[str, str, str]
) -> None:
    assert differing(DRUG.replace(old, new), DRUG) == [found]


THINGS = ("windows", "parking spaces", "litres of oil")


def test_the_number_of_the_same_thing_is_told() -> None:
    numbers, told = ("130", "310", "4200"), []
    for order in itertools.permutations(range(3)):
        first, second, third = (f"{numbers[one]} {THINGS[one]}" for one in order)
        for number, thing in zip(numbers, THINGS, strict=True):
            source = f"The old hall has {first}, {second} and {third}."
            found = differing(f"The old hall has 300 {thing}.", source)
            assert found in ([], [("number", "300", number)])
            told += found
    assert len(told) >= 16  # of 18: the last of a list is far from what the others are said of


@pytest.mark.parametrize("order", [("130", "310"), ("310", "130")])
def test_of_several_numbers_of_the_same_thing_the_context_decides_and_then_the_value(
    order: tuple[str, str],
) -> None:
    source = f"The tariff is {order[0]} euros for students and {order[1]} euros for members."
    assert differing("The tariff is 300 euros for members.", source) == [("number", "300", order[1])]
    source = f"The ferry carries {order[0]} cars and {order[1]} cars."
    assert differing("The ferry carries 300 cars.", source) == [("number", "300", "310")]


CODES = ("2.2.1", "10.20.8.4", "v3.0.0-rc1", "12.345.6", "1.10.20", "4.17.21+build.5")


def exchanged(code: str) -> list[str]:
    """The code with each of its numbers exchanged in turn, and without the last."""
    numbers = [match.span() for match in re.finditer(r"\d+", code)]
    others = [f"{code[:start]}{int(code[start:end]) + 1}{code[end:]}" for start, end in numbers]
    return [*others, f"{code}.9"]


@pytest.mark.parametrize("code", CODES)
def test_a_version_or_an_address_is_one_name(code: str) -> None:
    source = f"The value {code} was set by the harbour office in the spring."
    assert differing(source, source) == []
    assert differing(source.replace(code, code.upper()), source) == []
    for other in exchanged(code):
        assert differing(source.replace(code, other), source) == [("name", other, code)]


@pytest.mark.parametrize("number", ["1.234.567", "12.345", "2.5", "4.3.2024"])
def test_thousands_decimals_and_days_are_no_such_names(number: str) -> None:
    assert all(one.text != number or one.kind == "number" for one in words_of(f"It was {number}.", TERMS))


def test_a_negation_of_the_source_that_the_claim_leaves_out() -> None:
    source = "The virus was not found in the samples of the lower lung."
    assert differing(source.replace("not ", ""), source) == [("negation", "", "not")]


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        (DRUG, DRUG),
        (DRUG.replace("1,577", "1577").replace("35 percent", "thirty-five per cent"), DRUG),
        ("In March 2001, mortality of patients in New York was reduced by 35 % by the drug.", DRUG),
        (
            "The drug reduced mortality in the NYC hospital.",
            "The drug reduced mortality in the New York City hospital.",
        ),
        ("It was not only found in lungs.", "It was found in lungs."),
        ("It was not found in Paris.", "In Paris it was not found."),
        ("About 2.6 million people live in the city.", "2,643,037 people live in the city."),
        ("The bridge was built by Gustave Eiffel.", "The bridge was built by Eiffel."),
    ],
)
def test_the_same_in_other_words_has_no_conflict(claim: str, source: str) -> None:
    assert differing(claim, source) == []


def test_another_statement_has_no_conflict() -> None:
    assert differing("The bridge was opened in 1912 by the queen.", DRUG) == []
    assert differing("In 1999 the hospital was closed.", DRUG) == []


@pytest.mark.parametrize(
    ("claim", "source", "kind"),
    [
        ("Der Turm wurde 1889 in Paris gebaut.", "Der Turm wurde 1887 in Paris gebaut.", "number"),
        ("Der Turm wurde nicht in Paris gebaut.", "Der Turm wurde in Paris gebaut.", "negation"),
        ("Der Turm wurde 1889 in Berlin gebaut.", "Der Turm wurde 1889 in Paris gebaut.", "name"),
        ("La tour n'a pas été construite en 1889.", "La tour a été construite en 1889.", "negation"),
        ("La torre fue construida en mayo de 1889.", "La torre fue construida en abril de 1889.", "date"),
        ("Башня не была построена в 1889 году.", "Башня была построена в 1889 году.", "negation"),
        ("东京塔于1959年建成。", "东京塔于1958年建成。", "number"),
        ("东京塔没有在1958年建成。", "东京塔在1958年建成。", "negation"),
        ("東京タワーは1958年に完成しなかった。", "東京タワーは1958年に完成した。", "negation"),
    ],
)
def test_other_languages(claim: str, source: str, kind: str) -> None:
    assert [one[0] for one in differing(claim, source)] == [kind]


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts(claim: str, source: str) -> None:
    for one in find_conflicts(align(words_of(claim, TERMS), words_of(source, TERMS))):
        assert 0 <= one.start <= one.end <= len(claim)
        assert 0 <= one.at <= one.to <= len(source)


@given(st.text(max_size=80))
def test_a_text_does_not_contradict_itself(text: str) -> None:
    assert find_conflicts(align(words_of(text, TERMS), words_of(text, TERMS))) == []
