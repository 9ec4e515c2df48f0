import pytest

from index.errors import InvalidFilter
from index.filters import OPERATORS, SPELLINGS, Comparison, Compound, parse_filter


def test_a_nested_filter_is_read() -> None:
    given = {
        "type": "and",
        "filters": [
            {"type": "gte", "key": "year", "value": 2020},
            {"type": "or", "filters": [{"type": "in", "key": "tag", "value": ["a", True]}]},
        ],
    }
    assert parse_filter(given) == Compound(
        "and",
        (Comparison("gte", "year", (2020,)), Compound("or", (Comparison("in", "tag", ("a", True)),))),
    )


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
