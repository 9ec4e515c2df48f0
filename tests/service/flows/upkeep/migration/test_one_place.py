"""A store that was migrated, and its source, have nothing in common in a place for objects."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from index.history import Ledger
from service.flows.upkeep.migration import Side, beside
from service.state.files import Attachment, FileErasure, UploadedFile, open_file_store
from service.state.files.store import CONTENT
from service.state.jobs import open_job_store, open_spool
from service.state.jobs.records import NewItem
from tests.objects import objects_url
from tests.service.state.jobs.spooling import spool_file

FILE = "file-0123"
ALL = -60.0
"""Seconds for which nothing has to be idle, whatever the clock of the store."""


@pytest.fixture(params=["folder", "bucket"])
def place(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    return objects_url() if request.param == "bucket" else (tmp_path / "shared").as_uri()


def fill(side: Side) -> None:
    with closing(open_file_store(side.data, store=side.store, objects=side.objects)) as files:
        with closing(files.spool.create(FILE, int(CONTENT))) as file:
            file.write(b"Kept.")
            file.keep()
        files.add(UploadedFile(FILE, "a.txt", "assistants", 5, 7.0, "owner"))
        files.attach([Attachment("notes", FILE, "a.txt", "job", 8.0)])
    with closing(open_job_store(side.data, store=side.store)) as jobs:
        spool = open_spool(side.data, store=side.store, objects=side.objects)
        name, size = spool_file(spool, "job", 1, b"Waits.")
        jobs.add("job", "notes", [NewItem("file", "b.txt", name, size)])


def clear(side: Side) -> None:
    """Remove everything of a side, and what it does not know, as a service does in its time."""
    with closing(open_file_store(side.data, store=side.store, objects=side.objects)) as files:
        FileErasure(files, Ledger(side.data / "erasures.jsonl")).erase_deleted(set())
        assert files.files() == []
        files.spool.clear_unknown(set(), idle_seconds=ALL)
    open_spool(side.data, store=side.store, objects=side.objects).clear_unknown(set(), idle_seconds=ALL)


def bytes_of(side: Side) -> list[bytes]:
    """What is there of the file and of the upload."""
    with closing(open_file_store(side.data, store=side.store, objects=side.objects)) as files:
        kept = files.open(FILE)
    waiting = open_spool(side.data, store=side.store, objects=side.objects).open("job", "000001")
    with kept, waiting:
        return [kept.read(), waiting.read()]


def test_neither_folder_removes_what_the_other_has(tmp_path: Path, place: str) -> None:
    source, target = Side(tmp_path / "one", "", place), Side(tmp_path / "other", "", place)
    fill(source)
    assert beside.move_rows(source, target)[1] == []
    clear(source)
    assert bytes_of(target) == [b"Kept.", b"Waits."]
    assert beside.move_rows(target, third := Side(tmp_path / "third", "", place))[1] == []
    clear(target)
    assert bytes_of(third) == [b"Kept.", b"Waits."]


@pytest.mark.parametrize("has_place", [False, True])
def test_a_database_and_the_folder_beside_it(tmp_path: Path, postgresql_url: str, has_place: bool) -> None:
    place = (tmp_path / "shared").as_uri() if has_place else ""
    source, target = Side(tmp_path / "one", "", place), Side(tmp_path / "one", postgresql_url, place)
    fill(source)
    assert beside.move_rows(source, target)[1] == []
    clear(source)
    assert bytes_of(target) == [b"Kept.", b"Waits."]


def test_a_service_without_a_name_goes_on_with_what_it_has(tmp_path: Path, place: str) -> None:
    source, target = Side(tmp_path / "one", "", place), Side(tmp_path / "other", "", place)
    open_job_store(source.data).close()
    (source.data / "owner.sqlite").unlink()  # as an earlier version left it
    spool_file(open_spool(source.data, objects=place), "before", 1, b"Before.")
    fill(source)
    with open_spool(source.data, objects=place).open("before", "000001") as file:
        assert file.read() == b"Before."
    assert not (source.data / "owner.sqlite").exists()
    if place.startswith("file:"):
        shared = tmp_path / "shared"
        assert sorted(path.name for path in shared.iterdir()) == ["files", "spool"]
    assert beside.move_rows(source, target)[1] == []
    clear(source)
    assert bytes_of(target) == [b"Kept.", b"Waits."]
