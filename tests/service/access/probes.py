"""A request for every route, for what it could tell about the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from json import dumps, loads
from typing import Any

from service.app.application import all_routes
from service.faces.pages.assets import asset_path
from service.http.route import GuardedRoute, Signature
from service.state.files.ids import file_id
from service.state.identity import Scope
from tests.service.access.place import COLLECTION, DOCUMENT, PDF, PERSON, QUESTION, TEXT, Place


@dataclass(frozen=True)
class Probe:
    """A request for what a route could tell about the document."""

    path: str = ""
    json: Mapping[str, Any] | None = None
    params: Mapping[str, Any] = field(default_factory=lambda: _DEFAULT)
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
_DEFAULT: Mapping[str, Any] = {"collection": COLLECTION}
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
_KNOWLEDGE = "/api/v1/knowledge/{knowledge_id}"
_KNOWLEDGE_FORM = (
    f'--x\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{{"knowledge_id": "{COLLECTION}", '
    '"file_hash": "1"}\r\n'
    '--x\r\nContent-Disposition: form-data; name="file"; filename="probe.txt"\r\n\r\nA.\r\n--x--\r\n'
)
OF_PROVIDERS = {
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/mcp",
    "/sign-in/{provider}/start",
    "/sign-in/{provider}/callback",
    "/sign-in/{provider}/back-channel",
}
"""Addresses of providers of OpenID Connect, of which the service has none."""
UNPROVEN = {"POST /sign-in", "POST /hooks/sources/{source}"}
"""Routes that answer 401 to their requests here, whoever sends them: these have no key or signature."""
GIVEN = {
    "POST /v1/ask": Probe("/v1/ask", {"question": QUESTION}),
    "POST /v1/answer": Probe("/v1/answer", {"question": QUESTION}),
    "POST /v1/evidence": Probe("/v1/evidence", {"question": QUESTION}),
    "POST /v1/chat/completions": Probe(
        "/v1/chat/completions",
        {"model": f"loccit:{COLLECTION}", "messages": [{"role": "user", "content": QUESTION}]},
        params=NONE,
    ),
    "POST /v1/responses": Probe(
        "/v1/responses", {"model": f"loccit:{COLLECTION}", "input": QUESTION}, params=NONE
    ),
    "POST /v1/verify": Probe("/v1/verify", {"quotes": [TEXT[:30]]}),
    "POST /v1/conflicts": Probe("/v1/conflicts", {}),
    "POST /v1/changes": Probe("/v1/changes", {}),
    "PUT /v1/documents/{document_id}": Probe("/v1/documents/{document}", {"text": TEXT}),
    "PATCH /v1/documents/{document_id}": Probe("/v1/documents/{document}", {"metadata": {"a": 1}}),
    "POST /v1/feedback": Probe("/v1/feedback", {"question": QUESTION, "verdict": "down"}),
    "GET /hand-on": Probe("/hand-on", params={"collection": COLLECTION, "q": QUESTION}),
    "POST /judge": Probe("/judge", content="q=a&verdict=down", headers=_URLENCODED),
    "POST /library/document/change": Probe(
        "/library/document/change", params=_OF_DOCUMENT, content="tag=a&value=1", headers=_URLENCODED
    ),
    "PATCH /v1/collections/{name}": Probe(f"/v1/collections/{COLLECTION}", {"title": "Probe"}, params=NONE),
    "POST /library/collections/rename": Probe(
        "/library/collections/rename", content="title=Probe", headers=_URLENCODED
    ),
    "GET /v1/documents/{document_id}/page.png": Probe(
        "/v1/documents/{pdf}/page.png", params={"collection": COLLECTION, "page": 1}
    ),
    "GET /v1/documents/{document_id}/diff": Probe(
        "/v1/documents/{document}/diff", params={"collection": COLLECTION, "old": 1}
    ),
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
    "POST /v1/prune": Probe("/v1/prune", {"keep_versions": 1}),
    "POST /v1/ingest": Probe("/v1/ingest", {"documents": [{"document_id": "a.txt", "text": "A."}]}),
    "GET /v1/jobs": Probe("/v1/jobs", params=NONE),
    "POST /v1/jobs/{job_id}/retry": Probe("/v1/jobs/{job}/retry", {}, params=NONE),
    "POST /v1/vector_stores": Probe("/v1/vector_stores", {"name": "probe"}, params=NONE),
    "POST /v1/vector_stores/{vector_store_id}": Probe(_STORE, {"metadata": {}}, params=NONE),
    "POST /v1/vector_stores/{vector_store_id}/search": Probe(
        f"{_STORE}/search", {"query": QUESTION}, params=NONE
    ),
    "POST /v1/vector_stores/{vector_store_id}/files": Probe(
        f"{_STORE}/files", {"file_id": UPLOAD}, params=NONE
    ),
    "POST /v1/vector_stores/{vector_store_id}/files/{file_id}": Probe(
        f"{_STORE}/files/{{file}}", {"attributes": {"a": 1}}, params=NONE
    ),
    "POST /v1/vector_stores/{vector_store_id}/file_batches": Probe(
        f"{_STORE}/file_batches", {"file_ids": [UPLOAD]}, params=NONE
    ),
    "POST /v1/files": Probe(
        "/v1/files",
        content=_FORM,
        headers=_FORM_HEADERS,
        params=NONE,
    ),
    "POST /v1/embeddings": Probe(
        "/v1/embeddings", {"model": "loccit:vault", "input": "A lamp."}, params=NONE
    ),
    "POST /v1/collections/{name}/upgrade": Probe(
        "/v1/collections/{name}/upgrade", {"plan": True}, params=NONE
    ),
    "POST /library/collections/create": Probe(
        "/library/collections/create", params=NONE, content="name=probe-2", headers=_URLENCODED
    ),
    "POST /keys/create": Probe(
        "/keys/create", params=NONE, content="name=probe&scope=ask", headers=_URLENCODED
    ),
    "POST /keys/{key_id}/revoke": Probe("/keys/{unused}/revoke", params=NONE, content=""),
    "GET /people/person": Probe("/people/person", params={"key": PERSON.key}),
    "POST /people/groups": Probe(
        "/people/groups", params=NONE, content=f"key={PERSON.key}&added=board", headers=_URLENCODED
    ),
    "POST /people/sign-out": Probe(
        "/people/sign-out", params=NONE, content=f"key={PERSON.key}", headers=_URLENCODED
    ),
    "POST /people/forget": Probe(
        "/people/forget", params=NONE, content=f"key={PERSON.key}", headers=_URLENCODED
    ),
    "PUT /v1/sources/{source}": Probe("/v1/sources/probe", {"kind": "github", "place": "acme/handbook"}),
    "DELETE /v1/sources/{source}": Probe("/v1/sources/manuals"),
    "POST /v1/sources/{source}/sync": Probe("/v1/sources/manuals/sync"),
    "POST /status/sources/change": Probe(
        "/status/sources/change",
        params=NONE,
        content=f"name=probe&kind=github&place=acme/handbook&collection={COLLECTION}",
        headers=_URLENCODED,
    ),
    "POST /status/sources/{source}/remove": Probe("/status/sources/manuals/remove", content=""),
    "GET /status/sources": Probe("/status/sources", params=NONE),
    "POST /status/sources/{source}/sync": Probe("/status/sources/manuals/sync", content=""),
    "POST /library/collections/delete": Probe(
        "/library/collections/delete", content=f"name={COLLECTION}", headers=_URLENCODED
    ),
    "GET /": Probe("/", params={"collection": COLLECTION, "q": QUESTION}),
    "GET /evidence": Probe("/evidence", params={"collection": COLLECTION, "q": QUESTION}),
    "GET /static/{version}/{name}": Probe(asset_path("base.css"), params=NONE),
    "POST /language": Probe("/language", params=NONE, content="language=en&next=/sign-in"),
    "GET /help/{name}": Probe("/help/index.html", params=NONE),
    "GET /check": Probe("/check", params={"collection": COLLECTION, "text": TEXT}),
    "POST /check": Probe("/check", content=f"text={TEXT}", headers=FORM),
    "POST /check/evidence": Probe("/check/evidence", content=f"text={TEXT}", headers=FORM),
    "GET /sign-in": Probe("/sign-in", params=NONE),
    "POST /sign-in": Probe("/sign-in", content="key=", params=NONE),
    "POST /mcp": Probe("/mcp", MESSAGE, headers=MCP_HEADERS),
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
    f"POST {_KNOWLEDGE}/sync/diff": Probe(
        "/api/v1/knowledge/{name}/sync/diff", {"manifest": []}, params=NONE
    ),
    f"POST {_KNOWLEDGE}/sync/cleanup": Probe(
        "/api/v1/knowledge/{name}/sync/cleanup", {"file_ids": []}, params=NONE
    ),
    f"POST {_KNOWLEDGE}/dirs/create": Probe(
        "/api/v1/knowledge/{name}/dirs/create", {"name": "probe"}, params=NONE
    ),
    "POST /api/v1/files/": Probe(
        "/api/v1/files/", content=_KNOWLEDGE_FORM, headers=_FORM_HEADERS, params=NONE
    ),
    "POST /hooks/sources/{source}": Probe("/hooks/sources/manuals", content="{}"),
    "GET /docs": Probe("/docs", params=NONE),
    "GET /docs/{operation}": Probe("/docs/post-v1-ask", params=NONE),
}
"""Requests with a body, or with more in their query than the collection."""
_PATH_VALUES = {
    "batch_id": "vsfb_{job}",
    "document_id": "{document}",
    "file_id": "{file}",
    "job_id": "{job}",
    "knowledge_id": "{name}",
    "key_id": "{unused}",
    "locator": "{locator}",
    "model": "loccit:{name}",
    "name": "{name}",
    "provider": "nowhere",
    "vector_store_id": "vs_{name}",
}
_LAST = ("DELETE /v1/collections/{name}", "POST /library/collections/delete")


def routes_by_name() -> dict[str, GuardedRoute]:
    """Every route of the service, by method and path."""
    found: dict[str, GuardedRoute] = {}
    for route in all_routes():
        assert isinstance(route, GuardedRoute), f"{type(route)} has no rule of access"
        found |= {f"{method} {route.path_format}": route for method in route.methods - {"HEAD"}}
    return found


ROUTES = routes_by_name()


def _probe(name: str) -> Probe:
    if name in GIVEN:
        return GIVEN[name]
    route = ROUTES[name]
    has_collection = "collection" in Signature(route.endpoint).query_names
    return Probe(route.path_format.format_map(_PATH_VALUES), params=_DEFAULT if has_collection else NONE)


def _order(name: str) -> tuple[bool, bool]:
    """Reads come first, and last what erases the document with all that is told of it."""
    return name in _LAST, not name.startswith("GET ")


PROBES = {name: _probe(name) for name in sorted(ROUTES, key=_order)}
"""A request for each route. One that needs more than this makes of its path fails the matrix."""
OF_THE_KEY = (
    "GET /sign-in",
    "GET /library/collections",
    "POST /library/collections/create",
    "GET /status",
    "GET /status/sources",
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


def send_probe(place: Place, route: str, key: str, **more: Any) -> Any:
    """Send the request of a route with a key, while everything that it could tell of is there."""
    place.restore()
    response = PROBES[route].send(place, route.partition(" ")[0], key, **more)
    # Many requests that only read are sent with POST.
    place.is_changed &= ROUTES[route].rule.scope >= Scope.WRITE
    return response


def described(route: str, key: str, more: Mapping[str, Any] = NONE) -> str:
    """Name a probe in messages: its route, the scope of the route, the key and what narrows it."""
    name = f"{route} (scope {ROUTES[route].rule.scope.word}) with key {key!r}"
    return f"{name}, {more}" if more else name
