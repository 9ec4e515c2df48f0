"""A service that had keys and has lost them, and the commands that mend it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.cli.commands import loccit, started
from tests.patience import eventually
from tests.sizes import variants

SERVE = ("serve", "--port", "0")
INSTEAD = {
    "no setting": {},
    "a key of the settings": {"LOCCIT_API_KEY": "a-key-of-the-settings"},
    "a key made at the start": {"LOCCIT_CREATE_KEY": "true"},
    "everybody": {"LOCCIT_ALLOW_ANONYMOUS": "true"},
    "single sign-on": {"LOCCIT_PROXY_USER_HEADER": "X-User", "LOCCIT_TRUSTED_PROXIES": "127.0.0.1"},
}
"""Settings that do not take the place of lost keys."""


def made_key(home: Path, **settings: str) -> str:
    made = loccit(home, "keys", "create", "operator", "--scope", "admin", "--json", **settings)
    return str(json.loads(made.stdout)["key"])


def keys_of(home: Path) -> Path:
    return home / "data" / "keys.sqlite"


@pytest.fixture(scope="module")
def first_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose service has a key and a document. Tests use copies of it."""
    base = tmp_path_factory.mktemp("lost-keys")
    (base / "docs").mkdir()
    (base / "docs/b.txt").write_text("Only the board may read this.")
    (base / "home").mkdir()
    made_key(base / "home")
    loccit(base / "home", "ingest", str(base / "docs"))
    return base / "home"


@pytest.fixture
def home(first_home: Path, tmp_path: Path) -> Path:
    shutil.copytree(first_home.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / "home"


def of_another(path: Path) -> None:
    other = path.parents[2] / "other"
    other.mkdir()
    made_key(other)
    shutil.copyfile(keys_of(other), path)


def without_rows(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as keys:
        keys.execute("DELETE FROM keys")


LOSSES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "of another installation": of_another,
    "without rows": without_rows,
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("instead", INSTEAD)
def test_a_service_does_not_start_without_its_keys(home: Path, loss: str, instead: str) -> None:
    LOSSES[loss](keys_of(home))
    for _ in range(2):
        assert "(keys_lost)" in loccit(home, *SERVE, status=1, **INSTEAD[instead]).stderr
    assert keys_of(home).exists() == (loss != "missing")


@pytest.mark.parametrize("loss", LOSSES)
def test_other_commands_name_the_loss(home: Path, loss: str) -> None:
    LOSSES[loss](keys_of(home))
    assert "(keys_lost)" in loccit(home, "check", status=1).stdout
    for command in (("keys", "list"), ("keys", "revoke", "0123456789"), ("backup", str(home / "backup"))):
        assert "(keys_lost)" in loccit(home, *command, status=1).stderr
    assert not (home / "backup").exists()


@pytest.mark.parametrize("loss", ["missing", "empty", "without rows"])
def test_new_keys_take_the_place_of_lost_ones(home: Path, loss: str) -> None:
    LOSSES[loss](keys_of(home))
    told = loccit(home, "keys", "create", "a new one", "--scope", "admin").stderr
    assert "are lost and stay invalid" in told
    assert "first key" not in told
    assert "No problems" in loccit(home, "check").stdout
    assert [one["name"] for one in json.loads(loccit(home, "keys", "list", "--json").stdout)] == ["a new one"]


@pytest.mark.parametrize("loss", ["cut", "of another installation"])
def test_no_key_is_added_to_others(home: Path, loss: str) -> None:
    LOSSES[loss](keys_of(home))
    assert "(keys_lost)" in loccit(home, "keys", "create", "a new one", status=1).stderr


@pytest.mark.parametrize("loss", ["missing", "empty", "without rows"])
def test_a_service_starts_without_keys_only_on_purpose(home: Path, loss: str) -> None:
    LOSSES[loss](keys_of(home))
    loccit(home, "keys", "forget-lost", status=1, stdin="n\n")
    assert "(keys_lost)" in loccit(home, *SERVE, status=1).stderr
    told = loccit(home, "keys", "forget-lost", stdin="y\n").stderr
    assert "everybody who reaches the service will read, write and delete everything" in told
    assert "No problems" in loccit(home, "check").stdout
    assert (
        json.loads((home / "data/audit.jsonl").read_text().splitlines()[-1])["command"] == "keys forget-lost"
    )
    # On an address that others reach, it still needs a key.
    assert "(key_missing)" in loccit(home, *SERVE, "--host", "0.0.0.0", status=1).stderr  # noqa: S104
    assert "Nothing was changed" in loccit(home, "keys", "forget-lost").stderr


def test_the_keys_of_another_installation_are_taken_over_only_on_purpose(home: Path) -> None:
    of_another(keys_of(home))
    told = loccit(home, "keys", "forget-lost", "--yes").stderr
    assert "The 1 keys that there are now will be for all collections" in told
    assert "No problems" in loccit(home, "check").stdout


def test_a_service_that_only_the_settings_closed_does_not_open_by_itself(tmp_path: Path) -> None:
    closed = INSTEAD["a key of the settings"]
    loccit(tmp_path, "keys", "list", **closed)  # as a start with it does
    assert "neither is set now" in loccit(tmp_path, *SERVE, status=1).stderr
    made_key(tmp_path)
    assert json.loads(loccit(tmp_path, "keys", "list", "--json").stdout)


def test_the_settings_do_not_take_the_mark_of_keys_away(home: Path) -> None:
    loccit(home, "keys", "list", **INSTEAD["a key of the settings"])
    keys_of(home).unlink()
    assert "(keys_lost)" in loccit(home, *SERVE, status=1, **INSTEAD["a key of the settings"]).stderr


def test_a_backup_without_keys_opens_nothing(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    loccit(other, "ingest", str(tmp_path / "docs"))
    loccit(other, "backup", str(tmp_path / "open"))
    told = loccit(home, "restore", str(tmp_path / "open"), "--replace").stdout
    assert "the backup has none" in told
    assert "(keys_lost)" in loccit(home, *SERVE, status=1).stderr


@pytest.mark.parametrize("name", ["backup", "backup.tar"])
def test_a_part_of_a_restored_folder_knows_that_there_were_keys(
    home: Path, tmp_path: Path, name: str
) -> None:
    loccit(home, "backup", str(tmp_path / name))
    restored = tmp_path / "restored"
    loccit(restored, "restore", str(tmp_path / name))
    assert "No problems" in loccit(restored, "check").stdout
    half = tmp_path / "half/data"
    shutil.copytree(restored / "data/collections", half / "collections")
    assert "(keys_lost)" in loccit(half.parent, *SERVE, status=1).stderr


def answers(client: httpx.Client, *keys: str) -> list[int]:
    """The status of a read for each key; none for an empty one."""
    return [
        client.get("/v1/collections", headers={"authorization": f"Bearer {key}"} if key else {}).status_code
        for key in keys
    ]


def replaced(path: Path, other: Path) -> None:
    """Put another file in its place."""
    shutil.copyfile(other, path.with_name("new"))
    path.with_name("new").replace(path)


RUNNING: dict[str, Callable[[Path, Path], object]] = {
    "removed": lambda path, _: path.unlink(),
    "replaced": replaced,
    "overwritten": lambda path, other: path.write_bytes(other.read_bytes()),
    "emptied": lambda path, _: path.write_bytes(b""),
    "without rows": lambda path, _: without_rows(path),
}


@pytest.mark.processes
@pytest.mark.parametrize("loss", variants(*RUNNING))
def test_keys_that_are_lost_while_the_service_runs_let_nobody_else_in(home: Path, loss: str) -> None:
    token = made_key(home)
    other = home.parent / "other"
    other.mkdir()
    stranger = made_key(other)
    with started(home) as (_, client):
        assert answers(client, "", "wrong", token) == [401, 401, 200]
        RUNNING[loss](keys_of(home), keys_of(other))
        eventually(lambda: client.get("/readyz").status_code == 503)
        assert answers(client, "", "wrong", stranger) == [401, 401, 401]
        assert "lost" in client.get("/readyz").json()["error"]["message"]
    assert "The keys are lost" in (home / "serve.log").read_text()
    assert "(keys_lost)" in loccit(home, "check", status=1).stdout  # as a start would say


def test_keys_in_postgresql_that_are_lost_let_nobody_in(tmp_path: Path, postgresql_url: str) -> None:
    settings = {"LOCCIT_STORE": postgresql_url}
    token = made_key(tmp_path, **settings)
    (tmp_path / "b.txt").write_text("Only the board may read this.")
    loccit(tmp_path, "ingest", str(tmp_path / "b.txt"), **settings)
    with started(tmp_path, **settings) as (_, client):
        with psycopg.connect(postgresql_url) as connection:
            connection.execute("DELETE FROM loccit_service.keys")
        eventually(lambda: client.get("/readyz").status_code == 503)
        assert answers(client, "", "wrong", token) == [401, 401, 401]
    for more in INSTEAD.values():
        assert "(keys_lost)" in loccit(tmp_path, *SERVE, status=1, **settings, **more).stderr
    assert "(keys_lost)" in loccit(tmp_path, "check", status=1, **settings).stdout
    # A machine that joins has nothing but the database.
    (tmp_path / "second").mkdir()
    assert "(keys_lost)" in loccit(tmp_path / "second", *SERVE, status=1, **settings).stderr
    loccit(tmp_path, "keys", "forget-lost", "--yes", **settings)
    assert "No problems" in loccit(tmp_path, "check", **settings).stdout


def test_another_database_does_not_open_a_service_that_had_keys(tmp_path: Path, postgresql_url: str) -> None:
    made_key(tmp_path)
    assert "(keys_lost)" in loccit(tmp_path, *SERVE, status=1, LOCCIT_STORE=postgresql_url).stderr
    made_key(tmp_path / "another", LOCCIT_STORE=postgresql_url)
    assert "(keys_lost)" in loccit(tmp_path, *SERVE, status=1, LOCCIT_STORE=postgresql_url).stderr


def test_keys_that_were_not_moved_are_not_called_lost(home: Path, postgresql_url: str) -> None:
    unmoved = {"LOCCIT_STORE": postgresql_url}
    commands = (("list",), ("revoke", "0123456789"), ("create", "again", "--scope", "admin"))
    for told in (
        *(loccit(home, "keys", *one, status=1, **unmoved).stderr for one in commands),
        loccit(home, *SERVE, status=1, **unmoved).stderr,
    ):
        assert "(keys_lost)" in told
        assert f"The keys are in {home / 'data'}; LOCCIT_STORE names a database to which" in told
        assert "keys create" not in told
    # The folder is as it was, and can be moved.
    assert "No problems" in loccit(home, "check").stdout
    assert "operator" in loccit(home, "keys", "list").stdout
    loccit(home, "migrate", "--from", str(home / "data"), "--questions", "0", **unmoved)
    assert "operator" in loccit(home, "keys", "list", **unmoved).stdout
    loccit(home, "keys", "create", "another", **unmoved)


def test_a_folder_whose_keys_were_forgotten_takes_keys_of_a_new_database(
    home: Path, postgresql_url: str
) -> None:
    loccit(home, "keys", "forget-lost", "--yes", LOCCIT_STORE=postgresql_url)
    made_key(home, LOCCIT_STORE=postgresql_url)
