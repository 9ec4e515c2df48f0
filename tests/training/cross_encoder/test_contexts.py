from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training.cross_encoder.contexts import Contexts, word_vectors

QUESTIONS = (
    "Which python version does it need?",
    "Which java version does it need?",
    "Which kernel version does it need?",
    "Which snake version does it need?",
    "Who maintains the proxy?",
)
READ = "It needs Python 3.11. Python version 3.10 is too old."


def vectors(**near: float) -> dict[str, NDArray[np.float16]]:
    """Vectors of words with these cosines to ``python``; those of "kernel" and of others are far apart."""
    made = {"python": np.array([1, 0, 0]), "version": np.array([0, 0, 1])}
    for word, cosine in near.items():
        side = -1 if word == "kernel" else 1
        made[word] = np.array([cosine, side * (1 - cosine**2) ** 0.5, 0])
    return {word: np.asarray(vector, np.float16) for word, vector in made.items()}


def exchanged(question: str, read: str = READ, **near: float) -> set[str]:
    contexts = Contexts(QUESTIONS, vectors(**near))
    made = (contexts.exchange(question, read, random.Random(seed)) for seed in range(40))
    return {done.question for done in made if done}


def test_a_word_is_exchanged_for_the_nearest_of_its_context_that_means_something_else() -> None:
    near = {"java": 0.3, "kernel": 0.1, "snake": 0.8}
    assert exchanged("Which Python version does it need?", **near) == {"Which Java version does it need?"}
    assert exchanged("Does the Python version matter?", **near) == set()


def test_the_text_tells_the_word_before_and_neither_the_other_nor_one_that_means_it() -> None:
    near = {"java": 0.3, "kernel": 0.1}
    question = "Which python version does it need?"
    assert exchanged(question, READ + " It replaces Java.", **near) == {"Which kernel version does it need?"}
    assert exchanged(question, "It needs nothing.", **near) == set()
    told = {**near, "coffee": 0.31}
    assert exchanged(question, READ + " Coffee helps.", **told) == {"Which kernel version does it need?"}


def test_words_keep_their_ending() -> None:
    assert exchanged("Which python version does it need?", javas=0.3) == set()


@pytest.mark.parametrize("question", ["Is a python version needed?", "Who needs it?"])
def test_other_questions_stay_as_they_are(question: str) -> None:
    assert exchanged(question, java=0.3) == set()


def test_vectors_are_of_content_words_that_occur_thrice_and_are_kept(tmp_path: Path) -> None:
    questions = ["Which python needs 2024 more names?"] * 3 + ["Who feeds a snake?"]
    made = word_vectors(questions, tmp_path, model="words")
    assert set(made) == {"python"}
    (kept,) = tmp_path.glob("words-*.npy")
    np.save(kept, np.zeros((1, 3), np.float16))
    assert not word_vectors(questions, tmp_path, model="words")["python"].any()
