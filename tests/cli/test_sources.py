"""``loccit sources``: add, synchronize, list and remove sources, without a trace of their secrets."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import Result

from service.settings import load_settings
from service.state.library import open_library
from tests.cli.commands import environment, loccit
from tests.index.sources.applications.fakes import SECRET, FakeNextcloud, Item
from tests.index.sources.applications.serving import served
from tests.patience import PATIENCE

pytest.importorskip("oikb")


SETTINGS = {
    "LOCCIT_WEB_NETWORKS": "127.0.0.1/32",
    "LOCCIT_SOURCE_SECRET_THINGS": SECRET,
    "LOCCIT_AUDIT": "true",
}


def run(folder: Path, *arguments: str, status: int = 0, **settings: str) -> Result:
    return loccit(folder, *arguments, status=status, **{**SETTINGS, **settings})


@pytest.fixture
def fake() -> FakeNextcloud:
    return FakeNextcloud()


@pytest.fixture
def url(fake: FakeNextcloud) -> Iterator[str]:
    with served(fake) as address:
        yield address


def add(folder: Path, url: str, *options: str, status: int = 0) -> str:
    found = run(
        folder, "sources", "add", "things", "nextcloud", "/Shared", "--url", url, "--user", "ann", *options,
        status=status,
    )  # fmt: skip
    return found.stderr


def test_a_source_is_added_synchronized_listed_and_removed(
    tmp_path: Path, url: str, fake: FakeNextcloud
) -> None:
    assert "LOCCIT_SOURCE_SECRET_THINGS" in add(tmp_path, url, "--every", "6h", "--group", "staff")
    (listed,) = json.loads(run(tmp_path, "sources", "list", "--json").stdout)
    assert (listed["place"], listed["every_seconds"], listed["groups"], listed["last"]) == (
        "/Shared", 21600, ["staff"], None,
    )  # fmt: skip
    assert "10 added" in run(tmp_path, "sources", "sync").stdout
    assert "10 unchanged" in run(tmp_path, "sources", "sync", "things").stdout
    (listed,) = json.loads(run(tmp_path, "sources", "list", "--json").stdout)
    assert (listed["last"]["counts"]["unchanged"], listed["last"]["problem"]) == (10, "")
    found = json.loads(run(tmp_path, "ask", "heron bird 37", "--json").stdout)
    assert found["passages"][0]["citation"]["links"]["source"].startswith(f"{url}/index.php/apps/files/?dir=")
    del fake.items["101"]
    assert "1 retired" in run(tmp_path, "sources", "sync").stdout
    assert "9 documents retired" in run(tmp_path, "sources", "remove", "things", "--retire").stderr
    assert json.loads(run(tmp_path, "sources", "list", "--json").stdout) == []


def test_one_that_cannot_be_read_hides_no_other(tmp_path: Path, url: str) -> None:
    add(tmp_path, url)
    with open_library(load_settings(data=tmp_path / "data", model="words")) as library:
        odd = {"name": "odd", "kind": "jira", "last": {}}
        library.open("default").editor.set_connections(
            lambda known: {**known, "sources": [odd, *known["sources"]]}
        )
    found = run(tmp_path, "sources", "list", "--json")
    assert [one["name"] for one in json.loads(found.stdout)] == ["things"]
    assert "'odd' is stored in a form that cannot be read (last." in found.stderr
    synchronized = run(tmp_path, "sources", "sync", status=1)
    assert "10 added" in synchronized.stdout
    assert "odd: The source 'odd'" in synchronized.stderr
    run(tmp_path, "sources", "remove", "odd")
    assert run(tmp_path, "sources", "list").stderr == ""


def test_a_failure_is_told_and_kept(tmp_path: Path, url: str, fake: FakeNextcloud) -> None:
    add(tmp_path, url)
    run(tmp_path, "sources", "sync")
    fake.items.clear()
    assert (
        "lists nothing: none of its 10 documents was removed"
        in run(tmp_path, "sources", "sync", status=3).stderr
    )
    fake.secret = "another"  # noqa: S105
    assert "refuses the credentials (401)" in run(tmp_path, "sources", "sync", status=1).stderr
    assert "refuses the credentials" in run(tmp_path, "sources", "list").stdout


def test_what_is_missing_is_said(tmp_path: Path, url: str) -> None:
    assert "invalid_source" in add(tmp_path, url, "--readers", "--owner", "staff", status=1)
    assert "write it as NAME=VALUE" in add(tmp_path, url, "--group-prefix", "birds", status=2)
    assert "write it like 30m" in add(tmp_path, url, "--every", "often", status=2)
    add(tmp_path, url)
    without = run(tmp_path, "sources", "sync", status=1, LOCCIT_SOURCE_SECRET_THINGS="")
    assert "LOCCIT_SOURCE_SECRET_THINGS" in without.stderr
    assert "source_not_found" in run(tmp_path, "sources", "sync", "other", status=1).stderr
    assert "source_not_found" in run(tmp_path, "sources", "remove", "other", status=1).stderr


def test_an_address_in_this_network_has_to_be_allowed(tmp_path: Path, url: str, fake: FakeNextcloud) -> None:
    add(tmp_path, url)
    refused = run(tmp_path, "sources", "sync", status=1, LOCCIT_WEB_NETWORKS="")
    assert "of this host itself" in refused.stderr
    assert fake.requests == []


def test_no_file_no_output_and_no_backup_has_the_secret(
    tmp_path: Path, url: str, fake: FakeNextcloud
) -> None:
    add(tmp_path, url)
    said = [run(tmp_path, "sources", "sync")]
    fake.secret = "another"  # noqa: S105
    said.append(run(tmp_path, "sources", "sync", status=1))
    said.append(run(tmp_path, "sources", "list", "--json"))
    said.append(run(tmp_path, "export", str(tmp_path / "exported.jsonl")))
    said.append(run(tmp_path, "backup", str(tmp_path / "backup")))
    assert all(SECRET not in one.stdout + one.stderr for one in said)
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert len(files) > 5
    assert [one for one in files if SECRET.encode() in one.read_bytes()] == []


@pytest.mark.processes
def test_a_run_that_is_killed_loses_nothing_and_puts_nothing_twice(
    tmp_path: Path, url: str, fake: FakeNextcloud
) -> None:
    for number in range(1000, 1060):
        fake.items[str(number)] = Item("more", f"m{number}", f"Sentence {number} tells of a lamp.")
    add(tmp_path, url)
    reached, goes_on = threading.Event(), threading.Event()

    def wait(request: httpx.Request) -> None:
        if fake.is_reading(request) and len([one for one in fake.requests if fake.is_reading(one)]) == 40:
            reached.set()
            goes_on.wait(PATIENCE)

    fake.answer = wait  # type: ignore[assignment]
    command = [sys.executable, "-m", "cli", "sources", "sync"]
    with subprocess.Popen(
        command, env=environment(tmp_path, **SETTINGS), stderr=subprocess.DEVNULL
    ) as process:
        assert reached.wait(2 * PATIENCE)
        process.kill()
    goes_on.set()
    fake.answer = lambda request: None
    before = len(json.loads(run(tmp_path, "list", "--collection", "default", "--json").stdout))
    assert 0 < before < 70
    run(tmp_path, "sources", "sync")
    (listed,) = json.loads(run(tmp_path, "sources", "list", "--json").stdout)
    counts = listed["last"]["counts"]
    assert (counts["added"] + counts["unchanged"], counts["unchanged"]) == (70, before)
    found = [
        one["document_id"]
        for one in json.loads(run(tmp_path, "list", "--collection", "default", "--json").stdout)
    ]
    assert sorted(found) == sorted(fake.documents())
