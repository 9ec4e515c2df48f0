"""What a mirror removes, and what it refuses to remove."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.collection import Collection
from index.ingest.preparation import Source
from index.records import DocumentRecord
from index.sources.files import Patterns, Skipped
from index.sources.folders import FolderIngest, FolderOptions, IngestReport
from index.sources.mirroring import Mirror, MirrorPlan
from index.sources.walking import Selection, walk
from tests.opening import resolving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of twenty files."""
    folder = tmp_path / "docs"
    folder.mkdir()
    write(folder, range(20))
    return folder


def write(folder: Path, numbers: range) -> None:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"{number:02}.txt").write_text(f"Document {number} tells of moons.")


def run(collection: Collection, *paths: Path, **given: Any) -> IngestReport:
    return FolderIngest(collection, FolderOptions(mirror=True, **given)).run(list(paths))


def ids(collection: Collection) -> list[str]:
    return [record.id for record in collection.archive.documents()]


def refusals(report: IngestReport) -> list[tuple[str, str]]:
    return [(refusal.root, refusal.code) for refusal in report.refused]


def test_a_missing_folder_keeps_its_documents(collection: Collection, folder: Path, tmp_path: Path) -> None:
    run(collection, folder)
    folder.rename(tmp_path / "away")
    for options in ({}, {"any_share": True}):
        report = run(collection, folder, **options)
        assert refusals(report) == [(str(folder), "missing_folder")]
        assert report.refused[0].reason == (
            f"{folder} does not exist: the mirror removed none of its 20 documents."
        )
    assert len(ids(collection)) == 20


def test_an_empty_folder_keeps_its_documents(collection: Collection, folder: Path, tmp_path: Path) -> None:
    run(collection, folder)
    folder.rename(tmp_path / "away")
    folder.mkdir()
    (folder / ".keep").write_text("The mount point.")
    for options in ({}, {"any_share": True}):
        assert refusals(run(collection, folder, **options)) == [(str(folder), "empty_folder")]
    assert len(ids(collection)) == 20


def test_an_empty_folder_without_documents_is_no_problem(collection: Collection, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    assert run(collection, tmp_path / "new").refused == []


def test_a_folder_that_cannot_be_read_keeps_its_documents(collection: Collection, tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["x" * 240] * 20)  # nobody may name a path this long, not even root
    collection.put(Source("a.txt", b"Alpha moons.", origin=str(folder / "a.txt")))
    report = run(collection, folder)
    assert refusals(report) == [(str(folder), "unreadable_folder")]
    assert ids(collection) == ["a.txt"]


def test_more_than_a_share_is_removed_only_when_that_is_allowed(collection: Collection, folder: Path) -> None:
    run(collection, folder)
    for number in range(10):
        (folder / f"{number:02}.txt").unlink()
    (folder / "new.txt").write_text("A new document on comets.")
    report = run(collection, folder)
    assert refusals(report) == [(str(folder), "large_removal")]
    assert report.refused[0].reason == (
        f"10 of the 20 documents of {folder} have no file there any more, which is more than 30 %: "
        "the mirror removed none of them."
    )
    assert (report.added, report.retired) == (["new.txt"], [])
    assert len(ids(collection)) == 21
    allowed = run(collection, folder, any_share=True)
    assert (len(allowed.retired), allowed.refused) == (10, [])


def test_new_files_do_not_hide_that_the_old_ones_are_gone(collection: Collection, folder: Path) -> None:
    run(collection, folder)
    shutil.rmtree(folder)
    write(folder, range(100, 160))
    report = run(collection, folder)
    assert refusals(report) == [(str(folder), "large_removal")]
    assert (len(report.added), len(ids(collection))) == (60, 80)


def test_few_documents_and_small_shares_are_removed(collection: Collection, folder: Path) -> None:
    run(collection, folder)
    for number in range(9):
        (folder / f"{number:02}.txt").unlink()
    assert len(run(collection, folder).retired) == 9
    write(folder, range(100, 140))
    run(collection, folder)
    for number in range(100, 115):
        (folder / f"{number:02}.txt").unlink()
    report = run(collection, folder)
    assert (len(report.retired), report.refused) == (15, [])


def test_each_folder_is_mirrored_or_refused_by_itself(
    collection: Collection, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    write(other, range(50, 54))
    run(collection, folder, other)
    folder.rename(tmp_path / "away")
    (other / "50.txt").unlink()
    report = run(collection, folder, other)
    assert (refusals(report), report.retired) == ([(str(folder), "missing_folder")], ["50.txt"])


def test_a_missing_folder_inside_another_one_keeps_its_documents(
    collection: Collection, folder: Path, tmp_path: Path
) -> None:
    share = folder / "share"
    write(share, range(50, 53))
    run(collection, folder, share, prefix="all")
    share.rename(tmp_path / "away")
    for roots in ([folder, share], [share, folder]):
        report = run(collection, *roots, prefix="all")
        assert (refusals(report), report.retired) == ([(str(share), "missing_folder")], [])


def test_patterns_that_exclude_most_documents_are_refused_too(collection: Collection, folder: Path) -> None:
    run(collection, folder)
    report = run(collection, folder, patterns=Patterns(exclude=["1*.txt"]))
    assert refusals(report) == [(str(folder), "large_removal")]


def test_a_watched_folder_that_vanishes_keeps_its_documents(
    collection: Collection, folder: Path, tmp_path: Path
) -> None:
    run(collection, folder)
    ingest = FolderIngest(collection, FolderOptions(mirror=True))
    folder.rename(tmp_path / "away")
    assert refusals(ingest.update([folder], [folder])) == [(str(folder), "missing_folder")]
    folder.mkdir()
    ingest = FolderIngest(collection, FolderOptions(mirror=True))
    report = ingest.update([folder], [folder / "01.txt", folder / "02.txt"])
    assert refusals(report) == [(str(folder), "empty_folder")]
    assert len(ids(collection)) == 20


def test_a_subfolder_that_vanishes_during_the_walk_is_reported_as_unread(folder: Path) -> None:
    write(folder / "sub", range(3))
    found = walk([folder])
    next(found)
    shutil.rmtree(folder / "sub")
    skipped = [one for one in found if isinstance(one, Skipped)]
    assert [(one.path, one.code) for one in skipped] == [(str(folder / "sub"), "unreadable_folder")]


def plan(records: list[DocumentRecord], root: Path, *unreadable: Path) -> MirrorPlan:
    mirror = Mirror([root], Selection(), unreadable=unreadable, any_share=False)
    return mirror.plan(records, [root])


def test_documents_below_an_unread_folder_stay(collection: Collection, folder: Path) -> None:
    write(folder / "sub", range(3))
    run(collection, folder)
    shutil.rmtree(folder / "sub")
    (folder / "00.txt").unlink()
    records = collection.archive.documents()
    assert plan(records, folder, folder / "sub").going == ["00.txt"]
    assert plan(records, folder).going == ["00.txt", "sub/00.txt", "sub/01.txt", "sub/02.txt"]


def test_a_folder_that_vanishes_while_documents_are_compared_keeps_them(
    collection: Collection, folder: Path, tmp_path: Path
) -> None:
    run(collection, folder)

    def records() -> Iterator[DocumentRecord]:
        folder.rename(tmp_path / "away")
        yield from collection.archive.documents()

    mirror = Mirror([folder], Selection(), unreadable=(), any_share=True)
    planned = mirror.plan(records(), [folder])
    assert (planned.going, [one.code for one in planned.refused]) == ([], ["missing_folder"])


def test_what_a_mirror_retired_is_restored_when_its_file_is_back(
    collection: Collection, folder: Path
) -> None:
    run(collection, folder)
    locator = collection.ask("Document 7 tells of moons").hits[0].citation.locator
    text = (folder / "07.txt").read_text()
    (folder / "07.txt").unlink()
    assert run(collection, folder).retired == ["07.txt"]
    assert resolving(collection).resolve(locator, around=0).today.standing.since is not None
    assert run(collection, folder).retired == []
    (folder / "07.txt").write_text(text)
    report = run(collection, folder)
    assert (report.added, report.embedded) == (["07.txt"], 0)
    assert resolving(collection).resolve(locator, around=0).today.standing.status == "current"


def test_a_file_that_moves_to_the_place_of_a_retired_document_takes_its_id(
    collection: Collection, folder: Path
) -> None:
    run(collection, folder)
    (folder / "07.txt").unlink()
    run(collection, folder)
    (folder / "08.txt").rename(folder / "07.txt")
    report = run(collection, folder)
    assert (report.added, report.retired, report.renamed) == (["07.txt"], ["08.txt"], [])
    assert collection.archive.text("07.txt")[1] == "Document 8 tells of moons."


def test_erasing_erases_also_what_was_retired_before(collection: Collection, folder: Path) -> None:
    collection.put(Source("by-hand.txt", b"Put over HTTP."))
    run(collection, folder)
    collection.editor.retire(["by-hand.txt"])
    (folder / "00.txt").unlink()
    run(collection, folder)
    (folder / "01.txt").unlink()
    report = run(collection, folder, erase=True)
    assert (report.retired, report.erased) == ([], ["01.txt", "00.txt"])
    left = [record.id for record in collection.archive.documents(retired=True)]
    assert left == [f"{number:02}.txt" for number in range(2, 20)] + ["by-hand.txt"]
    events = collection.archive.changes(since=0, limit=1000)[0].events
    assert [(one.kind, one.document_id) for one in events][-3:] == [
        ("retired", "00.txt"), ("deleted", "01.txt"), ("deleted", "00.txt"),
    ]  # fmt: skip


def test_erasing_is_refused_like_retiring(collection: Collection, folder: Path, tmp_path: Path) -> None:
    (folder / "extra.txt").write_text("Another document.")
    run(collection, folder)
    (folder / "extra.txt").unlink()
    run(collection, folder)
    folder.rename(tmp_path / "away")
    report = run(collection, folder, erase=True, any_share=True)
    assert (refusals(report), report.erased) == ([(str(folder), "missing_folder")], [])
    assert len(collection.archive.documents(retired=True)) == 21


def test_a_refused_mirror_is_kept_in_mind_until_it_succeeds(
    collection: Collection, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    write(other, range(50, 52))
    run(collection, folder, other)
    assert collection.archive.refused_mirrors() == []
    folder.rename(tmp_path / "away")
    run(collection, folder)
    (first,) = collection.archive.refused_mirrors()
    assert (first.root, first.reason) == (
        str(folder), f"{folder} does not exist: the mirror removed none of its 20 documents.",
    )  # fmt: skip
    change = collection.archive.counts().change
    folder.mkdir()
    run(collection, folder)
    run(collection, other)
    (again,) = collection.archive.refused_mirrors()
    assert (again.root, again.since) == (first.root, first.since)
    assert again.reason != first.reason
    assert collection.archive.counts().change == change
    folder.rmdir()
    (tmp_path / "away").rename(folder)
    run(collection, folder)
    assert collection.archive.refused_mirrors() == []


def test_a_refused_mirror_of_a_folder_without_documents_is_forgotten(
    collection: Collection, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    write(other, range(50, 52))
    run(collection, folder, other)
    folder.rename(tmp_path / "moved")
    run(collection, folder)
    run(collection, other)
    assert len(collection.archive.refused_mirrors()) == 1
    run(collection, tmp_path / "moved")  # the documents come from there now
    assert collection.archive.refused_mirrors() == []


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs users")
def test_documents_in_a_folder_that_may_not_be_read_stay(collection: Collection) -> None:
    with tempfile.TemporaryDirectory() as name:  # all folders above it may be read by everybody
        folder = Path(name).resolve()
        folder.chmod(0o755)
        write(folder, range(2))
        write(folder / "secret", range(3))
        run(collection, folder)
        (folder / "00.txt").unlink()
        records = collection.archive.documents()
        (folder / "secret").chmod(0)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)  # root may read everything
        try:
            skipped = [one for one in walk([folder]) if isinstance(one, Skipped)]
            planned = plan(records, folder)
        finally:
            os.seteuid(user)
            (folder / "secret").chmod(0o755)
        assert [(one.path, one.code) for one in skipped] == [(str(folder / "secret"), "unreadable_folder")]
        assert (planned.going, planned.refused) == (["00.txt"], [])
