"""``.loccit.yaml`` in a folder: who may read what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.collection import Collection
from index.errors import LoccitError
from index.sources.folders import FolderIngest, FolderOptions, IngestReport


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "board" / "pay").mkdir(parents=True)
    (folder / "all.txt").write_text("This is for all.")
    (folder / "board" / "minutes.txt").write_text("These are the minutes.")
    (folder / "board" / "pay" / "pay.txt").write_text("This is the pay.")
    (folder / "board" / ".loccit.yaml").write_text("groups: [board]")
    return folder


def run(collection: Collection, folder: Path, *changed: Path) -> IngestReport:
    ingest = FolderIngest(collection, FolderOptions(mirror=True, groups=["staff"]))
    return ingest.update([folder], changed) if changed else ingest.run([folder])


def groups(collection: Collection) -> dict[str, tuple[str, ...]]:
    return {one.id: one.groups for one in collection.archive.documents()}


def test_the_nearest_folder_above_counts(collection: Collection, folder: Path) -> None:
    (folder / "board" / "pay" / ".loccit.yaml").write_text("groups: [pay, directors]")
    run(collection, folder)
    assert groups(collection) == {
        "all.txt": ("staff",),
        "board/minutes.txt": ("board",),
        "board/pay/pay.txt": ("directors", "pay"),
    }


def test_a_sidecar_counts_before_a_folder(collection: Collection, folder: Path) -> None:
    (folder / "board" / "minutes.txt.meta.yaml").write_text("groups: [public]")
    run(collection, folder)
    assert groups(collection)["board/minutes.txt"] == ("public",)


@pytest.mark.parametrize("whole", [True, False])
def test_a_change_is_in_force_after_one_run(collection: Collection, folder: Path, whole: bool) -> None:
    run(collection, folder)
    rights = folder / "board" / ".loccit.yaml"
    rights.write_text("groups: [directors]")
    report = run(collection, folder) if whole else run(collection, folder, rights)
    assert report.embedded == 0
    assert groups(collection)["board/pay/pay.txt"] == ("directors",)


@pytest.mark.parametrize("text", ["groups: []", "groups: board", "{", "x" * 200_000, "title: x\ngroups: [a]"])
def test_rights_that_cannot_be_read_let_nobody_read(collection: Collection, folder: Path, text: str) -> None:
    run(collection, folder)
    (folder / "board" / ".loccit.yaml").write_text(text[:200] if text[0] == "x" else text)
    report = run(collection, folder)
    assert sorted(groups(collection)) == ["all.txt"]
    assert len(report.skipped) == 2
    (folder / "board" / ".loccit.yaml").write_text("groups: [board]")
    run(collection, folder)
    assert groups(collection)["board/minutes.txt"] == ("board",)


def test_rights_that_cannot_be_read_close_stored_versions_until_they_can(
    collection: Collection, folder: Path
) -> None:
    (folder / "board" / ".loccit.yaml").unlink()

    def run_open() -> None:
        FolderIngest(collection, FolderOptions(mirror=True)).run([folder])

    run_open()
    anybody = collection.restrict_to(frozenset())
    assert anybody.archive.text("board/minutes.txt", 1)
    (folder / "board" / ".loccit.yaml").write_text("{")
    run_open()
    with pytest.raises(LoccitError):
        anybody.archive.text("board/minutes.txt", 1)
    (folder / "board" / ".loccit.yaml").unlink()
    run_open()
    assert anybody.archive.text("board/minutes.txt", 1)
    assert groups(collection)["board/minutes.txt"] == ()


def test_rights_above_the_folder_do_not_count(collection: Collection, folder: Path) -> None:
    (folder.parent / ".loccit.yaml").write_text("groups: [others]")
    run(collection, folder)
    assert groups(collection)["all.txt"] == ("staff",)
