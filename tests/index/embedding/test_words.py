import subprocess
import sys

import numpy as np
import pytest

from index.embedding import WordEmbedder


def test_similarity_is_the_share_of_common_words() -> None:
    a, b, c = WordEmbedder().embed_passages(["red green blue", "Blue red", "one two"])
    np.testing.assert_allclose(a @ b, 2 / np.sqrt(3 * 2), rtol=1e-6)
    assert a @ c == 0


def test_vectors_have_unit_length_whatever_the_text() -> None:
    vectors = WordEmbedder().embed_queries(["", "...", "a a a b", "🎉"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)


def test_tokens_are_words() -> None:
    (starts,) = WordEmbedder().token_starts(["One, two  three"])
    assert starts.tolist() == [0, 5, 10]


def test_texts_are_counted_by_kind() -> None:
    embedder = WordEmbedder()
    embedder.embed_passages(["a", "b"])
    embedder.embed_queries(["c"])
    assert (embedder.passages, embedder.queries) == (2, 1)


@pytest.mark.processes
def test_another_process_gives_the_same_vectors() -> None:
    code = (
        "from index.embedding import WordEmbedder; print(WordEmbedder().embed_queries(['a b']).nonzero()[1])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in "12"
    }
    assert len(told) == 1
