from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir
from dataclasses import replace
from typing import Any

import pytest

from index.embedding import WordEmbedder
from index.library import Library
from service.state.identity import KeyOptions, Keyring, Scope, new_key
from tests.service.access.place import Place
from tests.service.http_service import served


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    current = tmp_path_factory.mktemp("current")
    (current / "build" / "site").mkdir(parents=True)
    (current / "build" / "site" / "index.html").write_text("<title>Documentation</title>", encoding="utf-8")
    with (
        Library(tmp_path_factory.mktemp("data"), embedder=WordEmbedder()) as library,
        chdir(current),
        served(library) as client,
    ):
        place = Place(client)
        keyring = client.app.state.runtime.keyring  # type: ignore[attr-defined]
        _, unused = new_key("unused", Scope.ASK)
        keyring.add(unused)
        place.unused_key, place.keys = unused.id, dict(_keys(keyring))
        place.restore()
        yield place


def _keys(keyring: Keyring) -> Iterator[tuple[str, str]]:
    def made(scope: Scope, **options: Any) -> tuple[str, str]:
        token, key = new_key("a program", scope, KeyOptions(**options))
        keyring.add(key)
        return token, key.id

    yield "none", ""
    yield "wrong", made(Scope.ADMIN)[0] + "x"
    for scope in (Scope.ASK, Scope.READ, Scope.WRITE, Scope.ADMIN):
        yield scope.word, made(scope)[0]
        yield f"{scope.word} of another collection", made(scope, collections=["other"])[0]
        yield f"{scope.word} of the board", made(scope, groups=["board", "press"])[0]
        yield f"{scope.word} of the staff", made(scope, groups=["staff"])[0]
        yield f"{scope.word} of all groups", made(scope, groups=None)[0]
    token, id_ = made(Scope.ADMIN)
    keyring.revoke(id_)
    yield "revoked", token
    token, key = new_key("a program", Scope.ADMIN, KeyOptions(expires=2.0**40))
    keyring.add(replace(key, expires=1.0))
    yield "expired", token


@pytest.fixture(scope="module")
def grouped_place(place: Place) -> Place:
    """The document is readable by the board; the job put a document for the board."""
    place.groups, place.job, place.is_changed = ("board", "owners"), "", True
    return place


@pytest.fixture
def grouped(grouped_place: Place) -> Place:
    """The place of groups, as it was at first."""
    grouped_place.restore()
    return grouped_place
