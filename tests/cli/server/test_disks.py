"""Disks that are full or read-only: each answer says what was stored, and all goes on with room again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.commands import loccit, started
from tests.mounts import mounted
from tests.patience import eventually

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
    """Some 500 KB that hardly compress, with a word of its own."""
    words = random.Random(number)
    lines = (" ".join(f"{words.getrandbits(40):010x}" for _ in range(10)) for _ in range(5000))
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
