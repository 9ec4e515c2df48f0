"""Uploads as the application sees them: piece by piece, from senders who break off at any place."""

from __future__ import annotations

import json
import tempfile
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.testclient import TestClient

from index.library import Library
from tests.patience import eventually
from tests.service.http_service import served

TYPE = "multipart/form-data; boundary=edge"
HEAD = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\n'
TAIL = b"\r\n--edge--\r\n"
MIB = 1024 * 1024

Pieces = Callable[[], AsyncIterator[bytes]]


def send(
    client: TestClient, pieces: Pieces, *, content_type: str = TYPE, whole: bool = True, **headers: str
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Post pieces to /v1/ingest, past every HTTP library; ``whole`` is false for a sender who hangs up.

    Status, body, and headers of the answer.
    """
    given = {"host": "localhost", "content-type": content_type, **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/ingest",
        "raw_path": b"/v1/ingest",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    told: list[Any] = []

    async def call() -> None:
        coming = pieces()

        async def receive() -> dict[str, Any]:
            async for piece in coming:
                return {"type": "http.request", "body": piece, "more_body": True}
            if whole:
                return {"type": "http.request", "body": b"", "more_body": False}
            return {"type": "http.disconnect"}

        async def answer(message: Any) -> None:
            told.append(message)

        await client.app(scope, receive, answer)

    assert client.portal is not None
    client.portal.call(call)
    started = told[0]
    body = b"".join(message.get("body", b"") for message in told[1:])
    names = {name.decode(): value.decode() for name, value in started["headers"]}
    return started["status"], json.loads(body), names


def spooled(library: Library) -> list[int]:
    """The sizes of all files in the spool, without those of their checksums."""
    files = (path for path in (library.data / "spool").rglob("*") if path.is_file())
    return [path.stat().st_size for path in files if not path.suffix]


def assert_nothing_is_left(client: TestClient, library: Library) -> None:
    assert client.get("/v1/jobs").json()["jobs"] == []
    assert list((library.data / "spool").glob("*")) == []
    assert client.put("/v1/documents/after.md", content="Lit.").status_code == 201


@pytest.mark.parametrize("content_type", [TYPE, "application/zip"])
def test_a_large_file_goes_to_disk_once_as_it_comes(
    library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content_type: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))  # no copy can go elsewhere
    sizes: list[tuple[int, list[int]]] = []
    form = content_type == TYPE

    async def pieces() -> AsyncIterator[bytes]:
        if form:
            yield HEAD
        piece = bytes(64 * 1024)
        for number in range(1, 200 * 16 + 1):
            yield piece
            if number % 800 == 0:
                sizes.append((number * len(piece), spooled(library)))
        if form:
            yield TAIL

    with served(library) as client:
        tracemalloc.start()
        try:
            status, job, _ = send(client, pieces, content_type=content_type)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert status == 202, job
        assert job["bytes"] == 200 * MIB
        assert len(sizes) == 4
        for sent, (size,) in sizes:
            assert sent - MIB < size <= sent
        assert peak < 8 * MIB
        eventually(lambda: client.get(job["links"]["self"]).json()["finished"])
        assert client.delete(job["links"]["self"]).status_code == 204


@pytest.mark.parametrize("content_type", [TYPE, "application/zip"])
@pytest.mark.parametrize("sent", [0, 10, MIB])
def test_a_sender_who_hangs_up(client: TestClient, library: Library, content_type: str, sent: int) -> None:
    seen: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        yield HEAD
        yield bytes(sent)
        seen.extend(spooled(library))

    status, body, _ = send(client, pieces, content_type=content_type, whole=False)
    assert (status, body["error"]["code"]) == (499, "client_gone")
    assert sum(seen) >= (sent if sent == MIB else 0)
    assert_nothing_is_left(client, library)


def test_a_form_that_breaks_off_after_its_first_file(client: TestClient, library: Library) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield HEAD + bytes(MIB) + TAIL[:-4] + b"\r\n" + HEAD[8:]
        assert max(spooled(library)) == MIB

    status, body, _ = send(client, pieces)
    assert (status, body["error"]["code"]) == (422, "invalid_request")
    assert_nothing_is_left(client, library)


@pytest.mark.parametrize("content_type", [TYPE, "application/zip"])
def test_a_body_that_grows_above_the_limit(library: Library, content_type: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield HEAD
        for _ in range(10):
            yield bytes(MIB)

    with served(library, max_upload_bytes=5 * MIB) as client:
        status, body, _ = send(client, pieces, content_type=content_type)
        assert (status, body["error"]["code"]) == (413, "body_too_large")
        assert_nothing_is_left(client, library)


def test_a_request_that_is_cancelled_leaves_nothing(client: TestClient, library: Library) -> None:
    """As when the service is stopped."""

    async def pieces() -> AsyncIterator[bytes]:
        yield HEAD + bytes(MIB)
        assert sum(spooled(library)) > 0
        await anyio.sleep_forever()
        yield b""

    async def call() -> None:
        with anyio.move_on_after(0.5) as scope:
            await anyio.to_thread.run_sync(lambda: None)
            await _endless(client, pieces)
        assert scope.cancelled_caught

    assert client.portal is not None
    client.portal.call(call)
    assert_nothing_is_left(client, library)


async def _endless(client: TestClient, pieces: Pieces) -> None:
    coming = pieces()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": await anext(coming), "more_body": True}

    async def answer(message: Any) -> None:
        assert message.get("status") in (503, None)  # it says to send the request again

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/ingest",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", TYPE.encode())],
    }
    await client.app(scope, receive, answer)


# The bound of the spool


@pytest.mark.parametrize("content_type", [TYPE, "application/zip"])
def test_an_upload_that_announces_more_than_there_is_room_for(library: Library, content_type: str) -> None:
    asked: list[bool] = []

    async def pieces() -> AsyncIterator[bytes]:
        asked.append(True)
        yield HEAD

    with served(library, max_spool_bytes=MIB) as client:
        status, body, headers = send(client, pieces, content_type=content_type, content_length=str(2 * MIB))
        assert (status, body["error"]["code"], headers["retry-after"]) == (507, "spool_full", "60")
        assert "LOCCIT_MAX_SPOOL_BYTES" in body["error"]["message"]
        assert asked == []
        assert_nothing_is_left(client, library)


@pytest.mark.parametrize("content_type", [TYPE, "application/zip"])
def test_an_upload_that_grows_above_the_room_there_is(library: Library, content_type: str) -> None:
    taken: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        yield HEAD
        for _ in range(100):
            yield bytes(MIB // 4)
            taken.append(sum(spooled(library)))

    with served(library, max_spool_bytes=MIB) as client:
        status, body, headers = send(client, pieces, content_type=content_type)
        assert (status, body["error"]["code"], headers["retry-after"]) == (507, "spool_full", "60")
        assert max(taken) <= MIB
        assert len(taken) < 10
        assert_nothing_is_left(client, library)


def test_texts_for_which_there_is_no_room(library: Library) -> None:
    documents = [{"document_id": f"{n}.md", "text": "x" * 600} for n in range(2)]
    with served(library, max_spool_bytes=1000) as client:
        response = client.post("/v1/ingest", json={"documents": documents})
        assert (response.status_code, response.json()["error"]["code"]) == (507, "spool_full")
        assert_nothing_is_left(client, library)


def test_refused_files_take_room_until_their_job_is_forgotten(library: Library) -> None:
    def post() -> Any:
        return client.post("/v1/ingest", files={"files": ("a.bin", b"\x00" * 700)})

    with served(library, max_spool_bytes=1000) as client:
        job = post().json()
        eventually(lambda: client.get(job["links"]["self"]).json()["finished"])
        assert post().status_code == 507
        assert client.delete(job["links"]["self"]).status_code == 204
        assert post().status_code == 202
