from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.engine.generations import FILES_LEASE
from index.errors import StoreUnavailable
from index.file_leases import FileLeases
from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from tests.contracts.documents import document
from tests.opening import store_in
from tests.patience import PATIENCE, eventually
from tests.service.http_service import assert_error, served
from tests.service.monitoring.metrics.exposition import value


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


def test_a_service_that_lags_is_not_ready_and_answers_all_the_same(library: Library) -> None:
    with served(library, ready_lag_seconds=0.01) as client:
        client.put("/v1/documents/mars.txt?wait=true", json={"text": "Mars has two moons."})
        folder = library.open("default").folder
        nothing = {"changes": 0, "seconds": 0.0}
        eventually(lambda: client.get("/v1/collections/default").json()["lag"] == nothing)
        eventually(lambda: client.get("/readyz").status_code == 200)
        with FileLeases(folder).hold(FILES_LEASE, PATIENCE):  # so that the words do not get on
            with closing(store_in(folder)) as store:
                store.put([document("venus", "Venus has none. None at all.")])
            eventually(lambda: client.get("/readyz").status_code == 503)
            assert "behind the record" in assert_error(client.get("/readyz"), 503, "not_ready")
            assert client.get("/v1/collections/default").json()["lag"]["changes"] >= 1  # vectors are another
            text = client.get("/metrics").text
            assert value(text, "collection_lag_changes", collection="default") >= 1
            assert value(text, "collection_lag_seconds", collection="default") > 0.01
            assert client.post("/v1/ask", json={"question": "Which moons?"}).json()["passages"]
        # The vectors of what came are one more change, which it follows too.
        eventually(lambda: client.get("/readyz").json().get("lag") == nothing)


class RemoteLibrary(Library):
    """One whose database can go away."""

    is_away = False

    def names(self) -> list[str]:
        if self.is_away:
            raise StoreUnavailable("The server cannot be reached.")
        return super().names()


def test_an_outage_of_the_database_takes_no_service_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A balancer would find none that is ready, and others could not answer either."""
    with RemoteLibrary(tmp_path, embedder=WordEmbedder()) as library, served(library) as client:
        assert client.get("/readyz").json()["collections"] == 0
        library.is_away = True
        response = client.get("/readyz")
        assert (response.status_code, response.json()) == (200, {"status": "ready"})
        eventually(lambda: "The embedding worker waits: The server cannot be reached." in caplog.text)
        library.is_away = False
        eventually(lambda: "collections" in client.get("/readyz").json())
    assert "Traceback" not in caplog.text
