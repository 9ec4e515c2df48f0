"""What is not verified when the time of a request is over is named, and nothing more is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest
from pydantic import TypeAdapter

from index.citations import Claim, parse_locator
from index.citations.budget import ReadingBudget, TimeSpent
from index.citations.verdicts import NOT_CHECKED, Status
from index.collection import Collection
from index.errors import InvalidLimit
from service.faces.api.schemas.verdicts import AnswerVerdict, report_json
from service.faces.mcp.tools.results import VerifiedQuote, VerifiedSentence
from service.faces.pages.checking.findings import Findings
from service.faces.pages.languages import LANGUAGES
from tests.index.citations.verification.pets import CAT, DOG, locator

TEXT = (
    f"It says “{CAT}”. The dog stood on the log and barked. It says “{DOG}”. "
    "Zebras gallop over wide plains. Is that so? The cat sat on the mat."
)


def times(count: int) -> Callable[[], bool]:
    """Says that nobody waits any more, when it has been asked so many times."""
    left = [count]

    def stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    return stop


def test_without_time_everything_is_named_as_unchecked(pets: Collection) -> None:
    cat = parse_locator(locator(pets, "cats.txt", CAT))
    with pets.verification(most_seconds=0.0) as verification:
        assert verification.quote(Claim(CAT)).status == "unchecked"
        for quote in (None, CAT, DOG):
            verdict = verification.citation(cat, quote)
            assert (verdict.status, verdict.reason, verdict.causes) == ("unchecked", NOT_CHECKED, ("time",))
        assert verification.find_places("cat", most=3) == []
        found = verification.answer(TEXT, [])
    assert [verdict.status for _, verdict in found.quotes] == ["unchecked"] * 2
    assert [one and one.status for one in found.statements] == [
        *(None, "unchecked", None, "unchecked", None, "unchecked"),
    ]
    assert not any(sentence.quotes for sentence in found.uncited), "nobody knows whether they are confirmed"
    assert found.statements[1] is not None
    assert (found.statements[1].reason, found.statements[1].cause) == (NOT_CHECKED, "time")


def test_with_time_nothing_is_unchecked(pets: Collection) -> None:
    with pets.verification(most_seconds=1e9) as verification:
        limited = verification.answer(TEXT, [])
    with pets.verification() as verification:
        assert verification.answer(TEXT, []) == limited
    assert "unchecked" not in [verdict.status for _, verdict in limited.quotes]


@pytest.mark.parametrize("count", range(0, 40, 3))
def test_what_is_checked_before_that_has_its_verdict(pets: Collection, count: int) -> None:
    with pets.verification() as verification:
        whole = verification.answer(TEXT, [])
    with pets.verification(stop=times(count)) as verification:
        found = verification.answer(TEXT, [])
    verdicts = [verdict for _, verdict in found.quotes] + [one for one in found.statements if one]
    expected = [verdict for _, verdict in whole.quotes] + [one for one in whole.statements if one]
    checked = [one for one in verdicts if one.status != "unchecked"]
    assert checked == expected[: len(checked)], "in their order, and then none"
    assert len(verdicts) == len(expected)
    assert found.sentences == whole.sentences


def test_the_faces_tell_what_is_unchecked(pets: Collection) -> None:
    with pets.verification(most_seconds=0.0) as verification:
        found = verification.answer(TEXT, [])
    told = TypeAdapter(AnswerVerdict).validate_python(report_json(TEXT, found, "default"))
    assert {one.status for one in told.quotes} == {"unchecked"}
    assert {one.verdict.status for one in told.sentences if one.verdict} == {"unchecked"}
    assert all(one.verdict.reason == NOT_CHECKED for one in told.sentences if one.verdict)
    for language in LANGUAGES.values():
        findings = Findings(language, "default")
        made = [findings.quote(verdict) for _, verdict in found.quotes]
        made += [findings.statement(one) for one in found.statements if one]
        assert {one.state for one in made} == {"warn"}
        assert all(one.label and one.reasons for one in made)
    for model in (VerifiedQuote, VerifiedSentence):
        assert "unchecked" in get_args(model.model_fields["status"].annotation)


def test_every_status_of_a_quote_is_one_of_every_face() -> None:
    assert set(get_args(VerifiedQuote.model_fields["status"].annotation)) == set(get_args(Status))


def test_the_time_begins_with_the_request() -> None:
    now = 0.0
    budget = ReadingBudget(10, seconds=5.0, clock=lambda: now)
    budget.spend(10)
    now = 4.9
    assert not budget.is_over
    with pytest.raises(InvalidLimit):
        budget.spend(1)
    now = 5.0
    with pytest.raises(TimeSpent):
        budget.spend(0)
    assert ReadingBudget().is_over is False


def test_a_sentence_too_long_to_judge_in_time_is_unchecked(pets: Collection) -> None:
    long = "The cat sat on 1 mat and on 2 mats " * 120
    with pets.verification() as verification:
        found = verification.answer(f"The cat sat on the mat. {long}.", [])
    assert [one and one.status for one in found.statements] == ["supported", "unchecked"]
