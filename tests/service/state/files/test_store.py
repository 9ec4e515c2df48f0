"""The store of uploaded files: durable, shared by processes, and erased with what it belongs to."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from index.errors import LedgerFailed, UnknownFormat
from index.history import Ledger
from service.errors import UploadNotFound
from service.state.files import (
    CONTENTS,
    FILES,
    Attachment,
    FileErasure,
    FileStore,
    StoreLabel,
    UploadedFile,
    copy_files,
    file_problems,
    open_file_store,
    owner_of,
)
from service.state.identity import ANYONE, Principal, Scope
from service.state.jobs.uploads import Upload
from tests.residue import residue

SECRET = b"The zqsecretx lamp."


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Where the rows are: a URL, or empty for a file in the data folder."""
    return request.getfixturevalue("postgresql_url") if request.param == "postgresql" else ""


@pytest.fixture
def store(tmp_path: Path, database: str) -> Iterator[FileStore]:
    with closing(open_file_store(tmp_path, store=database)) as store:
        yield store


@pytest.fixture
def in_file(tmp_path: Path) -> Iterator[FileStore]:
    with closing(open_file_store(tmp_path)) as store:
        yield store


@pytest.fixture
def erasure(store: FileStore, tmp_path: Path) -> FileErasure:
    return FileErasure(store, Ledger(tmp_path / "erasures.jsonl"))


def put(store: FileStore, file_id: str, **fields: object) -> UploadedFile:
    upload = Upload(store.spool, file_id)
    upload.put(SECRET)
    values = {"filename": "zqnamex.txt", "purpose": "assistants", "owner": "/", **fields}
    file = UploadedFile(file_id, size=len(SECRET), created=time.time(), **values)  # type: ignore[arg-type]
    return upload.commit(lambda _: store.add(file))


def attachment(collection: str, file_id: str, document_id: str = "", created: float = 1.0) -> Attachment:
    return Attachment(collection, file_id, document_id or f"{file_id}/a", "job", created, {"year": 2024})


def test_files_are_what_was_put(store: FileStore, tmp_path: Path, database: str) -> None:
    first = put(store, "a", groups=frozenset({"board", "press"}))
    second = put(store, "b", purpose="user_data", groups=frozenset())
    with closing(open_file_store(tmp_path, store=database)) as other:
        assert other.files() == [first, second]
        assert other.files(purpose="user_data") == [second]
        assert other.file("a") == first
        assert other.file("c") is None
        with other.open("a") as content:
            assert content.read() == SECRET


def test_an_upload_that_fails_leaves_nothing(store: FileStore, tmp_path: Path) -> None:
    upload = Upload(store.spool, "a")
    upload.put(SECRET)
    upload.close()
    assert store.files() == []
    assert residue(tmp_path, ["zqsecretx"]) == []


def test_attachments_by_collection_and_file(store: FileStore) -> None:
    for file_id in ("a", "b"):
        put(store, file_id)
    made = [attachment("x", "a"), attachment("x", "b"), attachment("y", "a")]
    assert store.attach(made) == []
    assert store.attachments(collection="x") == made[:2]
    assert sorted(one.collection for one in store.attachments(file_id="a")) == ["x", "y"]
    assert store.attachments(collection="y", file_id="a") == made[2:]
    again = attachment("x", "a", created=2.0)
    assert store.attach([again]) == made[:1]
    assert store.attachments(collection="x", file_id="a") == [again]
    store.detach([again])
    assert store.attachments(collection="x") == made[1:2]
    store.detach(store.attachments(collection="x"))
    assert store.attachments() == made[2:]


def test_what_was_attached_again_stays_attached(store: FileStore) -> None:
    put(store, "a")
    first, second = attachment("x", "a"), replace(attachment("x", "a"), job_id="later")
    store.attach([first])
    assert store.attach([second]) == [first]
    store.detach([first])
    assert store.attachments() == [second]
    store.undo([second], [first])
    assert store.attachments() == [first]


def test_an_erased_file_is_attached_to_nothing(store: FileStore, erasure: FileErasure) -> None:
    """Whichever comes first: a job would bring its content back."""
    file, other = put(store, "a"), put(store, "b")
    known = [attachment("x", "a")]
    store.attach(known)
    store.attach([attachment("y", "a")])
    assert not erasure.erase_file(file, known=known)
    assert store.file("a") == file
    assert erasure.erase_file(file, known=store.attachments(file_id="a"))
    with pytest.raises(UploadNotFound):
        store.attach([attachment("x", "b"), attachment("z", "a")])
    assert store.attachments(file_id="b") == []
    assert store.files() == [other]


def test_a_file_that_the_ledger_cannot_take_is_there_still(store: FileStore, tmp_path: Path) -> None:
    file = put(store, "a")
    (tmp_path / "ledger").mkdir()
    with pytest.raises(LedgerFailed):
        FileErasure(store, Ledger(tmp_path / "ledger")).erase_file(file)
    assert store.files() == [file]
    with store.open("a") as content:
        assert content.read() == SECRET


def test_labels(store: FileStore) -> None:
    assert store.label("x") is None
    for name in ("One", "Two"):
        label = StoreLabel("x", name, "d", {"k": "v"}, 7.0)
        store.set_label(label)
        assert store.label("x") == label
    assert store.collections() == {"x"}
    store.remove_label("x")
    assert store.collections() == set()


def test_an_erased_file_is_in_no_byte(store: FileStore, erasure: FileErasure, tmp_path: Path) -> None:
    file = put(store, "a")
    assert residue(tmp_path, ["zqsecretx", "zqnamex"])
    erasure.erase_file(file)
    assert store.purge()
    assert residue(tmp_path, ["zqsecretx", "zqnamex"]) == []
    assert erasure._ledger.read().files == {file.tag}  # type: ignore[union-attr]


def test_an_interrupted_erasure_is_finished(store: FileStore, erasure: FileErasure, tmp_path: Path) -> None:
    file = put(store, "a")
    assert store.begin_erasing("a")
    assert store.file("a") is None
    erasure.erase_deleted(set())
    assert residue(tmp_path / CONTENTS, ["zqsecretx"]) == []
    assert erasure._ledger.read().files == {file.tag}  # type: ignore[union-attr]


def test_an_erased_document_takes_its_upload(store: FileStore, erasure: FileErasure) -> None:
    for file_id in ("a", "b", "c"):
        put(store, file_id)
    store.attach(
        [attachment("x", "a"), attachment("x", "b"), attachment("y", "b"), attachment("x", "c", created=9.0)]
    )
    erased = {"a/a": 5.0, "b/a": 5.0, "c/a": 5.0, "d": 5.0}
    assert erasure.erase_documents("x", erased)
    assert erasure.erase_documents("x", erased)
    # b is attached elsewhere, and c was attached again since.
    assert [one.id for one in store.files()] == ["b", "c"]
    assert [one.file_id for one in store.attachments(collection="x")] == ["c"]
    assert erasure.erase_documents("y", {"b/a": 5.0})
    assert [one.id for one in store.files()] == ["c"]


def test_an_erased_document_takes_the_upload_that_a_wrong_clock_dates_later(
    store: FileStore, erasure: FileErasure
) -> None:
    put(store, "a")
    now = time.time()
    store.attach([attachment("x", "a", created=now + 3600)])
    assert erasure.erase_documents("x", {"other/a": now})
    assert [one.id for one in store.files()] == ["a"]
    assert erasure.erase_documents("x", {"a/a": now})
    assert store.files() == []


def test_a_deleted_collection_takes_its_uploads_and_its_name(store: FileStore, erasure: FileErasure) -> None:
    put(store, "a")
    put(store, "b")
    store.attach([attachment("x", "a"), attachment("y", "b")])
    store.set_label(StoreLabel("x", "X", "", {}, 1.0))
    assert erasure.erase_deleted({"y"})
    assert [one.id for one in store.files()] == ["b"]
    assert store.label("x") is None
    assert store.collections() == {"y"}


def test_a_later_format_is_refused(in_file: FileStore, tmp_path: Path) -> None:
    in_file.close()
    with closing(sqlite3.connect(tmp_path / FILES)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(UnknownFormat, match="format 99"):
        open_file_store(tmp_path)


def test_a_copy_has_rows_and_bytes(in_file: FileStore, tmp_path: Path) -> None:
    put(in_file, "a")
    target = tmp_path / "copy"
    target.mkdir()
    copy_files(tmp_path / "nothing", target)
    assert list(target.iterdir()) == []
    copy_files(tmp_path, target)
    with closing(open_file_store(target)) as copied, copied.open("a") as content:
        assert copied.files() == in_file.files()
        assert content.read() == SECRET


def test_a_check_finds_what_is_missing(in_file: FileStore, tmp_path: Path) -> None:
    put(in_file, "a")
    put(in_file, "b")
    assert list(file_problems(tmp_path)) == []
    in_file.spool.clear("a")
    (tmp_path / CONTENTS / "b" / "000001").write_bytes(b"x")
    found = list(file_problems(tmp_path))
    assert [(one.code, one.place) for one in found] == [
        ("upload_missing", "file a"),
        ("upload_missing", "file b"),
    ]
    assert list(file_problems(tmp_path / "nothing")) == []


def test_whose_a_file_is() -> None:
    def caller(key: str, groups: frozenset[str] | None, scope: Scope = Scope.WRITE) -> Principal:
        return Principal(key, key, scope, frozenset({"x"}), groups)

    def sent_by(one: Principal) -> UploadedFile:
        return UploadedFile("a", "a", "assistants", 1, 1.0, owner_of(one), one.groups)

    board, both = frozenset({"board"}), frozenset({"board", "press"})
    mine = sent_by(caller("k", board))
    assert mine.is_own_of(caller("k", board))
    assert mine.is_own_of(caller("k", both))
    assert mine.is_own_of(caller("k", None))
    assert not mine.is_own_of(caller("k", frozenset({"press"})))
    assert not mine.is_own_of(caller("other", None))
    assert not mine.is_own_of(caller("other", None, Scope.ADMIN))
    assert mine.is_own_of(ANYONE)
    assert not sent_by(caller("k", None)).is_own_of(caller("k", both))
