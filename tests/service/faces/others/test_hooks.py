"""Applications say that a source has changed: signed, and at most once a minute."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from index.library import Library
from index.sources.applications import Run, Source, note_run, put_source, source_of
from tests.service.http_service import served
from tests.service.stores import in_each_store

SECRET = "the-secret-of-the-hook"  # noqa: S105
pytest_generate_tests = in_each_store
SOURCE = Source("manuals", "jira", "HELP", url="https://jira.invalid")


@pytest.fixture
def client(library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("LOCCIT_SOURCE_HOOK_MANUALS", SECRET)
    with served(library, api_key="correct-horse") as client:
        put_source(library.open("default", create=True), SOURCE)
        note_run(library.open("default"), "manuals", Run(time.time(), 1.0))
        yield client


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}


@pytest.mark.parametrize("header", ["X-Hub-Signature-256", "X-Hub-Signature"])
def test_a_signed_change_is_noted(client: TestClient, library: Library, header: str) -> None:
    headers = {header: signed(b"{}")["X-Hub-Signature-256"]}
    for _ in range(3):
        assert client.post("/hooks/sources/manuals", content=b"{}", headers=headers).status_code == 202
    source = source_of(library.open("default"), "manuals")
    assert source.last is not None
    assert source.wanted > source.last.began
    assert not source.is_due(time.time())
    assert source.is_due(time.time() + 61)
    ran = replace(source, last=Run(source.wanted + 1, 1.0))
    assert not ran.is_due(time.time() + 1000)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/hooks/sources/manuals", {}),
        ("/hooks/sources/manuals", signed(b"{}", "another")),
        ("/hooks/sources/manuals", signed(b"other")),
        ("/hooks/sources/manuals", {"X-Hub-Signature-256": "sha256="}),
        ("/hooks/sources/manuals", {"X-Hub-Signature-256": "sha1=00"}),
        ("/hooks/sources/manuals?collection=none", signed(b"{}")),
        ("/hooks/sources/unknown", signed(b"{}", "")),
        ("/hooks/sources/unknown", signed(b"{}")),
    ],
)
def test_what_is_not_signed_is_refused_and_learns_nothing(
    client: TestClient, library: Library, path: str, headers: dict[str, str]
) -> None:
    response = client.post(path, content=b"{}", headers=headers)
    assert response.status_code == 401
    assert "There is no such source, or the signature" in response.json()["error"]["message"]
    assert source_of(library.open("default"), "manuals").wanted == 0
