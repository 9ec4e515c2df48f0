"""The access matrix: every route with every kind of key. No caller learns what it may not read."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from json import dumps, loads
from typing import Any

import pytest
from fastapi import FastAPI
from reportlab.pdfgen.canvas import Canvas
from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.library import Library
from service.api.route import ApiRoute, GuardedRoute
from service.browser.assets import asset_path
from service.compat.openai.ids import file_id
from service.identity import KeyOptions, Keyring, Scope, access, new_key
from service.jobs.records import FINISHED
from service.middleware.cross_site import READS
from tests.patience import eventually
from tests.service.http_service import served

COLLECTION = "vault"
DOCUMENT = "papers/obsidian.txt"
PDF = "papers/ledger.pdf"
TEXT = "The quagga grazes near the lighthouse at dusk."
QUESTION = "Where does the quagga graze?"
SECRETS = ("quagga", "obsidian")
"""Words of the document's text and id, which no refused caller may see."""
INVALID = ("wrong", "revoked", "expired")
"""Keys that open nothing."""
UNHEARD = "/v1/nothing"


@dataclass
class Place:
    """A service with a document in a collection, and keys of every kind."""

    client: TestClient
    keys: dict[str, str] = field(default_factory=dict)
    locator: str = ""
    job: str = ""
    upload: str = ""
    """An uploaded file, attached to the collection."""
    strangers: int = 0
    groups: tuple[str, ...] = ()
    """Groups of the document."""

    def send(self, method: str, path: str, key: str, **request: Any) -> Any:
        token = self.keys[key]
        headers = request.pop("headers", {}) | ({"authorization": f"Bearer {token}"} if token else {})
        client = self.client
        if key in INVALID or path == "/sign-in":
            # From an address of its own: wrong keys are slowed down by address.
            self.strangers += 1
            client = TestClient(self.client.app, client=(f"198.51.100.{self.strangers % 250}", 1))
        return client.request(method, path, headers=headers, **request)

    def as_admin(self, method: str, path: str, **request: Any) -> Any:
        response = self.send(method, path, "admin", **request)
        assert response.status_code < 300, response.text
        return response

    @property
    def unused_key(self) -> str:
        """The id of a key that no test uses."""
        keyring = self.client.app.state.runtime.keyring  # type: ignore[attr-defined]
        return next(one.id for one in keyring.store.all() if one.name == "unused")

    def restore(self) -> None:
        """Put back what an earlier request of an admin may have deleted."""
        self.as_admin("PUT", f"/v1/collections/{COLLECTION}")
        self.as_admin(
            "PUT",
            f"/v1/documents/{DOCUMENT}",
            json={"text": TEXT, "groups": self.groups},
            params={"collection": COLLECTION},
        )
        answer = self.as_admin("POST", "/v1/ask", json={"question": QUESTION, "collection": COLLECTION})
        self.locator = answer.json()["passages"][0]["citation"]["locator"]
        if self.send("GET", f"/v1/jobs/{self.job}", "admin").status_code != 200:
            body = {
                "documents": [{"document_id": "papers/obsidian-2.txt", "text": TEXT}],
                "collection": COLLECTION,
                "groups": self.groups,
            }
            self.job = self.as_admin("POST", "/v1/ingest", json=body).json()["job_id"]
        # It may run again: an earlier request may have repeated it.
        eventually(lambda: self._job_state() in FINISHED)
        self._restore_upload()

    def restore_pdf(self) -> None:
        """Put a document that has pages."""
        data = io.BytesIO()
        canvas = Canvas(data, invariant=1)
        canvas.drawString(100, 700, "A page of a ledger.")
        canvas.save()
        params = {"collection": COLLECTION, "groups": ",".join(self.groups)}
        self.as_admin("PUT", f"/v1/documents/{PDF}", content=data.getvalue(), params=params)

    def _restore_upload(self) -> None:
        if self.send("GET", f"/v1/files/{self.upload}", "admin").status_code != 200:
            sent = {"file": ("obsidian-3.txt", TEXT.encode())}
            made = self.as_admin("POST", "/v1/files", files=sent, data={"purpose": "assistants"})
            self.upload = made.json()["id"]
        files = f"/v1/vector_stores/vs_{COLLECTION}/files"
        if self.send("GET", f"{files}/{self.upload}", "admin").status_code != 200:
            self.as_admin("POST", files, json={"file_id": self.upload})
        eventually(
            lambda: self.as_admin("GET", f"{files}/{self.upload}").json()["status"] == "completed",
            seconds=30.0,
        )
        document = f"/v1/documents/{self.upload}/obsidian-3.txt"
        self.as_admin("PATCH", document, json={"groups": self.groups}, params={"collection": COLLECTION})

    def _job_state(self) -> str:
        state: str = self.as_admin("GET", f"/v1/jobs/{self.job}").json()["state"]
        return state


@dataclass(frozen=True)
class Probe:
    """A request for what a route could tell about the document."""

    path: str = ""
    json: Mapping[str, Any] | None = None
    params: Mapping[str, Any] = field(default_factory=lambda: {"collection": COLLECTION})
    content: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, place: Place, method: str, key: str, **more: Any) -> Any:
        if "{pdf}" in self.path:
            place.restore_pdf()
        path = self.path.format(
            document=DOCUMENT,
            pdf=PDF,
            locator=place.locator,
            job=place.job,
            name=COLLECTION,
            file=file_id(COLLECTION, DOCUMENT),
            unused=place.unused_key,
        )
        body = None if self.json is None else {**self.json, **more.pop("body", {})}
        if body is not None:
            body = {name: place.locator if value == LOCATOR else value for name, value in body.items()}
        if body is not None and UPLOAD in (written := dumps(body)):
            body = loads(written.replace(UPLOAD, place.upload))
        headers = {**self.headers, **more.pop("headers", {})}
        return place.send(
            method,
            path,
            key,
            json=body,
            params=dict(self.params),
            content=self.content,
            headers=headers,
            **more,
        )


NONE: Mapping[str, Any] = {}
FORM = {"content-type": "application/x-www-form-urlencoded"}
LOCATOR = "the locator of the document's passage"
MESSAGE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "search", "arguments": {"query": QUESTION}},
}
MCP_HEADERS = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-06-18"}
RETRIEVAL = {"knowledge_id": COLLECTION, "query": QUESTION, "retrieval_setting": {"top_k": 3}}
UPLOAD = "the id of the uploaded file"
_STORE = "/v1/vector_stores/vs_{name}"
_FILE_FORM = '--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nA.\r\n--x--\r\n'
_FORM_HEADERS = {"content-type": "multipart/form-data; boundary=x"}
_URLENCODED = {"content-type": "application/x-www-form-urlencoded"}
_OF_DOCUMENT = {"collection": COLLECTION, "id": DOCUMENT}
_FORM = (
    '--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
    '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nA.\r\n--x--\r\n'
)
PROBES = {
    "POST /v1/ask": Probe("/v1/ask", {"question": QUESTION}),
    "POST /v1/answer": Probe("/v1/answer", {"question": QUESTION}),
    "POST /v1/chat/completions": Probe(
        "/v1/chat/completions",
        {"model": f"loccit:{COLLECTION}", "messages": [{"role": "user", "content": QUESTION}]},
        params=NONE,
    ),
    "POST /v1/responses": Probe(
        "/v1/responses", {"model": f"loccit:{COLLECTION}", "input": QUESTION}, params=NONE
    ),
    "GET /v1/citations/{locator}": Probe("/v1/citations/{locator}"),
    "POST /v1/verify": Probe("/v1/verify", {"quotes": [TEXT[:30]]}),
    "GET /v1/changes": Probe("/v1/changes"),
    "POST /v1/changes": Probe("/v1/changes", {}),
    "GET /v1/documents": Probe("/v1/documents"),
    "PUT /v1/documents/{document_id}": Probe("/v1/documents/{document}", {"text": TEXT}),
    "PATCH /v1/documents/{document_id}": Probe("/v1/documents/{document}", {"metadata": {"a": 1}}),
    "GET /v1/documents/{document_id}": Probe("/v1/documents/{document}"),
    "GET /v1/documents/{document_id}/text": Probe("/v1/documents/{document}/text"),
    "GET /v1/documents/{document_id}/original": Probe("/v1/documents/{document}/original"),
    "GET /v1/documents/{document_id}/page.png": Probe(
        "/v1/documents/{pdf}/page.png", params={"collection": COLLECTION, "page": 1}
    ),
    "GET /v1/documents/{document_id}/versions": Probe("/v1/documents/{document}/versions"),
    "GET /v1/documents/{document_id}/diff": Probe(
        "/v1/documents/{document}/diff", params={"collection": COLLECTION, "old": 1}
    ),
    "GET /library": Probe("/library"),
    "POST /library/upload": Probe("/library/upload", content=_FILE_FORM, headers=_FORM_HEADERS),
    "POST /library/fetch": Probe(
        "/library/fetch", content="addresses=http://127.0.0.1:9/", headers=_URLENCODED
    ),
    "GET /library/document": Probe("/library/document", params=_OF_DOCUMENT),
    "GET /library/document/diff": Probe(
        "/library/document/diff", params={**_OF_DOCUMENT, "old": 1, "new": 1}
    ),
    "GET /library/document/explain": Probe(
        "/library/document/explain", params={**_OF_DOCUMENT, "q": QUESTION}
    ),
    "GET /library/document/delete": Probe("/library/document/delete", params=_OF_DOCUMENT),
    "GET /jobs": Probe("/jobs", params=NONE),
    "GET /jobs/{job_id}": Probe("/jobs/{job}", params=NONE),
    "POST /jobs/{job_id}/retry": Probe("/jobs/{job}/retry", params=NONE, content=""),
    "POST /jobs/{job_id}/cancel": Probe("/jobs/{job}/cancel", params=NONE, content=""),
    "POST /jobs/{job_id}/delete": Probe("/jobs/{job}/delete", params=NONE, content=""),
    "POST /library/document/delete": Probe("/library/document/delete", params=_OF_DOCUMENT, content=""),
    "POST /library/documents/delete": Probe("/library/documents/delete", content=f"id={DOCUMENT}"),
    "POST /v1/explain": Probe("/v1/explain", {"question": QUESTION, "document_id": DOCUMENT}),
    "DELETE /v1/documents/{document_id}": Probe("/v1/documents/{document}"),
    "POST /v1/prune": Probe("/v1/prune", {"keep_versions": 1}),
    "POST /v1/ingest": Probe("/v1/ingest", {"documents": [{"document_id": "a.txt", "text": "A."}]}),
    "GET /v1/jobs": Probe("/v1/jobs", params=NONE),
    "GET /v1/jobs/{job_id}": Probe("/v1/jobs/{job}", params=NONE),
    "GET /v1/jobs/{job_id}/files": Probe("/v1/jobs/{job}/files", params=NONE),
    "GET /v1/jobs/{job_id}/events": Probe("/v1/jobs/{job}/events", params=NONE),
    "POST /v1/jobs/{job_id}/cancel": Probe("/v1/jobs/{job}/cancel", params=NONE),
    "POST /v1/jobs/{job_id}/retry": Probe("/v1/jobs/{job}/retry", {}, params=NONE),
    "DELETE /v1/jobs/{job_id}": Probe("/v1/jobs/{job}", params=NONE),
    "POST /v1/vector_stores": Probe("/v1/vector_stores", {"name": "probe"}, params=NONE),
    "GET /v1/vector_stores": Probe("/v1/vector_stores", params=NONE),
    "GET /v1/vector_stores/{vector_store_id}": Probe(_STORE, params=NONE),
    "POST /v1/vector_stores/{vector_store_id}": Probe(_STORE, {"metadata": {}}, params=NONE),
    "POST /v1/vector_stores/{vector_store_id}/search": Probe(
        f"{_STORE}/search", {"query": QUESTION}, params=NONE
    ),
    "POST /v1/vector_stores/{vector_store_id}/files": Probe(
        f"{_STORE}/files", {"file_id": UPLOAD}, params=NONE
    ),
    "GET /v1/vector_stores/{vector_store_id}/files": Probe(f"{_STORE}/files", params=NONE),
    "GET /v1/vector_stores/{vector_store_id}/files/{file_id}": Probe(f"{_STORE}/files/{{file}}", params=NONE),
    "POST /v1/vector_stores/{vector_store_id}/files/{file_id}": Probe(
        f"{_STORE}/files/{{file}}", {"attributes": {"a": 1}}, params=NONE
    ),
    "GET /v1/vector_stores/{vector_store_id}/files/{file_id}/content": Probe(
        f"{_STORE}/files/{{file}}/content", params=NONE
    ),
    "DELETE /v1/vector_stores/{vector_store_id}/files/{file_id}": Probe(
        f"{_STORE}/files/{{file}}", params=NONE
    ),
    "POST /v1/vector_stores/{vector_store_id}/file_batches": Probe(
        f"{_STORE}/file_batches", {"file_ids": [UPLOAD]}, params=NONE
    ),
    "GET /v1/vector_stores/{vector_store_id}/file_batches/{batch_id}": Probe(
        f"{_STORE}/file_batches/vsfb_{{job}}", params=NONE
    ),
    "POST /v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel": Probe(
        f"{_STORE}/file_batches/vsfb_{{job}}/cancel", params=NONE
    ),
    "GET /v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/files": Probe(
        f"{_STORE}/file_batches/vsfb_{{job}}/files", params=NONE
    ),
    "DELETE /v1/vector_stores/{vector_store_id}": Probe(_STORE, params=NONE),
    "POST /v1/files": Probe(
        "/v1/files",
        content=_FORM,
        headers=_FORM_HEADERS,
        params=NONE,
    ),
    "GET /v1/files": Probe("/v1/files", params=NONE),
    "GET /v1/files/{file_id}": Probe("/v1/files/{file}", params=NONE),
    "GET /v1/files/{file_id}/content": Probe("/v1/files/{file}/content", params=NONE),
    "DELETE /v1/files/{file_id}": Probe("/v1/files/{file}", params=NONE),
    "POST /v1/embeddings": Probe(
        "/v1/embeddings", {"model": "loccit:vault", "input": "A lamp."}, params=NONE
    ),
    "GET /v1/models": Probe("/v1/models", params=NONE),
    "GET /v1/models/{model}": Probe("/v1/models/loccit:{name}", params=NONE),
    "GET /v1/collections": Probe("/v1/collections", params=NONE),
    "GET /v1/collections/{name}": Probe("/v1/collections/{name}", params=NONE),
    "PUT /v1/collections/{name}": Probe("/v1/collections/{name}", params=NONE),
    "POST /v1/collections/{name}/upgrade": Probe(
        "/v1/collections/{name}/upgrade", {"plan": True}, params=NONE
    ),
    "GET /library/collections": Probe("/library/collections", params=NONE),
    "POST /library/collections/create": Probe(
        "/library/collections/create", params=NONE, content="name=probe-2", headers=_URLENCODED
    ),
    "GET /library/collections/delete": Probe("/library/collections/delete"),
    "GET /keys": Probe("/keys", params=NONE),
    "POST /keys/create": Probe(
        "/keys/create", params=NONE, content="name=probe&scope=ask", headers=_URLENCODED
    ),
    "POST /keys/{key_id}/revoke": Probe("/keys/{unused}/revoke", params=NONE, content=""),
    "GET /status": Probe("/status", params=NONE),
    "GET /status/unanswered": Probe("/status/unanswered", params=NONE),
    "POST /status/unanswered/clear": Probe("/status/unanswered/clear", params=NONE, content=""),
    # Last of those that change the document: what is told of it afterwards begins anew.
    "DELETE /v1/collections/{name}": Probe("/v1/collections/{name}", params=NONE),
    "POST /library/collections/delete": Probe(
        "/library/collections/delete", content=f"name={COLLECTION}", headers=_URLENCODED
    ),
    "GET /healthz": Probe("/healthz", params=NONE),
    "GET /readyz": Probe("/readyz", params=NONE),
    "GET /metrics": Probe("/metrics", params=NONE),
    "GET /": Probe("/", params={"collection": COLLECTION, "q": QUESTION}),
    "GET /static/{version}/{name}": Probe(asset_path("base.css"), params=NONE),
    "GET /widget.js": Probe("/widget.js", params=NONE),
    "POST /language": Probe("/language", params=NONE, content="language=en&next=/sign-in"),
    "GET /view/{locator}": Probe("/view/{locator}"),
    "GET /help": Probe("/help", params=NONE),
    "GET /help/{name}": Probe("/help/index.html", params=NONE),
    "GET /check": Probe("/check", params={"collection": COLLECTION, "text": TEXT}),
    "POST /check": Probe("/check", content=f"text={TEXT}", headers=FORM),
    "GET /sign-in": Probe("/sign-in", params=NONE),
    "POST /sign-in": Probe("/sign-in", content="key=", params=NONE),
    "POST /sign-out": Probe("/sign-out", params=NONE),
    "POST /mcp": Probe("/mcp", MESSAGE, headers=MCP_HEADERS),
    "GET /tools/openapi.json": Probe("/tools/openapi.json", params=NONE),
    "POST /tools/search": Probe("/tools/search", {"query": QUESTION}),
    "POST /tools/fetch": Probe("/tools/fetch", {"id": DOCUMENT}),
    "POST /tools/ask": Probe("/tools/ask", {"question": QUESTION}),
    "POST /tools/verify": Probe("/tools/verify", {"quotes": [TEXT[:30]]}),
    "POST /tools/cite": Probe("/tools/cite", {"locator": LOCATOR}),
    "POST /tools/list_documents": Probe("/tools/list_documents", {}),
    "POST /v1/anthropic/tool_result": Probe(
        "/v1/anthropic/tool_result", {"question": QUESTION, "tool_use_id": "a"}
    ),
    "POST /v2/rerank": Probe(
        "/v2/rerank", {"model": "any", "query": QUESTION, "documents": ["A."]}, params=NONE
    ),
    "POST /retrieval": Probe("/retrieval", RETRIEVAL, params=NONE),
    "POST /dify/retrieval": Probe("/dify/retrieval", RETRIEVAL, params=NONE),
    "GET /docs": Probe("/docs", params=NONE),
    "GET /docs/{operation}": Probe("/docs/post-v1-ask", params=NONE),
    "GET /openapi.json": Probe("/openapi.json", params=NONE),
}
"""A request for each route. A route that has none here fails the matrix."""
OF_THE_KEY = (
    "GET /library/collections",
    "POST /library/collections/create",
    "GET /status",
    "GET /jobs",
    "GET /v1/jobs",
    "GET /v1/collections",
    "GET /v1/vector_stores",
    "POST /v1/vector_stores",
    "GET /v1/files",
    "GET /v1/models",
    "POST /mcp",
)
"""Routes that answer every key that suffices, each with what it may use."""


def routes_of(app: FastAPI) -> dict[str, GuardedRoute]:
    """Every route of the application, by method and path."""
    found: dict[str, GuardedRoute] = {}
    for route in every_route(app.routes):
        assert isinstance(route, GuardedRoute), f"{type(route)} has no rule of access"
        for method in route.methods - {"HEAD"}:
            found[f"{method} {route.path_format}"] = route
    return found


def every_route(routes: Iterable[Any]) -> Iterator[Any]:
    """Routes, those of included routers in the place of the routers."""
    for route in routes:
        included = getattr(route, "original_router", None)
        yield from [route] if included is None else every_route(included.routes)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    site = tmp_path_factory.mktemp("site")
    (site / "index.html").write_text("<title>Documentation</title>", encoding="utf-8")
    with (
        Library(tmp_path_factory.mktemp("data"), embedder=WordEmbedder()) as library,
        served(library, help=site) as client,
    ):
        place = Place(client)
        place.keys = dict(_keys(client.app.state.runtime.keyring))  # type: ignore[attr-defined]
        place.restore()
        yield place


def _keys(keyring: Keyring) -> Iterator[tuple[str, str]]:
    def made(scope: Scope, **options: Any) -> tuple[str, str]:
        token, key = new_key("a program", scope, KeyOptions(**options))
        keyring.add(key)
        return token, key.id

    keyring.add(new_key("unused", Scope.ASK)[1])
    yield "none", ""
    yield "wrong", made(Scope.ADMIN)[0] + "x"
    for scope in (Scope.ASK, Scope.READ, Scope.WRITE, Scope.ADMIN):
        yield scope.word, made(scope)[0]
        yield f"{scope.word} of another collection", made(scope, collections=["other"])[0]
        yield f"{scope.word} of the board", made(scope, groups=["board", "press"])[0]
        yield f"{scope.word} of the staff", made(scope, groups=["staff"])[0]
        yield f"{scope.word} of all groups", made(scope, groups=None)[0]
    token, id_ = made(Scope.ADMIN)
    keyring.revoke(id_)
    yield "revoked", token
    token, _ = made(Scope.ADMIN, expires=time.time() + 0.01)
    time.sleep(0.02)
    yield "expired", token


def assert_tells_nothing(response: Any) -> None:
    told = response.text + str(response.headers)
    asked = str(response.request.url) + (response.request.content or b"").decode()
    for secret in SECRETS:
        assert secret not in told or secret in asked, told


def test_every_route_declares_its_rule_and_is_in_the_matrix(place: Place) -> None:
    assert routes_of(place.client.app).keys() == PROBES.keys()  # type: ignore[arg-type]


def test_a_function_without_a_rule_cannot_be_a_route() -> None:
    app = FastAPI()
    for kind in (GuardedRoute, ApiRoute):
        app.router.route_class = kind
        with pytest.raises(TypeError, match="no rule of access"):
            app.get("/x")(lambda: None)
    with pytest.raises(TypeError, match="can tell"):
        access(Scope.READ, "gossip")  # type: ignore[arg-type]


OPEN = {"/healthz", "/readyz", "/sign-in", "/sign-out", "/language", "/widget.js", "/static/{version}/{name}"}


@pytest.mark.parametrize("key", ["none", "wrong", "revoked", "expired"])
@pytest.mark.parametrize("route", PROBES)
def test_without_a_valid_key_only_health_checks_answer(place: Place, route: str, key: str) -> None:
    method, _, path = route.partition(" ")
    response = PROBES[route].send(place, method, key)
    open_ = routes_of(place.client.app)[route].rule.scope is Scope.NONE  # type: ignore[arg-type]
    assert open_ == (path in OPEN)
    assert response.status_code == (200 if open_ and route != "POST /sign-in" else 401)
    assert_tells_nothing(response)


PROVEN = ("/v1/citations/{locator}", "/view/{locator}", "/tools/fetch", "/tools/cite")
"""Addresses at which a key with the scope ask must prove that an answer had the citation."""


@pytest.mark.parametrize("scope", [Scope.ASK, Scope.READ, Scope.WRITE, Scope.ADMIN])
@pytest.mark.parametrize("route", PROBES)
def test_a_scope_allows_its_routes_and_no_others(place: Place, route: str, scope: Scope) -> None:
    place.restore()
    method, _, path = route.partition(" ")
    rule = routes_of(place.client.app)[route].rule  # type: ignore[arg-type]
    response = PROBES[route].send(place, method, scope.word)
    if scope is Scope.ASK and path in PROVEN:
        assert response.status_code == 403  # without a proof
    elif route == "POST /sign-in":
        assert response.status_code == 401  # the form is empty
        return
    elif scope >= rule.scope:
        assert response.status_code < 300, response.text
        return
    assert response.status_code == 403
    assert "forbidden" in response.text
    assert_tells_nothing(response)


@pytest.mark.parametrize("scope", [Scope.ASK, Scope.READ, Scope.WRITE, Scope.ADMIN])
@pytest.mark.parametrize("route", PROBES)
def test_a_key_of_another_collection_learns_nothing(place: Place, route: str, scope: Scope) -> None:
    place.restore()
    method = route.partition(" ")[0]
    rule = routes_of(place.client.app)[route].rule  # type: ignore[arg-type]
    response = PROBES[route].send(place, method, f"{scope.word} of another collection")
    if scope >= rule.scope and rule.tells and route not in OF_THE_KEY:
        hidden = 403 if route == "GET /metrics" or scope is Scope.ASK else 404
        assert response.status_code in (404, hidden)
    assert_tells_nothing(response)
    if route == "POST /mcp":
        assert response.json()["result"]["isError"]
        assert "There is no collection" in response.text
    else:
        told = response.text.replace(f"collection={COLLECTION}", "")  # links of pages repeat the query
        assert COLLECTION not in told or response.status_code == 404


def test_a_refused_write_changes_nothing(place: Place) -> None:
    place.restore()
    before = place.as_admin("GET", "/v1/changes", params={"collection": COLLECTION}).json()
    for route, probe in PROBES.items():
        method = route.partition(" ")[0]
        if method not in READS:
            for key in ("none", "wrong", "ask", "admin of another collection"):
                probe.send(place, method, key)
    after = place.as_admin("GET", "/v1/changes", params={"collection": COLLECTION}).json()
    assert after["documents"] == before["documents"]


def test_an_unknown_address_is_told_to_callers_with_a_key_only(place: Place) -> None:
    assert place.send("GET", UNHEARD, "none").status_code == 401
    assert place.send("GET", UNHEARD, "ask").status_code == 404


# The scope ask


def test_a_key_to_ask_looks_up_the_citations_of_its_answers_and_no_others(place: Place) -> None:
    place.restore()
    body = {"question": QUESTION, "collection": COLLECTION}
    (passage, *_) = place.send("POST", "/v1/ask", "ask", json=body).json()["passages"]
    links = passage["citation"]["links"]
    assert links.keys() == {"citation", "view"}
    found = place.send("GET", links["citation"], "ask")
    assert found.status_code == 200
    assert found.json()["quote"] == passage["text"]
    again = found.json()["links"]
    assert again == links
    standing = found.json()["standing"]["citation"]["links"]
    assert place.send("GET", standing["citation"], "ask").status_code == 200
    shorter = links["citation"].replace("-46", "-45")
    assert shorter != links["citation"]
    for forbidden in (
        shorter,
        f"{links['citation']}&around=301",
        links["citation"].replace("proof=", "proof=x"),
    ):
        assert place.send("GET", forbidden, "ask").status_code == 403
    assert place.send("GET", f"{links['citation']}&format=plain", "ask").status_code == 200


def test_a_key_to_ask_sees_the_quote_and_not_the_whole_document(place: Place) -> None:
    place.restore()
    first, last = (
        "\n\n".join(f"Paragraph {number} has other words." for number in range(start, start + 200))
        for start in (0, 200)
    )
    place.as_admin(
        "PUT",
        "/v1/documents/long.txt",
        json={"text": f"{first}\n\nThe platypus swims.\n\n{last}"},
        params={"collection": COLLECTION},
    )
    query = {"q": "platypus", "collection": COLLECTION}
    page = place.send("GET", "/", "ask", params=query).text
    links = [part.partition('"')[0].replace("&amp;", "&") for part in page.split('href="')[1:]]
    # Of the sentence and of its passage, some of them twice.
    link = [one for one in links if one.startswith("/view/long.txt")][-1]
    shown = place.send("GET", link, "ask")
    assert shown.status_code == 200
    assert "platypus" in shown.text
    assert len(shown.text) < len(first)
    assert "Paragraph 1 " not in shown.text
    assert "Later part" not in shown.text
    assert "/v1/documents/" not in shown.text
    assert "Paragraph 1 " in place.send("GET", link, "read").text


def test_a_key_to_ask_sees_no_drawn_page(place: Place) -> None:
    place.restore()
    place.restore_pdf()
    query = {"q": "ledger", "collection": COLLECTION}
    page = place.send("GET", "/", "ask", params=query).text
    links = [part.partition('"')[0].replace("&amp;", "&") for part in page.split('href="')[1:]]
    link, *_ = [one for one in links if one.startswith(f"/view/{PDF}")]
    for address in (link, link.replace("?", "?page=1&", 1)):
        shown = place.send("GET", address, "ask").text
        assert "A page of a ledger." in shown
        assert "<img" not in shown
        assert "/v1/documents/" not in shown
        assert "its original" not in shown
    assert "page.png" in place.send("GET", link, "read").text


def test_a_key_to_ask_is_bounded(place: Place) -> None:
    place.restore()
    body = {"question": QUESTION, "collection": COLLECTION}
    assert place.send("POST", "/v1/ask", "ask", json={**body, "k": 10}).status_code == 200
    assert place.send("POST", "/v1/ask", "ask", json={**body, "k": 11}).status_code == 422
    assert place.send("POST", "/v1/ask", "read", json={**body, "k": 11}).status_code == 200
    for most, status in ((10, 200), (11, 422)):
        sent = place.send("POST", "/v1/ask", "ask", json={**body, "max_per_document": most})
        assert sent.status_code == status
    assert place.send("POST", "/v1/ask", "ask", json={**body, "as_of": 1}).status_code == 403
    assert place.send("POST", "/v1/ask", "ask", json={**body, "extent": "section"}).status_code == 403
    assert place.send("POST", "/v1/ask", "ask", json={**body, "extent": "sentences"}).status_code == 200
    assert place.send("POST", "/v1/ask", "read", json={**body, "extent": "section"}).status_code == 200


def test_a_key_to_ask_fetches_the_surroundings_of_its_results_and_nothing_else(place: Place) -> None:
    place.restore()
    first, last = ("\n\n".join(f"Paragraph {number} has other words." for number in range(200)) for _ in "ab")
    text = f"{first}\n\nThe platypus swims.\n\n{last}"
    where = {"collection": COLLECTION}
    place.as_admin("PUT", "/v1/documents/long.txt", json={"text": text}, params=where)

    def call(tool: str, key: str, **arguments: Any) -> Any:
        return place.send("POST", f"/tools/{tool}", key, json=arguments, params=where)

    results = call("search", "ask", query="platypus").json()["results"]
    (found,) = [one for one in results if "platypus" in one["text"]]
    fetched = call("fetch", "ask", id=found["id"]).json()
    assert found["text"] in fetched["text"] in text
    assert len(fetched["text"]) <= len(found["text"]) + 600
    assert fetched["metadata"]["next"] is None
    assert place.send("GET", found["url"].removeprefix("http://testserver"), "ask").status_code == 200
    assert call("cite", "ask", locator=found["id"]).json()["quote"] == found["text"]
    locator = found["id"].partition("?")[0]
    other = found["id"].replace("long.txt", "other.txt")
    for forbidden in (locator, f"{locator}?proof=x", "long.txt", other):
        assert call("fetch", "ask", id=forbidden).status_code == 403
    assert call("cite", "ask", locator=locator).status_code == 403
    assert call("fetch", "read", id=locator).json()["text"] == text


def test_a_key_is_offered_the_tools_that_it_may_use(place: Place) -> None:
    everything = ["search", "fetch", "ask", "verify", "cite", "list_documents"]
    for key, names in (("ask", ["search", "fetch", "ask", "cite"]), ("read", everything)):
        message = {**MESSAGE, "method": "tools/list", "params": {}}
        reply = place.send("POST", "/mcp", key, json=message, headers=MCP_HEADERS).json()
        assert [tool["name"] for tool in reply["result"]["tools"]] == names
        paths = place.send("GET", "/tools/openapi.json", key).json()["paths"]
        assert list(paths) == [f"/{name}" for name in names]


def test_a_key_to_ask_calls_no_other_tools(place: Place) -> None:
    for tool in ("verify", "list_documents"):
        message = {**MESSAGE, "params": {"name": tool, "arguments": {}}}
        refused = place.send("POST", "/mcp", "ask", json=message, headers=MCP_HEADERS).json()["result"]
        assert refused["isError"]
        assert "scope read" in refused["content"][0]["text"]


def test_a_key_to_ask_reads_no_resources(place: Place) -> None:
    for method, params in (
        ("resources/list", {}),
        ("resources/read", {"uri": f"loccit://documents/{COLLECTION}/{DOCUMENT}"}),
        ("resources/read", {"uri": f"loccit://citations/{COLLECTION}/{place.locator}"}),
    ):
        message = {**MESSAGE, "method": method, "params": params}
        refused = place.send("POST", "/mcp", "ask", json=message, headers=MCP_HEADERS)
        assert "scope read" in refused.json()["error"]["message"]
        assert_tells_nothing(refused)
        other = "read of another collection"
        assert_tells_nothing(place.send("POST", "/mcp", other, json=message, headers=MCP_HEADERS))


# Lists


def test_lists_have_what_the_key_may_use(place: Place) -> None:
    place.restore()
    for path, name in (("/v1/collections", "collections"), ("/v1/jobs", "jobs")):
        assert len(place.send("GET", path, "admin").json()[name]) >= 1
        assert place.send("GET", path, "admin of another collection").json()[name] == []
    assert place.send("GET", f"/v1/jobs?collection={COLLECTION}", "write").json()["jobs"] != []
    assert place.send("GET", "/v1/jobs?collection=other", "write").json()["jobs"] == []


# Groups


@pytest.fixture
def grouped(place: Place) -> Iterator[Place]:
    """The document is readable by the board; the job put a document for the board."""
    place.groups, place.job = ("board", "owners"), ""
    place.restore()
    yield place
    place.groups, place.job = (), ""


NARROWED: Mapping[str, Any] = {"headers": {"x-on-behalf-of": "staff, press"}}
NOBODY: Mapping[str, Any] = {"headers": {"x-on-behalf-of": ""}}
STRANGERS: list[tuple[str, Mapping[str, Any]]] = [
    *((scope, {}) for scope in ("ask", "read", "write")),
    *((f"{scope} of the staff", {}) for scope in ("ask", "read", "write")),
    *((f"{scope} of the board", NARROWED) for scope in ("ask", "read", "write", "admin")),
    *((f"{scope} of all groups", NOBODY) for scope in ("read", "write", "admin")),
]
"""Keys, and what narrows them, that may not read the document."""
GIVEN = {"PUT /v1/documents/{document_id}": 409}
"""The status of what would change the document, unless it is 404."""
LISTS = (
    "GET /library",
    "POST /library/upload",
    "POST /library/fetch",
    "GET /jobs",
    "POST /v1/ask",
    "POST /v1/answer",
    "POST /v1/chat/completions",
    "POST /v1/responses",
    "POST /v1/verify",
    "GET /v1/changes",
    "POST /v1/changes",
    "GET /v1/documents",
    "POST /v1/prune",
    "POST /v1/ingest",
    "GET /v1/jobs",
    "GET /v1/files",
    "POST /v1/vector_stores/{vector_store_id}/search",
    "GET /v1/vector_stores/{vector_store_id}/files",
    "GET /",
    "GET /check",
    "POST /check",
    "POST /mcp",
    "POST /tools/search",
    "POST /tools/ask",
    "POST /tools/verify",
    "POST /tools/list_documents",
    "POST /v1/anthropic/tool_result",
    "POST /retrieval",
    "POST /dify/retrieval",
)
"""Routes that answer others too, and leave the document out."""
OF_COLLECTIONS = (
    "GET /library/collections",
    "GET /library/collections/delete",
    "GET /status",
    "GET /v1/collections",
    "GET /v1/collections/{name}",
    "POST /v1/vector_stores",
    "GET /v1/vector_stores",
    "GET /v1/vector_stores/{vector_store_id}",
    "POST /v1/vector_stores/{vector_store_id}",
    "POST /v1/embeddings",
    "GET /v1/models",
    "GET /v1/models/{model}",
    "GET /metrics",
)
"""Routes that tell of collections, and nothing of their documents."""


OF_WHOLE_ADMINS = ("GET /keys", "POST /keys/create", "POST /keys/{key_id}/revoke")
"""Routes for administrators of all collections and groups."""


@pytest.mark.parametrize(("key", "narrowed"), STRANGERS)
@pytest.mark.parametrize("route", PROBES)
def test_a_document_of_other_groups_does_not_exist(
    grouped: Place, route: str, key: str, narrowed: Mapping[str, Any]
) -> None:
    if route == "DELETE /v1/vector_stores/{vector_store_id}":
        return
    if "/collections/" in route and not route.startswith("GET"):
        return  # an admin creates and deletes collections whatever is in them
    method = route.partition(" ")[0]
    rule = routes_of(grouped.client.app)[route].rule  # type: ignore[arg-type]
    response = PROBES[route].send(grouped, method, key, **narrowed)
    assert_tells_nothing(response)
    scope = key.partition(" ")[0]
    is_short = Scope[scope.upper()] < rule.scope or (scope == "ask" and response.status_code == 403)
    if is_short or (route in OF_WHOLE_ADMINS and scope == "admin"):
        assert response.status_code == 403
    elif rule.tells and route not in (*LISTS, *OF_COLLECTIONS):
        assert response.status_code == GIVEN.get(route, 404)
    else:
        assert response.status_code < 300 or route == "POST /sign-in"
        if route == "POST /mcp":
            assert "isError" not in response.text or not response.json()["result"]["isError"]
    as_admin = grouped.send("GET", f"/v1/documents/{DOCUMENT}", "admin", params={"collection": COLLECTION})
    assert as_admin.json()["groups"] == ["board", "owners"]
    assert as_admin.json()["version"] == 1


TELLING = (
    "POST /v1/explain",
    "GET /library",
    "GET /library/document",
    "GET /jobs/{job_id}",
    "POST /v1/ask",
    "POST /v1/answer",
    "GET /v1/documents",
    "GET /v1/changes",
    "GET /v1/jobs/{job_id}/files",
    "POST /mcp",
    "POST /tools/search",
    "POST /tools/ask",
    "POST /tools/verify",
    "POST /tools/list_documents",
    "POST /v1/anthropic/tool_result",
    "POST /retrieval",
    "GET /check",
    "POST /check",
)
"""Routes whose answer names the document for whoever may read it."""


@pytest.mark.parametrize("key", ["write of the board", "write of all groups", "admin"])
@pytest.mark.parametrize("route", PROBES)
def test_a_key_of_a_group_reads_its_documents(grouped: Place, route: str, key: str) -> None:
    method = route.partition(" ")[0]
    if routes_of(grouped.client.app)[route].rule.scope <= Scope[key.partition(" ")[0].upper()]:  # type: ignore[arg-type]
        assert PROBES[route].send(grouped, method, key).status_code < 300 or route == "POST /sign-in"
        if route in TELLING:
            assert "obsidian" in PROBES[route].send(grouped, method, key).text


@pytest.mark.parametrize("route", ["POST /v1/ask", "POST /v1/answer", "POST /v1/verify", "POST /v1/changes"])
def test_a_body_narrows_its_key_too(grouped: Place, route: str) -> None:
    method = route.partition(" ")[0]
    for groups, is_told in ((["board"], True), (["staff"], False), ([], False)):
        response = PROBES[route].send(grouped, method, "read of the board", body={"on_behalf_of": groups})
        assert response.status_code == 200
        assert ("obsidian" in response.text) == is_told


def test_jobs_of_other_groups_are_not_listed(grouped: Place) -> None:
    def is_listed(key: str, **narrowed: Any) -> bool:
        return grouped.job in grouped.send("GET", "/v1/jobs", key, **narrowed).text

    assert grouped.job
    assert is_listed("write of the board")
    assert is_listed("admin")
    assert not is_listed("write of the staff")
    assert not is_listed("write")
    assert not is_listed("write of the board", **NARROWED)


def test_counts_leave_out_what_the_caller_may_not_read(grouped: Place) -> None:
    def documents(key: str) -> int:
        found: int = grouped.send("GET", f"/v1/collections/{COLLECTION}", key).json()["documents"]
        return found

    assert documents("admin") == documents("read of the board") > documents("read")


def test_groups_of_a_stored_document_change_with_the_next_request(grouped: Place) -> None:
    where = {"collection": COLLECTION}

    def status(key: str) -> int:
        code: int = grouped.send("GET", f"/v1/documents/{DOCUMENT}", key, params=where).status_code
        return code

    def change(groups: list[str]) -> None:
        body = {"groups": groups}
        done = grouped.send(
            "PATCH", f"/v1/documents/{DOCUMENT}", "write of the board", json=body, params=where
        )
        assert done.json()["groups"] == groups

    assert (status("read of the staff"), status("read")) == (404, 404)
    change(["board", "staff"])
    assert (status("read of the staff"), status("read")) == (200, 404)
    change([])
    assert (status("read of the staff"), status("read")) == (200, 200)
    put = {**where, "groups": "board"}
    grouped.send("PUT", f"/v1/documents/{DOCUMENT}", "write", content=TEXT, params=put)
    assert status("read") == 404
    grouped.send("PUT", f"/v1/documents/{DOCUMENT}", "write of the board", content="New.", params=where)
    assert status("read") == 404  # a PUT that names no groups keeps them


def test_a_wrong_name_of_a_group_is_refused(grouped: Place) -> None:
    wrong = {"x-on-behalf-of": "x" * 101}
    assert grouped.send("GET", "/v1/documents", "read", headers=wrong).status_code == 422
    body = {"text": "A.", "groups": ["a,b"]}
    refused = grouped.send("PUT", "/v1/documents/a.txt", "write", json=body)
    assert refused.json()["error"]["code"] == "invalid_group"
