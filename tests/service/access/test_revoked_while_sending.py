"""Whose key is revoked, or whose session ends, while a body arrives: nothing of it is stored."""

from __future__ import annotations

import socket

import pytest

from index.library import Library
from service.state.identity import COOKIE, Scope, new_key
from tests.patience import PATIENCE
from tests.service.http_service import app_of, live

KEY = "secret"
BODY = b'{"text": "Mars has two moons."}'
FORM = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nMars.\r\n--edge--\r\n'
REQUESTS = {
    "PUT /v1/documents/late.txt": ("application/json", BODY),
    "PUT /v1/documents/late.md": ("text/markdown", b"# Mars\n\nIt has two moons."),
    "POST /v1/ingest": ("multipart/form-data; boundary=edge", FORM),
    "POST /v1/ask": ("application/json", b'{"question": "Which moons has Mars?"}'),
}


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("way", ["revoked", "signed out"])
def test_a_body_that_is_not_complete_is_refused(library: Library, request_: str, way: str) -> None:
    app = app_of(library, api_key=KEY)
    with live(app) as client:
        client.headers["X-API-Key"] = KEY
        assert client.put("/v1/documents/mars.txt", json={"text": "Mars is red."}).status_code == 201
        credentials = app.state.runtime.credentials
        token, key = new_key("a writer", Scope.WRITE)
        credentials.keyring.add(key)
        cookie = credentials.sessions.begin(credentials.keyring.principal(token.encode()))
        sender = f"Cookie: {COOKIE}={cookie}" if way == "signed out" else f"X-API-Key: {token}"
        media_type, body = REQUESTS[request_]
        lines = [
            f"{request_} HTTP/1.1",
            "Host: localhost",
            sender,
            f"Content-Type: {media_type}",
            f"Content-Length: {len(body)}",
            "Expect: 100-continue",
        ]
        address = (client.base_url.host, client.base_url.port or 0)
        with socket.create_connection(address, timeout=PATIENCE) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")  # the caller was let in
            if way == "signed out":
                credentials.sessions.end(cookie)
            else:
                credentials.keyring.revoke(key.id)
            connection.sendall(body)
            assert connection.recv(1000).startswith(b"HTTP/1.1 401 ")
        assert [client.get(f"/v1/documents/late.{suffix}").status_code for suffix in ("txt", "md")] == [
            404,
            404,
        ]
        assert client.get("/v1/jobs").json()["jobs"] == []
