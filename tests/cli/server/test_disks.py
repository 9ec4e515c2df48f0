"""Disks that are full or read-only: each answer says what was stored, and all goes on with room again."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.commands import loccit, process, started
from tests.mounts import fill, mounted, remount
from tests.patience import eventually
from tests.sizes import variants

MIB = 2**20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB, of which a ballast file takes 8."""
    with mounted(tmp_path / "disk", "size=24m") as disk:
        (disk / "ballast").write_bytes(bytes(8 * MIB))
        yield disk


@pytest.mark.mount
@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["ingest", "corpus"], ["list"]])
def test_a_data_folder_that_is_read_only_is_named(tmp_path: Path, command: list[str]) -> None:
    with mounted(tmp_path / "disk", "ro") as disk:
        for data in (disk, disk / "data"):
            done = loccit(tmp_path, *command, status=1, LOCCIT_DATA=str(data))
            assert "(data_not_writable)" in done.stderr
            assert f"{data} cannot be written to" in done.stderr


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = loccit(tmp_path, "list", status=1, LOCCIT_DATA=str(tmp_path / "file"))
    assert "(data_not_writable)" in done.stderr


def text(number: int) -> str:
    """Some 500 KB that hardly compress, in few words, with one of its own."""
    words = random.Random(number)
    lines = (" ".join(f"{words.getrandbits(160):040x}" for _ in range(3)) for _ in range(4000))
    return f"The lamp of lighthouse{number} was lit.\n\n" + ".\n".join(lines)


@pytest.mark.processes
@pytest.mark.mount
@pytest.mark.slow
def test_a_write_that_finds_no_room_is_507_and_every_other_is_stored(
    tmp_path: Path, small_disk: Path
) -> None:
    with started(tmp_path, LOCCIT_DATA=str(small_disk / "data")) as (_, client):
        statuses: dict[int, int] = {}
        while list(statuses.values()).count(507) < 4:
            statuses[len(statuses)] = put(client, len(statuses))
        assert set(statuses.values()) == {201, 507}
        assert statuses == {number: stored(client, number) for number in statuses}
        deleted = {number: delete(client, number) for number, status in statuses.items() if status == 201}
        assert set(deleted.values()) <= {200, 507}
        kept = {number for number, status in deleted.items() if status == 507}
        assert kept == {number for number in statuses if stored(client, number) == 201}
        (small_disk / "ballast").unlink()
        for number in kept:
            eventually(lambda number=number: delete(client, number) == 200)
        eventually(lambda: put(client, 99) in (200, 201))
        eventually(lambda: found(client, 99) == ["99.txt"])
    log = (tmp_path / "serve.log").read_text()
    assert "internal_error" not in log


def put(client: httpx.Client, number: int) -> int:
    return checked(client.put(f"/v1/documents/{number}.txt", content=text(number)))


def delete(client: httpx.Client, number: int) -> int:
    return checked(client.delete(f"/v1/documents/{number}.txt"))


def checked(response: httpx.Response) -> int:
    """The status; of a full disk, the error is the documented one."""
    assert response.status_code in (200, 201, 507), response.text
    if response.status_code == 507:
        assert response.json()["error"]["code"] == "disk_full"
        assert int(response.headers["retry-after"]) > 0
    return response.status_code


def stored(client: httpx.Client, number: int) -> int:
    """The status that a put must have answered with."""
    return 201 if client.get(f"/v1/documents/{number}.txt").status_code == 200 else 507


def found(client: httpx.Client, number: int) -> list[str]:
    asked = client.post("/v1/ask", json={"question": f"lighthouse{number}", "k": 1})
    return [one["citation"]["document_id"] for one in asked.json().get("passages", [])]


WRITES = (
    ("PUT", "/v1/documents/new.txt", {"content": text(7)}),
    ("DELETE", "/v1/documents/0.txt", {}),
    ("PATCH", "/v1/documents/0.txt", {"json": {"metadata": {"a": 1}}}),
    ("PUT", "/v1/collections/other", {}),
    ("POST", "/v1/ingest", {"files": {"files": ("a.txt", b"Text.")}}),
    ("POST", "/v1/files", {"files": {"file": ("a.txt", b"Text.")}, "data": {"purpose": "assistants"}}),
    ("DELETE", "/v1/collections/default", {}),
)
REFUSED = {"full": (507, {"disk_full", "spool_full"}), "read-only": (503, {"disk_read_only"})}


@contextmanager
def unwritable(disk: Path, kind: str) -> Iterator[None]:
    """Let a disk have no room, or be mounted for reading."""
    if kind == "full":
        ballast = fill(disk)
        yield
        ballast.unlink()
    else:
        remount(disk, "ro")
        yield
        remount(disk, "rw")


@pytest.mark.processes
@pytest.mark.mount
@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("left", variants("all", "no shared memory", "stopped"))
def test_after_a_kill_on_a_disk_that_takes_nothing_all_is_answered_and_no_write_taken(
    tmp_path: Path, kind: str, left: str
) -> None:
    with mounted(tmp_path / "disk", "size=48m") as disk:
        data = disk / "data"
        with started(tmp_path, LOCCIT_DATA=str(data)) as (service, client):
            assert put(client, 0) == 201
            eventually(lambda: found(client, 0) == ["0.txt"])
            assert client.put("/v1/documents/last.txt", content="The beacon was last.").status_code == 201
            if left != "stopped":
                service.kill()
                service.wait()
        if left == "no shared memory":  # after a power cut of some file systems
            for path in data.rglob("*-shm"):
                path.unlink()
        with unwritable(disk, kind):
            backup = process(tmp_path, "-m", "cli", "backup", str(tmp_path / "backup"), LOCCIT_DATA=str(data))
            assert "2 documents" in backup.stdout + backup.stderr
            with started(tmp_path, LOCCIT_DATA=str(data)) as (_, client):
                assert_answers_and_takes_nothing(client, kind)
                if kind == "full":
                    (disk / "fills").unlink()
                else:
                    remount(disk, "rw")
                eventually(
                    lambda: client.put("/v1/documents/b.txt", content="A buoy.").status_code in {200, 201}
                )
                eventually(lambda: client.get("/readyz").json()["writes"] == "accepted")
                eventually(lambda: client.get("/readyz").json()["status"] == "ready")
                assert asked(client, "buoy") == "b.txt"
            if kind == "full":
                (disk / "fills").touch()
        assert "internal_error" not in (tmp_path / "serve.log").read_text()
        problems = json.loads(loccit(tmp_path, "check", "--json", status=1, LOCCIT_DATA=str(data)).stdout)
        assert [one["problem"]["code"] for one in problems["problems"]] == ["disk_almost_full"]


def assert_answers_and_takes_nothing(client: httpx.Client, kind: str) -> None:
    status, codes = REFUSED[kind]
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["writes"]) == (
        "degraded",
        "disk_full" if kind == "full" else "disk_read_only",
    )
    assert asked(client, "beacon") == "last.txt"
    taken = set()
    for method, path, body in WRITES:
        reply = client.request(method, path, **body)
        if kind == "full" and reply.status_code < 300:
            taken.add((method, path))
            continue  # the log of a database had room left
        assert reply.status_code == status, (method, path, reply.text)
        assert reply.json()["error"]["code"] in codes
        assert int(reply.headers["retry-after"]) > 0
    names = {one["name"] for one in client.get("/v1/collections").json()["collections"]}
    assert ("other" in names) == (("PUT", "/v1/collections/other") in taken)
    assert ("default" in names) == (("DELETE", "/v1/collections/default") not in taken)
    if "default" in names:
        assert asked(client, "beacon") == "last.txt"


def took(client: httpx.Client, document_id: str, content: str) -> bool:
    return client.put(f"/v1/documents/{document_id}", content=content).status_code in {200, 201}


def asked(client: httpx.Client, word: str) -> str:
    answer = client.post("/v1/ask", json={"question": f"What of the {word}?", "k": 1})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["passages"][0]["citation"]["document_id"])


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that is larger than a small disk, also when it is compressed; no test changes it."""
    home = tmp_path_factory.mktemp("large")
    (home / "0.txt").write_text(text(0))
    loccit(home, "ingest", str(home / "0.txt"))
    return home


@pytest.mark.processes
@pytest.mark.mount
@pytest.mark.parametrize("name", ["backup", "backup.tar", "backup.tar.gz"])
def test_a_backup_to_a_full_disk_says_that_it_is_full(tmp_path: Path, large: Path, name: str) -> None:
    with mounted(tmp_path / "small", "size=256k") as disk:
        done = process(large, "-m", "cli", "backup", str(disk / name), status=1)
        assert "(backup_failed)" in done.stderr
        assert f"{name} could not be written" in done.stderr
        assert "full" in done.stderr or "No space left" in done.stderr
        assert "amaged" not in done.stderr
        assert list(disk.iterdir()) == []
