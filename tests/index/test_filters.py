from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from index.errors import InvalidFilter
from index.filters import OPERATORS, SPELLINGS, Comparison, Compound, Operator, divide_pages, parse_filter
from index.page_labels import PageRange, pack_labels, pages_in, roman


def test_a_nested_filter_is_read() -> None:
    nested = {
        "type": "and",
        "filters": [
            {"type": "gte", "key": "year", "value": 2020},
            {"type": "or", "filters": [{"type": "in", "key": "tag", "value": ["a", True]}]},
        ],
    }
    assert parse_filter(nested) == Compound(
        "and",
        (Comparison("gte", "year", (2020,)), Compound("or", (Comparison("in", "tag", ("a", True)),))),
    )


ON_PAGE = {"type": "eq", "key": "printed_page", "value": "3"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("year", "object"),
        (None, "object"),
        ({}, "Unknown filter type None"),
        ({"type": "like", "key": "a", "value": "b"}, "Unknown filter type 'like'"),
        ({"type": ["eq"], "key": "a", "value": "b"}, "Unknown filter type"),
        ({"type": "eq", "key": "a"}, "lacks 'value'"),
        ({"type": "eq", "value": 1}, "lacks 'key'"),
        ({"type": "eq", "key": "a", "value": 1, "boost": 2}, "no 'boost'"),
        ({"type": "eq", "key": 3, "value": 1}, "metadata name"),
        ({"type": "eq", "key": "a", "value": [1]}, "not [1]"),
        ({"type": "eq", "key": "a", "value": None}, "not None"),
        ({"type": "eq", "key": "a", "value": float("nan")}, "not nan"),
        ({"type": "in", "key": "a", "value": 1}, "list"),
        ({"type": "in", "key": "a", "value": [1] * 1001}, "at most 1000"),
        ({"type": "gt", "key": "a", "value": True}, "takes strings, numbers, not True"),
        ({"type": "and", "filters": []}, "1 to"),
        ({"type": "or", "filters": {"type": "eq"}}, "1 to"),
        ({"type": "and"}, "lacks 'filters'"),
        *(
            ({"type": "eq", "key": "printed_page", "value": value}, "or a range such as '210-220'")
            for value in (
                "",
                "p. 217",
                "15-12a",
                "iiii",
                "3a",
                -1,
                2.5,
                float("nan"),
                float("inf"),
                True,
                None,
            )
        ),
        (
            {"type": "lte", "key": "printed_page", "value": "Cover"},
            "'lte' takes the number that a printed page bears",
        ),
        ({"type": "in", "key": "printed_page", "value": ["3", "x y"]}, "not 'x y'"),
        *(
            ({"type": one.name, "key": "printed_page", "value": "3"}, "takes the types eq, gt, gte, lt")
            for one in OPERATORS.values()
            if one.is_complement
        ),
        ({"type": "or", "filters": [{"type": "and", "filters": [ON_PAGE, ON_PAGE]}]}, "a part of 'or'"),
        (
            {"type": "or", "filters": [{"type": "in", "key": "printed_page", "value": []}, ON_PAGE]},
            "a part of 'or'",
        ),
    ],
)
def test_what_is_wrong_with_a_filter_is_told(given: object, told: str) -> None:
    with pytest.raises(InvalidFilter, match=r".*") as caught:
        parse_filter(given)
    assert told in caught.value.message


def test_nesting_is_bounded() -> None:
    given: dict[str, object] = {"type": "eq", "key": "a", "value": 1}
    for _ in range(7):
        given = {"type": "and", "filters": [given]}
    parse_filter(given)
    with pytest.raises(InvalidFilter, match="nested"):
        parse_filter({"type": "and", "filters": [given]})


def test_no_two_operators_are_spelled_alike() -> None:
    assert len(SPELLINGS) == sum(len(one.spellings) for one in OPERATORS.values())


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_can_be_searched_for_in_sql(name: str) -> None:
    one = OPERATORS[name]
    assert bool(one.sign) != bool(one.sql)
    assert one.sign == "=" or not one.takes_list


def test_a_filter_is_divided_into_what_it_asks_of_pages_and_of_documents() -> None:
    year = Comparison("eq", "year", (2020,))
    parts = [ON_PAGE, {"type": "and", "filters": [{"type": "eq", "key": "year", "value": 2020}]}]
    assert divide_pages(parse_filter({"type": "and", "filters": parts})) == (
        (PageRange("", False, 3, 3),),
        Compound("and", (year,)),
    )
    assert divide_pages(year) == (None, year)
    assert divide_pages(None) == (None, None)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([one for one in OPERATORS.values() if not one.is_complement]),
            st.integers(1, 40),
            st.sampled_from([str, roman, "A-{}".format]),
        ),
        min_size=1,
        max_size=3,
    ),
    st.integers(1, 42),
    st.sampled_from([str, roman, "A-{}".format]),
)
def test_pages_satisfy_what_their_numbers_do(
    asked: list[tuple[Operator, int, Callable[[int], str]]], number: int, shape: Callable[[int], str]
) -> None:
    parts = [
        {"type": how.name, "key": "printed_page", "value": [form(one)] if how.takes_list else form(one)}
        for how, one, form in asked
    ]
    ranges, others = divide_pages(parse_filter({"type": "and", "filters": parts}))
    right = all(form == shape and how.holds(number, one) for how, one, form in asked)
    assert ranges is not None
    assert any(first <= 1 <= last for first, last in pages_in(pack_labels([shape(number)]), ranges)) == right
    assert others is None


@pytest.mark.parametrize("value", [217, 217.0, "217", " 217 "])
def test_a_page_may_be_given_as_a_number(value: object) -> None:
    ranges, _ = divide_pages(parse_filter({"type": "eq", "key": "printed_page", "value": value}))
    assert ranges == (PageRange("", is_roman=False, first=217, last=217),)
