import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index.collection import Collection
from index.errors import InvalidInput
from index.folders import FolderOptions, Report
from index.watching import watch

PATIENCE = 30.0


@contextmanager
def watched(collection: Collection, folder: Path) -> Iterator["queue.Queue[Report]"]:
    reports: queue.Queue[Report] = queue.Queue()
    stop = threading.Event()
    options = FolderOptions(mirror=True)
    watcher = threading.Thread(
        target=watch, args=(collection, [folder], options), kwargs={"on_report": reports.put, "stop": stop}
    )
    watcher.start()
    try:
        yield reports
    finally:
        stop.set()
        watcher.join(PATIENCE)
        assert not watcher.is_alive()


def until(reports: "queue.Queue[Report]", name: str, ids: set[str]) -> None:
    """Wait until these ids were told of under a name; the system may tell of changes in several parts."""
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
        until(reports, "deleted", {"b.txt"})
    assert [record.id for record in collection.documents()] == ["alpha.txt"]
    assert collection.counts().embedded == collection.counts().passages == 1


def test_only_folders_of_this_machine_can_be_watched(collection: Collection, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", Path("memory://library")):
        with pytest.raises(InvalidInput, match="only folders of this machine"):
            watch(collection, [path], FolderOptions(), on_report=lambda report: None)
