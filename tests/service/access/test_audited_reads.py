"""The audit log names the documents of which a reply shows text, on every route, for collections that ask."""

from __future__ import annotations

import json
from typing import Any

import pytest

from index.embedding import WordEmbedder
from index.library import Library
from service.state.identity import Scope, new_key
from tests.failures import all_cases
from tests.service.access.place import COLLECTION, PDF, Place
from tests.service.access.probes import PROBES, described, send_probe
from tests.service.http_service import served

SHOWN = "quagga grazes near"
"""Words of the document, which no request has."""
NAMED = "obsidian"
"""Part of the ids of all documents with this text. Of passages that are the same, one is shown."""
DRAWN = ("GET /v1/documents/{document_id}/page.png",)
"""Routes whose reply shows the text of the document with pages as an image."""


@pytest.fixture(scope="module")
def replies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, dict[str, Any]]]:
    """The reply of each route, and its line in the audit log."""
    folder, found = tmp_path_factory.mktemp("audited"), {}
    with (
        Library(folder / "data", embedder=WordEmbedder()) as library,
        served(library, audit_reads=f"other, {COLLECTION}") as client,
    ):
        keyring = client.app.state.runtime.keyring  # type: ignore[attr-defined]
        unused, (token, key) = new_key("unused", Scope.ASK)[1], new_key("admin", Scope.ADMIN)
        for one in (unused, key):
            keyring.add(one)
        place = Place(client, keys={"admin": token}, unused_key=unused.id)
        place.restore()
        for number, route in enumerate(PROBES):
            sent = {"headers": {"x-request-id": f"probe-{number}"}}
            found[f"probe-{number}"] = (route, send_probe(place, route, "admin", **sent).text)
        client.app.state.runtime.audit.stop()  # type: ignore[attr-defined]
    written = (folder / "data" / "audit.jsonl").read_text().splitlines()
    entries = {one["request_id"]: one for one in map(json.loads, written)}
    return {route: (text, entries.get(id_, {})) for id_, (route, text) in found.items()}


def test_every_reply_with_text_of_a_document_has_it_in_its_line(
    replies: dict[str, tuple[str, dict[str, Any]]],
) -> None:
    shown = {route for route, (text, _) in replies.items() if SHOWN in text}
    assert {"POST /v1/ask", "GET /v1/documents/{document_id}/text", "GET /view/{locator}", "GET /"} <= shown
    with all_cases() as case:
        for route in sorted(shown):
            with case(described(route, "admin")):
                read = replies[route][1].get("read", {}).get(COLLECTION, [])
                assert any(NAMED in one for one in read), replies[route][1]
        for route in DRAWN:
            with case(route):
                assert replies[route][1]["read"] == {COLLECTION: [PDF]}
        for route, (_, entry) in replies.items():
            with case(route):
                assert set(entry.get("read", {})) <= {COLLECTION}
