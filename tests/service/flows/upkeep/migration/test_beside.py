"""Keys, files, jobs and questions go from one store to another as they are."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from service.flows.upkeep.errors import StoreInUse
from service.flows.upkeep.migration import Side, beside
from service.state.files import Attachment, StoreLabel, UploadedFile, open_file_store
from service.state.files.store import CONTENT
from service.state.identity import Adjustment, KeyOptions, Person, Scope, SigningKey, new_key, open_key_store
from service.state.jobs import open_job_store, open_spool
from service.state.jobs.records import NewItem
from service.state.questions import AskedQuestion, GivenAnswer, open_question_store

FILE = "file-0123"


@pytest.fixture
def sides(tmp_path: Path, postgresql_url: str) -> tuple[Side, Side, Side]:
    """A data folder with everything, a database, and an empty data folder."""
    for name in ("one", "beside", "other"):
        (tmp_path / name).mkdir()
    return Side(tmp_path / "one"), Side(tmp_path / "beside", postgresql_url), Side(tmp_path / "other")


def fill(side: Side) -> None:
    with closing(open_key_store(side.data)) as keys:
        for name in ("first", "second"):
            _, key = new_key(name, Scope.READ, KeyOptions())
            keys.add(key)
        keys.revoke(key.id, 5.0)
        keys.secret("sessions")
        keys.end_session("a session", 4e9, 1.0)
        keys.end_sessions(key.id)
        keys.add_signing_key(SigningKey("signing", bytes(32), 1.0), after="")
        ada = Person("sso/1", "https://sso.example.org", "1", "Ada", Scope.READ, frozenset(), 1.0, 2.0)
        keys.note_people([ada])
        keys.adjust(ada.key, Adjustment(frozenset(["staff"])))
    with closing(open_file_store(side.data)) as files:
        with closing(files.spool.create(FILE, int(CONTENT))) as file:
            file.write(b"What was uploaded.")
            file.keep()
        files.add(UploadedFile(FILE, "a.txt", "assistants", 18, 7.0, "owner"))
        files.attach([Attachment("default", FILE, "a.txt", "job", 8.0, {"x": 1})])
        files.set_label(StoreLabel("default", "Mine", "", {}, 9.0))
    spool = open_spool(side.data)
    with closing(spool.create("waits", 1)) as file:
        file.write(b"What waits.")
        file.keep()
    with closing(open_job_store(side.data)) as jobs:
        jobs.add("waits", "default", [NewItem("file", "b.txt", "000001", 11)])
        jobs.add("other", "default", [NewItem("url", "https://example.org")])
    with closing(open_question_store(side.data)) as questions:
        questions.keep("default")
        questions.add([AskedQuestion(1.0, "default", "Why?", 0.1, "down", "No.", frozenset({"a"}))])
        questions.count([GivenAnswer(1.0, "default", "a.txt")])


def test_there_and_back(sides: tuple[Side, Side, Side]) -> None:
    one, there, back = sides
    fill(one)
    for source, target in ((one, there), (there, back)):
        for _ in range(2):  # it can be repeated
            beside.require_unused(source, target)
            moved, differences = beside.move_rows(source, target)
            assert differences == []
            assert {name: count for name, count in moved.items() if count} == {
                "keys": 2,
                "secrets": 2,  # that of sessions, and the fingerprints of the keys
                "ended_sessions": 1,
                "session_rounds": 1,
                "signing_keys": 1,
                "people": 1,
                "files": 1,
                "attachments": 1,
                "labels": 1,
                "jobs": 2,
                "items": 2,
                "questions": 1,
                "kept": 1,
                "answered": 1,
            }
    with (
        closing(open_key_store(one.data)) as own,
        closing(open_key_store(there.data, store=there.store)) as moved_keys,
    ):
        assert moved_keys.all() == own.all()
        assert moved_keys.secret("sessions") == own.secret("sessions")
        assert moved_keys.signing_keys() == own.signing_keys()
        assert moved_keys.people() == own.people()
        assert moved_keys.adjustments() == own.adjustments() != {}
        assert moved_keys.generation() > 0
    with (
        closing(open_job_store(one.data)) as own_jobs,
        closing(open_job_store(there.data, store=there.store)) as jobs,
    ):
        assert jobs.job("waits") == own_jobs.job("waits")
        jobs.add("later", "default", [NewItem("url", "https://example.org")])
    with open_spool(back.data).open("waits", "000001") as file:
        assert file.read() == b"What waits."
    with closing(open_file_store(back.data)) as files, files.spool.open(FILE, CONTENT) as file:
        assert file.read() == b"What was uploaded."


def test_a_target_with_keys_of_its_own_is_refused(sides: tuple[Side, Side, Side]) -> None:
    one, there, _ = sides
    fill(one)
    with closing(open_key_store(there.data, store=there.store)) as keys:
        keys.add(new_key("its own", Scope.READ, KeyOptions())[1])
    with pytest.raises(StoreInUse):
        beside.require_unused(one, there)


def test_missing_bytes_are_told(sides: tuple[Side, Side, Side]) -> None:
    one, there, _ = sides
    fill(one)
    open_spool(one.data).clear("waits")
    _, differences = beside.move_rows(one, there)
    assert [one.place for one in differences] == ["upload 000001 of the job waits"]
