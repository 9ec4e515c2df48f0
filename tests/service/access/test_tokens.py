"""Access tokens and keys with the same rights: every route answers both alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from index.embedding import WordEmbedder
from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from tests.failures import all_cases
from tests.service.access.place import Place, assert_tells_nothing
from tests.service.access.probes import PROBES, described, send_probe
from tests.service.http_service import served
from tests.service.issuing import token, write_settings

RULES = """
[[providers.rules]]
claim = "groups"
values = ["board", "staff", "guests"]
groups_of_values = true
scope = "write"
"""
GROUPS = ("board", "staff", "guests")
READERS = ("board",)


@pytest.fixture(scope="module")
def open_to_both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A document for the board, and a key and a token for each of three groups."""
    folder = tmp_path_factory.mktemp("sso")
    settings = write_settings(folder, rules=RULES)
    with (
        Library(folder / "data", embedder=WordEmbedder()) as library,
        served(library, **settings) as client,
    ):
        place = Place(client, groups=("board", "owners"))
        keyring = client.app.state.runtime.keyring  # type: ignore[attr-defined]
        unused, administrator = new_key("unused", Scope.ASK)[1], new_key("admin", Scope.ADMIN)
        for key in (unused, administrator[1]):
            keyring.add(key)
        place.unused_key, place.keys["admin"] = unused.id, administrator[0]
        for group in GROUPS:
            sent, key = new_key(group, Scope.WRITE, KeyOptions(groups=[group]))
            keyring.add(key)
            place.keys[f"key of {group}"] = sent
            place.keys[f"token of {group}"] = token(groups=[group, "owners"], scope="loccit:write", exp=2**33)
        place.restore()
        yield place


@pytest.mark.parametrize("route", PROBES)
def test_a_token_is_answered_as_a_key_with_its_rights(open_to_both: Place, route: str) -> None:
    with all_cases() as case:
        for group in GROUPS:
            with case(described(route, f"token of {group}")):
                by_key = send_probe(open_to_both, route, f"key of {group}")
                by_token = send_probe(open_to_both, route, f"token of {group}")
                assert by_token.status_code == by_key.status_code, by_token.text
                if group not in READERS:
                    assert_tells_nothing(by_token)
