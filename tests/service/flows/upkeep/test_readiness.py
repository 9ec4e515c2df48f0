"""What a process does before it says that it is ready, and so no document waits for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, process

_PUTS = """
import json, sys
from multiprocessing import forkserver
from starlette.testclient import TestClient
from service.app.application import create_app
from service.settings import load_settings
from tests.patience import eventually
if __name__ == "__main__":
    with TestClient(create_app(load_settings()), base_url="http://127.0.0.1") as client:
        eventually(lambda: client.get("/readyz").status_code == 200)
        before, readers = set(sys.modules), forkserver._forkserver._forkserver_pid
        text, waits = {"text": "Mars has two moons."}, {"wait": True}
        replies = [client.put(f"/v1/documents/{name}.md", json=text, params=waits) for name in "ab"]
        loaded = sorted({name.partition(".")[0] for name in set(sys.modules) - before})
    print(json.dumps([[one.text for one in replies if one.status_code != 201], bool(readers), loaded]))
"""
_HEAVY = {"faiss", "tantivy"}


@pytest.mark.processes
def test_the_first_document_of_a_new_service_waits_for_no_library_and_no_process(tmp_path: Path) -> None:
    program = tmp_path / "puts.py"
    program.write_text(_PUTS)
    done = process(tmp_path, str(program), PYTHONPATH=str(ROOT))
    refused, are_readers_started, loaded = json.loads(done.stdout.splitlines()[-1])
    assert refused == []
    assert are_readers_started
    assert not _HEAVY & set(loaded), loaded
