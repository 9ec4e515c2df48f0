"""A service whose store of keys is lost while it runs, in every way: no route answers anybody else."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from index.embedding import WordEmbedder
from index.errors import LoccitError
from index.library import Library
from service.state.identity import KEYS, Scope, new_key, open_key_store
from tests.failures import all_cases
from tests.service.access.place import Place, assert_status, assert_tells_nothing
from tests.service.access.probes import OF_PROVIDERS, PROBES, ROUTES, UNPROVEN, described
from tests.service.http_service import served


def removed(path: Path, _: Path) -> None:
    path.unlink()


def replaced(path: Path, other: Path) -> None:
    shutil.copyfile(other, path.with_name("new"))
    path.with_name("new").replace(path)


def overwritten(path: Path, other: Path) -> None:
    path.write_bytes(other.read_bytes())


def emptied(path: Path, _: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path, _: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_rows(path: Path, _: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as keys:
        keys.execute("DELETE FROM keys")


def with_rows_of_another(path: Path, other: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as keys:
        keys.execute("ATTACH ? AS other", (str(other),))
        keys.execute("DELETE FROM keys")
        keys.execute("INSERT INTO keys SELECT * FROM other.keys")
        keys.execute("UPDATE generation SET number = number + 1")


LOSSES = (removed, replaced, overwritten, emptied, cut, without_rows, with_rows_of_another)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The store of keys of another installation, and an admin key of it."""
    folder = tmp_path_factory.mktemp("another")
    token, key = new_key("a stranger", Scope.ADMIN)
    with closing(open_key_store(folder)) as store:
        store.add(key)
        store.identify()
    return folder / KEYS, token


@pytest.fixture(params=LOSSES)
def lost(request: pytest.FixtureRequest, tmp_path: Path, stranger: tuple[Path, str]) -> Iterator[Place]:
    """A service that has lost its keys in this way, and has noticed that."""
    with Library(tmp_path, embedder=WordEmbedder()) as library, served(library) as client:
        keyring = client.app.state.runtime.keyring  # type: ignore[attr-defined]
        token, key = new_key("a program", Scope.ADMIN)
        keyring.add(key)
        place = Place(client, {"admin": token, "none": "", "wrong": stranger[1]}, unused_key=key.id)
        place.restore()
        place.restore_pdf()
        lose: Callable[[Path, Path], None] = request.param
        lose(tmp_path / KEYS, stranger[0])
        with suppress(LoccitError):
            keyring.refresh()
        yield place


def test_a_store_that_is_lost_opens_no_route(lost: Place) -> None:
    with all_cases() as case:
        for route, probe in PROBES.items():
            is_open = ROUTES[route].rule.scope is Scope.NONE and route not in UNPROVEN
            opened = 404 if route.partition(" ")[2] in OF_PROVIDERS else 200
            for key in ("none", "wrong"):
                with case(described(route, key)):
                    response = probe.send(lost, route.partition(" ")[0], key)
                    if route != "GET /readyz":  # 503 once the thread of the keys has looked
                        assert_status(response, opened if is_open else 401)
                    assert_tells_nothing(response)
