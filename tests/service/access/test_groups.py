"""Documents of groups do not exist for others, on every route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from service.state.identity import Scope
from tests.failures import all_cases
from tests.service.access.place import (
    COLLECTION,
    DOCUMENT,
    TEXT,
    Place,
    assert_status,
    assert_success,
    assert_tells_nothing,
)
from tests.service.access.probes import OF_PROVIDERS, PROBES, ROUTES, UNPROVEN, described, send_probe

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
    "POST /v1/evidence",
    "POST /v1/chat/completions",
    "POST /v1/responses",
    "POST /v1/verify",
    "POST /v1/conflicts",
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
    "GET /evidence",
    "GET /check",
    "GET /check/conflicts",
    "GET /library/overview",
    "GET /library/gaps",
    "GET /v1/gaps",
    "GET /suggestions",
    "GET /hand-on",
    "POST /check",
    "POST /check/evidence",
    "POST /mcp",
    "POST /tools/search",
    "POST /tools/ask",
    "POST /tools/verify",
    "POST /tools/list_documents",
    "POST /v1/anthropic/tool_result",
    "POST /retrieval",
    "POST /dify/retrieval",
    "POST /api/v1/files/",
    "POST /api/v1/knowledge/{knowledge_id}/sync/diff",
    "POST /api/v1/knowledge/{knowledge_id}/sync/cleanup",
    "POST /api/v1/knowledge/{knowledge_id}/reset",
    "GET /api/v1/knowledge/{knowledge_id}/files",
)
"""Routes that answer others too, and leave the document out."""
OF_WHOLE_ADMINS = (
    "GET /keys",
    "POST /keys/create",
    "POST /keys/{key_id}/revoke",
    "GET /people",
    "GET /people/person",
    "POST /people/groups",
    "POST /people/sign-out",
    "POST /people/forget",
    "PUT /v1/sources/{source}",
    "DELETE /v1/sources/{source}",
    "POST /status/sources/change",
    "POST /status/sources/{source}/remove",
)
"""Routes for administrators of all collections and groups."""


@pytest.mark.parametrize("route", PROBES)
def test_a_document_of_other_groups_does_not_exist(grouped: Place, route: str) -> None:
    if route == "DELETE /v1/vector_stores/{vector_store_id}":
        return
    if "/collections/" in route and not route.startswith("GET"):
        return  # an admin creates and deletes collections whatever is in them
    before = _groups_and_version(grouped)
    assert before[0] == ["board", "owners"]
    with all_cases() as case:
        for key, narrowed in STRANGERS:
            with case(described(route, key, narrowed)):
                response = send_probe(grouped, route, key, **narrowed)
                assert_tells_nothing(response)
                _check_status_for_stranger(route, key, response)
        with case(f"{route} changed the document"):
            assert _groups_and_version(grouped) == before


def _check_status_for_stranger(route: str, key: str, response: Any) -> None:
    rule = ROUTES[route].rule
    scope = key.partition(" ")[0]
    is_short = Scope[scope.upper()] < rule.scope or (scope == "ask" and response.status_code == 403)
    if is_short or (route in OF_WHOLE_ADMINS and scope == "admin"):
        assert_status(response, 403)
    elif rule.tells - {"collections"} and route not in LISTS:
        assert_status(response, GIVEN.get(route, 404))
    elif route.partition(" ")[2] in OF_PROVIDERS:
        assert_status(response, 404)
    elif route not in UNPROVEN:
        assert_success(response)
        if route == "POST /mcp":
            assert "isError" not in response.text or not response.json()["result"]["isError"]


def _groups_and_version(grouped: Place) -> tuple[list[str], int]:
    where = {"collection": COLLECTION}
    record = grouped.as_admin("GET", f"/v1/documents/{DOCUMENT}", params=where).json()
    return record["groups"], record["version"]


def test_signed_verdicts_tell_nothing_of_documents_of_other_groups(grouped: Place) -> None:
    body = {"quotes": [TEXT], "answer": {"text": TEXT}, "collection": COLLECTION}
    with all_cases() as case:
        for key, narrowed in STRANGERS:
            if not key.startswith("ask"):
                with case(f"{key}, {narrowed}"):
                    response = grouped.send("POST", "/v1/evidence", key, json=body, **narrowed)
                    assert_success(response)
                    assert response.json()["evidence"]["quotes"] == []
        told = grouped.send("POST", "/v1/evidence", "read of the board", json=body).json()
        assert [one["quote"] for one in told["evidence"]["quotes"]] == [TEXT]


TELLING = (
    "POST /v1/explain",
    "GET /library",
    "GET /library/document",
    "GET /jobs/{job_id}",
    "POST /v1/ask",
    "POST /v1/answer",
    "POST /v1/evidence",
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
    "POST /check/evidence",
)
"""Routes whose answer names the document for whoever may read it."""


@pytest.mark.parametrize("route", PROBES)
def test_a_key_of_a_group_reads_its_documents(grouped: Place, route: str) -> None:
    with all_cases() as case:
        for key in ("write of the board", "write of all groups", "admin"):
            if ROUTES[route].rule.scope <= Scope[key.partition(" ")[0].upper()]:
                with case(described(route, key)):
                    response = send_probe(grouped, route, key)
                    if route.partition(" ")[2] in OF_PROVIDERS:
                        assert_status(response, 404)
                    elif route not in UNPROVEN:
                        assert_success(response)
                    if route in TELLING:
                        assert "obsidian" in response.text


@pytest.mark.parametrize("route", ["POST /v1/ask", "POST /v1/answer", "POST /v1/verify", "POST /v1/changes"])
def test_a_body_narrows_its_key_too(grouped: Place, route: str) -> None:
    for groups, is_told in ((["board"], True), (["staff"], False), ([], False)):
        response = send_probe(grouped, route, "read of the board", body={"on_behalf_of": groups})
        assert response.status_code == 200
        assert ("obsidian" in response.text) == is_told


def test_jobs_of_other_groups_are_not_listed(grouped: Place) -> None:
    def is_listed(key: str, **narrowed: Any) -> bool:
        return grouped.job in grouped.send("GET", "/v1/jobs?limit=100", key, **narrowed).text

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
