import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation import harness
from evaluation.questions import InvalidQuestions, Question, Span
from evaluation.report import explanation, main_measure, write_report
from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.search import FEATURES
from tests.opening import collection_in


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with collection_in(tmp_path / "c", embedder=WordEmbedder(), config=LibraryConfig()) as opened:
        opened.put(Source("mars.txt", b"Mars has two moons, Phobos and Deimos."))
        opened.put(Source("venus.txt", b"Venus has no moon at all."))
        opened.embed_pending()
        yield opened


QUESTIONS = [
    Question("1", "Which moons has Mars?", {"mars.txt": 1}, ((Span("mars.txt", 20, 26),),), answerable=True),
    Question("2", "Has Venus a moon?", {"venus.txt": 1}, answerable=True),
    Question("3", "What is the <b>tax</b> on bicycles?", answerable=False),
]


@pytest.fixture
def evaluation(collection: Collection) -> harness.Evaluation:
    done: list[tuple[int, int]] = []
    evaluation = harness.evaluate(
        collection, QUESTIONS, name="planets", progress=lambda *told: done.append(told)
    )
    assert done == [(1, 3), (2, 3), (3, 3)]
    return evaluation


def test_every_question_is_asked_and_measured(evaluation: harness.Evaluation, collection: Collection) -> None:
    assert evaluation.fingerprint == collection.fingerprint
    assert evaluation.by_question("ndcg@10") == {"1": 1.0, "2": 1.0}
    assert evaluation.by_question("span_recall@1") == {"1": 1.0}
    assert evaluation.estimates()["ndcg@10"].value == 1.0
    assert set(evaluation.outcomes[0].features) == {*FEATURES}
    assert evaluation.outcomes[0].locators[0].startswith("mars.txt@")
    latency = evaluation.latency()
    assert 0.0 < latency["p50"] <= latency["p95"] <= latency["p99"]
    trust = evaluation.reliability()
    assert trust is not None
    assert trust.auroc == 1.0
    assert [(one.place, one.is_lit) for one in evaluation.outcomes] == [(1, True), (1, True), (None, False)]


def test_a_verdict_depends_on_the_saved_probability_from_which_answers_are_given(
    evaluation: harness.Evaluation,
) -> None:
    kinds = [
        [one.kind for one in replace(evaluation, settings={"min_answerability": least}).verdicts().values()]
        for least in (0.0, 1.0)
    ]
    assert kinds == [["answered", "answered", "overclaimed"], ["near", "near", "declined"]]


def test_an_evaluation_of_an_earlier_format_has_no_verdicts(
    evaluation: harness.Evaluation, tmp_path: Path
) -> None:
    path = tmp_path / "saved.json"
    harness.save(evaluation, path)
    saved = json.loads(path.read_text())
    saved["format"], saved["outcomes"] = 3, saved["outcomes"][:2]
    for one in saved["outcomes"]:
        del one["place"], one["is_lit"]
    path.write_text(json.dumps(saved))
    assert harness.load(path).verdicts() == {}


def test_an_evaluation_is_kept(evaluation: harness.Evaluation, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    harness.save(evaluation, path)
    assert harness.load(path) == evaluation


@pytest.mark.parametrize("content", ["", "{}", '{"format": 9}', '{"format": 1, "outcomes": [{}]}'])
def test_what_is_no_evaluation_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "saved.json").write_text(content)
    with pytest.raises(InvalidQuestions):
        harness.load(tmp_path / "saved.json")


def test_a_report_shows_everything_and_runs_nothing(
    evaluation: harness.Evaluation, collection: Collection, tmp_path: Path
) -> None:
    other = harness.evaluate(collection, QUESTIONS[:2], name="fewer")
    write_report(tmp_path / "report.html", [evaluation, other])
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 3
    assert "against fewer" in page
    assert "AUROC" in page
    assert "<script" not in page
    assert "<b>tax" not in page
    assert main_measure(evaluation) == "span_recall@5"


def outcome(id_: str, value: float, stated: float, *, answerable: bool, found: str) -> harness.Outcome:
    return harness.Outcome(
        id_, f"Question {id_}?", {"ndcg@10": value}, stated, {}, answerable, 1.0, [f"{id_}.txt@0"],
        expected=["the <i>right</i> words"] if answerable else [], found=[found],
        place=(1 if value == 1.0 else 9) if answerable else None, is_lit=True,
    )  # fmt: skip


def test_a_report_shows_what_was_expected_and_found_where_it_went_wrong(tmp_path: Path) -> None:
    before = harness.Evaluation(
        "before", "f", {}, [outcome("1", 1.0, 0.9, answerable=True, found="once found")]
    )
    now = harness.Evaluation("now", "f", {}, [
        outcome("1", 0.2, 0.3, answerable=True, found="wrongly found"),
        outcome("2", 1.0, 0.9, answerable=True, found="rightly found"),
        outcome("3", 0.0, 0.8, answerable=False, found="nearly found"),
    ])  # fmt: skip
    write_report(tmp_path / "alone.html", [now])
    alone = (tmp_path / "alone.html").read_text()
    assert "Questions that went worst" in alone
    assert "the &lt;i&gt;right&lt;/i&gt; words" in alone
    assert "Questions whose answerability is wrong" in alone
    assert "the documents do not say" in alone
    assert "rightly found" not in alone
    assert "1 of 2 answered, 0 near, 1 wrong." in alone
    assert "only passage 9 has the answer" in alone
    write_report(tmp_path / "beside.html", [now, before])
    beside = (tmp_path / "beside.html").read_text()
    assert "Questions that got worse against before" in beside
    assert beside.index("wrongly found") < beside.index("once found")


def test_words_of_answers_are_recorded(evaluation: harness.Evaluation) -> None:
    first, second, third = evaluation.outcomes
    assert first.expected == ["Phobos"]
    assert second.expected == ["venus.txt"]
    assert third.expected == []
    assert first.found[0].startswith("Mars has two moons")


def test_every_measure_is_explained(evaluation: harness.Evaluation) -> None:
    shown = [*evaluation.names(), *(f"latency {share}" for share in evaluation.latency())]
    assert all(explanation(name) for name in shown)
    assert explanation("recall@5") == "Share of the documents that answer which are among the first 5."
