import numpy as np
import pytest

from evaluation import calibration
from evaluation.calibration import maximum_a_posteriori
from evaluation.questions import InvalidQuestions
from evaluation.reliability import calibration_error
from index.search import FEATURES, Regression, load_answerability

BASE = load_answerability()


def rows(can: list[bool], near: float = 0.7, far: float = 0.4) -> list[dict[str, float]]:
    """Features that say whether a question can be answered, in another way than the package expects."""
    random = np.random.default_rng(0)
    return [
        {**dict.fromkeys(FEATURES, 0.0), "nearest": float(random.normal(near if one else far, 0.1))}
        for one in can
    ]


def test_many_questions_decide() -> None:
    can = (np.random.default_rng(1).uniform(size=600) < 0.6).tolist()
    asked = rows(can)
    fitted = calibration.fit(asked, can, source="made up", base=BASE)
    before = calibration_error(np.array([BASE.probability(one) for one in asked]), np.array(can))
    assert fitted.held_out is not None
    assert fitted.held_out.auroc > 0.95
    assert fitted.held_out.ece < before / 2
    near, far = ({**dict.fromkeys(FEATURES, 0.0), "nearest": value} for value in (0.8, 0.3))
    assert BASE.probability(near) < 0.8
    assert fitted.answerability.probability(near) > 0.9
    assert fitted.answerability.probability(far) < 0.1
    assert fitted.answerability.provenance["questions"] == "made up"
    assert fitted.answerability.provenance["base"] == BASE.provenance


def test_few_questions_shrink_towards_the_numbers_of_the_package() -> None:
    known = Regression(("nearest",), np.array([0.5]), np.array([0.1]), 3.0, np.array([2.0]), 0.0)
    base = BASE.with_question(known=known, spelt=known, read=known, provenance={})
    asked = {"nearest": 0.6}
    moved = []
    for count in (1, 4, 40):
        can = [True, False] * count
        against = rows(can, near=0.4, far=0.6)  # the contrary of what the base expects
        fitted = calibration.fit(against, can, source="few", base=base).answerability
        moved.append(base.logit(asked) - fitted.logit(asked))
    assert 0.0 < moved[0] < moved[1] < moved[2]
    assert moved[0] < 1.0 < moved[2], "a pair moves it a little"


def test_a_language_without_questions_keeps_its_numbers() -> None:
    can = [True, False] * 20
    fitted = calibration.fit(rows(can), can, source="English", base=BASE).answerability
    assert fitted.spelt is BASE.spelt
    assert fitted.known is not BASE.known


def test_questions_that_were_read_correct_both() -> None:
    can = [True, False] * 20
    read = [{**one, "read_passages": 4.0, "read": 2.0} for one in rows(can)]
    fitted = calibration.fit(read, can, source="read", base=BASE).answerability
    assert fitted.read is not BASE.read
    assert fitted.known is not BASE.known
    unread = calibration.fit(rows(can), can, source="not read", base=BASE).answerability
    assert unread.read is BASE.read


def test_questions_for_which_nothing_was_found_are_left_out() -> None:
    can = [True, False] * 5
    with_nothing = calibration.fit([*rows(can), {}], [*can, False], source="a", base=BASE)
    assert with_nothing.answerability.provenance["unanswerable"] == 5


def test_a_question_of_each_kind_is_needed_and_two_to_hold_some_out() -> None:
    with pytest.raises(InvalidQuestions, match="3 answerable and 0 unanswerable"):
        calibration.fit(rows([True] * 3), [True] * 3, source="few", base=BASE)
    assert calibration.fit(rows([True, False]), [True, False], source="few", base=BASE).held_out is None


def test_the_prior_decides_without_data_and_the_data_without_a_prior() -> None:
    random = np.random.default_rng(0)
    design = np.column_stack([random.normal(size=5000), np.ones(5000)])
    truth = random.uniform(size=5000) < 1 / (1 + np.exp(-(design @ [1.5, -0.5])))
    free = maximum_a_posteriori(design, truth, np.zeros(5000), np.full(2, 1e-9))
    assert free == pytest.approx([1.5, -0.5], abs=0.15)
    held = maximum_a_posteriori(design, truth, np.zeros(5000), np.full(2, 1e9))
    assert held == pytest.approx([0.0, 0.0], abs=1e-4)
    known = maximum_a_posteriori(design, truth, design @ free, np.full(2, 1e-9))
    assert known == pytest.approx([0.0, 0.0], abs=1e-6)
