from dataclasses import replace

import numpy as np
import pytest

from evaluation import reliability
from evaluation.comparison import compare
from evaluation.measures import Estimate, mean, measure, merge_spans, overlap, share, total_length
from evaluation.questions import Question, Span
from index.answers import Citation, Evidence, Explanation, Hit, SideScore
from index.records import VersionRecord

CITATION = Citation("", "", "a", 1, "", "", "", (), None, 0, 10, "", "", (), {})
SIDE = SideScore(None, None)
VERSION = VersionRecord(1, "a", 1, 1, "A", "", "text/plain", {}, b"", b"", "", 0, 0.0, None)


def hit(rank: int, document_id: str, start: int, end: int, *lit: tuple[int, int]) -> Hit:
    cited = replace(CITATION, document_id=document_id, start=start, end=end)
    evidence = tuple(Evidence(at, until, 1.0) for at, until in lit)
    return Hit(rank, 1.0, "", cited, Explanation(SIDE, SIDE), VERSION, evidence)


def test_places_are_merged_counted_and_compared() -> None:
    found = merge_spans([Span("a", 5, 9), Span("a", 0, 6), Span("b", 1, 2), Span("a", 20, 21)])
    assert found == {"a": [(0, 9), (20, 21)], "b": [(1, 2)]}
    assert total_length(found) == 11
    assert overlap(found, merge_spans([Span("a", 8, 30), Span("c", 0, 5)])) == 2


def test_ranked_documents_are_measured() -> None:
    question = Question("q", "?", relevant={"b": 1})
    (values,) = measure([question], [[hit(1, "a", 0, 5), hit(2, "a", 5, 9), hit(3, "b", 0, 5)]])
    # b is the second document: its first passage counts, and a's two are one.
    assert values["mrr@10"] == pytest.approx(1 / 2)
    assert values["ndcg@10"] == pytest.approx(1 / np.log2(3))
    assert values["recall@5"] == 1.0


def test_places_are_measured_by_characters() -> None:
    question = Question("q", "?", answers=((Span("a", 0, 10), Span("a", 20, 30)),))
    (values,) = measure([question], [[hit(1, "a", 5, 25), hit(2, "b", 0, 9), hit(3, "a", 25, 40)]])
    assert values["span_recall@1"] == pytest.approx(10 / 20)
    assert values["span_recall@3"] == pytest.approx(15 / 20)
    assert values["span_iou@5"] == pytest.approx(15 / (20 + 44 - 15))


def test_any_way_to_answer_is_enough() -> None:
    question = Question("q", "?", answers=((Span("x", 0, 10),), (Span("a", 0, 10),)))
    (values,) = measure([question], [[hit(1, "a", 0, 10)]])
    assert values["span_recall@1"] == values["span_iou@5"] == 1.0


def test_evidence_is_measured_in_the_first_passage_with_an_answer() -> None:
    question = Question("q", "?", answers=((Span("a", 12, 15),),))
    without = hit(1, "a", 0, 10, (0, 10))
    for lit, first, either in (
        [((10, 20),), 1.0, 1.0],
        [((20, 30), (14, 18)), 0.0, 1.0],
        [((20, 30), (0, 5), (12, 15)), 0.0, 0.0],
        [(), 0.0, 0.0],
    ):
        (values,) = measure([question], [[without, hit(2, "a", 10, 40, *lit)]])
        assert (values["evidence@1"], values["evidence@2"]) == (first, either)
    (values,) = measure([question], [[without]])
    assert "evidence@1" not in values


def test_quotes_that_overlap_an_answer_are_counted() -> None:
    question = Question("q", "?", answers=((Span("a", 12, 15),),))
    others = [hit(rank, "b", 0, 50) for rank in range(2, 7)]
    (values,) = measure([question], [[hit(1, "a", 14, 20), *others]])
    assert (values["overlap@1"], values["overlap@5"]) == (1.0, 1.0)
    (values,) = measure([question], [[*others[:4], hit(6, "a", 14, 20)]])
    assert (values["overlap@1"], values["overlap@5"]) == (0.0, 1.0)
    (values,) = measure([question], [[*others, hit(7, "a", 14, 20)]])
    assert values["overlap@5"] == 0.0


def test_a_mean_has_an_interval() -> None:
    estimate = mean([0.0, 1.0] * 50)
    assert estimate.value == 0.5
    assert 0.38 < estimate.low < 0.43
    assert 0.57 < estimate.high < 0.62
    assert estimate.questions == 100
    assert mean([1.0] * 9) == type(estimate)(1.0, 1.0, 1.0, 9)


def test_differences_are_paired_by_question() -> None:
    before = {str(n): n / 200 for n in range(100)}
    better = compare(before, {id_: value + 0.05 for id_, value in before.items()})
    assert better is not None
    assert better.value == pytest.approx(0.05)
    assert better.is_significant
    noise = np.random.default_rng(1).normal(scale=0.1, size=100)
    same = compare(
        before, {id_: value + shift for (id_, value), shift in zip(before.items(), noise, strict=True)}
    )
    assert same is not None
    assert not same.is_significant
    assert same.low < same.value < same.high
    assert compare({"a": 1.0}, {"b": 1.0}) is None


def test_probabilities_that_are_right_have_no_calibration_error() -> None:
    random = np.random.default_rng(0)
    stated = random.uniform(size=20_000)
    right = reliability.measure(stated, random.uniform(size=20_000) < stated)
    assert right is not None
    assert right.ece < 0.02
    assert right.auroc == pytest.approx(5 / 6, abs=0.01)
    bold = reliability.measure(np.where(stated > 0.5, 0.99, 0.01), random.uniform(size=20_000) < stated)
    assert bold is not None
    assert bold.ece == pytest.approx(0.24, abs=0.02)


def test_questions_of_one_kind_say_nothing() -> None:
    assert reliability.measure(np.array([0.5, 0.6]), np.array([True, True])) is None
    assert reliability.measure(np.array([]), np.array([], bool)) is None


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0.9, 1.0, "0.96"),
        (0.2, 1.0, "1.0"),
        (0.955, 0.963, "0.960"),
        (0.96, 0.96, "0.960"),
        (0.0, 1.0, "1.0"),
    ],
)
def test_a_mean_has_the_decimals_that_its_interval_can_tell(low: float, high: float, shown: str) -> None:
    assert Estimate(0.96, low, high, 25).rounded == shown


@pytest.mark.parametrize("count", [1, 7, 101, 505, 1000])
def test_a_share_lies_in_its_interval_also_at_the_ends(count: int) -> None:
    for hits in (0, 1, count):
        found = share(hits / count, count)
        assert 0 <= found.low <= found.value <= found.high <= 1
