from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.service.http_service import assert_error

HERE = "http://testserver"
WRITES = [
    ("POST", "/v1/ingest"),
    ("PUT", "/v1/documents/a.txt"),
    ("DELETE", "/v1/documents/a.txt"),
    ("POST", "/v1/ask"),
    ("POST", "/v1/jobs/x/cancel"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "Same-Origin"])
def test_a_page_of_another_site_cannot_write(client: TestClient, method: str, path: str, site: str) -> None:
    response = client.request(method, path, headers={"sec-fetch-site": site, "origin": HERE})
    assert_error(response, 403, "cross_site_request")


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_pages_of_the_service_and_the_address_bar_may_write(client: TestClient, site: str) -> None:
    # What the origin says counts only where the browser does not say where the request comes from.
    headers = {"sec-fetch-site": site, "origin": "http://proxied.example"}
    put = client.put("/v1/documents/a.txt", content="The lamp.", headers=headers)
    assert put.status_code == 201


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://testserver.evil.example",
        "http://testserver:8080",
        "http://evil.example/testserver",
        "null",
        "",
        "http://[::1",
        "testserver",
        "http://user@testserver",
    ],
)
def test_without_fetch_metadata_the_origin_decides(client: TestClient, origin: str) -> None:
    response = client.put("/v1/documents/a.txt", content="x", headers={"origin": origin})
    assert_error(response, 403, "cross_site_request")


def test_the_same_origin_may_write(client: TestClient) -> None:
    put = client.put("/v1/documents/a.txt", content="The lamp.", headers={"origin": HERE})
    assert put.status_code == 201
    headers = {"origin": "http://lamps:8000", "host": "lamps:8000"}
    assert client.put("/v1/documents/b.txt", content="The lamp.", headers=headers).status_code == 201


def test_programs_say_nothing_and_may_write(client: TestClient) -> None:
    assert client.put("/v1/documents/a.txt", content="The lamp.").status_code == 201


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
def test_anyone_may_follow_a_link_here(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/v1/jobs", headers=headers).status_code == 200
    assert client.get("/", headers=headers).status_code == 200
    assert client.head("/healthz", headers=headers).status_code != 403
    assert client.options("/v1/ingest", headers=headers).status_code != 403


def test_nothing_was_done_for_the_other_site(client: TestClient) -> None:
    client.put("/v1/documents/a.txt", content="The lamp.")
    headers = {"sec-fetch-site": "cross-site"}
    files = {"files": ("b.txt", b"Evil.")}
    assert_error(client.post("/v1/ingest", files=files, headers=headers), 403, "cross_site_request")
    assert_error(client.delete("/v1/documents/a.txt", headers=headers), 403, "cross_site_request")
    assert client.get("/v1/jobs").json()["jobs"] == []
    assert client.get("/v1/documents/a.txt").status_code == 200
