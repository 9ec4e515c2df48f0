"""The folder: what is written, what happens to damage, what other processes see."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index.engine.vectors import FaissIndex
from tests.index.engine.vectors.numbered import DIMENSION, file_names, held, manifest, put, rewrite, vector_of
from tests.log_lines import records


def names(folder: Path) -> set[str]:
    return file_names(folder).keys() - {"compact.lock"}


def base_names(change: int) -> set[str]:
    return {f"base-{change:06d}.{kind}" for kind in ("faiss", "ids.npy", "documents.npy")}


def test_opening_writes_nothing_and_says_nothing(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    FaissIndex.open(folder, DIMENSION).close()
    assert not folder.exists()
    assert records(caplog) == []


def test_a_folder_explains_itself(compacted: Path) -> None:
    told = manifest(compacted)
    files = told.pop("files")
    unnamed = {"store": "", "epoch": "", "token": "", "purged": 118}
    parts = [{"count": 20}]
    assert told == {"format": 4, "kind": "flat", "change": 118, **unnamed, "dimension": 8, "parts": parts}
    assert names(compacted) == base_names(118) | {"manifest.json"}
    assert all((compacted / file["name"]).stat().st_size == file["bytes"] for file in files.values())


def test_compaction_of_nothing_new_writes_nothing(compacted: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in compacted.iterdir()}
    index = FaissIndex.open(compacted, DIMENSION)
    index.compact()
    assert {path: path.stat().st_mtime_ns for path in compacted.iterdir()} == times
    put(index, 119, [])
    index.compact()
    assert FaissIndex.open(compacted, DIMENSION).change == 119


def test_files_of_the_base_before_stay_until_the_next(compacted: Path) -> None:
    index = FaissIndex.open(compacted, DIMENSION)
    (compacted / "base-000200.faiss.new").touch()
    for change in (119, 120):
        put(index, change, [change])
        index.compact()
        assert names(compacted) == {"manifest.json"} | base_names(change) | base_names(change - 1)


def test_a_killed_compaction_leaves_the_old_base(compacted: Path) -> None:
    """All that a compaction does before it replaces the manifest."""
    for name in [*base_names(119), "manifest.json.new"]:
        (compacted / name).write_bytes(b"half")
    index = FaissIndex.open(compacted, DIMENSION)
    assert (index.change, held(index)) == (118, list(range(20)))
    put(index, 119, [20])
    index.compact()
    assert names(compacted) == {"manifest.json"} | base_names(118) | base_names(119)
    assert held(FaissIndex.open(compacted, DIMENSION)) == list(range(21))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 4)


def spoil(path: Path) -> None:
    path.write_bytes(b"\xff" * path.stat().st_size)


def flip(path: Path) -> None:
    """Change one bit in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    path.write_bytes(data)


def changed(**values: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        rewrite(path.parent, **values)

    return change


def unsealed_change(path: Path) -> None:
    path.write_text(path.read_text().replace('"change": 118', '"change": 117'))


@pytest.mark.parametrize(
    ("name", "damage", "reason"),
    [
        ("base-000118.faiss", Path.unlink, "No such file"),
        ("base-000118.ids.npy", Path.unlink, "No such file"),
        ("base-000118.documents.npy", Path.unlink, "No such file"),
        ("base-000118.faiss", cut, "bytes"),
        ("base-000118.ids.npy", cut, "bytes"),
        ("base-000118.faiss", spoil, ".faiss is damaged: its checksum differs"),
        ("base-000118.faiss", flip, ".faiss is damaged: its checksum differs"),
        ("base-000118.ids.npy", spoil, ".ids.npy is damaged"),
        ("base-000118.ids.npy", flip, ".ids.npy is damaged"),
        ("base-000118.documents.npy", flip, ".documents.npy is damaged"),
        ("manifest.json", cut, "not usable"),
        ("manifest.json", spoil, "not usable"),
        ("manifest.json", lambda path: path.write_text(""), "not usable"),
        ("manifest.json", lambda path: path.write_text("[]"), "not usable"),
        ("manifest.json", unsealed_change, "changed after it was written"),
        ("manifest.json", changed(format=0), "its format is 0, not 1 or 2 or 3 or 4"),
        ("manifest.json", changed(kind="other"), "its kind is 'other', not 'flat' or 'ivf'"),
        ("manifest.json", changed(dimension=9), "its dimension is 9, not 8"),
        ("manifest.json", changed(parts=[{"count": 19}]), "do not belong together"),
        ("manifest.json", changed(files={}), "not usable"),
    ],
)
def test_a_damaged_folder_is_logged_and_filled_again(
    compacted: Path, caplog: pytest.LogCaptureFixture, name: str, damage: Callable[[Path], None], reason: str
) -> None:
    damage(file_names(compacted)[name])
    index = FaissIndex.open(compacted, DIMENSION)
    assert (index.change, len(index)) == (0, 0)
    (record,) = records(caplog)
    assert (record.name, record.levelno) == ("loccit.vectors", logging.WARNING)
    assert reason in record.message
    assert not index.reload()
    put(index, 118, range(20))
    index.compact()
    assert held(FaissIndex.open(compacted, DIMENSION)) == list(range(20))
    assert len(records(caplog)) == 1


def test_a_base_that_cannot_be_used_is_made_again_once(
    compacted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cut(file_names(compacted)["base-000118.faiss"])
    index = FaissIndex.open(compacted, DIMENSION)
    assert not index.should_compact  # there is nothing in it yet
    put(index, 118, range(20))
    assert index.should_compact
    index.compact()
    assert not index.should_compact
    again = FaissIndex.open(compacted, DIMENSION)
    assert (held(again), again.should_compact, len(records(caplog))) == (list(range(20)), False, 1)


def test_a_base_of_a_later_format_is_made_again(compacted: Path, caplog: pytest.LogCaptureFixture) -> None:
    rewrite(compacted, format=5)
    index = FaissIndex.open(compacted, DIMENSION)
    assert (index.change, len(index)) == (0, 0)
    assert "its format is 5, not 1 or 2 or 3 or 4" in caplog.text


def test_another_dimension_starts_empty(compacted: Path, caplog: pytest.LogCaptureFixture) -> None:
    index = FaissIndex.open(compacted, 4)
    assert index.change == 0
    assert "its dimension is 8, not 4" in caplog.text


def test_a_reader_keeps_a_base_whose_files_are_gone(compacted: Path) -> None:
    writer, reader = FaissIndex.open(compacted, DIMENSION), FaissIndex.open(compacted, DIMENSION)
    for change in (119, 120, 121):
        put(writer, change, [change])
        writer.compact()
    assert not base_names(118) & names(compacted)
    assert held(reader) == list(range(20))
    assert reader.search(vector_of(7), 1, documents=np.asarray([3]))[0].ids.tolist() == [7]
