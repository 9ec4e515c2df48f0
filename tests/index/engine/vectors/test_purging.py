"""Vectors of removed passages leave the files of the index."""

import json
from pathlib import Path

import faiss
import numpy as np
import pytest

from index.engine.vectors import FaissIndex
from tests.index.engine.vectors.test_approximation import COUNT, DIMENSION, IDS, NONE, VECTORS, config, put

GONE = IDS[5:400:7]
"""Too few for a new inverted file: removed rows stay in it."""


def built(folder: Path, kind: str) -> FaissIndex:
    index = FaissIndex.open(folder, DIMENSION, config(kind))
    put(index, 1, IDS, VECTORS)
    index.compact()
    put(index, 2, NONE, np.empty((0, DIMENSION), np.float32), removed=GONE)
    return index


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("base-*")))


def held(folder: Path) -> list[int]:
    """The removed passages whose vectors are in the files, in single or half precision."""
    content = files(folder)
    return [
        id_
        for id_ in GONE.tolist()
        if VECTORS[id_].tobytes() in content or VECTORS[id_].astype(np.float16).tobytes() in content
    ]


@pytest.mark.parametrize("kind", ["flat", "ivf"])
def test_a_purge_removes_vectors_from_the_files(tmp_path: Path, kind: str) -> None:
    index = built(tmp_path, kind)
    assert held(tmp_path) == GONE.tolist()
    assert index.purge(2)
    assert held(tmp_path) == []
    assert len(index) == COUNT - len(GONE)
    reopened = FaissIndex.open(tmp_path, DIMENSION, config(kind))
    for one in (index, reopened):
        (ranking,) = one.search(VECTORS[GONE[:1]], 20)
        assert not np.isin(ranking.ids, GONE).any()
        assert np.isnan(one.scores(VECTORS[:1], GONE)).all()
        kept = np.setdiff1d(IDS, GONE)[:50]
        np.testing.assert_allclose(
            one.scores(VECTORS[:1], kept), VECTORS[kept] @ VECTORS[0], rtol=0, atol=1e-5
        )


def test_quantized_codes_of_removed_passages_are_blank(tmp_path: Path) -> None:
    assert built(tmp_path, "ivf").purge(2)
    (path,) = tmp_path.glob("*.candidates.faiss")
    index = faiss.read_index(str(path))
    assert index.ntotal == COUNT
    blank = []
    for number in range(index.nlist):
        count = index.invlists.list_size(number)
        if count:
            ids = faiss.rev_swig_ptr(index.invlists.get_ids(number), count)
            codes = faiss.rev_swig_ptr(index.invlists.get_codes(number), count * index.code_size)
            blank += ids[~codes.reshape(count, -1).any(axis=1)].tolist()
    assert sorted(blank) == GONE.tolist()


@pytest.mark.parametrize("kind", ["flat", "ivf"])
def test_a_purge_leaves_one_base_and_writes_none_without_need(tmp_path: Path, kind: str) -> None:
    index = built(tmp_path, kind)
    (tmp_path / "base-000009.faiss.new").write_bytes(b"left by a process that was killed")
    assert index.purge(2)
    before = {path.name for path in tmp_path.glob("base-*")}
    told = json.loads((tmp_path / "manifest.json").read_text())
    assert before == {file["name"] for file in told["files"].values()}
    assert index.purge(2)
    assert {path.name for path in tmp_path.glob("base-*")} == before


def test_a_purge_of_an_index_without_a_base_has_nothing_to_do(tmp_path: Path) -> None:
    index = FaissIndex.open(tmp_path, DIMENSION, config("flat"))
    put(index, 1, IDS[:10], VECTORS[:10])
    put(index, 2, NONE, np.empty((0, DIMENSION), np.float32), removed=IDS[:5])
    assert index.purge(2)
    assert list(tmp_path.glob("base-*")) == []


def test_a_purge_finds_the_base_of_another_process(tmp_path: Path) -> None:
    index = built(tmp_path, "ivf")
    other = FaissIndex.open(tmp_path, DIMENSION, config("ivf"))
    put(other, 2, NONE, np.empty((0, DIMENSION), np.float32), removed=GONE)
    assert other.purge(2)
    assert index.purge(2)
    assert held(tmp_path) == []
