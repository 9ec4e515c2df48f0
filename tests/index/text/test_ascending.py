import pytest

from index.text.ascending import longest_ascending


@pytest.mark.parametrize(
    ("values", "positions"),
    [
        ([], []),
        ([3, 1, 2, 5, 4], [1, 2, 4]),
        ([2, 2], [1]),
        ([(1,), (1, 1), (9,), (2,)], [0, 1, 3]),
    ],
)
def test_the_longest_values_in_order_are_chosen(values: list[object], positions: list[int]) -> None:
    assert longest_ascending(values) == positions
