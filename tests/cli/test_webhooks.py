"""``loccit webhooks``: add, list, retry and remove."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from service.flows.webhooks.configured import Undelivered, change_webhook
from service.settings import load_settings
from service.state.library import open_library
from tests.cli.commands import loccit
from tests.index.sources.web.standins import Server, answer


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def run(folder: Path, *arguments: str, status: int = 0) -> Result:
    settings = {"LOCCIT_WEB_NETWORKS": "127.0.0.1/32", "LOCCIT_WEBHOOK_SECRET_TEAM": "whsec-of-the-hook"}
    return loccit(folder, "webhooks", *arguments, status=status, **settings)


def listed(folder: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run(folder, "list", "--json").stdout)
    return found


def test_a_webhook_is_added_listed_retried_and_removed(tmp_path: Path, server: Server) -> None:
    assert "LOCCIT_WEBHOOK_SECRET_TEAM" in run(tmp_path, "add", "team", server.url("/", "127.0.0.1")).stderr
    (shown,) = listed(tmp_path)
    assert (shown["events"], shown["undelivered"]) == (["documents", "jobs", "citations"], [])
    with open_library(load_settings(data=tmp_path / "data", model="words")) as library:
        lost = Undelivered(0, 0, (), {"a.txt@9f2c41aab3de:0-1": "gone"}, 0.0, "The address answered 500.")
        change_webhook(
            library.open("default"), "team", lambda known: known and replace(known, undelivered=(lost,))
        )
    assert "not delivered: changes 0 to 0" in run(tmp_path, "list").stdout
    assert "The address answered 404" in run(tmp_path, "retry", "team", status=1).stderr
    server.answers["/"] = answer(b"taken")
    assert "1 messages were delivered" in run(tmp_path, "retry", "team").stderr
    assert listed(tmp_path)[0]["undelivered"] == []
    assert "is removed" in run(tmp_path, "remove", "team").stderr
    assert listed(tmp_path) == []


def test_one_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    run(tmp_path, "add", "team", "https://x.test/")
    with open_library(load_settings(data=tmp_path / "data", model="words")) as library:
        odd = {"name": "odd", "url": "https://x.test/", "topics": None}
        library.open("default").editor.set_connections(
            lambda known: {**known, "webhooks": [odd, *known["webhooks"]]}
        )
    assert [one["name"] for one in listed(tmp_path)] == ["team"]
    assert "'odd' is stored in a form that cannot be read (topics: " in run(tmp_path, "list").stderr
    assert "topics" in run(tmp_path, "retry", "odd", status=1).stderr
    assert "is removed" in run(tmp_path, "remove", "odd").stderr
    assert run(tmp_path, "list").stderr == ""
    assert "source_not_found" in run(tmp_path, "remove", "odd", status=1).stderr


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    assert (
        "invalid_source" in run(tmp_path, "add", "team", "https://x.test/", "--event", "x", status=1).stderr
    )
    assert "invalid_url" in run(tmp_path, "add", "team", "ftp://x.test/", status=1).stderr
    run(tmp_path, "add", "team", "https://x.test/")
    for command in ("retry", "remove"):
        assert "source_not_found" in run(tmp_path, command, "other", status=1).stderr
