"""Access tokens, sessions of people and keys with the same rights: every route answers all alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.library import Library
from service.state.identity import COOKIE, Adjustment, KeyOptions, Scope, new_key
from service.state.openid import principal_of
from tests.failures import all_cases
from tests.service.access.place import Place, assert_tells_nothing
from tests.service.access.probes import PROBES, described, send_probe
from tests.service.http_service import served
from tests.service.issuing import claims, token, write_settings

RULES = """
[[providers.rules]]
claim = "groups"
values = ["board", "staff", "guests"]
groups_of_values = true
scope = "write"
"""
GROUPS = ("board", "staff", "guests")
READERS = ("board",)
CREDENTIALS = ("token of {}", "session of {}", "token that was moved to {}", "session that was moved to {}")
"""By what callers of a group come besides a key. Administrators moved some there from another group."""


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
            place.keys |= _people(client, group)
        place.restore()
        yield place


def _people(client: TestClient, group: str) -> dict[str, str]:
    """What people of a group send: tokens, and the cookies of sessions."""
    runtime = client.app.state.runtime  # type: ignore[attr-defined]
    (issuer,) = runtime.providers.issuers.values()
    other = GROUPS[(GROUPS.index(group) + 1) % len(GROUPS)]
    found = {}
    for kind, of, subject in (("of", group, f"1 {group}"), ("that was moved to", other, f"2 {group}")):
        said: dict[str, Any] = {"groups": [of, "owners"], "sub": subject, "scope": "loccit:write"}
        caller = principal_of(issuer.provider, claims(**said))
        found[f"token {kind} {group}"] = token(**said, exp=2**33)
        cookie = runtime.credentials.sessions.begin_of(caller, issuer.provider, "")
        found[f"session {kind} {group}"] = f"{COOKIE}={cookie}"
        runtime.keyring.note_person(caller)
        if of != group:
            runtime.keyring.adjust(caller.key, Adjustment(frozenset([group]), frozenset([of])))
    return found


@pytest.mark.parametrize("route", PROBES)
def test_a_person_is_answered_as_a_key_with_its_rights(open_to_both: Place, route: str) -> None:
    with all_cases() as case:
        for group in GROUPS:
            by_key = send_probe(open_to_both, route, f"key of {group}")
            for credential in CREDENTIALS:
                sent = credential.format(group)
                if route == "POST /sign-out" and sent.startswith("session"):
                    continue  # which would be over
                with case(described(route, sent)):
                    answer = send_probe(open_to_both, route, sent)
                    assert answer.status_code == by_key.status_code, answer.text
                    if group not in READERS:
                        assert_tells_nothing(answer)
