"""How the tests start the service, and what they hold every answer against."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent_encode

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from starlette.routing import BaseRoute
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.embedding import WordEmbedder
from index.library import Library
from index.types import Vectors
from service.app import create_app
from service.app.application import SHAPES
from service.errors import ClientGone, status_of
from service.http.error_handlers import error_code_of
from service.http.openapi import describe
from service.settings import Settings
from tests.patience import PATIENCE, eventually


class GatedEmbedder(WordEmbedder):
    """Answers questions while its gate is open, and remembers in which batches they came.

    The first batch, the service's own at its start, passes at any time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.batches: list[list[str]] = []
        self.failure: Exception | None = None

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(list(texts))
        assert self.gate.wait(PATIENCE)
        if self.failure is not None:
            raise self.failure
        return super().embed_queries(texts)


Codes = dict[tuple[str, str], dict[int, set[str]]]
"""The codes of errors, by method and path of an operation and by status."""

_documented: list[tuple[list[BaseRoute], dict[str, Any], Codes]] = []
"""The OpenAPI documents of applications, and the errors in them. They depend on routes alone, and to make one
takes half a second."""


def document_of(app: FastAPI) -> tuple[dict[str, Any], Codes]:
    """The OpenAPI document of an application, and the errors that it has."""
    for routes, document, codes in _documented:
        if routes == app.routes:
            return document, codes
    document = describe(app)
    codes = {
        (method.upper(), path): {
            int(status): set(told.get("content", {}).get("application/json", {}).get("examples", ()))
            for status, told in operation["responses"].items()
        }
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    _documented.append((list(app.routes), document, codes))
    return document, codes


class DocumentedErrors:
    """Middleware that collects the errors of routes that the OpenAPI document does not have.

    And responses without the header that all of them have.
    """

    def __init__(self, app: ASGIApp, *, undocumented: set[str]) -> None:
        self._app = app
        self._undocumented = undocumented

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            if message["type"] == "http.response.start":
                self._check_headers(scope, message)
            await send(message)

        await self._app(scope, receive, note)
        if status >= 400 and status != status_of(ClientGone):  # nobody is there to read that
            self._check(scope, status)

    def _check_headers(self, scope: Scope, message: Message) -> None:
        if (b"x-content-type-options", b"nosniff") not in message["headers"]:
            self._undocumented.add(f"{scope['method']} {scope['path']}: a browser may guess the type")

    def _check(self, scope: Scope, status: int) -> None:
        _, documented = document_of(scope["app"])
        operation = scope["method"], getattr(scope.get("route"), "path_format", "")
        if operation not in documented:  # a page, or no route
            return
        code = error_code_of(scope)
        if code not in documented[operation].get(status, ()):
            self._undocumented.add(f"{' '.join(operation)}: {status} {code}")


class GivenSettings(Settings):
    """Settings that are not read from the environment: to look each of them up takes half of a start."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **_: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def app_of(library: Library, **settings: Any) -> FastAPI:
    app = create_app(GivenSettings(data=Path("unused"), **settings), library=library)
    app.openapi_schema, _ = document_of(app)
    app.state.undocumented = set()
    app.add_middleware(DocumentedErrors, undocumented=app.state.undocumented)
    return app


@contextmanager
def served(library: Library, **settings: Any) -> Iterator[TestClient]:
    """A client of the service, which is ready. ``client.app`` is the application."""
    app = app_of(library, **settings)
    with TestClient(app) as client:
        eventually(lambda: client.get("/readyz").status_code == 200)
        yield client
    assert app.state.undocumented == set()


@contextmanager
def live(app: FastAPI, **options: Any) -> Iterator[httpx.Client]:
    """A client of the service behind a real HTTP server, with options of :class:`uvicorn.Config`."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            log_config=None,
            access_log=False,
            ws="none",
            **{"port": 0, **options},
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            eventually(lambda: client.get("/readyz").status_code == 200)
            yield client
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert app.state.undocumented == set()


def put(
    client: TestClient, document_id: str, text: str, *, collection: str = "default", **more: Any
) -> dict[str, Any]:
    """Put a text as a document and wait for its vectors; returns its record. ``more`` are other fields."""
    address = f"/v1/documents/{percent_encode(document_id)}?wait=true&collection={collection}"
    response = client.put(address, json={"text": text, **more})
    assert response.status_code in {200, 201}, response.text
    record: dict[str, Any] = response.json()
    return record


def success(response: Any, shape: type[BaseModel]) -> dict[str, Any]:
    """What a response says: it is a success and has the documented shape."""
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    assert_shape(shape, body)
    return body


def assert_error(response: Any, status: int, code: str) -> str:
    """The response is an error with this code, in the shape of its address; returns its message.

    ``status`` is the service's own, for which some shapes have another.
    """
    shape = SHAPES.of(response.request.url.path)
    assert response.status_code == (shape.status(status) if shape else status), response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    if shape and "error" not in shape.schema["properties"]:
        assert set(body) == set(shape.schema["properties"])
        return str(body.get("message") or body.get("detail") or body["error_msg"])
    assert set(body) == {"error"}
    fields = {"code", "message", "request_id"} | ({"type", "param"} if shape else set())
    assert set(body["error"]) == fields
    assert body["error"]["code"] == code
    assert body["error"]["request_id"] == response.headers["x-request-id"] != ""
    message: str = body["error"]["message"]
    assert message.endswith((".", "?")), message
    assert "Traceback" not in message
    return message


def assert_shape(model: type[BaseModel], value: Any) -> None:
    """The value has the fields of the model, all of them and no others, at every depth."""
    assert _keys(model.model_validate(value).model_dump(mode="json")) == _keys(value)


def _keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _keys(member) for key, member in value.items()}
    return [_keys(member) for member in value] if isinstance(value, list) else None
