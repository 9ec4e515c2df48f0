"""The functions at which processes are killed have the names that the list has."""

from __future__ import annotations

from tests.crash.fault_points import ALL, code_of


def test_every_point_names_a_function() -> None:
    for point in ALL:
        if point.when in ("call", "return"):
            assert code_of(point.what), point
