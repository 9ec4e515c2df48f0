"""What other interfaces tell keys of documents and collections that they may not see."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from tests.patience import eventually
from tests.service.http_service import served

QUESTION = "When was the lamp lit?"
WORDS = ("zqword", "zqtitle", "zqname")
"""Of hidden documents; long enough that no random id or proof has one."""
SECRET = {"text": "The zqword lamp was lit at dusk.", "title": "zqtitle", "metadata": {"year": 1}}
MCP = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
SCOPES = (Scope.ASK, Scope.READ, Scope.WRITE, Scope.ADMIN)

Asked = tuple[str, str, Any]


@pytest.fixture
def http(library: Library) -> Iterator[TestClient]:
    with served(library) as client:
        client.headers["authorization"] = f"Bearer {key(client, Scope.ADMIN)}"
        client.put("/v1/collections/hidden")
        client.put("/v1/documents/a.txt?wait=true", json={**SECRET, "groups": ["board"]})
        client.put("/v1/documents/b.txt?wait=true&collection=hidden", json=SECRET)
        client.put("/v1/documents/open.txt?wait=true", json={"text": "The bell was rung at noon."})
        yield client


def key(client: TestClient, scope: Scope, **options: Any) -> str:
    token, made = new_key(scope.word, scope, KeyOptions(**options))
    client.app.state.runtime.keyring.add(made)  # type: ignore[attr-defined]
    return token


def upload(client: TestClient) -> str:
    """The id of an attached file whose document only the board may read."""
    form = {"files": {"file": ("zqname.txt", b"The zqword lamp.")}, "data": {"purpose": "assistants"}}
    file: str = client.post("/v1/files", **form).json()["id"]  # type: ignore[arg-type]
    at = "/v1/vector_stores/vs_default/files"
    client.post(at, json={"file_id": file})
    eventually(lambda: client.get(f"{at}/{file}").json()["status"] == "completed")
    assert client.patch(f"/v1/documents/{file}/zqname.txt", json={"groups": ["board"]}).status_code == 200
    return file


def questions(collection: str) -> Iterator[Asked]:
    """A question by each interface that answers some."""
    store, said = f"vs_{collection}", [{"role": "user", "content": QUESTION}]
    tool = [{"type": "file_search", "vector_store_ids": [store]}]
    options = {"on_behalf_of": ["board"]}
    dify = {"knowledge_id": collection, "query": QUESTION, "retrieval_setting": {"top_k": 5}}
    claude = {"tool_use_id": "a", "question": QUESTION, "collection": collection}
    call = {"name": "ask", "arguments": {"question": QUESTION, "collection": collection}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    for stream in (False, True):
        chat = {"model": f"loccit:{collection}", "messages": said, "stream": stream, "loccit": options}
        yield "POST", "/v1/chat/completions", chat
        include = ["file_search_call.results"]
        yield "POST", "/v1/responses", {"model": "loccit", "input": said, "tools": tool, "include": include}
    yield "POST", f"/v1/vector_stores/{store}/search", {"query": QUESTION}
    yield "POST", "/retrieval", dify
    yield "POST", "/v1/anthropic/tool_result", claude
    yield "POST", "/tools/ask", call["arguments"]
    yield "POST", f"/tools/search?collection={collection}", {"query": QUESTION}
    yield "POST", f"/tools/list_documents?collection={collection}", {}
    yield "POST", "/mcp", message
    yield "POST", "/mcp", {**message, "method": "resources/list", "params": {}}


def of_files(file: str, store: str) -> Iterator[Asked]:
    """All that can be asked of, and done to, a file of a vector store."""
    for at in (f"/v1/files/{file}", f"/v1/vector_stores/{store}/files/{file}"):
        yield "GET", at, None
        yield "GET", f"{at}/content", None
        yield "DELETE", at, None
    yield "POST", f"/v1/vector_stores/{store}/files/{file}", {"attributes": {"year": 2}}
    yield "POST", "/v1/vector_stores/vs_default/files", {"file_id": file}
    yield "POST", "/v1/vector_stores/vs_default/file_batches", {"file_ids": [file]}


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: scope.word)
def test_no_interface_tells_of_what_a_key_may_not_see(http: TestClient, scope: Scope) -> None:
    file, admins = upload(http), http.headers["authorization"]
    secret, hidden = (
        "file-doc-" + base64.urlsafe_b64encode(name).decode().rstrip("=")
        for name in (b"default/a.txt", b"hidden/b.txt")
    )
    groups = {} if scope is Scope.ADMIN else {"groups": ["press"]}
    token = key(http, scope, collections=["default"], **groups)
    http.headers.update({"authorization": f"Bearer {token}", "x-on-behalf-of": "press"})
    lists = [
        ("GET", at, None)
        for at in ("/v1/models", "/v1/files", "/v1/vector_stores", "/v1/vector_stores/vs_default/files")
    ]
    for method, path, body in (*lists, *questions("default"), *questions("hidden")):
        content = None if body is None else json.dumps(body)
        reply = http.request(method, path, content=content, headers=MCP)
        assert reply.status_code in (200, 403, 404), reply.text
        told = reply.text.replace("'hidden'", "")  # the name that was asked for
        unseen = (*WORDS, file, secret, hidden, "loccit:hidden", 'vs_hidden"')
        assert not [one for one in unseen if one in told]
    for named, store in ((file, "vs_default"), (secret, "vs_default"), (hidden, "vs_hidden")):
        for method, path, body in of_files(named, store):
            reply = http.request(method, path, json=body)
            is_read_elsewhere = reply.status_code == 400 and "not uploaded" in reply.text
            assert reply.status_code in (403, 404) or is_read_elsewhere, (method, path, reply.text)
    http.headers.update({"authorization": admins})
    del http.headers["x-on-behalf-of"]
    assert http.get(f"/v1/files/{file}/content").content == b"The zqword lamp."
    documents = http.get("/v1/documents").json()["documents"]
    assert sorted(one["document_id"] for one in documents) == ["a.txt", f"{file}/zqname.txt", "open.txt"]
