from __future__ import annotations

import random

import pytest

from training.cross_encoder.asked import exchange_asked


def exchanged(question: str, read: str) -> set[str]:
    made = (exchange_asked(question, read, random.Random(seed)) for seed in range(40))
    return {done.question for done in made if done}


@pytest.mark.parametrize(
    ("question", "read", "wanted"),
    [
        ("When did Mia leave?", "Mia left it because of rain on 3 May.", ()),
        (
            "When did Mia leave?",
            "Mia left it on 3 May.",
            ("Why did Mia leave?", "For what reason did Mia leave?"),
        ),
        (
            "in what year was it sold?",
            "it was sold by Mia after a fire: 1907.",
            ("where was it sold?", "in which city was it sold?", "at which place was it sold?"),
        ),
        (
            "Why was it sold?",
            "It was sold because a river flooded that place: near Arlow.",
            (
                *("When was it sold?", "In which year was it sold?", "On which day was it sold?"),
                *("For how long was it sold?", "How many times was it sold?", "By whom was it sold?"),
            ),
        ),
        ("Who sold the mill?", "Mia sold it.", ()),
    ],
)
def test_only_what_the_text_cannot_tell_is_asked_for(
    question: str, read: str, wanted: tuple[str, ...]
) -> None:
    assert exchanged(question, read) == set(wanted)


def test_by_whom_is_asked_of_what_was_done() -> None:
    assert not any("whom" in one for one in exchanged("Where was Arlow?", "Arlow lay near a river."))
