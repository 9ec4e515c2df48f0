from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.faces.api.requests.cited_spans import MAX_QUOTES
from tests.service.faces.api.routes.documents.versions.lamps import (
    ONE,
    THREE,
    TWO,
    change,
    changes,
    follow,
    prune,
    whole,
)
from tests.service.http_service import assert_error, put


def test_every_change_is_told_in_order(client: TestClient) -> None:
    put(client, "a.txt", ONE)
    put(client, "a.txt", TWO)
    client.put("/v1/documents/a.txt", json={"text": TWO, "title": "Another title"})
    put(client, "b/c.txt", ONE)
    prune(client, keep_versions=1, dry_run=False)
    client.delete("/v1/documents/b/c.txt")
    told = changes(client)
    assert [(one["document_id"], one["kind"], one["version"]) for one in told["documents"]] == [
        ("a.txt", "added", 1),
        ("a.txt", "replaced", 2),
        ("a.txt", "updated", 2),
        ("b/c.txt", "added", 1),
        ("a.txt", "pruned", 1),
        ("b/c.txt", "deleted", 1),
    ]
    numbers = [one["change"] for one in told["documents"]]
    assert numbers == sorted(numbers)
    assert [one["created"] for one in told["documents"]] == sorted(
        one["created"] for one in told["documents"]
    )
    assert (told["since"], told["until"], told["more"]) == (0, told["index"]["change"], False)
    assert told["citations"] == []


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_the_feed_is_read_to_its_end_page_by_page(client: TestClient, limit: int) -> None:
    for number in range(4):
        put(client, f"{number}.txt", f"This is document {number}.")
    put(client, "0.txt", "It is another one now.")
    everything = changes(client)["documents"]
    assert len(everything) == 5
    told, since, pages = [], 0, 0
    while True:
        page = changes(client, since=since, limit=limit)
        assert page["since"] == since
        assert all(since < one["change"] <= page["until"] for one in page["documents"])
        assert page["until"] >= since
        told += page["documents"]
        since, pages = page["until"], pages + 1
        if not page["more"]:
            break
        assert len(page["documents"]) >= limit
        assert pages < 10
    assert told == everything
    later = changes(client, since=since)
    assert (later["documents"], later["more"]) == ([], False)
    put(client, "5.txt", "One more.")
    new = changes(client, since=since)["documents"]
    assert [(one["document_id"], one["kind"]) for one in new] == [("5.txt", "added")]


def test_the_feed_of_a_window_ends_where_it_is_told_to(client: TestClient) -> None:
    put(client, "a.txt", ONE)
    middle = change(client)
    put(client, "a.txt", TWO)
    put(client, "b.txt", TWO)
    told = follow(client, until=middle)
    assert [one["document_id"] for one in told["documents"]] == ["a.txt"]
    assert (told["until"], told["more"]) == (middle, False)
    told = follow(client, since=middle, limit=1)
    assert ([one["kind"] for one in told["documents"]], told["more"]) == (["replaced"], True)
    told = follow(client, since=told["until"], limit=1)
    assert ([one["document_id"] for one in told["documents"]], told["more"]) == (["b.txt"], False)


def test_changes_are_of_one_collection(client: TestClient) -> None:
    client.put("/v1/collections/other")
    put(client, "a.txt", ONE)
    assert changes(client, collection="other")["documents"] == []
    assert_error(client.get("/v1/changes?collection=nowhere"), 404, "collection_not_found")


def test_citations_are_followed_to_the_change_that_is_named(client: TestClient) -> None:
    first = put(client, "a.md", ONE)
    locator = f"a.md@{first['text_sha256'][:12]}:7-32"
    assert client.get(f"/v1/citations/{locator}").json()["quote"] == "The lamp was lit at dusk."
    one = change(client)
    put(client, "a.md", TWO)
    two = change(client)
    put(client, "a.md", f"Before it.\n\n{ONE}")
    three = change(client)
    put(client, "a.md", THREE)
    unknown = "a.md@000000000000:0-5"
    before = "b.md@000000000000:0-5"
    for until, status in (
        (0, "deleted"),
        (one, "current"),
        (two, "changed"),
        (three, "moved"),
        (None, "gone"),
    ):
        told = follow(client, citations=[locator, unknown, before], until=until)["citations"]
        assert [became["locator"] for became in told] == [locator, unknown, before]
        assert told[0]["status"] == status
        assert told[1]["status"] == ("deleted" if until == 0 else "lost")
        assert (told[2]["status"], told[2]["standing"]) == ("deleted", None)
        standing = told[0]["standing"]
        if status == "deleted":
            assert standing is None
            continue
        assert standing["status"] == status
        now = standing["citation"]
        assert (now is None) == (status == "gone")
        if now:
            text = client.get(now["links"]["text"]).text
            assert text[now["start"] : now["end"]] == now["quote"]
            assert now["version"] == standing["version"]
    client.delete("/v1/documents/a.md")
    (became,) = follow(client, citations=[locator])["citations"]
    assert (became["status"], became["standing"]) == ("deleted", None)


def test_links_of_followed_citations_lead_to_their_own_collection(client: TestClient) -> None:
    client.put("/v1/collections/other")
    record = put(client, "a.txt", "The lamp was lit at dusk.", collection="other")
    put(client, "a.txt", "So: The lamp was lit at dusk.", collection="other")
    (became,) = follow(client, collection="other", citations=[whole(record)])["citations"]
    assert became["status"] == "moved"
    now = became["standing"]["citation"]
    assert client.get(now["links"]["citation"]).json()["quote"] == "The lamp was lit at dusk."


def test_changes_that_have_not_been_are_not_found(client: TestClient) -> None:
    put(client, "a.txt", ONE)
    last = change(client)
    message = assert_error(client.get(f"/v1/changes?since={last + 1}"), 404, "change_not_found")
    assert str(last) in message
    assert_error(client.post("/v1/changes", json={"until": last + 7}), 404, "change_not_found")


@pytest.mark.parametrize(
    "query", ["since=-1", "since=x", "limit=0", "limit=1001", "until=1", "since=1&sinse=2", f"since={2**60}"]
)
def test_a_feed_that_cannot_be_is_refused(client: TestClient, query: str) -> None:
    put(client, "a.txt", ONE)
    assert_error(client.get(f"/v1/changes?{query}"), 422, "invalid_request")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"since": -1}, "invalid_request"),
        ({"limit": 0}, "invalid_request"),
        ({"citation": []}, "invalid_request"),
        ({"citations": ["a.txt"]}, "invalid_locator"),
        ({"citations": [{"locator": "a.txt@000000000000:0-5"}]}, "invalid_request"),
        ({"collection": "No Such!"}, "invalid_collection_name"),
    ],
)
def test_what_cannot_be_followed_is_refused(client: TestClient, body: dict[str, Any], code: str) -> None:
    put(client, "a.txt", ONE)
    assert_error(client.post("/v1/changes", json=body), 422, code)


def test_so_many_citations_are_followed_at_once(client: TestClient) -> None:
    put(client, "a.txt", ONE)
    locators = ["a.txt@000000000000:0-5"] * MAX_QUOTES
    assert len(follow(client, citations=locators)["citations"]) == MAX_QUOTES
    response = client.post("/v1/changes", json={"citations": [*locators, locators[0]]})
    assert str(MAX_QUOTES) in assert_error(response, 422, "invalid_limit")


# What is erased, and parts of the changes


def test_a_document_whose_version_of_then_is_pruned_was_not_deleted(client: TestClient) -> None:
    digits = ""
    for text in ("The lamp was lit.", "The lamp was broken.", "The lamp was mended."):
        put = client.put("/v1/documents/a.txt", json={"text": text}).json()
        digits = digits or put["text_sha256"][:12]
    pruned = client.post("/v1/prune", json={"keep_versions": 1, "dry_run": False}).json()
    assert len(pruned["versions"]) == 2
    for until in (1, 2, 3):
        body = {"until": until, "citations": [f"a.txt@{digits}:0-8"]}
        (became,) = client.post("/v1/changes", json=body).json()["citations"]
        assert became["status"] == "lost"
    client.delete("/v1/documents/a.txt")
    (became,) = client.post("/v1/changes", json={"citations": [f"a.txt@{digits}:0-8"]}).json()["citations"]
    assert became["status"] == "deleted"


def test_citations_are_told_as_of_the_change_that_the_answer_reaches(client: TestClient) -> None:
    first = client.put("/v1/documents/a.txt", json={"text": "The lamp was lit."}).json()
    client.put("/v1/documents/a.txt", json={"text": "Only sleeping dogs on warm stones."})
    body = {"limit": 1, "citations": [f"a.txt@{first['text_sha256'][:12]}:0-17"]}
    told = client.post("/v1/changes", json=body).json()
    assert told["more"]
    assert [one["kind"] for one in told["documents"]] == ["added"]
    assert [one["status"] for one in told["citations"]] == ["current"]
    told = client.post("/v1/changes", json={**body, "since": told["until"]}).json()
    assert [one["kind"] for one in told["documents"]] == ["replaced"]
    assert [one["status"] for one in told["citations"]] == ["gone"]
