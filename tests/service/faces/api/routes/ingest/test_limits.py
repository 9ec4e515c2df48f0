from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from starlette.testclient import TestClient

from index.library import Library
from tests.patience import eventually
from tests.service.faces.api.routes.ingest.multipart import FORM, PART, begun
from tests.service.faces.api.routes.ingest.outcomes import LAMP, MOST, assert_nothing_is_left, became, done
from tests.service.http_service import app_of, assert_error, live


def test_json_may_have_as_many_bytes_as_a_document(small: TestClient, library: Library) -> None:
    body = json.dumps({"documents": [{"document_id": "a", "text": "x" * 5000}]})
    message = assert_error(small.post("/v1/ingest", content=body), 413, "body_too_large")
    assert "4,096" in message
    assert_nothing_is_left(small, library)


def test_one_file_of_many_may_be_too_large(small: TestClient) -> None:
    files = [("files", ("a.txt", b"x" * 5000)), ("files", ("b.txt", b"Lit."))]
    job = done(small, small.post("/v1/ingest", files=files))
    assert became(small, job) == {"a.txt": "document_too_large", "b.txt": "added"}


@pytest.mark.parametrize("content_type", [FORM, "application/zip"])
def test_an_upload_that_says_it_is_too_large(real: httpx.Client, library: Library, content_type: str) -> None:
    response = real.post("/v1/ingest", content=PART + b"x" * MOST, headers={"content-type": content_type})
    assert_error(response, 413, "body_too_large")
    assert_nothing_is_left(real, library)


@pytest.mark.parametrize("content_type", [FORM, "application/zip", "application/json"])
def test_an_upload_that_turns_out_too_large(real: httpx.Client, library: Library, content_type: str) -> None:
    def pieces() -> Iterator[bytes]:
        yield PART
        for _ in range(30):
            yield b"x" * 10_000

    response = real.post("/v1/ingest", content=pieces(), headers={"content-type": content_type})
    assert_error(response, 413, "body_too_large")
    assert_nothing_is_left(real, library)


@pytest.mark.parametrize("content_type", [FORM, "application/zip"])
def test_an_upload_whose_sender_hangs_up(
    real: httpx.Client, library: Library, content_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    address = (real.base_url.host, real.base_url.port or 0)
    caplog.set_level("INFO")
    with socket.create_connection(address) as connection:
        connection.sendall(begun(content_type))
    eventually(lambda: "status=499" in caplog.text)
    assert "Traceback" not in caplog.text
    assert_nothing_is_left(real, library)


def test_an_unfinished_upload_keeps_nobody_out(library: Library) -> None:
    with live(app_of(library, max_queue=1)) as client:
        address = (client.base_url.host, client.base_url.port or 0)
        with socket.create_connection(address) as connection:
            head, _, body = begun(FORM).partition(b"\r\n\r\n")
            connection.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
            assert b" 100 " in connection.recv(100)  # the body is being read
            connection.sendall(body)
            assert client.post("/v1/ingest", files={"files": ("a.md", LAMP)}).status_code == 202


def test_the_limits_of_other_addresses_stay_as_they_are(small: TestClient) -> None:
    assert_error(small.put("/v1/documents/a.txt", content="x" * 5000), 413, "body_too_large")
    assert_error(small.post("/v1/ingest/", content=b"x" * (MOST // 2)), 413, "body_too_large")
