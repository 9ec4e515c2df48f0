"""Processes of ``loccit worker`` that read the files of one job together; one of them is killed."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from service.settings import load_settings
from service.state.library import open_library
from tests.cli.commands import started
from tests.cli.server.workers import connected, rows, working
from tests.patience import PATIENCE, eventually

pytestmark = pytest.mark.processes

FILES, REPEATED = 40, 4
_WITNESS = """
CREATE TABLE loccit_service.claimed (session text, job bigint);
CREATE FUNCTION loccit_service.note() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO loccit_service.claimed VALUES (old.session, old.job); RETURN NULL; END $$;
CREATE TRIGGER ended AFTER DELETE ON loccit_service.item_claims FOR EACH ROW
    EXECUTE FUNCTION loccit_service.note();
"""
_HOLDERS = (
    "SELECT DISTINCT split_part(split_part(session, '/', 2), '-', 1)::int"
    " FROM loccit_service.item_claims WHERE job = 1"
)
"""The ids of the processes that have claimed files of the first job."""
_WORKED = _HOLDERS.replace("item_claims", "claimed")


def upload(client: httpx.Client, files: list[tuple[str, str]], collection: str = "default") -> str:
    """Queue a job; returns its path."""
    parts = [("files", (name, text.encode())) for name, text in files]
    reply = client.post("/v1/ingest", files=parts, params={"collection": collection})
    assert reply.status_code == 202, reply.text
    return f"/v1/jobs/{reply.json()['job_id']}"


def is_in(client: httpx.Client, job: str, *states: str) -> bool:
    return client.get(job).json()["state"] in states


def test_three_processes_store_each_file_of_a_job_once(tmp_path: Path, postgresql_url: str) -> None:
    settings = {"LOCCIT_STORE": postgresql_url, "LOCCIT_OBJECTS": (tmp_path / "objects").as_uri()}
    for name in ("objects", "service"):
        (tmp_path / name).mkdir()
    files = [(f"{number}.txt", f"The lamp {number} was lit.") for number in range(FILES)]
    # Names that repeat, once in another form of the same characters.
    names = ["caf\u00e9.txt" if number % 2 else "cafe\u0301.txt" for number in range(REPEATED)]
    for number, name in enumerate(names):
        files.insert(number * 3, (name, f"Edition {number}."))
    with ExitStack() as stack:
        _, client = stack.enter_context(started(tmp_path / "service", "--answers-only", **settings))
        job = upload(client, files)
        client.put("/v1/collections/other").raise_for_status()
        following = upload(client, [("0.txt", "The lamp 0 went out.")])
        others = [upload(client, [(f"{n}.txt", f"The ship {n}.")], "other") for n in range(3)]
        with connected(postgresql_url) as connection:
            connection.execute(_WITNESS)
        with connected(postgresql_url) as holding:
            # No file of the job is stored until three processes have claimed some, and one of them is dead.
            holding.execute("LOCK TABLE documents IN EXCLUSIVE MODE")
            workers = [stack.enter_context(working(tmp_path / str(n), **settings)) for n in range(3)]
            by_process = {one.process.pid: one for one in workers}
            eventually(lambda: {pid for (pid,) in rows(postgresql_url, _HOLDERS)} == set(by_process))
            assert is_in(client, job, "running")
            for one in others:
                eventually(lambda one=one: is_in(client, one, "embedding", "done"))
            victim = by_process.pop(rows(postgresql_url, f"{_HOLDERS} LIMIT 1")[0][0])
            os.kill(victim.process.pid, signal.SIGKILL)
            victim.process.wait(PATIENCE)
        for one in (job, following, *others):
            eventually(lambda one=one: is_in(client, one, "done"))
        outcomes = [item["state"] for item in client.get(f"{job}/files?limit=100").json()["files"]]
        assert len(outcomes) == FILES + REPEATED
        assert set(outcomes) <= {"added", "replaced", "unchanged"}
        assert set(by_process) <= {pid for (pid,) in rows(postgresql_url, _WORKED)}
        assert rows(postgresql_url, "SELECT 1 FROM loccit_service.item_claims") == []
        for worker in by_process.values():
            worker.process.terminate()
            assert worker.process.wait(PATIENCE) == 0
    with open_library(load_settings(data=tmp_path / "look", model="words", store=postgresql_url)) as library:
        archive = library.open("default").archive
        for number in range(1, FILES):
            assert archive.document(f"{number}.txt").versions == 1
            assert archive.text(f"{number}.txt")[1] == f"The lamp {number} was lit."
        editions = [archive.text("caf\u00e9.txt", number)[1] for number in range(1, REPEATED + 1)]
        assert editions == [f"Edition {number}." for number in range(REPEATED)]
        assert archive.document("caf\u00e9.txt").versions == REPEATED
        assert archive.text("0.txt")[1] == "The lamp 0 went out."
        assert archive.counts().documents == FILES + 1
        assert library.open("other").archive.counts().documents == 3
