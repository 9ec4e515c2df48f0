import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from index.collection import Collection
from index.config import IngestConfig, LibraryConfig
from index.embedding import WordEmbedder
from index.errors import DocumentNotFound, InvalidInput
from index.ingest.preparation import Source
from index.sources.files import FoundFile, Patterns, Skipped, resolve_location
from index.sources.folders import FolderIngest, FolderOptions, IngestReport
from index.sources.walking import Selection, walk
from tests.index.conftest import Opener


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("Alpha moons.")
    (folder / "sub" / "b.md").write_text("# Beta\n\nBeta moons.")
    (folder / "c.html").write_text("<h1>Gamma</h1><p>Gamma moons.</p>")
    (folder / "d.exe").write_bytes(b"MZ\x00")
    (folder / "binary.txt").write_bytes(b"\x00\x01\x02" * 50)
    (folder / "empty.txt").write_text(" \n")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "e.txt").write_text("Hidden.")
    return folder


def run(collection: Collection, *paths: Path, **given: Any) -> IngestReport:
    told = {name: given.pop(name) for name in ("on_file", "on_passage") if name in given}
    return FolderIngest(collection, FolderOptions(**given), **told).run(list(paths))


def test_files_are_named_by_their_path_below_the_folder(folder: Path) -> None:
    found = list(walk([folder], Selection("lib/")))
    assert [one.document_id for one in found if isinstance(one, FoundFile)] == [
        "lib/a.txt", "lib/binary.txt", "lib/c.html", "lib/empty.txt", "lib/sub/b.md",
    ]  # fmt: skip
    assert [Path(one.path).name for one in found if isinstance(one, Skipped)] == ["d.exe"]


def test_every_file_is_ingested_or_reported(collection: Collection, folder: Path) -> None:
    report = run(collection, folder)
    assert report.added == ["a.txt", "c.html", "sub/b.md"]
    reasons = {Path(one.path).name: one.reason for one in report.skipped}
    assert set(reasons) == {"binary.txt", "d.exe", "empty.txt"}
    assert all(reasons.values())
    assert report.files == 6
    assert report.embedded == collection.archive.counts().passages == 3
    assert len(collection.ask("moons").hits) == 3


def test_data_folders_are_not_ingested(collection: Collection, folder: Path, tmp_path: Path) -> None:
    data = folder / "sub" / "data"
    shutil.copytree(collection.folder, data / "collections" / "default")
    (data / "notes.txt").write_text("Not a document.")
    assert (data / "collections" / "default" / "store.sqlite").exists()
    assert run(collection, folder).added == ["a.txt", "c.html", "sub/b.md"]
    assert run(collection, data).files == 0
    ingest = FolderIngest(collection, FolderOptions(mirror=True))
    assert ingest.update([folder], [data / "notes.txt", data / "collections"]).files == 0
    elsewhere = tmp_path / "elsewhere"
    data.rename(elsewhere)
    (elsewhere / "collections" / "default" / "store.sqlite").unlink()
    (elsewhere / "collections").rename(tmp_path / "gone")
    assert run(collection, elsewhere).added == ["notes.txt"]


def test_a_mirror_deletes_documents_from_data_folders(collection: Collection, folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    (data / "notes.txt").write_text("Not a document.")
    assert "data/notes.txt" in run(collection, folder, mirror=True).added
    shutil.copytree(collection.folder, data / "collections" / "default")
    assert run(collection, folder, mirror=True).retired == ["data/notes.txt"]


def test_a_second_run_embeds_nothing(collection: Collection, folder: Path, embedder: WordEmbedder) -> None:
    run(collection, folder)
    before = embedder.passages
    report = run(collection, folder)
    assert report.unchanged == ["a.txt", "c.html", "sub/b.md"]
    assert (report.embedded, embedder.passages) == (0, before)


def test_a_changed_file_is_replaced(collection: Collection, folder: Path) -> None:
    run(collection, folder)
    (folder / "a.txt").write_text("Alpha comets.")
    report = run(collection, folder)
    assert (report.replaced, report.embedded) == (["a.txt"], 1)


def test_only_a_mirror_deletes_documents_of_missing_files(collection: Collection, folder: Path) -> None:
    run(collection, folder)
    collection.put(Source("by-hand.txt", b"Put over HTTP."))
    (folder / "a.txt").unlink()
    assert run(collection, folder).retired == []
    assert run(collection, folder, mirror=True).retired == ["a.txt"]
    assert [record.id for record in collection.archive.documents()] == ["by-hand.txt", "c.html", "sub/b.md"]


def test_files_of_two_folders_do_not_overwrite_each_other(
    collection: Collection, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.txt").write_text("Another alpha.")
    run(collection, folder)
    (skipped,) = run(collection, other).skipped
    assert skipped.reason == f"its id 'a.txt' is that of {folder / 'a.txt'}"
    assert skipped.code == "duplicate_id"
    assert run(collection, other, prefix="other").added == ["other/a.txt"]
    both = run(collection, folder, other).skipped
    assert str(other / "a.txt") in [one.path for one in both]
    assert collection.archive.text("a.txt")[1] == "Alpha moons."


def test_a_folder_that_moved_keeps_its_documents(
    collection: Collection, folder: Path, tmp_path: Path, embedder: WordEmbedder
) -> None:
    run(collection, folder)
    before = embedder.passages
    report = run(collection, folder.rename(tmp_path / "moved"))
    assert report.replaced == ["a.txt", "c.html", "sub/b.md"]
    assert embedder.passages == before
    assert collection.archive.document("a.txt").version == 1


def test_unreadable_files_are_reported(collection: Collection, tmp_path: Path) -> None:
    report = run(collection, tmp_path / "nowhere")
    assert [one.reason for one in report.skipped] == ["there is no such file or folder"]


def test_an_unreadable_folder_is_reported(collection: Collection, folder: Path) -> None:
    # Root may read everything, but nobody may name a path this long.
    at = os.open(folder, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("x" * 240, dir_fd=at)
        below = os.open("x" * 240, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    report = run(collection, folder)
    (reason,) = [one.reason for one in report.skipped if "cannot be read" in one.reason]
    assert reason == "the folder cannot be read: File name too long"
    assert "a.txt" in report.added
    shutil.rmtree(folder / ("x" * 240))


def test_links_and_pipes_are_reported(collection: Collection, folder: Path, tmp_path: Path) -> None:
    (folder / "linked").symlink_to(tmp_path)
    (folder / "broken.txt").symlink_to(tmp_path / "nowhere")
    (folder / "link.txt").symlink_to(folder / "a.txt")
    os.mkfifo(folder / "pipe.txt")
    report = run(collection, folder)
    names = {Path(one.path).name for one in report.skipped}
    assert {"linked", "broken.txt", "pipe.txt"} <= names
    assert "link.txt" in report.added


def test_large_files_are_skipped_unread(open_collection: Opener, folder: Path) -> None:
    collection = open_collection(LibraryConfig(ingest=IngestConfig(max_document_bytes=1024)))
    (folder / "a.txt").write_text("x" * 1025)
    report = run(collection, folder)
    assert any("1,025 bytes; at most 1,024" in one.reason for one in report.skipped)


def test_progress_is_reported(open_collection: Opener, folder: Path) -> None:
    collection = open_collection(LibraryConfig(ingest=IngestConfig(documents_per_commit=1)))
    files: list[tuple[int, int]] = []
    passages: list[tuple[int, int]] = []
    run(
        collection,
        folder,
        on_file=lambda done, total: files.append((done, total)),
        on_passage=lambda done, total: passages.append((done, total)),
    )
    assert files[-1] == (5, 5)
    assert passages[-1] == (3, 3)


def test_a_mirror_renames_documents_of_moved_files_and_embeds_nothing(
    collection: Collection, folder: Path, embedder: WordEmbedder
) -> None:
    run(collection, folder, mirror=True)
    locator = collection.ask("Alpha moons").hits[0].citation.locator
    before = embedder.passages
    (folder / "a.txt").rename(folder / "sub" / "alpha.txt")
    report = run(collection, folder, mirror=True)
    assert report.renamed == [("a.txt", "sub/alpha.txt")]
    assert (report.added, report.retired, report.embedded) == ([], [], 0)
    assert embedder.passages == before
    citation = collection.archive.cite(locator)
    assert (citation.document_id, citation.quote) == ("sub/alpha.txt", "Alpha moons.")
    with pytest.raises(DocumentNotFound):
        collection.archive.document("a.txt")


@pytest.mark.parametrize("mirror", [True, False])
@pytest.mark.parametrize("then", ["unchanged", "changed", "removed"])
def test_a_name_and_a_title_that_a_person_gave_stay(
    collection: Collection, folder: Path, then: str, *, mirror: bool
) -> None:
    run(collection, folder, mirror=mirror)
    collection.editor.rename("a.txt", "Of moons")
    collection.retitle("Of moons", "Moons")
    if then == "changed":
        (folder / "a.txt").write_text("Alpha moons, again.")
    if then == "removed":
        (folder / "a.txt").unlink()
        assert run(collection, folder, mirror=True).retired == ["Of moons"]
        (folder / "a.txt").write_text("Alpha moons.")
    report = run(collection, folder, mirror=mirror)
    assert (report.renamed, report.retired, "a.txt" in report.added) == ([], [], False)
    assert [one.id for one in collection.archive.documents()] == ["Of moons", "c.html", "sub/b.md"]
    assert collection.archive.document("Of moons").title == "Moons"
    assert ("again" in collection.archive.text("Of moons")[1]) == (then == "changed")
    (folder / "Of moons").write_text("Another.")  # its id is taken, and it has no reader
    run(collection, folder, mirror=mirror)
    assert "Another" not in collection.archive.text("Of moons")[1]


def test_a_new_file_at_the_old_path_is_another_document(collection: Collection, folder: Path) -> None:
    run(collection, folder, mirror=True)
    locator = collection.ask("Alpha moons").hits[0].citation.locator
    (folder / "a.txt").rename(folder / "alpha.txt")
    (folder / "a.txt").write_text("Another alpha.")
    report = run(collection, folder, mirror=True)
    assert (report.replaced, report.added, report.renamed) == (["a.txt"], ["alpha.txt"], [])
    assert collection.archive.cite(locator).quote == "Alpha moons."


def test_a_copy_is_no_rename(collection: Collection, folder: Path) -> None:
    run(collection, folder, mirror=True)
    shutil.copy(folder / "a.txt", folder / "copy.txt")
    report = run(collection, folder, mirror=True)
    assert (report.added, report.renamed, report.embedded) == (["copy.txt"], [], 0)


def test_patterns_are_those_of_gitignore(folder: Path) -> None:
    def ids(**given: Any) -> list[str]:
        return [
            one.document_id
            for one in walk([folder], Selection(patterns=Patterns(**given)))
            if isinstance(one, FoundFile)
        ]

    assert ids(include=["*.md", "a.*"]) == ["a.txt", "sub/b.md"]
    assert ids(include=["*.md", "a.*"], exclude=["sub/"]) == ["a.txt"]
    assert ids(exclude=["*", "!c.html"]) == ["c.html"]


def test_a_mirror_deletes_what_the_patterns_exclude(collection: Collection, folder: Path) -> None:
    run(collection, folder, mirror=True)
    report = run(collection, folder, mirror=True, patterns=Patterns(exclude=["sub/"]))
    assert report.retired == ["sub/b.md"]


def test_a_sidecar_describes_its_file(collection: Collection, folder: Path) -> None:
    told = folder / "a.txt.meta.yaml"
    told.write_text("title: Alpha\nsource: https://example.org/a\nmetadata: {year: 1859, seen: 2020-01-02}\n")
    report = run(collection, folder)
    assert "a.txt.meta.yaml" not in {Path(one.path).name for one in report.skipped}
    record = collection.archive.document("a.txt")
    assert (record.title, record.source) == ("Alpha", "https://example.org/a")
    assert record.metadata == {"year": 1859, "seen": "2020-01-02"}
    told.write_text("title: [")
    (reason,) = [one.reason for one in run(collection, folder).skipped if Path(one.path).name == "a.txt"]
    assert "neither JSON nor YAML" in reason


def test_only_changed_files_are_examined(collection: Collection, folder: Path) -> None:
    run(collection, folder, mirror=True)
    (folder / "a.txt").unlink()
    (folder / "c.html").write_text("<h1>Gamma</h1><p>Gamma comets.</p>")
    (folder / "new").mkdir()
    (folder / "new" / "e.txt").write_text("Epsilon moons.")
    (folder / ".hidden" / "f.txt").write_text("Hidden.")
    options = FolderOptions(mirror=True)
    changed = [folder / "a.txt", folder / "c.html", folder / "new", folder / ".hidden" / "f.txt"]
    report = FolderIngest(collection, options).update([folder], changed)
    assert (report.added, report.replaced, report.retired) == (["new/e.txt"], ["c.html"], ["a.txt"])
    assert report.files == 2
    (folder / "c.html.meta.json").write_text('{"title": "G"}')
    FolderIngest(collection, options).update([folder], [folder / "c.html.meta.json"])
    assert collection.archive.document("c.html").title == "G"


def test_documents_of_a_folder_that_was_moved_away_are_deleted(
    collection: Collection, folder: Path, tmp_path: Path
) -> None:
    run(collection, folder, mirror=True)
    (folder / "sub").rename(tmp_path / "away")
    report = FolderIngest(collection, FolderOptions(mirror=True)).update([folder], [folder / "sub"])
    assert report.retired == ["sub/b.md"]


def test_remote_folders_are_read_by_fsspec(collection: Collection) -> None:
    root = resolve_location("memory://library/docs")
    (root / "sub").mkdir(parents=True)
    (root / "a.txt").write_bytes(b"Alpha moons.")
    (root / "a.txt.meta.json").write_bytes(b'{"metadata": {"year": 1859}}')
    (root / "sub" / "b.md").write_bytes(b"# Beta")
    (root / "sub" / "c.exe").write_bytes(b"MZ")
    report = run(collection, root, mirror=True)
    assert (report.added, len(report.skipped)) == (["a.txt", "sub/b.md"], 1)
    assert collection.archive.document("a.txt").metadata == {"year": 1859}
    assert collection.archive.document("a.txt").origin == "memory://library/docs/a.txt"
    (root / "a.txt").unlink()
    assert run(collection, root, mirror=True).retired == ["a.txt"]


def test_an_unknown_scheme_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="nothing://"):
        resolve_location("nothing://bucket/folder")


def test_groups_of_a_folder_and_of_sidecars_are_those_of_the_documents(
    collection: Collection, folder: Path
) -> None:
    def groups() -> dict[str, tuple[str, ...]]:
        return {one.id: one.groups for one in collection.archive.documents()}

    sidecar = folder / "a.txt.meta.json"
    sidecar.write_text('{"groups": ["board"]}')
    run(collection, folder, groups=["staff"])
    assert groups() == {"a.txt": ("board",), "c.html": ("staff",), "sub/b.md": ("staff",)}
    # What is not said keeps its groups: nothing becomes readable by an omission.
    sidecar.unlink()
    assert run(collection, folder).unchanged == ["a.txt", "c.html", "sub/b.md"]
    assert groups()["a.txt"] == ("board",)
    sidecar.write_text('{"groups": []}')
    assert run(collection, folder).replaced == ["a.txt"]
    assert groups()["a.txt"] == ()
    # One that cannot be understood leaves the file out.
    sidecar.write_text('{"groups": "board"}')
    (skipped,) = [one for one in run(collection, folder).skipped if Path(one.path).name == "a.txt"]
    assert "must be a list" in skipped.reason
