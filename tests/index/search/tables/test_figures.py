from decimal import Decimal

import pytest

from index.search.tables.figures import Figures, NotFigures, figures_of, is_period, with_unit


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,210", "42"], ["1210", "42"]),
        (["$ 1,452.4", "44.1", "$1,496.5"], ["1452.4", "44.1", "1496.5"]),
        (["(9,819)", "6,639", "−12", "-3"], ["-9819", "6639", "-12", "-3"]),
        (["3,5", "12,75"], ["3.5", "12.75"]),
        (["1.234,50", "7,00"], ["1234.50", "7.00"]),
        (["12 345", "7 000"], ["12345", "7000"]),
        (["210 km", "88 km"], ["210", "88"]),
        (["21.0%", "3.7%"], ["21.0", "3.7"]),
        (["$(15)", "$ (3)"], ["-15", "-3"]),
        (["5,974 (1)", "6,148*"], ["5974", "6148"]),
        (["12,34,567", "1"], ["1234567", "1"]),
    ],
)
def test_figures_of_a_column(cells: list[str], values: list[str]) -> None:
    found = figures_of(cells)
    assert isinstance(found, Figures)
    assert found.readings == [[Decimal(value) for value in values]]


def test_a_point_before_three_digits_is_read_both_ways() -> None:
    found = figures_of(["1.250", "980"])
    assert isinstance(found, Figures)
    assert found.readings == [[Decimal("1.250"), Decimal(980)], [Decimal(1250), Decimal(980)]]


@pytest.mark.parametrize(
    ("cells", "dates"),
    [
        (["1889", "2016"], [18890000, 20160000]),
        (["1961-05-12", "1958-09-30"], [19610512, 19580930]),
        (["12 May 1961", "May 3, 1961", "June 1960"], [19610512, 19610503, 19600600]),
    ],
)
def test_years_and_dates(cells: list[str], dates: list[int]) -> None:
    found = figures_of(cells)
    assert isinstance(found, Figures)
    assert (found.kind, found.readings) == ("date", [[Decimal(date) for date in dates]])


@pytest.mark.parametrize(
    ("cells", "reason", "at"),
    [
        (["42", "n/a"], "no_number", 1),
        (["42", ""], "no_number", 1),
        (["—", "42"], "no_number", 0),
        (["10–20", "42"], "no_number", 0),
        (["1,2,3", "42"], "no_number", 0),
        (["210 km", "88 miles"], "mixed_units", 1),
        (["30%", "12"], "mixed_units", 1),
        (["$ 3", "€ 4"], "mixed_units", 1),
    ],
)
def test_what_is_no_figure(cells: list[str], reason: str, at: int) -> None:
    assert figures_of(cells) == NotFigures(reason, at)  # type: ignore[arg-type]


def test_signs_of_currencies_stand_before_a_value() -> None:
    assert (with_unit("7,927", "$"), with_unit("88", "km"), with_unit("3", "")) == ("$ 7,927", "88 km", "3")


@pytest.mark.parametrize("name", ["2019", "2018 (4)", "30 June 2019 $’000", "FY19", "Q3", "Fourth quarter"])
def test_names_of_periods(name: str) -> None:
    assert is_period(name)


@pytest.mark.parametrize("name", ["Change %", "Total", "Note", "12,019", "Height (m)", "Maybe"])
def test_names_of_other_columns(name: str) -> None:
    assert not is_period(name)
