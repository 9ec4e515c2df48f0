"""Versions of documents over HTTP: listed, compared, pruned; and the feed of what changed."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote as percent_encode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from index.library import Library
from service.schemas.changes import ChangesResponse
from service.schemas.documents import Diff, PruneResponse, VersionList
from tests.service.http_service import assert_error, assert_shape, served
from tests.sizes import examples

ONE = "# Lamps\n\nThe lamp was lit at dusk.\n\nOil lamps need a wick.\n"
TWO = "# Lamps\n\nThe lamp was lit at dawn.\n\nOil lamps need a wick.\n"
THREE = "# Lamps\n\nIt is never lit.\n\nNothing is needed for that.\n"


def put(client: TestClient, document_id: str, text: str, collection: str = "default") -> dict[str, Any]:
    address = f"/v1/documents/{percent_encode(document_id)}?wait=true&collection={collection}"
    response = client.put(address, json={"text": text})
    assert response.status_code in {200, 201}, response.text
    record: dict[str, Any] = response.json()
    return record


def versions(client: TestClient, document_id: str, **params: Any) -> list[dict[str, Any]]:
    response = client.get(f"/v1/documents/{percent_encode(document_id)}/versions", params=params)
    assert response.status_code == 200, response.text
    told = response.json()
    assert_shape(VersionList, told)
    assert told["document_id"] == document_id
    listed: list[dict[str, Any]] = told["versions"]
    return listed


def diff(client: TestClient, document_id: str, **params: Any) -> dict[str, Any]:
    response = client.get(f"/v1/documents/{percent_encode(document_id)}/diff", params=params)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    assert_shape(Diff, told)
    return told


def prune(client: TestClient, **body: Any) -> dict[str, Any]:
    response = client.post("/v1/prune", json=body)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    assert_shape(PruneResponse, told)
    return told


def going(told: dict[str, Any]) -> list[tuple[str, int]]:
    return [(one["document_id"], one["version"]) for one in told["versions"]]


def changes(client: TestClient, **params: Any) -> dict[str, Any]:
    response = client.get("/v1/changes", params=params)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    assert_shape(ChangesResponse, told)
    return told


def follow(client: TestClient, **body: Any) -> dict[str, Any]:
    response = client.post("/v1/changes", json=body)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    assert_shape(ChangesResponse, told)
    return told


def change(client: TestClient) -> int:
    number: int = client.get("/v1/changes").json()["index"]["change"]
    return number


def whole(record: dict[str, Any]) -> str:
    """The locator of all of a document's text."""
    return f"{record['document_id']}@{record['text_sha256'][:12]}:0-{record['length']}"


@pytest.fixture
def records(client: TestClient) -> list[dict[str, Any]]:
    """Three versions of one document, in a folder, as they were put."""
    return [put(client, "house/lamps.md", text) for text in (ONE, TWO, THREE)]


# Versions


def test_versions_are_listed_newest_first(client: TestClient, records: list[dict[str, Any]]) -> None:
    listed = versions(client, "house/lamps.md")
    assert [one["version"] for one in listed] == [3, 2, 1]
    assert [one["text_sha256"] for one in listed] == [record["text_sha256"] for record in records[::-1]]
    assert [one["length"] for one in listed] == [record["length"] for record in records[::-1]]
    assert [one["title"] for one in listed] == ["Lamps"] * 3
    newest, middle, oldest = listed
    assert newest["replaced"] is None
    assert oldest["replaced"] == middle["created"] <= middle["replaced"] == newest["created"]


def test_each_version_has_its_own_text(client: TestClient, records: list[dict[str, Any]]) -> None:
    for one in versions(client, "house/lamps.md"):
        text = client.get(one["links"]["text"])
        assert text.headers["x-loccit-text-sha256"] == one["text_sha256"]
        assert text.headers["x-loccit-version"] == str(one["version"])
        assert len(text.text) == one["length"]
        locator = f"house/lamps.md@{one['text_sha256'][:12]}:0-{one['length']}"
        assert client.get(f"/v1/citations/{locator}").json()["quote"] == text.text


def test_a_text_that_came_back_is_a_version_of_its_own(client: TestClient) -> None:
    for text in (ONE, TWO, ONE):
        put(client, "a.md", text)
    first, second, third = versions(client, "a.md")
    assert (first["version"], third["version"]) == (3, 1)
    assert first["text_sha256"] == third["text_sha256"] != second["text_sha256"]


@pytest.mark.parametrize(
    "document_id", ["diff", "versions", "text", "two words?.md", "grüße/日本語#1.md", "a@b:1"]
)
def test_versions_of_ids_with_odd_characters_are_found(client: TestClient, document_id: str) -> None:
    put(client, document_id, ONE)
    put(client, document_id, TWO)
    assert client.get(client.get(f"/v1/documents/{percent_encode(document_id)}").json()["links"]["versions"])
    (_, oldest) = versions(client, document_id)
    assert (
        client.get(oldest["links"]["text"]).text == ONE.strip().replace("# ", "") or document_id[-3:] != ".md"
    )
    assert diff(client, document_id, old=1)["hunks"]


@pytest.mark.parametrize("document_id", ["a/diff", "a/b/versions", "a/text"])
def test_no_document_has_an_id_that_is_an_address_of_another(client: TestClient, document_id: str) -> None:
    response = client.put(f"/v1/documents/{document_id}", json={"text": ONE})
    assert document_id.rpartition("/")[2] in assert_error(response, 422, "invalid_document_id")


def test_links_of_versions_lead_to_their_own_collection(client: TestClient) -> None:
    client.put("/v1/collections/other")
    put(client, "a.txt", "The default one.")
    put(client, "a.txt", "The other one.", collection="other")
    (one,) = versions(client, "a.txt", collection="other")
    assert client.get(one["links"]["text"]).text == "The other one."


@pytest.mark.parametrize("tail", ["versions", "diff?old=1"])
def test_a_document_that_is_not_there_has_no_versions(client: TestClient, tail: str) -> None:
    put(client, "a.txt", ONE)
    assert "b/c.txt" in assert_error(client.get(f"/v1/documents/b/c.txt/{tail}"), 404, "document_not_found")
    sign = "&" if "?" in tail else "?"
    address = f"/v1/documents/a.txt/{tail}{sign}"
    assert_error(client.get(f"{address}collection=nowhere"), 404, "collection_not_found")
    assert_error(client.get(f"{address}colection=default"), 422, "invalid_request")
    client.delete("/v1/documents/a.txt")
    assert_error(client.get(f"/v1/documents/a.txt/{tail}"), 404, "document_not_found")


# Differences


def sides(hunk: dict[str, Any]) -> tuple[str, str]:
    """The old and the new lines of a hunk."""
    lines = hunk["lines"]
    old = "".join(line["text"] for line in lines if line["kind"] != "insert")
    new = "".join(line["text"] for line in lines if line["kind"] != "delete")
    return old, new


def assert_makes_one_of_the_other(told: dict[str, Any], old: str, new: str) -> None:
    made, at = [], 0
    for hunk in told["hunks"]:
        before, after = sides(hunk)
        assert before == old[hunk["old_start"] : hunk["old_end"]]
        assert after == new[hunk["new_start"] : hunk["new_end"]]
        made += [old[at : hunk["old_start"]], after]
        at = hunk["old_end"]
        for line in hunk["lines"]:
            if line["edits"]:
                assert "".join(edit["text"] for edit in line["edits"]) == line["text"]
                assert {edit["kind"] for edit in line["edits"]} <= {"equal", line["kind"]}
    assert "".join(made) + old[at:] == new


def test_a_difference_has_the_lines_and_words_that_changed(
    client: TestClient, records: list[dict[str, Any]]
) -> None:
    told = diff(client, "house/lamps.md", old=1, new=2)
    assert (told["document_id"], told["old"]["version"], told["new"]["version"]) == ("house/lamps.md", 1, 2)
    (hunk,) = told["hunks"]
    changed = {line["kind"]: line for line in hunk["lines"] if line["kind"] != "equal"}
    assert changed["delete"]["text"] == "The lamp was lit at dusk.\n"
    assert changed["insert"]["text"] == "The lamp was lit at dawn.\n"
    assert [edit["text"] for edit in changed["delete"]["edits"] if edit["kind"] == "delete"] == ["dusk"]
    assert [edit["text"] for edit in changed["insert"]["edits"] if edit["kind"] == "insert"] == ["dawn"]
    old, new = (client.get(told[side]["links"]["text"]).text for side in ("old", "new"))
    assert_makes_one_of_the_other(told, old, new)


def test_the_newest_version_is_the_other_when_none_is_named(
    client: TestClient, records: list[dict[str, Any]]
) -> None:
    told = diff(client, "house/lamps.md", old=1)
    assert told["new"]["version"] == 3
    assert told == diff(client, "house/lamps.md", old=1, new=3)


def test_differences_go_backwards_too_and_equal_texts_have_none(
    client: TestClient, records: list[dict[str, Any]]
) -> None:
    back = diff(client, "house/lamps.md", old=3, new=1)
    old, new = (client.get(back[side]["links"]["text"]).text for side in ("old", "new"))
    assert_makes_one_of_the_other(back, old, new)
    assert diff(client, "house/lamps.md", old=2, new=2)["hunks"] == []


@pytest.mark.parametrize(
    "query", ["", "old=0", "old=x", "old=1&new=0", "old=-1", "old=1&new=9999999999999", "new=1"]
)
def test_versions_to_compare_are_numbers_from_1(
    client: TestClient, records: list[dict[str, Any]], query: str
) -> None:
    response = client.get(f"/v1/documents/house/lamps.md/diff?{query}")
    message = assert_error(response, 422, "invalid_request")
    assert message.startswith("new: " if "&new" in query else "old: ")


@pytest.mark.parametrize("query", ["old=4", "old=1&new=4", "old=2147483647", "old=4&new=1"])
def test_a_version_that_is_not_there_is_told(
    client: TestClient, records: list[dict[str, Any]], query: str
) -> None:
    message = assert_error(client.get(f"/v1/documents/house/lamps.md/diff?{query}"), 404, "version_not_found")
    assert "4" in message


LINES = st.lists(
    st.one_of(st.sampled_from(["a lamp", "b 👩‍🚒", "", "c e\u0301"]), st.text("abÄ 𝔡.\t", max_size=12)),
    max_size=12,
).map("\n".join)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=LINES, new=LINES)
def test_whatever_the_texts_the_hunks_make_one_of_the_other(client: TestClient, old: str, new: str) -> None:
    client.delete("/v1/documents/any.txt")
    for text in (old, new):
        client.put("/v1/documents/any.txt", json={"text": f"x{text}"})
    # Numbers go on where those of the document that was deleted ended.
    first = client.get("/v1/documents/any.txt/versions").json()["versions"][-1]["version"]
    told = diff(client, "any.txt", old=first)
    before, after = (client.get(told[side]["links"]["text"]).content.decode() for side in ("old", "new"))
    assert_makes_one_of_the_other(told, before, after)
    assert (told["hunks"] == []) == (before == after)


# Pruning


def test_pruning_says_what_it_would_erase_before_it_does(
    client: TestClient, records: list[dict[str, Any]]
) -> None:
    locators = [whole(record) for record in records]
    plan = prune(client, keep_versions=1, citations=locators)
    assert plan["done"] is False
    assert going(plan) == [("house/lamps.md", 2), ("house/lamps.md", 1)]
    assert plan["broken"] == locators[:2]
    assert [one["version"] for one in versions(client, "house/lamps.md")] == [3, 2, 1]
    replaced = {one["version"]: one["replaced"] for one in versions(client, "house/lamps.md")}
    assert all(one["replaced"] == replaced[one["version"]] for one in plan["versions"])

    done = prune(client, keep_versions=1, citations=locators, dry_run=False)
    assert plan["purged"] == "done"  # nothing was erased before
    assert done == {**plan, "done": True, "purged": "pending"}
    assert [one["version"] for one in versions(client, "house/lamps.md")] == [3]
    for record, locator in zip(records[:2], locators, strict=False):
        assert_error(client.get(f"/v1/citations/{locator}"), 404, "citation_not_found")
        number = record["version"]
        assert_error(
            client.get(f"/v1/documents/house/lamps.md/text?version={number}"), 404, "version_not_found"
        )
        assert_error(client.get(f"/v1/documents/house/lamps.md/diff?old={number}"), 404, "version_not_found")
    assert client.get(f"/v1/citations/{locators[2]}").status_code == 200
    again = prune(client, keep_versions=1, citations=locators, dry_run=False)
    assert again.pop("purged") in {"pending", "done"}
    assert again == {"done": True, "versions": [], "retired": [], "broken": []}


def test_what_either_rule_keeps_is_kept(client: TestClient, records: list[dict[str, Any]]) -> None:
    assert going(prune(client, keep_versions=2)) == [("house/lamps.md", 1)]
    assert going(prune(client, keep_versions=3)) == []
    assert going(prune(client, keep_days=1)) == []
    assert going(prune(client, keep_versions=1, keep_days=1)) == []
    assert going(prune(client, keep_days=0)) == [("house/lamps.md", 2), ("house/lamps.md", 1)]
    assert going(prune(client, keep_versions=2, keep_days=0)) == [("house/lamps.md", 1)]


def test_a_citation_of_a_text_that_came_back_does_not_break(client: TestClient) -> None:
    first = put(client, "a.md", ONE)
    put(client, "a.md", TWO)
    put(client, "a.md", ONE)
    told = prune(client, keep_versions=1, citations=[whole(first)], dry_run=False)
    assert going(told) == [("a.md", 2), ("a.md", 1)]
    assert told["broken"] == []
    assert client.get(f"/v1/citations/{whole(first)}").status_code == 200


def test_pruning_keeps_the_answers_and_the_other_collections(
    client: TestClient, records: list[dict[str, Any]]
) -> None:
    client.put("/v1/collections/other")
    put(client, "a.txt", ONE, collection="other")
    put(client, "a.txt", TWO, collection="other")
    before = client.post("/v1/ask", json={"question": "When is the lamp lit?"}).json()["passages"]
    prune(client, keep_versions=1, dry_run=False)
    after = client.post("/v1/ask", json={"question": "When is the lamp lit?"}).json()["passages"]
    assert after == before
    assert len(versions(client, "a.txt", collection="other")) == 2
    assert going(prune(client, keep_versions=1, collection="other")) == [("a.txt", 1)]


def test_the_settings_say_what_is_kept_when_the_request_does_not(library: Library) -> None:
    with served(library, keep_versions=2) as client:
        for text in (ONE, TWO, THREE):
            put(client, "a.md", text)
        assert going(prune(client)) == [("a.md", 1)]
        assert going(prune(client, keep_versions=1)) == [("a.md", 2), ("a.md", 1)]
        assert going(prune(client, keep_days=0)) == [("a.md", 1)]
    with served(library, keep_days=0) as client:
        assert going(prune(client)) == [("a.md", 2), ("a.md", 1)]
        assert going(prune(client, keep_days=30)) == []


def test_without_a_rule_nothing_is_pruned(
    client: TestClient, library: Library, records: list[dict[str, Any]]
) -> None:
    bodies: list[dict[str, Any]] = [{}, {"dry_run": False}, {"keep_versions": None, "keep_days": None}]
    for body in bodies:
        assert going(prune(client, **body)) == []
    with served(library, keep_retired_days=None) as strict:
        for body in bodies:
            message = assert_error(strict.post("/v1/prune", json=body), 422, "invalid_limit")
            assert "keep_versions" in message
    assert len(versions(client, "house/lamps.md")) == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"keep_versions": 0}, "invalid_request"),
        ({"keep_versions": -1}, "invalid_request"),
        ({"keep_versions": "all"}, "invalid_request"),
        ({"keep_days": -0.1}, "invalid_request"),
        ({"keep_versions": 1, "keep": 2}, "invalid_request"),
        ({"keep_versions": 1, "dry_run": 7}, "invalid_request"),
        ({"keep_versions": 1, "citations": ["house/lamps.md"], "dry_run": False}, "invalid_locator"),
        ({"keep_versions": 1, "collection": "No Such!"}, "invalid_collection_name"),
        ([], "invalid_request"),
    ],
)
def test_a_rule_that_cannot_be_erases_nothing(
    client: TestClient, records: list[dict[str, Any]], body: Any, code: str
) -> None:
    assert_error(client.post("/v1/prune", json=body), 422, code)
    assert len(versions(client, "house/lamps.md")) == 3


def test_pruning_a_collection_that_is_not_there_is_refused(client: TestClient) -> None:
    response = client.post("/v1/prune", json={"keep_versions": 1, "collection": "nowhere"})
    assert "nowhere" in assert_error(response, 404, "collection_not_found")


# What changed


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


def test_so_many_citations_are_followed_at_once(library: Library) -> None:
    with served(library, max_quotes=2) as client:
        put(client, "a.txt", ONE)
        locators = ["a.txt@000000000000:0-5"] * 2
        assert len(follow(client, citations=locators)["citations"]) == 2
        response = client.post("/v1/changes", json={"citations": locators * 2})
        assert "2" in assert_error(response, 422, "invalid_limit")


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
