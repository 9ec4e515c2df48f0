"""Parts of a base that several processes or machines have, each with a history of its own."""

import shutil
from pathlib import Path

import numpy as np

from index.config import VectorsConfig
from index.engine.vectors import FaissIndex, hashes_of, install, read_manifest
from tests.index.engine.vectors.numbered import DIMENSION, held, put

CONFIG = VectorsConfig(kind="ivf")
EMPTY = range(0)


def opened(folder: Path, count: int = 100) -> FaissIndex:
    index = FaissIndex.open(folder, DIMENSION, CONFIG)
    if not len(index):
        put(index, 1, range(count))
    return index


def grown_by_another(folder: Path) -> FaissIndex:
    """One process writes a base within an update; another adds the rest of it again, as a part."""
    index, other = opened(folder), opened(folder)
    put(index, 1, range(100, 105))  # the first batch of change 2
    index.compact()
    put(index, 2, EMPTY)
    other.reload()
    put(other, 2, range(100, 105))
    other.compact()
    return index


def test_a_passage_of_an_unfinished_update_is_found_once(folder: Path) -> None:
    index = grown_by_another(folder)
    assert index.reload()
    assert held(index) == list(range(105))


def test_a_removed_passage_stays_removed_where_as_many_rows_are_dead(folder: Path) -> None:
    index = grown_by_another(folder)
    put(index, 3, EMPTY, removed=np.arange(7, 12))
    index.reload()
    put(index, 4, range(200, 203))
    index.compact()
    assert held(opened(folder)) == held(index) == sorted({*range(105), *range(200, 203)} - {*range(7, 12)})


def test_files_of_another_machine_are_told_from_own_ones(tmp_path: Path) -> None:
    one, two = opened(tmp_path / "one"), opened(tmp_path / "two")
    one.compact()
    for index in (one, two):
        put(index, 2, range(100, 104), removed=np.arange(2))
    two.compact()
    for index in (one, two):
        put(index, 3, EMPTY, removed=np.arange(10, 13))
        index.compact()
    put(one, 4, range(110, 113))
    one.write_next(tmp_path / "next")
    manifest = read_manifest(tmp_path / "next")
    assert manifest is not None
    made = hashes_of(manifest, tmp_path / "next")
    there = {sha: path if path.exists() else tmp_path / "one" / path.name for sha, path in made.items()}
    install(tmp_path / "two", manifest, lambda sha, to: shutil.copyfile(there[sha], to), two.files)
    assert two.reload(is_again=True)
    assert held(two) == held(opened(tmp_path / "two")) == held(one)


def test_a_purge_reaches_a_base_that_is_not_in_use(folder: Path) -> None:
    index = opened(folder)
    index.compact()
    index.reset()
    put(index, 2, range(50))
    (before,) = folder.glob("*.rows")
    assert index.purge(2)
    assert not before.exists()
    assert held(opened(folder)) == list(range(50))
