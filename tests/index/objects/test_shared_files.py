"""Files in a place that machines share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.objects import Folder, SharedFiles, parse_objects
from index.objects.bucket import PART
from tests.objects import objects_url

Opener = Callable[[str], SharedFiles]


@pytest.fixture(params=["folder", "bucket"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    url = objects_url() if request.param == "bucket" else (tmp_path / "shared").as_uri()
    place = parse_objects(url)
    assert place is not None
    return lambda name: SharedFiles(place, name)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_file_comes_back_whatever_its_size(opened: Opener, tmp_path: Path) -> None:
    files = opened("a/bases")
    for size in (0, 10, PART + 3):
        data = bytes(range(256)) * (size // 256 + 1)
        files.put("one", write(tmp_path / "mine", data[:size]))
        files.fetch("one", tmp_path / "theirs")
        assert (tmp_path / "theirs").read_bytes() == data[:size]


def test_a_file_that_is_not_there_is_not_found(opened: Opener, tmp_path: Path) -> None:
    opened("a/bases").put("one", write(tmp_path / "mine", b"one"))
    for name, folder in (("two", "a/bases"), ("one", "b/bases")):
        with pytest.raises(FileNotFoundError):
            opened(folder).fetch(name, tmp_path / "theirs")
    assert not (tmp_path / "theirs").exists()


def test_what_cannot_be_read_is_not_taken_for_removed(tmp_path: Path) -> None:
    def parts() -> Iterator[bytes]:
        yield b"one"
        raise FileNotFoundError("the source")

    folder = Folder(tmp_path / "shared" / "inner")
    with pytest.raises(FileNotFoundError, match="the source"):
        folder.write("one", parts())
    assert not list(folder.list())


def test_files_are_deleted_by_their_names(opened: Opener, tmp_path: Path) -> None:
    files, others = opened("a/bases"), opened("b/bases")
    files.delete({"one"})
    for one in (files, others):
        one.put("one", write(tmp_path / "mine", b"one"))
    files.put("two", write(tmp_path / "mine", b"two"))
    files.delete({"one", "three"})
    assert files.names() == ["two"]
    assert others.names() == ["one"]


def test_a_sweep_keeps_what_it_is_told_and_other_folders(opened: Opener, tmp_path: Path) -> None:
    files, others = opened("a/bases"), opened("b/bases")
    assert files.sweep(set()) == 0
    for name in ("one", "two", "three"):
        files.put(name, write(tmp_path / "mine", name.encode()))
    others.put("two", write(tmp_path / "mine", b"2"))
    assert files.sweep({"one"}) == 2
    files.fetch("one", tmp_path / "theirs")
    with pytest.raises(FileNotFoundError):
        files.fetch("two", tmp_path / "theirs")
    others.fetch("two", tmp_path / "theirs")
    assert (tmp_path / "theirs").read_bytes() == b"2"
