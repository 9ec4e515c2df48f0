import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index.collection import Collection
from index.errors import InvalidInput
from index.sources.folders import FolderOptions, IngestReport
from index.sources.watching import watch
from tests.patience import PATIENCE


@contextmanager
def watched(collection: Collection, folder: Path, **given: float) -> Iterator["queue.Queue[IngestReport]"]:
    reports: queue.Queue[IngestReport] = queue.Queue()
    stop = threading.Event()
    options = FolderOptions(mirror=True)
    watcher = threading.Thread(
        target=watch,
        args=(collection, [folder], options),
        kwargs={"on_report": reports.put, "stop": stop, **given},
    )
    watcher.start()
    try:
        yield reports
    finally:
        stop.set()
        watcher.join(PATIENCE)
        assert not watcher.is_alive()


def until(reports: "queue.Queue[IngestReport]", name: str, ids: set[str]) -> None:
    """Wait until these ids were reported under a name; the system may report changes in several parts."""
    left = set(ids)
    while left:
        report = reports.get(timeout=PATIENCE)
        found = getattr(report, name)
        left -= {one[1] for one in found} if name == "renamed" else set(found)


def test_a_collection_follows_its_folder(collection: Collection, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("Alpha moons.")
    with watched(collection, folder) as reports:
        until(reports, "added", {"a.txt"})
        (folder / "b.txt").write_text("Beta moons.")
        until(reports, "added", {"b.txt"})
        (folder / "b.txt").write_text("Beta comets.")
        until(reports, "replaced", {"b.txt"})
        (folder / "a.txt").rename(folder / "alpha.txt")
        until(reports, "renamed", {"alpha.txt"})
        (folder / "b.txt").unlink()
        until(reports, "retired", {"b.txt"})
    assert [record.id for record in collection.archive.documents()] == ["alpha.txt"]
    assert collection.archive.counts().embedded == collection.archive.counts().passages == 1


def test_a_folder_that_comes_back_is_watched_again(collection: Collection, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("Alpha moons.")
    with watched(collection, folder, retry_seconds=0.0) as reports:
        until(reports, "added", {"a.txt"})
        folder.rename(tmp_path / "away")
        while not (refused := reports.get(timeout=PATIENCE).refused):
            pass
        assert [one.code for one in refused] == ["missing_folder"]
        assert collection.archive.document("a.txt").version == 1
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "a.txt").write_text("Alpha moons.")
        (tmp_path / "new" / "b.txt").write_text("Beta moons.")
        (tmp_path / "new").rename(folder)
        until(reports, "added", {"b.txt"})
        (folder / "c.txt").write_text("Gamma moons.")
        until(reports, "added", {"c.txt"})
    assert [record.id for record in collection.archive.documents()] == ["a.txt", "b.txt", "c.txt"]


def test_only_local_folders_can_be_watched(collection: Collection, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", Path("memory://library")):
        with pytest.raises(InvalidInput, match="only folders on this machine"):
            watch(collection, [path], FolderOptions(), on_report=lambda report: None)
