"""Sentences as bytes, and back."""

from __future__ import annotations

import numpy as np

from index.store.rows.sentences import pack, table, unpack
from index.types import Sentences


def sentences(count: int, terms: int, dimension: int) -> Sentences:
    random = np.random.default_rng(count)
    vectors = random.normal(size=(count, dimension)).astype(np.float32)
    return Sentences(
        spans=np.arange(2 * count, dtype=np.int32).reshape(-1, 2),
        terms=np.sort(random.integers(0, 2**32, terms, np.uint32)),
        term_ends=np.linspace(0, terms, count, dtype=np.int32),
        vectors=vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9),
    )


def test_what_is_packed_comes_back() -> None:
    kept = [sentences(3, 9, 8), sentences(0, 0, 8), sentences(2, 5, 0), sentences(1, 0, 8)]
    found = table([unpack(pack(kept[0])), None, *(unpack(pack(one)) for one in kept[1:])])
    assert found.known.tolist() == [True, False, True, True, True]
    assert found.counts.tolist() == [3, 0, 0, 2, 1]
    assert found.has_vectors.tolist() == [True, False, False, False, True]
    for at, expected in zip((0, 2, 3, 4), kept, strict=True):
        one = found.passage(at)
        np.testing.assert_array_equal(one.spans, expected.spans)
        np.testing.assert_array_equal(one.terms, expected.terms)
        np.testing.assert_array_equal(one.term_ends, expected.term_ends)
        if expected.vectors.size:
            np.testing.assert_allclose(one.vectors, expected.vectors, atol=0.01)


def test_no_passages_have_no_sentences() -> None:
    assert len(table([]).counts) == 0
    assert len(table([None]).spans) == 0


def test_every_damaged_bit_is_noticed() -> None:
    whole = pack(sentences(2, 3, 4))
    found = unpack(whole)
    assert found is not None
    assert b"".join(found[3:]) == whole[8:-4]
    assert found.size == len(whole) - 12
    for at in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << bit
            assert unpack(bytes(damaged)) is None
    assert all(unpack(whole[:length]) is None for length in range(len(whole)))


def test_sentences_of_before_they_had_a_checksum_are_read() -> None:
    whole = bytearray(pack(sentences(2, 3, 4))[:-4])
    whole[6:8] = b"\0\0"
    found = unpack(bytes(whole))
    assert found is not None
    assert b"".join(found[3:]) == whole[8:]
