"""True sentences and their false twins, judged by words alone."""

from __future__ import annotations

import pytest

from benchmarks.claims.twins import Judged, figures, judged, pairs, topics
from index.embedding import WordEmbedder


@pytest.fixture(scope="module")
def found() -> list[Judged]:
    return judged(WordEmbedder())


def test_there_are_as_many_pairs_as_are_told() -> None:
    every = list(pairs())
    assert len(every) >= 120
    assert len({one.topic for one in every}) == len(topics()) >= 6
    assert all(one.true != one.false for one in every)


def test_no_false_twin_is_supported(found: list[Judged]) -> None:
    assert [
        one.twins.false for one in found if one.false is not None and one.false.status == "supported"
    ] == []


def test_no_true_twin_is_contradicted(found: list[Judged]) -> None:
    assert [
        one.twins.true for one in found if one.true is not None and one.true.status == "contradicted"
    ] == []


def test_who_says_it_is_told(found: list[Judged]) -> None:
    said = [one for one in found if one.twins.kind == "attribution"]
    assert all(one.true is not None and one.true.status == "supported" for one in said)
    assert all(one.false is not None and one.false.reason for one in said)


def test_the_figures_are_shares_of_each_half(found: list[Judged]) -> None:
    shown = figures(found)
    assert set(shown) == {
        f"{half}_{side}_supported" for half in ("first", "second") for side in ("true", "false")
    }
    assert shown["first_false_supported"].value == 0
