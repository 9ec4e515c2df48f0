from __future__ import annotations

import logging
import re

import pytest
from starlette.testclient import TestClient

from index.library import Library
from tests.service.http_service import served


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "loccit.access"]


def test_every_request_has_one_line(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "loccit.access"):
        client.put("/v1/documents/secret-name.txt", content="The lamp was lit.")
        client.post("/v1/ask", json={"question": "Who keeps a secret?"})
        client.post("/v1/ask", json={"question": ""})
        client.get("/nothing/secret")
    told = [re.sub(r" ms=\d+\.\d request_id=\w{32}$", "", line) for line in lines(caplog)]
    assert told == [
        "method=PUT route=/v1/documents/{document_id:path} status=201",
        "method=POST route=/v1/ask status=200",
        "method=POST route=/v1/ask status=422",
        "method=GET route=- status=404",
    ]


def test_neither_questions_nor_keys_are_logged(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), served(library, api_key="hunter2") as client:
        client.headers["authorization"] = "Bearer hunter2"
        client.post("/v1/ask", json={"question": "Who keeps a secret?", "collection": "a"})
        client.get("/v1/collections", headers={"authorization": "Bearer hunter3"})
    ours = [record for record in caplog.records if record.name.startswith("loccit")]
    assert ours
    for record in ours:
        assert not re.search("secret|hunter", record.getMessage())


def test_a_request_id_is_taken_over_and_given_back(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "loccit.access"):
        response = client.get("/healthz", headers={"x-request-id": "trace-1/a:b"})
    assert response.headers["x-request-id"] == "trace-1/a:b"
    assert lines(caplog)[-1].endswith(" request_id=trace-1/a:b")


@pytest.mark.parametrize("brought", ["", "two words", "a\tb", "x" * 129, "ünicode".encode("latin-1")])
def test_a_request_id_that_could_break_a_log_line_is_replaced(
    client: TestClient, brought: str | bytes
) -> None:
    response = client.get("/healthz", headers={"x-request-id": brought})  # type: ignore[dict-item]
    assert re.fullmatch(r"\w{32}", response.headers["x-request-id"])
