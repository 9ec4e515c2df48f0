from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import loccit, process, started
from tests.patience import eventually


def created(home: Path, *arguments: str) -> dict[str, object]:
    made: dict[str, object] = json.loads(loccit(home, "keys", "create", *arguments, "--json").stdout)
    return made


def test_a_key_is_shown_once_and_listed_without_its_secret(tmp_path: Path) -> None:
    done = loccit(tmp_path, "keys", "create", "the chatbot", "--scope", "ask", "-c", "lamps", "-g", "staff")
    token = done.stdout.strip()
    assert token.startswith("loccit_")
    assert "not shown again" in done.stderr
    listed = loccit(tmp_path, "keys", "list").stdout
    for shown in ("the chatbot", "ask", "lamps", "staff", "valid", "never"):
        assert shown in listed
    assert token not in listed
    (key,) = json.loads(loccit(tmp_path, "keys", "list", "--json").stdout)
    assert key["id"] == token.split("_")[1]
    assert not {"digest", "key"} & key.keys()


@pytest.mark.processes
def test_what_opens_no_collection_loads_nothing_that_searches(tmp_path: Path) -> None:
    created(tmp_path, "a")
    heavy = ("numpy", "rapidfuzz", "regex", "pebble", "index.search", "index.citations", "index.readers")
    script = f"""
import sys
sys.modules.update(dict.fromkeys({heavy!r}))  # none of them can be imported
from cli.main import app
app(["keys", "list"])
"""
    assert "valid" in process(tmp_path, "-c", script).stdout


def test_options_of_a_key(tmp_path: Path) -> None:
    assert created(tmp_path, "a")["scope"] == "read"
    assert created(tmp_path, "a", "-g", "*")["groups"] is None
    assert created(tmp_path, "a", "--expires", "2090-01-31")["expires"] == "2090-01-31T00:00:00+00:00"
    assert created(tmp_path, "a", "--expires", "12h")["expires"] is not None
    assert (
        "neither a duration" in loccit(tmp_path, "keys", "create", "a", "--expires", "soon", status=2).stderr
    )
    assert (
        "in the future" in loccit(tmp_path, "keys", "create", "a", "--expires", "2001-01-01", status=1).stderr
    )


def test_a_key_is_revoked(tmp_path: Path) -> None:
    key = created(tmp_path, "a")
    assert "Revoked" in loccit(tmp_path, "keys", "revoke", str(key["id"])).stderr
    assert "revoked" in loccit(tmp_path, "keys", "list").stdout
    assert "loccit keys list" in loccit(tmp_path, "keys", "revoke", "nope", status=1).stderr
    lines = (tmp_path / "data" / "audit.jsonl").read_text().splitlines()
    recorded = [(one["command"], one["of"]) for one in map(json.loads, lines)]
    assert recorded == [("keys create", key["id"]), ("keys revoke", key["id"])]


def test_the_first_key_says_whom_it_locks_out(tmp_path: Path) -> None:
    first = loccit(tmp_path, "keys", "create", "a bot", "--scope", "ask").stderr
    assert "the first key: from now on every request" in first
    assert "loccit keys create operator --scope admin" in first
    again = loccit(tmp_path, "keys", "create", "operator", "--scope", "admin").stderr
    assert "first key" not in again
    assert "keys create operator" not in again
    assert "keys create operator" not in loccit(tmp_path, "keys", "create", "another").stderr


def test_the_key_of_the_settings_is_an_admin_key(tmp_path: Path) -> None:
    done = loccit(tmp_path, "keys", "create", "a bot", LOCCIT_API_KEY="correct-horse-battery")
    assert "first key" not in done.stderr
    assert "keys create operator" not in done.stderr


def test_a_key_for_a_collection_that_is_missing_says_how_to_make_it(tmp_path: Path) -> None:
    (tmp_path / "lamps.md").write_text("The lamp was lit at dusk.")
    arguments = ("keys", "create", "a bot", "--collection", "manuals")
    assert "loccit ingest FOLDER --collection manuals" in loccit(tmp_path, *arguments).stderr
    loccit(tmp_path, "ingest", str(tmp_path / "lamps.md"), "--collection", "manuals")
    assert "ingest" not in loccit(tmp_path, *arguments).stderr


def test_open_links_are_for_keys_that_ask(tmp_path: Path) -> None:
    assert created(tmp_path, "a bot", "--scope", "ask", "--open-links")["open_links"] is True
    assert "scope ask" in loccit(tmp_path, "keys", "create", "a bot", "--open-links", status=1).stderr


@pytest.mark.processes
@pytest.mark.slow
def test_a_running_service_follows_the_keys(tmp_path: Path) -> None:
    with started(tmp_path) as (_, client):
        assert client.get("/v1/collections").status_code == 200
        key = created(tmp_path, "a")
        eventually(lambda: client.get("/v1/collections").status_code == 401)
        headers = {"x-api-key": str(key["key"])}
        assert client.get("/v1/collections", headers=headers).status_code == 200
        loccit(tmp_path, "keys", "revoke", str(key["id"]))
        eventually(lambda: client.get("/v1/collections", headers=headers).status_code == 401)


@pytest.mark.processes
@pytest.mark.slow
def test_a_first_start_makes_an_admin_key_and_shows_it_once(tmp_path: Path) -> None:
    arguments = ("--host", "0.0.0.0")  # noqa: S104 -- refused without a key
    with started(tmp_path, *arguments, LOCCIT_CREATE_KEY="true") as (_, client):
        shown = (tmp_path / "serve.log").read_text()
        token = shown.partition("admin key ")[2].split()[0]
        assert client.get("/v1/collections").status_code == 401
        headers = {"x-api-key": token}
        assert client.put("/v1/collections/lamps", headers=headers).status_code == 201
    with started(tmp_path, *arguments, LOCCIT_CREATE_KEY="true") as (_, client):
        assert "loccit_" not in (tmp_path / "serve.log").read_text()
        assert client.get("/v1/collections", headers=headers).status_code == 200
