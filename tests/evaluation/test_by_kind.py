import json
from pathlib import Path

import pytest

from evaluation import harness
from evaluation.by_kind import MIN_QUESTIONS, auroc, estimates
from evaluation.harness import Evaluation, Outcome
from evaluation.report import write_report


def outcome(
    id_: str, *kinds: str, value: float = 1.0, stated: float = 0.9, answerable: bool = True
) -> Outcome:
    values = {"ndcg@10": value} if answerable else {}
    return Outcome(id_, f"Question {id_}?", values, stated, {}, answerable, 1.0, [], list(kinds))


def mixed() -> Evaluation:
    """Twelve questions about PDF files, three of them about mail too, and ten that nothing answers."""
    asked = [outcome(f"p{n}", "PDF", value=n % 2, stated=0.5) for n in range(9)]
    asked += [outcome(f"b{n}", "PDF", "mail") for n in range(3)]
    asked += [outcome(f"u{n}", answerable=False, stated=0.5) for n in range(MIN_QUESTIONS)]
    return Evaluation("mixed", "print", {}, asked)


def test_a_question_counts_in_each_kind_that_answers_it() -> None:
    evaluation = mixed()
    figures = evaluation.by_kind()
    assert [(kind, one.questions) for kind, one in figures.items()] == [("PDF", 12), ("mail", 3)]
    assert evaluation.of_several_kinds() == 3
    found = figures["PDF"].estimates["ndcg@10"]
    assert found.value == pytest.approx(7 / 12)
    assert found.low < found.value < found.high


def test_a_kind_with_few_questions_has_no_mean() -> None:
    mail = mixed().by_kind()["mail"]
    assert mail.are_too_few
    assert mail.estimates == {}
    assert mail.auroc is None


def test_answerability_of_a_kind_is_against_all_unanswerable_questions() -> None:
    found = mixed().by_kind()["PDF"].auroc
    assert found is not None
    # Three of twelve are above all unanswerable ones, nine have the same value and count half.
    assert found.value == pytest.approx((3 + 9 / 2) / 12)
    assert found.low < found.value < found.high
    assert auroc([0.9] * MIN_QUESTIONS, [0.1] * (MIN_QUESTIONS - 1)) is None


def test_equal_values_do_not_claim_certainty() -> None:
    all_right, all_wrong = estimates({"overlap@1": [1.0] * 10, "evidence@1": [0.0] * 10}).values()
    # Wilson's interval for 10 of 10 and 0 of 10.
    assert (all_right.low, all_right.high) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert (all_wrong.low, all_wrong.high) == pytest.approx((0.0, 0.2775), abs=1e-4)


def test_figures_by_kind_are_in_what_is_saved_and_reported(tmp_path: Path) -> None:
    evaluation = mixed()
    harness.save(evaluation, tmp_path / "saved.json")
    saved = json.loads((tmp_path / "saved.json").read_text())["by_kind"]
    assert saved["PDF"]["questions"] == 12
    assert saved["PDF"]["estimates"]["ndcg@10"]["value"] == pytest.approx(7 / 12)
    assert saved["mail"] == {"questions": 3, "estimates": {}, "auroc": None}
    assert harness.load(tmp_path / "saved.json").by_kind() == evaluation.by_kind()

    write_report(tmp_path / "report.html", [evaluation])
    page = (tmp_path / "report.html").read_text()
    assert "By kind of document" in page
    assert "<td>mail</td>" in page
    assert "too few" in page
    assert "3 questions are answered by documents of several kinds" in page


def test_an_evaluation_saved_before_kinds_is_read(tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    harness.save(mixed(), path)
    before = json.loads(path.read_text())
    del before["by_kind"]
    before["format"] = 1
    for one in before["outcomes"]:
        del one["kinds"], one["is_draft"]
    path.write_text(json.dumps(before))
    assert harness.load(path).by_kind() == {}
