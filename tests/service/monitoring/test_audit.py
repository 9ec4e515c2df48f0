from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Request, Response
from starlette.testclient import TestClient

from index.library import Library
from service.app import create_app
from service.http.route import GuardedRoute
from service.monitoring.audit import AuditLog, append
from service.settings import Settings
from service.state.identity import KeyOptions, Scope, access, new_key
from tests.log_lines import lines
from tests.patience import eventually
from tests.service.http_service import served

KEY = "correct-horse"


def entries(folder: Path) -> list[dict[str, Any]]:
    path = folder / "audit.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_each_request_is_recorded_with_who_what_and_from_where(library: Library, tmp_path: Path) -> None:
    with served(library, api_key=KEY) as client:
        token, key = new_key("the chatbot", Scope.ASK, KeyOptions(groups=["staff"]))
        client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
        admin, bot = {"x-api-key": KEY}, {"x-api-key": token}
        client.put("/v1/documents/a.txt", content="A lamp.", headers=admin)
        body = {"question": "Where is the lamp?", "on_behalf_of": ["staff"]}
        client.post("/v1/ask", json=body, headers=bot)
        client.delete("/v1/documents/a.txt", headers={**bot, "x-on-behalf-of": "press"})
        client.get("/?q=private", headers={"x-api-key": "wrong"})
        client.get("/healthz")
    put, asked, deleted, refused = entries(tmp_path)
    assert (put["key"], put["name"]) == ("setting", "LOCCIT_API_KEY")
    assert (put["method"], put["path"], put["status"]) == ("PUT", "/v1/documents/a.txt", 201)
    assert put["client"] == "testclient"
    assert put["request_id"]
    assert put["time"].endswith("+00:00")
    assert (asked["key"], asked["name"], asked["path"]) == (key.id, "the chatbot", "/v1/ask")
    assert (asked["collection"], asked["count"], asked["on_behalf_of"]) == ("default", 1, ["staff"])
    assert (deleted["status"], deleted["on_behalf_of"]) == (403, ["press"])
    assert (refused["status"], refused["key"], refused["path"]) == (401, "", "/")
    written = (tmp_path / "audit.jsonl").read_text()
    for secret in ("Where is", "private", KEY, token, "A lamp"):
        assert secret not in written
    assert (tmp_path / "audit.jsonl").stat().st_mode & 0o077 == 0


def test_the_tool_that_a_chat_program_calls_is_recorded(library: Library, tmp_path: Path) -> None:
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "ask", "arguments": {"question": "Where is the lamp?"}},
    }
    headers = {"x-api-key": KEY, "accept": "application/json", "mcp-protocol-version": "2025-06-18"}
    with served(library, api_key=KEY) as client:
        client.put("/v1/collections/default", headers=headers)
        client.post("/mcp", json=message, headers=headers)
        client.post("/mcp", json={**message, "method": "tools/list", "params": {}}, headers=headers)
    _, called, listed = entries(tmp_path)
    assert (called["path"], called["message"], called["tool"]) == ("/mcp", "tools/call", "ask")
    assert (called["collection"], called["count"]) == ("default", 1)
    assert (listed["message"], "tool" in listed) == ("tools/list", False)
    assert "Where is" not in (tmp_path / "audit.jsonl").read_text()


def test_questions_are_recorded_if_the_operator_wants_it(library: Library, tmp_path: Path) -> None:
    with served(library, api_key=KEY, audit_questions=True) as client:
        client.post("/v1/ask", json={"questions": ["A?", "B?"]}, headers={"x-api-key": KEY})
    assert entries(tmp_path)[-1]["questions"] == ["A?", "B?"]


@pytest.mark.parametrize("settings", [{"audit": False, "api_key": KEY}, {}])
def test_nothing_is_recorded_without_the_setting_or_without_keys(
    library: Library, tmp_path: Path, settings: dict[str, Any]
) -> None:
    with served(library, **settings) as client:
        client.get("/v1/collections", headers={"x-api-key": KEY})
    assert entries(tmp_path) == []


def test_a_request_that_failed_is_recorded_with_the_status_that_was_sent(
    library: Library, tmp_path: Path
) -> None:
    app = create_app(Settings(api_key=KEY), library=library)
    router = APIRouter(route_class=GuardedRoute)

    @router.get("/broken")
    @access(Scope.READ)
    async def broken(request: Request) -> Response:
        raise ZeroDivisionError

    app.include_router(router)
    with TestClient(app) as client:
        assert client.get("/broken", headers={"x-api-key": KEY}).status_code == 500
    assert [(one["path"], one["status"]) for one in entries(tmp_path)] == [("/broken", 500)]


def test_an_entry_has_the_time_at_which_it_was_added(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl", max_bytes=1024, keep=1)
    began = datetime.now(UTC).isoformat(timespec="milliseconds")
    log.add({"number": 1})
    ended = datetime.now(UTC).isoformat(timespec="milliseconds")
    log.start()
    log.stop()
    assert [began <= one["time"] <= ended for one in entries(tmp_path)] == [True]


def test_entries_are_written_while_the_log_is_open(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl", max_bytes=1024 * 1024, keep=1)
    log.start()
    for number in range(3):
        log.add({"number": number})
    eventually(lambda: len(entries(tmp_path)) == 3)
    log.add({"number": 3})
    eventually(lambda: [one["number"] for one in entries(tmp_path)] == [0, 1, 2, 3])
    log.stop()


def test_a_full_file_is_put_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl", max_bytes=1024, keep=2)
    log.start()
    for number in range(40):
        log.add({"number": number, "filling": "x" * 100})
    log.stop()
    files = sorted(path.name for path in tmp_path.glob("audit.jsonl*"))
    assert files[:2] == ["audit.jsonl", "audit.jsonl.1"] or files[:2] == ["audit.jsonl.1", "audit.jsonl.2"]
    assert len([name for name in files if name != "audit.jsonl"]) == 2
    kept = [
        json.loads(line)["number"]
        for name in ("audit.jsonl.2", "audit.jsonl.1", "audit.jsonl")
        if (tmp_path / name).exists()
        for line in (tmp_path / name).read_text().splitlines()
    ]
    assert kept == list(range(kept[0], 40))


def test_a_file_that_another_process_has_just_put_aside_is_no_failure(tmp_path: Path) -> None:
    AuditLog(tmp_path / "audit.jsonl", max_bytes=1024, keep=1)._rotate()
    assert list(tmp_path.iterdir()) == []


def test_several_writers_lose_no_entry(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "audit.jsonl"
    logs = [AuditLog(path, max_bytes=4096, keep=1000) for _ in range(3)]
    for log in logs:
        log.start()

    def fill(log: AuditLog, name: int) -> None:
        for number in range(100):
            log.add({"writer": name, "number": number})
        log.stop()

    threads = [threading.Thread(target=fill, args=(log, name)) for name, log in enumerate(logs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [line for file in tmp_path.glob("audit.jsonl*") for line in file.read_text().splitlines()]
    assert len({(one["writer"], one["number"]) for one in map(json.loads, kept)}) == len(kept) == 300
    assert "entries are lost" not in caplog.text


def test_a_log_that_cannot_be_written_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = AuditLog(tmp_path / "missing" / "audit.jsonl", max_bytes=1024, keep=1)
    log.start()
    with caplog.at_level(logging.CRITICAL):
        log.add({"number": 1})
        log.add({"number": 2})
        eventually(lambda: lines(caplog))
        log.stop()
    assert ["entries are lost" in line for line in lines(caplog)] == [True]
    with pytest.raises(OSError, match="missing"):
        append(tmp_path / "missing" / "audit.jsonl", {})
