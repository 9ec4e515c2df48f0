"""Vectors that follow from passage ids, so that an index can be checked by its ids alone."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from index.engine.vectors import FaissIndex
from index.records import Mark
from index.sealed import seal, unseal
from index.types import Ids, Vectors

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
    index.update(Mark(change), ids=keys, documents=keys // 2, vectors=vectors, removed=removed)


def held(index: FaissIndex) -> list[int]:
    return sorted(index.search(unit(1), 10_000)[0].ids.tolist())


def file_names(folder: Path) -> dict[str, Path]:
    """The files by their names without what makes them unique."""
    found = {re.sub(r"(base-\d{6})-[0-9a-f]{8}", r"\1", path.name): path for path in folder.iterdir()}
    assert len(found) == len(list(folder.iterdir()))
    return found


def manifest(folder: Path) -> dict[str, Any]:
    """What the manifest says, without its own hash."""
    return unseal((folder / "manifest.json").read_text())


def rewrite(folder: Path, **values: object) -> None:
    """Change the manifest as if it had been written so."""
    (folder / "manifest.json").write_text(seal({**manifest(folder), **values}))
