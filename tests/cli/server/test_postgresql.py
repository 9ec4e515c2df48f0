"""Two machines that share a database: each a process, with a data folder of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from service.state.identity import COOKIE
from tests.cli.commands import loccit, process, started
from tests.patience import eventually
from tests.postgresql import PASSWORD, end_connections

MARS = "Mars has two moons, Phobos and Deimos."


class Machine:
    """A data folder, and the settings with which commands and services run there."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.settings = {"LOCCIT_STORE": url, "LOCCIT_OBJECTS": (folder.parent / "objects").as_uri()}

    def run(self, *arguments: str, status: int = 0) -> str:
        done = loccit(self.folder, *arguments, status=status, **self.settings)
        return done.stdout + done.stderr


@pytest.fixture
def machines(tmp_path: Path, postgresql_url: str) -> Iterator[tuple[Machine, Machine]]:
    (tmp_path / "objects").mkdir()
    both = Machine(tmp_path / "one", postgresql_url), Machine(tmp_path / "two", postgresql_url)
    for machine in both:
        machine.folder.mkdir()
    yield both
    for machine in both:
        for log in machine.folder.glob("*.log"):
            assert PASSWORD not in log.read_text()


def found(client: httpx.Client, question: str, **headers: str) -> list[str]:
    reply = client.post("/v1/ask", json={"question": question, "k": 3}, headers=headers)
    return [one["citation"]["document_id"] for one in reply.json().get("passages", [])]


def upload(client: httpx.Client, name: str, text: str, **headers: str) -> str:
    reply = client.post("/v1/ingest", files={"files": (name, text.encode())}, headers=headers)
    assert reply.status_code == 202, reply.text
    return str(reply.json()["job_id"])


def wait_until_done(client: httpx.Client, job: str, **headers: str) -> None:
    eventually(lambda: client.get(f"/v1/jobs/{job}", headers=headers).json().get("state") == "done")


@pytest.mark.processes
def test_two_machines_are_one_service(machines: tuple[Machine, Machine]) -> None:
    one, two = machines
    (one.folder / "mars.txt").write_text(MARS)
    one.run("ingest", str(one.folder / "mars.txt"))
    assert "mars.txt" in two.run("list", "--collection", "default")
    with (
        started(one.folder, **one.settings) as (first, here),
        started(two.folder, **two.settings) as (_, there),
    ):
        they_answer_alike(here, there)
        signed = they_have_the_same_keys(one, here, there)
        end_connections(one.settings["LOCCIT_STORE"])
        wait_until_done(here, upload(here, "neptune.txt", "Neptune is windy.", **signed), **signed)
        eventually(lambda: found(there, "windy", **signed)[:1] == ["neptune.txt"])
        first.kill()  # the other one may have to begin to run jobs
        first.wait()
        wait_until_done(there, upload(there, "pluto.txt", "Pluto has the moon Charon.", **signed), **signed)
        eventually(lambda: found(there, "Charon", **signed)[:1] == ["pluto.txt"])
        (key,) = json.loads(one.run("keys", "list", "--json"))
        two.run("keys", "revoke", key["id"])
        eventually(lambda: there.get("/v1/collections", headers=signed).status_code == 401)


def they_answer_alike(here: httpx.Client, there: httpx.Client) -> None:
    assert found(here, "moons of Mars") == found(there, "moons of Mars") == ["mars.txt"]
    # Whichever runs the jobs, it may be the other one that took the file.
    wait_until_done(there, upload(here, "venus.txt", "Venus turns backwards."))
    wait_until_done(here, upload(there, "saturn.txt", "Saturn turns forwards."))
    written = there.get("/v1/collections/default").json()["change"]  # it has what was written here
    question = {"question": "What turns?"}
    for client in (here, there):
        eventually(
            lambda client=client: client.post("/v1/ask", json=question).json()["index"]["change"] >= written
        )
        assert {"venus.txt", "saturn.txt"} <= {*found(client, "What turns?")}
    assert there.get("/v1/documents/venus.txt/original").text == "Venus turns backwards."
    assert here.delete("/v1/documents/mars.txt").status_code == 200
    eventually(lambda: "mars.txt" not in found(there, "moons of Mars"))


def they_have_the_same_keys(one: Machine, here: httpx.Client, there: httpx.Client) -> dict[str, str]:
    """Make a key, and return the header that has it."""
    made = one.run("keys", "create", "operator", "--scope", "admin")
    (token,) = (word for word in made.split() if word.startswith("loccit_"))
    signed = {"Authorization": f"Bearer {token}"}
    for client in (here, there):
        eventually(lambda client=client: client.get("/v1/collections").status_code == 401)
        assert client.get("/v1/collections", headers=signed).status_code == 200
    session = here.post("/sign-in", data={"key": token}, headers={"Origin": str(here.base_url)}).cookies
    assert there.get("/library", headers={"Cookie": f"{COOKIE}={session[COOKIE]}"}).status_code == 200
    return signed


def test_folders_alone_are_backed_up(machines: tuple[Machine, Machine], tmp_path: Path) -> None:
    one, _ = machines
    for command in (["backup", str(tmp_path / "b.tar")], ["restore", str(tmp_path / "b.tar")]):
        refused = one.run(*command, status=1)
        assert "(stored_elsewhere)" in refused
        assert "pg_dump" in refused
    assert not (tmp_path / "b.tar").exists()


@pytest.mark.processes
def test_a_database_is_checked_and_repaired(machines: tuple[Machine, Machine]) -> None:
    one, two = machines
    (one.folder / "mars.txt").write_text(MARS)
    one.run("ingest", str(one.folder / "mars.txt"))
    assert "No problems" in one.run("check")
    assert "No problems" in two.run("check")
    url = one.settings["LOCCIT_STORE"]
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM collection_1.attributes WHERE key = 'title'")
        connection.execute("UPDATE collection_1.embeddings SET vector = set_byte(vector, 0, 77)")
    found = loccit(one.folder, "check", "--json", status=1, **one.settings)
    codes = {each["problem"]["code"] for each in json.loads(found.stdout)["problems"]}
    assert codes == {"attributes_wrong", "vector_damaged"}
    with started(two.folder, **two.settings):
        refused = process(one.folder, "-m", "cli", "check", "--repair", status=1, **one.settings)
    assert "(data_in_use)" in refused.stderr
    end_connections(url)  # of this process
    repaired = process(one.folder, "-m", "cli", "check", "--repair", **one.settings)
    assert "repaired default" in repaired.stdout
    assert "No problems" in one.run("check")
    one.run("ingest", str(one.folder / "mars.txt"))
    assert "mars.txt" in one.run("ask", "moons of Mars")


def test_a_wrong_address_ends_a_command(tmp_path: Path, postgresql_url: str) -> None:
    wrong = postgresql_url.replace(PASSWORD, "zq-wrong")
    for command in ("list", "serve"):
        refused = loccit(tmp_path, command, status=1, LOCCIT_STORE=wrong)
        assert "(store_unavailable)" in refused.stderr
        assert "zq-wrong" not in refused.stderr
    refused = loccit(tmp_path, "list", status=1, LOCCIT_STORE="/data/store.sqlite")
    assert "LOCCIT_STORE: is not an address of PostgreSQL" in refused.stderr
