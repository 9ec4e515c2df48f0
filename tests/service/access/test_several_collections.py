"""Questions to several collections tell nothing of those that a key may not read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.access.place import COLLECTION, QUESTION, Place, assert_status, assert_tells_nothing

PATHS = ("/v1/ask", "/v1/answer", "/v1/anthropic/tool_result")
MORE = {"/v1/anthropic/tool_result": {"tool_use_id": "a"}}
SCOPES = ("ask", "read", "write", "admin")


def ask(place: Place, path: str, key: str, collections: Any, **more: Any) -> Any:
    body = {"question": QUESTION, "collections": collections, **MORE.get(path, {}), **more}
    return place.send("POST", path, key, json=body)


@pytest.fixture
def beside(place: Place) -> Place:
    """The place, with a collection that the keys of another collection may read."""
    place.restore()
    place.as_admin("PUT", "/v1/collections/other")
    place.as_admin("PUT", "/v1/documents/b.txt", json={"text": "A zebra."}, params={"collection": "other"})
    return place


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_forbidden_collection_is_as_one_that_does_not_exist(beside: Place, path: str, scope: str) -> None:
    key = f"{scope} of another collection"
    for names in ([COLLECTION], ["other", COLLECTION], [COLLECTION, "other"]):
        refused = ask(beside, path, key, names)
        missing = ask(beside, path, key, ["nowhere" if one == COLLECTION else one for one in names])
        assert_status(refused, 404)
        assert_tells_nothing(refused)
        told, other = refused.json()["error"], missing.json()["error"]
        assert (told["code"], told["message"].replace(COLLECTION, "nowhere")) == (
            other["code"],
            other["message"],
        )


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("scope", SCOPES)
def test_all_collections_are_those_of_the_key(beside: Place, path: str, scope: str) -> None:
    response = ask(beside, path, f"{scope} of another collection", "*")
    assert_status(response, 200)
    assert_tells_nothing(response)
    assert COLLECTION not in response.text
    if "collections" in response.json():
        assert [one["name"] for one in response.json()["collections"]] == ["other"]


def test_a_key_to_ask_may_look_up_what_it_was_told(beside: Place) -> None:
    told = ask(beside, "/v1/ask", "ask", ["other", COLLECTION]).json()
    assert {one["citation"]["collection"] for one in told["passages"]} == {"other", COLLECTION}
    for passage in told["passages"]:
        link = passage["citation"]["links"]["citation"]
        assert "proof=" in link
        found = beside.send("GET", link, "ask")
        assert_status(found, 200)
        assert found.json()["quote"] == passage["text"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("collections", [["other", COLLECTION], "*"])
def test_documents_of_other_groups_are_left_out(grouped: Place, path: str, collections: Any) -> None:
    grouped.as_admin("PUT", "/v1/collections/other")
    for key, narrowed in (("read of the staff", {}), ("ask of the staff", {}), ("admin", [])):
        more = {"on_behalf_of": narrowed} if key == "admin" else {}
        response = ask(grouped, path, key, collections, **more)
        assert_status(response, 200)
        assert_tells_nothing(response)
    allowed = ask(grouped, path, "read of the board", collections)
    assert "obsidian" in allowed.text
