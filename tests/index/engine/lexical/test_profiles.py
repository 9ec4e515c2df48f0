"""Profiles say how often a passage has a term, or less where there is no room."""

import random
from pathlib import Path

import numpy as np
import pytest
from tantivy import DocAddress

from index.engine.lexical import segments
from index.engine.lexical.profiles import COLUMNS, counts, profile
from index.engine.lexical.ranking import Scoring
from index.engine.lexical.statistics import LivePassages


def live_passages(folder: Path, *passages: str) -> LivePassages:
    """The passages in one segment, in this order."""
    index = segments.create(folder / "segments")
    with segments.writing(index) as writer:
        for number, terms in enumerate(passages):
            segments.add(writer, passage=number, document=number, terms=terms)
    index.reload()
    return LivePassages(index.searcher())


def places(count: int) -> list[DocAddress]:
    return [DocAddress(0, number) for number in range(count)]


def test_counts_are_read_from_profiles(tmp_path: Path) -> None:
    live = live_passages(tmp_path, "amber basalt amber", "", "cobalt", "basalt " * 7)
    found = counts(live.searcher, places(4), ["amber", "basalt", "dolomite"])
    assert found.tolist() == [[2, 1, 0], [0, 0, 0], [0, 0, 0], [0, 7, 0]]


def test_no_terms_have_no_columns() -> None:
    assert profile("") == {}
    assert set(profile("amber basalt")) <= set(COLUMNS)


def test_numbers_of_columns_fit() -> None:
    words = [f"{number:07}" for number in range(5000)]
    assert all(0 < number < 2**60 for number in profile(" ".join(words)).values())


@pytest.mark.parametrize("distinct", [20, 2000])
def test_scores_are_right_where_profiles_are_not(tmp_path: Path, distinct: int) -> None:
    """Counts of more than 7, columns that are full, and terms with the same bits."""
    rng = random.Random(distinct)
    words = [f"{number:x}" for number in range(distinct)]
    passages = [" ".join(rng.choices(words, k=rng.randint(1, 900))) for _ in range(40)]
    live = live_passages(tmp_path, *passages)
    lengths = [len(one.split()) for one in passages]
    assert live.average == pytest.approx(sum(lengths) / len(lengths))
    wrong = 0
    for _ in range(20):
        terms = rng.sample(words, 4)
        scoring = Scoring.of(live, dict.fromkeys(terms, 1.0))
        assert scoring is not None
        right = np.array([[one.split().count(term) for term in scoring.terms] for one in passages])
        at = np.flatnonzero(right.any(axis=1))
        some = [places(len(passages))[one] for one in at.tolist()]
        assumed = scoring._bm25(right[at], np.array(lengths)[at], scoring.assumed.average)
        expected = scoring._bm25(right[at], np.array(lengths)[at], live.average)
        assert scoring.exact(some, assumed).tolist() == expected.tolist()
        wrong += int((counts(live.searcher, some, scoring.terms) != right[at]).sum())
    assert wrong > 0
