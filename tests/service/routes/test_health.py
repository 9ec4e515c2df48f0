from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.identity import KeyOptions, Scope, new_key
from tests.service.http_service import served


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_checks_answer_head(client: TestClient, path: str) -> None:
    response = client.head(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == client.get(path).headers["content-type"]


def test_only_an_admin_is_told_how_much_there_is(library: Library) -> None:
    with served(library) as client:
        client.put("/v1/documents/mars.txt", json={"text": "Mars has two moons."})
        assert client.get("/readyz").json()["documents"] == 1
        keyring = client.app.state.runtime.keyring  # type: ignore[attr-defined]
        tokens = {}
        for scope in (Scope.ADMIN, Scope.READ):
            tokens[scope], key = new_key("a program", scope, KeyOptions())
            keyring.add(key)

        def told(headers: dict[str, str]) -> object:
            response = client.get("/readyz", headers=headers)
            assert response.status_code == 200
            return response.json()

        assert told({}) == {"status": "ready"}
        assert told({"X-API-Key": "wrong"}) == {"status": "ready"}
        assert told({"X-API-Key": tokens[Scope.READ]}) == {"status": "ready"}
        details = told({"Authorization": f"Bearer {tokens[Scope.ADMIN]}"})
        assert isinstance(details, dict)
        assert details["documents"] == 1
