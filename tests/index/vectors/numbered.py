"""Vectors that follow from passage ids, so that an index can be checked by its ids alone."""

import numpy as np

from index.types import Ids, Vectors
from index.vectors import FaissIndex

DIMENSION = 8
NONE = np.empty(0, np.int64)


def unit(n: int, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)  # type: ignore[no-any-return]


def vector_of(id_: int) -> Vectors:
    return unit(1, seed=id_)


def put(index: FaissIndex, change: int, ids: range | list[int], removed: Ids = NONE) -> None:
    keys = np.asarray(ids, np.int64)
    vectors = np.concatenate([np.empty((0, DIMENSION), np.float32), *map(vector_of, ids)])
    index.update(change, ids=keys, documents=keys // 2, vectors=vectors, removed=removed)


def held(index: FaissIndex) -> list[int]:
    return sorted(index.search(unit(1), 10_000)[0].ids.tolist())
