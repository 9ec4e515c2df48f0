"""Passages made for measurements at millions of them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from benchmarks.growth.passages import SyntheticEmbedder, Writer, prepare, questions, sentences
from index.store.sqlite import SqliteStore
from tests.contracts.documents import document, pending

DIMENSION = 384


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With what passages are made of, from a collection of a few."""
    path = tmp_path / "store.sqlite"
    with closing(SqliteStore(path)) as store:
        text = "Lamp {} burns all night by the northern sea, and its keeper sleeps in the tower below it."
        store.put([document(f"{number}", text.format(number)) for number in range(20)])
        keys = [one.key for one in pending(store)]
        rows = np.random.default_rng(0).standard_normal((len(keys), DIMENSION), np.float32)
        store.put_vectors(keys, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    prepare(tmp_path, [path])
    return tmp_path


def test_a_text_always_has_the_same_vector_and_its_sentences_are_near(folder: Path) -> None:
    texts = ["A lamp burns. A keeper sleeps.", "A storm rises."]
    vectors, inside = SyntheticEmbedder(folder).embed_sentences(texts, [[(0, 13), (14, 30)], [(0, 14)]])
    again = SyntheticEmbedder(folder).embed_queries(texts[::-1])
    assert np.array_equal(vectors, again[::-1])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert [len(rows) for rows in inside] == [2, 1]
    for row, near, other in zip(vectors, inside, vectors[::-1], strict=True):
        assert np.all(near @ row > 0.6)
        assert np.all(near @ other < 0.6)


def test_a_record_grows_from_where_it_was(folder: Path) -> None:
    with closing(SqliteStore(folder / "grown.sqlite")) as store:
        assert Writer(store, folder).fill(40) == 40
        assert Writer(store, folder).fill(100) == 60
        with store.snapshot() as moment:
            counts = moment.counts()
        assert (counts.documents, counts.passages, counts.embedded) == (5, 100, 100)
        assert Writer(store, folder).fill(100) == 0


def test_questions_are_words_of_the_sentences(folder: Path) -> None:
    known = {word for one in sentences(folder) for word in one.split()}
    asked = questions(folder)
    assert asked == questions(folder)
    assert all(set(one.removesuffix("?").split()) <= known for one in asked)
