"""Symbolic links in folders that are ingested."""

from pathlib import Path
from typing import Any

import pytest

from index.collection import Collection
from index.sources.files import FoundFile, Skipped, resolve_location
from index.sources.folders import FolderIngest, FolderOptions, IngestReport
from index.sources.links import LinkLeadsOut, read_within
from index.sources.walking import Selection, walk, walk_folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("The password is swordfish.")
    (outside / "secret.json").write_text('{"title": "Swordfish"}')
    return outside


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("Alpha moons.")
    (folder / "sub" / "b.txt").write_text("Beta moons.")
    return folder


def run(collection: Collection, *paths: Path, **given: Any) -> IngestReport:
    return FolderIngest(collection, FolderOptions(**given)).run(list(paths))


def found(folder: Path, *, follow: bool = False) -> tuple[list[str], dict[str, str]]:
    """Ids of the files found, and the codes of what was skipped by path below the folder."""
    walked = list(walk([folder], Selection(follow=follow)))
    ids = [one.document_id for one in walked if isinstance(one, FoundFile)]
    skipped = [one for one in walked if isinstance(one, Skipped)]
    return ids, {str(Path(one.path).relative_to(folder)): one.code for one in skipped}


def test_links_that_lead_out_are_skipped(folder: Path, outside: Path) -> None:
    (folder / "file.txt").symlink_to(outside / "secret.txt")
    (folder / "folder").symlink_to(outside)
    (folder / "sub" / "relative.txt").symlink_to(Path("..", "..", "outside", "secret.txt"))
    (folder / "chain.txt").symlink_to(folder / "file.txt")
    ids, skipped = found(folder)
    assert ids == ["a.txt", "sub/b.txt"]
    names = ("file.txt", "folder", "sub/relative.txt", "chain.txt")
    assert skipped == dict.fromkeys(names, "outside_link")


def test_links_that_lead_out_are_followed_when_asked(
    collection: Collection, folder: Path, outside: Path
) -> None:
    (folder / "file.txt").symlink_to(outside / "secret.txt")
    (folder / "folder").symlink_to(outside)
    assert "file.txt" not in run(collection, folder).added
    assert run(collection, folder, follow=True).added == [
        "file.txt",
        "folder/secret.json",
        "folder/secret.txt",
    ]
    assert collection.ask("Which password is it?").hits[0].text == "The password is swordfish."


def test_a_link_to_a_neighbour_with_a_longer_name_leads_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "docs-private").mkdir()
    (tmp_path / "docs-private" / "c.txt").write_text("Gamma moons.")
    (folder / "c.txt").symlink_to(tmp_path / "docs-private" / "c.txt")
    assert found(folder)[1] == {"c.txt": "outside_link"}


def test_links_inside_are_followed_once(folder: Path) -> None:
    (folder / "file.txt").symlink_to(folder / "a.txt")
    (folder / "one").symlink_to(folder / "sub")
    (folder / "two").symlink_to(folder / "sub")
    ids, skipped = found(folder)
    assert ids == ["a.txt", "file.txt", "one/b.txt", "sub/b.txt"]
    assert skipped == {"two": "repeated_link"}


def test_links_in_a_circle_end(folder: Path) -> None:
    (folder / "here").symlink_to(folder)
    (folder / "sub" / "up").symlink_to("..")
    (folder / "other").mkdir()
    (folder / "other" / "to-sub").symlink_to(folder / "sub")
    (folder / "sub" / "to-other").symlink_to(folder / "other")
    for follow in (False, True):
        ids, skipped = found(folder, follow=follow)
        assert set(ids) == {"a.txt", "sub/b.txt", "other/to-sub/b.txt"}
        assert {"here", "sub/up"} <= skipped.keys()
        assert set(skipped.values()) == {"repeated_link"}


def test_a_followed_link_to_a_folder_around_this_one_is_not_entered(folder: Path, tmp_path: Path) -> None:
    (folder / "around").symlink_to(tmp_path)
    assert found(folder, follow=True) == (["a.txt", "sub/b.txt"], {"around": "repeated_link"})


def test_a_folder_that_is_named_by_a_link_is_read(
    collection: Collection, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "file.txt").symlink_to(folder / "a.txt")
    assert run(collection, tmp_path / "link").added == ["a.txt", "sub/b.txt"]
    assert run(collection, tmp_path / "file.txt", prefix="one").added == ["one/a.txt"]


def test_a_sidecar_that_leads_out_is_not_read(collection: Collection, folder: Path, outside: Path) -> None:
    (folder / "a.txt.meta.json").symlink_to(outside / "secret.json")
    for path in (folder, folder / "a.txt"):
        (skipped,) = run(collection, path).skipped
        assert (skipped.path, skipped.code) == (str(folder / "a.txt"), "outside_link")
    run(collection, folder, follow=True)
    assert collection.archive.document("a.txt").title == "Swordfish"


def test_a_file_that_becomes_a_link_after_the_walk_is_not_read(folder: Path, outside: Path) -> None:
    (file,) = [one for one in walk_folder(folder, below=folder / "a.txt") if isinstance(one, FoundFile)]
    file.path.unlink()
    file.path.symlink_to(outside / "secret.txt")
    with pytest.raises(LinkLeadsOut):
        read_within(file.path, file.within)
    (folder / "sub" / "b.txt").unlink()
    (folder / "sub").rmdir()
    (folder / "sub").symlink_to(outside)
    with pytest.raises(LinkLeadsOut):
        read_within(folder / "sub" / "secret.txt", folder)


def test_a_watch_does_not_follow_links_that_lead_out(
    collection: Collection, folder: Path, outside: Path
) -> None:
    (folder / "folder").symlink_to(outside)
    (folder / "file.txt").symlink_to(outside / "secret.txt")
    changed = [folder / "folder", folder / "folder" / "secret.txt", folder / "file.txt"]
    report = FolderIngest(collection, FolderOptions(mirror=True)).update([folder], changed)
    assert (report.added, [one.code for one in report.skipped]) == ([], ["outside_link"] * 3)


def test_a_mirror_removes_what_an_earlier_run_followed(
    collection: Collection, folder: Path, outside: Path
) -> None:
    (folder / "file.txt").symlink_to(outside / "secret.txt")
    (folder / "folder").symlink_to(outside)
    run(collection, folder, follow=True)
    assert run(collection, folder, mirror=True, follow=True).retired == []
    gone = run(collection, folder, mirror=True).retired
    assert gone == ["file.txt", "folder/secret.json", "folder/secret.txt"]


def test_a_mirror_removes_the_document_of_a_link_that_is_gone(collection: Collection, folder: Path) -> None:
    (folder / "file.txt").symlink_to(folder / "a.txt")
    run(collection, folder, mirror=True)
    (folder / "file.txt").unlink()
    assert run(collection, folder, mirror=True).retired == ["file.txt"]
    assert collection.archive.document("a.txt").version == 1


def test_file_addresses_are_local_folders(collection: Collection, folder: Path, outside: Path) -> None:
    (folder / "file.txt").symlink_to(outside / "secret.txt")
    root = resolve_location(f"file://{folder}")
    assert root == folder
    assert [one.code for one in run(collection, root).skipped] == ["outside_link"]
    assert resolve_location(f"local://{folder}") == folder
