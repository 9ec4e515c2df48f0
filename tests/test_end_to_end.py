"""The service from end to end: the one test of ``make test`` that starts a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import started
from tests.patience import eventually

MOONS = "Mars has two moons, Phobos and Deimos. Venus has no moon at all."


@pytest.mark.end_to_end
def test_a_file_is_ingested_found_and_cited_by_a_service_that_ends_when_told(tmp_path: Path) -> None:
    with started(tmp_path) as (process, client):
        files = [("files", ("planets/moons.md", f"# Moons\n\n{MOONS}\n".encode()))]
        accepted = client.post("/v1/ingest", files=files)
        assert accepted.status_code == 202, accepted.text
        job = f"/v1/jobs/{accepted.json()['job_id']}"
        eventually(lambda: client.get(job).json()["state"] == "done")
        answer = client.post("/v1/ask", json={"question": "Which moons does Mars have?"}).json()
        citation = answer["passages"][0]["citation"]
        assert citation["document_id"] == "planets/moons.md"
        assert client.get(f"/v1/citations/{citation['locator']}").json()["quote"] == citation["quote"]
        text = client.get(citation["links"]["text"]).text
        assert text[citation["start"] : citation["end"]] == citation["quote"]
        assert "Phobos and Deimos" in citation["quote"]
        assert process.poll() is None
    log = (tmp_path / "serve.log").read_text()
    assert "Application shutdown complete" in log
    assert "Traceback" not in log
