"""Every file of a data folder, lost in every way: nothing is opened by it, and nothing is silent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from starlette.testclient import TestClient

from index.errors import LoccitError
from index.search import answerability
from service.app import create_app
from service.errors import KeysLost
from service.flows.upkeep import check, repair
from service.state.identity import Scope, new_key, open_keyring
from service.state.jobs import open_spool
from tests.failures import all_cases
from tests.log_lines import lines
from tests.patience import eventually
from tests.service.http_service import GivenSettings

Way = Literal["missing", "empty", "cut", "other"]
WAYS: tuple[Way, ...] = ("missing", "empty", "cut", "other")
Outcome = Literal["refused", "told", "checked"]
"""The service does not start; it starts, says so in /readyz and the log; only ``loccit check`` says so."""
OUTCOMES: dict[str, Sequence[Outcome]] = {
    "keys.sqlite": ["refused"] * 4,
    "owner.sqlite": ["checked", "checked", "refused", "refused"],
    "jobs.sqlite": ["told", "told", "refused", "refused"],
    "files.sqlite": ["told", "told", "refused", "refused"],
    "unanswered.db": ["told", "told", "refused", "refused"],
    "audit.jsonl": ["told"] * 4,
    "erasures.jsonl": ["told"] * 4,
    "inventory.json": ["checked", "checked", "checked", "refused"],
    "collections/notes/store.sqlite": ["told"] * 4,
    "collections/notes/collection.json": ["told"] * 3,
    "collections/notes/answerability.json": ["told"] * 3,
    "collections/notes/originals/*/*": ["checked"] * 4,
    "files/*/000001": ["checked"] * 4,
    "spool/*/000001": ["checked"] * 4,
}
"""For each file, what comes of each way of losing it.

A description is the same in another installation, and so is a calibration that was fitted to the same model.
"""
DERIVED = {"lexical", "vectors", "leases"}
CASES = [
    (name, way, outcome)
    for name, found in OUTCOMES.items()
    for way, outcome in zip(WAYS, found, strict=False)
]
TEXT = "The {} is buried below the third lamp."


@dataclass
class Installation:
    """A data folder that a service with keys has used, and its keys."""

    data: Path
    own: str = ""
    former: str = ""

    def settings(self, **more: Any) -> GivenSettings:
        return GivenSettings(data=self.data, model="words", keep_unanswered_days=5, **more)

    def path(self, name: str) -> Path:
        """The file that a name with wildcards stands for."""
        return min(self.data.glob(name), key=lambda path: path.stat().st_mtime_ns)


def made_key(installation: Installation, *, revoked: bool = False) -> str:
    token, key = new_key("a program", Scope.ADMIN)
    with closing(open_keyring(installation.data, installation.settings(), replaces_lost=True)) as keyring:
        keyring.add(key)
        if revoked:
            keyring.revoke(key.id)
    return token


@contextmanager
def service(installation: Installation, **settings: Any) -> Iterator[TestClient]:
    """The service on the folder; not ready where a collection cannot be opened is fine, too."""
    with TestClient(create_app(installation.settings(**settings))) as client:
        eventually(lambda: client.get("/readyz").status_code == 200)
        yield client


def filled(data: Path, word: str) -> Installation:
    """An installation with one of everything."""
    made = Installation(data)
    data.mkdir()
    made.own, made.former = made_key(made), made_key(made, revoked=True)
    with service(made) as client:
        client.put("/v1/collections/notes", headers={"authorization": f"Bearer {made.own}"})
    answerability.load().save(data / "collections/notes/answerability.json")
    with service(made) as client:
        client.headers["authorization"] = f"Bearer {made.own}"
        where = {"collection": "notes", "wait": "true"}
        secret = {"text": TEXT.format(word), "groups": ["board"]}
        assert client.put("/v1/documents/b.txt", params=where, json=secret).status_code == 201
        assert (
            client.put("/v1/documents/c.txt", params=where, json={"text": f"Old {word}."}).status_code == 201
        )
        assert client.delete("/v1/documents/c.txt", params=where).status_code == 200
        upload = {"file": (f"{word}.txt", f"The {word} was uploaded.")}
        assert client.post("/v1/files", files=upload, data={"purpose": "assistants"}).status_code == 200
        sent = {"files": ("broken.pdf", word)}
        job = client.post("/v1/ingest", params={"collection": "notes"}, files=sent).json()["links"]["self"]
        eventually(lambda: client.get(job).json()["files"]["refused"] == 1)
        asked = {"question": "zebu?", "collection": "notes"}
        assert client.post("/v1/ask", json=asked).is_success
    return made


@pytest.fixture(scope="module")
def installations(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installation, Installation]:
    base = tmp_path_factory.mktemp("lost")
    return filled(base / "own", "basalt"), filled(base / "other", "labradorite")


@pytest.fixture
def own(installations: tuple[Installation, Installation], tmp_path: Path) -> Installation:
    first = installations[0]
    shutil.copytree(first.data, tmp_path / "data")
    return Installation(tmp_path / "data", first.own, first.former)


def lose(installation: Installation, other: Installation, name: str, way: Way) -> None:
    path = installation.path(name)
    content = path.read_bytes()
    if way == "missing":
        path.unlink()
    elif way == "empty":
        path.write_bytes(b"")
    elif way == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.write_bytes(other.path(name).read_bytes())


def requests(key: str) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return {"headers": headers, "params": {"collection": "notes"}}


def assert_closed(client: TestClient, strangers: Sequence[str]) -> None:
    """Nobody without a valid key of this installation reads, writes or deletes anything."""
    for number, key in enumerate(strangers):
        # From an address of its own: wrong keys are slowed down by address.
        stranger = TestClient(client.app, client=(f"198.51.100.{number}", 1))
        for method, path, more in (
            ("GET", "/v1/documents/b.txt/text", {}),
            ("GET", "/v1/collections", {}),
            ("GET", "/v1/files", {}),
            ("GET", "/v1/jobs", {}),
            ("POST", "/v1/ask", {"json": {"question": "Where is the basalt?", "collection": "notes"}}),
            ("PUT", "/v1/documents/new.txt", {"json": {"text": "From a stranger."}}),
            ("DELETE", "/v1/documents/b.txt", {}),
        ):
            reply = stranger.request(method, path, **requests(key), **more)
            assert reply.status_code == 401, (key, method, path)
        assert stranger.get("/readyz", **requests(key)).json().keys() <= {"status", "error"}


def findings(installation: Installation) -> list[tuple[str, str]]:
    found = list(check(installation.data, installation.settings().library_config()))
    for one in found:
        assert one.problem.message[0] != " "
        assert one.problem.message.endswith("."), one
    return [(one.problem.code, one.problem.place) for one in found]


def test_the_table_has_every_file(installations: tuple[Installation, Installation]) -> None:
    data = installations[0].data
    files = {path for path in data.rglob("*") if path.is_file() and path.stat().st_size}
    named = {path for name in OUTCOMES for path in data.glob(name)}
    left = {one for one in files - named if not DERIVED & set(one.relative_to(data).parts)}
    assert {one.name for one in left if not one.name.endswith(("-shm", "-wal", ".crc"))} == set()


def test_whole_folders_have_no_problems_and_answer_their_own_keys_alone(
    own: Installation, installations: tuple[Installation, Installation], caplog: pytest.LogCaptureFixture
) -> None:
    assert list(check(own.data, own.settings().library_config())) == []
    with service(own) as client:
        assert_closed(client, ["", "loccit_0123456789_no", own.former, installations[1].own])
        assert client.get("/v1/documents/b.txt/text", **requests(own.own)).text == TEXT.format("basalt")
        assert client.get("/readyz", **requests(own.own)).json()["status"] == "ready"
    assert lines(caplog) == []


# A job that has ended waits for no file: who tries it again is told.
@pytest.mark.parametrize(("name", "way"), [case[:2] for case in CASES if "spool" not in case[0]])
def test_check_finds_a_lost_file(
    name: str, way: Way, own: Installation, installations: tuple[Installation, Installation]
) -> None:
    lose(own, installations[1], name, way)
    before = {
        path: path.read_bytes() for path in own.data.rglob("*.sqlite") if "collections" not in path.parts
    }
    assert findings(own)
    assert before == {path: path.read_bytes() for path in before}  # it makes nothing, and repairs nothing


@pytest.mark.parametrize(("name", "way"), [case[:2] for case in CASES if case[2] == "refused"])
def test_a_service_does_not_start_without_what_it_needs(
    name: str, way: Way, own: Installation, installations: tuple[Installation, Installation]
) -> None:
    lose(own, installations[1], name, way)
    for _ in range(2):  # the first try has made nothing that lets the second one in
        with pytest.raises(LoccitError) as raised, service(own):
            pass
        assert raised.value.code in ("keys_lost", "data_mixed")
        assert any(word in raised.value.message for word in ("backup", "elete")), raised.value.message


@pytest.mark.parametrize(("name", "way", "outcome"), [case for case in CASES if case[2] != "refused"])
def test_a_service_that_starts_opens_nothing_and_says_what_is_lost(
    name: str,
    way: Way,
    outcome: Outcome,
    own: Installation,
    installations: tuple[Installation, Installation],
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = installations[1]
    lose(own, other, name, way)
    for is_first in (True, False):
        caplog.clear()
        with service(own) as client:
            assert_closed(client, ["", "loccit_0123456789_no", own.former, other.own])
            ready = client.get("/readyz", **requests(own.own)).json()
            assert (ready["status"] == "degraded") == (outcome == "told"), ready
            reads = client.get("/v1/documents/b.txt/text", **requests(own.own))
            assert reads.status_code in ((200, 500) if "collections" in name else (200,))
        if outcome == "told" and is_first:
            assert lines(caplog) != []


@pytest.mark.parametrize("way", WAYS)
def test_lost_keys_open_nothing_whatever_else_is_lost(
    way: Way, installations: tuple[Installation, Installation], tmp_path: Path
) -> None:
    """Each other file, in each way: no single place alone remembers that there were keys."""
    with all_cases() as case:
        for number, (name, other_way, _) in enumerate(case for case in CASES if case[0] != "keys.sqlite"):
            with case(f"{name} {other_way}"):
                own = Installation(tmp_path / str(number))
                shutil.copytree(installations[0].data, own.data, ignore=shutil.ignore_patterns(*DERIVED))
                lose(own, installations[1], "keys.sqlite", way)
                lose(own, installations[1], name, other_way)
                instead = {"api_key": "a-key-of-the-settings"} if number % 2 else {}
                with pytest.raises(LoccitError) as raised, service(own, **instead):
                    pass
                assert raised.value.code in ("keys_lost", "data_mixed")


@pytest.mark.parametrize("name", ["jobs.sqlite", "files.sqlite", "unanswered.db", "audit.jsonl"])
def test_a_loss_is_told_until_it_is_accepted(name: str, own: Installation) -> None:
    (own.data / name).unlink()
    with service(own) as client:
        (lost,) = client.get("/readyz", **requests(own.own)).json()["lost_files"]
        assert lost["file"] == name
    assert findings(own) == [("file_lost", name)]
    config = own.settings().library_config()
    repair(own.data, config, list(check(own.data, config)))
    assert findings(own) == []
    with service(own) as client:
        assert client.get("/readyz", **requests(own.own)).json()["status"] == "ready"


def test_uploads_of_lost_jobs_are_kept_until_the_loss_is_accepted(own: Installation) -> None:
    spooled = own.path("spool/*/000001")
    for path in (spooled, spooled.parent):
        os.utime(path, (0, 0))
    (own.data / "jobs.sqlite").unlink()
    with service(own) as client:
        runner = client.app.state.runtime.job_runner  # type: ignore[attr-defined]
        assert runner is not None
        spool = open_spool(own.data, keeps_unknown=True)
        spool.clear_unknown([], idle_seconds=0)
    assert spooled.exists()
    open_spool(own.data).clear_unknown([], idle_seconds=0)
    assert not spooled.exists()


@pytest.mark.parametrize("kept", [["collections"], ["jobs.sqlite", "spool"], ["files.sqlite", "files"]])
def test_half_a_restored_folder_knows_that_there_were_keys(
    kept: list[str], installations: tuple[Installation, Installation], tmp_path: Path
) -> None:
    half = Installation(tmp_path / "data")
    half.data.mkdir()
    for name in kept:
        path = installations[0].data / name
        (shutil.copytree if path.is_dir() else shutil.copyfile)(path, half.data / name)
    for more in ({}, {"api_key": "a-key-of-the-settings"}):
        with pytest.raises(KeysLost, match="forget-lost"), service(half, **more):
            pass
    assert ("keys_lost", "keys.sqlite") in findings(half)


def test_a_collection_of_another_installation_is_refused_while_the_service_runs(
    installations: tuple[Installation, Installation], tmp_path: Path
) -> None:
    """Also where everybody is let in: it was closed, and it stays closed."""
    opened = Installation(tmp_path / "data")
    with service(opened) as client:
        assert client.put("/v1/documents/a.txt", json={"text": "Everybody may read this."}).is_success
        shutil.copytree(installations[1].data / "collections/notes", opened.data / "collections/notes")
        for method, path in (
            ("GET", "/v1/documents/b.txt/text"),
            ("GET", "/v1/collections/notes"),
            ("PUT", "/v1/documents/b.txt"),
            ("DELETE", "/v1/collections/notes"),
        ):
            more = {"json": {"text": "x"}} if method == "PUT" else {}
            of = {} if "collections" in path else {"collection": "notes"}
            reply = client.request(method, path, params=of, **more)
            assert (reply.status_code, reply.json()["error"]["code"]) == (500, "keys_lost"), (method, path)
        assert client.get("/readyz").json()["unavailable"] == 1
        assert client.get("/v1/documents/a.txt/text").is_success
