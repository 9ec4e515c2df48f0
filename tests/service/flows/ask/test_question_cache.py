from __future__ import annotations

import pickle

import numpy as np
import pytest

from index.types import Vectors
from service.flows.ask.batching import QuestionCache


def vector(number: float) -> Vectors:
    return np.full(4, number, dtype=np.float32)


def test_the_question_that_was_not_asked_for_longest_goes() -> None:
    cache = QuestionCache(2)
    a, b, c = map(cache.key, "abc")
    cache.put(a, vector(1))
    cache.put(b, vector(2))
    assert cache.get(a) is not None
    cache.put(c, vector(3))
    assert cache.get(b) is None
    assert [found[0] for key in (a, c) if (found := cache.get(key)) is not None] == [1, 3]
    cache.put(c, vector(4))
    assert len(cache) == 2


def test_a_cache_of_none_keeps_none() -> None:
    cache = QuestionCache(0)
    cache.put(cache.key("a"), vector(1))
    assert (cache.get(cache.key("a")), len(cache)) == (None, 0)


def test_a_kept_vector_is_a_read_only_copy_of_its_own_row() -> None:
    cache = QuestionCache(1)
    batch = np.ones((32, 4), dtype=np.float32)
    cache.put(cache.key("a"), batch[0])
    batch[:] = 2
    found = cache.get(cache.key("a"))
    assert found is not None
    assert (found.tolist(), found.base) == ([1, 1, 1, 1], None)
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 3


def test_texts_that_differ_at_all_are_different_questions() -> None:
    cache = QuestionCache(8)
    texts = ["a", "A", "a ", "\u00e9", "e\u0301", "\ud800", "\ud801", ""]
    assert len({cache.key(text) for text in texts}) == len(texts)


def test_no_text_is_kept_and_keys_say_nothing_elsewhere() -> None:
    cache, other = QuestionCache(8), QuestionCache(8)
    question = "a very private question"
    cache.put(cache.key(question), vector(1))
    assert b"private" not in pickle.dumps(cache.__dict__)
    assert cache.key(question) != other.key(question)
