"""A state and its opposite: of the same they disagree, denied twice or under other conditions they do not."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from index.citations.statements.assertions import Assertion
from index.citations.statements.disagreements import disagreement
from index.text import Analyzer

TERMS = Analyzer().terms

STATES = (
    ("The Tarn pool in Ely is", "open", "closed"),
    ("Parking in Elm Street is", "allowed", "forbidden"),
    ("Camping in Hadley Park is", "permitted", "prohibited"),
    ("Breakfast at the Swan hotel is", "included", "excluded"),
    ("A helmet on the Wye trail is", "mandatory", "optional"),
    ("The tower of Ely cathedral is", "accessible", "inaccessible"),
)
ELSEWHERE = (
    ("on weekdays", "on weekends"),
    ("from Monday to Friday", "on weekends"),
    ("on weekdays", "on Saturday and Sunday"),
    ("from Tuesday to Sunday", "on Mondays"),
    ("from 8 am to 6 pm", "from 6 pm to 8 am"),
    ("by day", "at night"),
    ("in the morning", "in the afternoon"),
    ("weekday mornings", "weekday afternoons"),
    ("in summer", "in winter"),
    ("during the holidays", "during the term"),
    ("for children", "for adults"),
    ("for residents", "for all others"),
    ("to members", "to guests"),
    ("before the storm season", "after the storm season"),
    ("before 6 pm", "after 6 pm"),
    ("until the end of May", "from the end of May"),
    ("inside the walls", "outside the walls"),
    ("over 18 years", "under 18 years"),
)
"""Times and groups of which the first does not have the second."""
REVERSED = (
    ("with a card", "without a card"),
    ("only with a card", "without a card"),
    ("if the light is on", "if the light is not on"),
    ("if the light is on", "unless the light is on"),
    ("for members of the club", "except for members of the club"),
    ("for members of the club", "for all but members of the club"),
    ("for members of the club", "for anyone other than members of the club"),
    ("with a member of the club", "except with a member of the club"),
)
"""Conditions of which the second is true where the first is not."""
FRAMES = ("{subject} {state} {condition}.", "{before} {subject} {state}.")


def is_conflict(one: str, other: str, *, are_related: bool = False) -> bool:
    mine, theirs = Assertion.read(one, TERMS), Assertion.read(other, TERMS)
    assert mine is not None
    assert theirs is not None
    found = disagreement(mine, theirs, are_related=are_related)
    back = disagreement(theirs, mine, are_related=are_related)
    assert (found is None) == (back is None)
    return found is not None


def said(subject: str, state: str, condition: str, frame: str = FRAMES[0]) -> str:
    """A sentence that says a state under a condition, which stands behind it or before it."""
    before = condition[0].upper() + condition[1:] + ","
    subject = subject if frame.startswith("{subject}") else subject[0].lower() + subject[1:]
    return frame.format(subject=subject, state=state, condition=condition, before=before)


@pytest.mark.parametrize("denial", ["not", "never", "no longer"])
@pytest.mark.parametrize(("subject", "state", "opposite"), STATES)
def test_two_negations_of_a_state_say_what_none_says(
    subject: str, state: str, opposite: str, denial: str
) -> None:
    holds = {state: True, opposite: False, f"{denial} {state}": False, f"{denial} {opposite}": True}
    for one, other in combinations(holds, 2):
        sentences = [f"{subject} {words} to all of the guests." for words in (one, other)]
        assert is_conflict(*sentences) == (holds[one] != holds[other]), sentences
        assert is_conflict(*sentences, are_related=True) == (holds[one] != holds[other]), sentences


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(("here", "there"), ELSEWHERE)
@pytest.mark.parametrize(("subject", "state", "opposite"), STATES)
def test_a_state_and_its_opposite_of_other_times_and_groups_agree(
    subject: str, state: str, opposite: str, here: str, there: str, frame: str
) -> None:
    for denied in (opposite, f"not {state}"):
        for one, other in ((here, there), (there, here)):
            sentences = said(subject, state, one, frame), said(subject, denied, other, frame)
            assert not is_conflict(*sentences), sentences
            assert not is_conflict(*sentences, are_related=True), sentences


@pytest.mark.parametrize("condition", [*(one for pair in ELSEWHERE for one in pair), *dict(REVERSED)])
@pytest.mark.parametrize(("subject", "state", "opposite"), STATES)
def test_a_state_and_its_opposite_under_one_condition_disagree(
    subject: str, state: str, opposite: str, condition: str
) -> None:
    for denied in (opposite, f"not {state}"):
        assert is_conflict(said(subject, state, condition), said(subject, denied, condition))


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(("condition", "reverse"), REVERSED)
@pytest.mark.parametrize(("subject", "state", "opposite"), STATES)
def test_a_state_under_a_condition_and_its_opposite_without_it_agree(
    subject: str, state: str, opposite: str, condition: str, reverse: str, frame: str
) -> None:
    for denied in (opposite, f"not {state}"):
        sentences = said(subject, state, condition, frame), said(subject, denied, reverse, frame)
        assert not is_conflict(*sentences), sentences
        assert not is_conflict(*sentences, are_related=True), sentences


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dogs on a lead are allowed in Hadley Park.", "Dogs are forbidden in Hadley Park without a lead."),
        ("Dogs on a lead are allowed in Hadley Park.", "Dogs without a lead are forbidden in Hadley Park."),
        ("Dogs are only allowed in Ely on a lead.", "Dogs off a lead are forbidden in Ely."),
        ("Dogs are allowed in Hadley Park with a lead.", "Dogs are allowed in Hadley Park without a lead."),
        ("Dogs are forbidden in Hadley Park unless on a lead.", "Dogs on a lead are allowed in Hadley Park."),
        ("Dogs are forbidden in Hadley Park except on a lead.", "Dogs are allowed in Hadley Park on a lead."),
        ("The Tarn museum in Ely is free for children.", "The Tarn museum in Ely is not free for adults."),
        ("Entry to the Tarn museum is never free of charge.", "Entry to the Tarn museum is paid."),
        ("Entry to Ely zoo is free with a card.", "Entry to Ely zoo is not free without a card."),
        ("Guests of the Swan hotel may park by day.", "Guests of the Swan hotel may not park at night."),
        ("The Tarn bakery sells bread on weekdays.", "The Tarn bakery does not sell bread on weekends."),
        ("The Tarn bakery sells rye on weekdays.", "The Tarn bakery has stopped selling rye on weekends."),
        ("The Tarn bakery in Ely sells bread.", "The Tarn bakery in Ely has not stopped selling bread."),
        ("Camping in Hadley Park is allowed.", "Camping in Hadley Park is not at all forbidden."),
        ("The Tarn pool in Ely has been open.", "The Tarn pool in Ely hasn't been closed."),
        ("No dogs are allowed in Hadley Park without a lead.", "Dogs are allowed in Hadley Park on a lead."),
        (
            "Swimming in the river Wye near the old stone bridge at Hay is allowed for guests of the hotel.",
            "Swimming in the river Wye near the old stone bridge at Hay is forbidden for guests of the "
            "hotel after dark.",
        ),
    ],
)  # fmt: skip
def test_what_is_said_of_another_case_agrees(one: str, other: str) -> None:
    assert not is_conflict(one, other)
    assert not is_conflict(one, other, are_related=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dogs are only allowed in Ely Park with a lead.", "Dogs are not allowed in Ely Park with a lead."),
        ("Dogs on a lead are allowed in Hadley Park.", "Dogs on a lead are forbidden in Hadley Park."),
        (
            "Rooms of the Swan hotel in Ely are let with a bath.",
            "Rooms of the Swan hotel in Ely are let without a bath.",
        ),
        ("Entry to the Tarn museum is free of charge.", "Entry to the Tarn museum is never free of charge."),
        ("The Tarn shop is open on Saturday and Sunday.", "The Tarn shop is closed on weekends."),
        ("The Tarn bakery has stopped selling bread.", "The Tarn bakery has not stopped selling bread."),
    ],
)  # fmt: skip
def test_what_is_said_of_one_case_disagrees(one: str, other: str) -> None:
    assert is_conflict(one, other)


def days_from(first: int, count: int) -> frozenset[int]:
    """So many days of the week, which may run over its end."""
    return frozenset((first + step) % 7 for step in range(count))


WEEK = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


@pytest.mark.parametrize(("subject", "state", "opposite"), STATES)
def test_a_state_and_its_opposite_disagree_on_days_that_both_have(
    subject: str, state: str, opposite: str
) -> None:
    spans = [(first, count) for first in (0, 2, 5) for count in (2, 4, 6)]
    for (first, count), (second, other_count) in product(spans, repeat=2):
        own, others = days_from(first, count), days_from(second, other_count)
        ranges = [
            f"from {WEEK[at]} to {WEEK[(at + some - 1) % 7]}"
            for at, some in ((first, count), (second, other_count))
        ]
        # The days of one that are some of those of the other are an exception.
        is_other = not own & others or own < others or others < own
        for denied in (opposite, f"not {state}"):
            sentences = said(subject, state, ranges[0]), said(subject, denied, ranges[1])
            assert is_conflict(*sentences) != is_other, sentences
            assert is_conflict(*sentences, are_related=True) != is_other, sentences
