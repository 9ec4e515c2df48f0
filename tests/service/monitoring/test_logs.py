"""The log in JSON: every line of a real service is an object with the documented fields."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from index.library import Library
from service.monitoring.logs import new_handler
from service.state.identity.keyring import SETTING
from tests.cli.commands import started
from tests.service.http_service import app_of

ACCESS = {"time", "level", "logger", "message", "request_id", "principal", "method", "route", "status", "ms"}


def logged(tmp_path: Path, **settings: str) -> list[dict[str, Any]]:
    with started(tmp_path, LOCCIT_LOG_FORMAT="json", **settings) as (_, client):
        client.put("/v1/documents/secret.txt?wait=true", content="Mars has two moons.")
        client.post("/v1/ask", json={"question": "a secret?"}, headers={"x-request-id": "asked-1"})
        client.get("/v1/documents/nothing.txt", headers={"x-request-id": "sought-1"})
    lines = (tmp_path / "serve.log").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.processes
@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_line_of_the_service_is_an_object(tmp_path: Path, workers: str) -> None:
    lines = logged(tmp_path, LOCCIT_WORKERS=workers)
    for line in lines:
        assert {"time", "level", "logger", "message"} <= set(line)
        assert datetime.fromisoformat(line["time"]).utcoffset() is not None
    assert {"uvicorn.error", "loccit.service", "loccit.access"} <= {line["logger"] for line in lines}
    (asked,) = [line for line in lines if line.get("request_id") == "asked-1"]
    assert set(asked) == ACCESS
    told = {name: asked[name] for name in ("level", "logger", "principal", "method", "route", "status")}
    assert told == {
        "level": "INFO",
        "logger": "loccit.access",
        "principal": "anyone",
        "method": "POST",
        "route": "/v1/ask",
        "status": 200,
    }
    (sought,) = [line for line in lines if line.get("request_id") == "sought-1"]
    assert set(sought) == ACCESS | {"code"}
    assert (sought["status"], sought["code"]) == (404, "document_not_found")
    assert "secret" not in (tmp_path / "serve.log").read_text()


def test_a_line_from_a_thread_names_its_request_and_has_its_traceback(library: Library) -> None:
    log = logging.getLogger("loccit.service")
    app = app_of(library, api_key="hunter2")

    def fail() -> None:
        try:
            int("ü broken")
        except ValueError:
            log.exception("It failed.")

    @app.get("/broken")
    async def broken(request: Request) -> None:
        await request.app.state.runtime.pools.lookups.run(fail)

    handler = new_handler("json")
    handler.setStream(written := StringIO())
    log.addHandler(handler)
    try:
        with TestClient(app) as client:
            client.get("/broken", headers={"x-request-id": "asked-1", "x-api-key": "hunter2"})
            fail()
    finally:
        log.removeHandler(handler)
    within, outside = [
        line for line in map(json.loads, written.getvalue().splitlines()) if line["level"] == "ERROR"
    ]
    assert (within["request_id"], within["principal"]) == ("asked-1", SETTING)
    assert not {"request_id", "principal"} & set(outside)
    assert "hunter2" not in written.getvalue()
    assert within["message"] == outside["message"] == "It failed."
    assert within["exception"].endswith("'ü broken'")


@pytest.mark.processes
def test_the_log_is_text_unless_told_otherwise(tmp_path: Path) -> None:
    with started(tmp_path) as (_, client):
        client.get("/healthz", headers={"x-request-id": "asked-1"})
    (line,) = [line for line in (tmp_path / "serve.log").read_text().splitlines() if "asked-1" in line]
    assert " INFO loccit.access method=GET route=/healthz status=200 ms=" in line
