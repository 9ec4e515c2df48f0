"""Disagreements between short documents of everyday kinds."""

from __future__ import annotations

from benchmarks.conflicts.everyday import judged, pairs


def test_two_thirds_disagree_and_no_text_comes_twice() -> None:
    some = pairs()
    assert 60 <= len(some) <= 100
    assert 0.6 < sum(one.disagrees for one in some) / len(some) < 0.7
    texts = [text for one in some for text in (one.one, one.other)]
    assert len(set(texts)) == len(texts)


def test_most_disagreements_are_told_and_nothing_else() -> None:
    some = pairs()
    right, wrong = judged(some)
    assert wrong == []
    assert len(right) >= 0.8 * sum(one.disagrees for one in some)
