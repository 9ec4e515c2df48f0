"""Documents and collections are renamed, on pages and over HTTP; what named them before goes on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import BaseModel
from starlette.testclient import TestClient

from index.errors import InvalidCollectionName
from index.naming import validate_collection_name
from service.faces.api.schemas.collections import Collection
from service.faces.api.schemas.documents import Document, StoredDocument
from service.faces.pages.listing import tag_in_words
from service.faces.pages.routes.changing import changed_tags
from service.state.files import free_name
from tests.service.faces.pages.pages import LAMP, page, told
from tests.service.http_service import assert_error, put, success

TITLE = "Handbücher, 2024 (北) – „Leuchten“ & <b>Co</b>"


def got(client: TestClient, path: str, shape: type[BaseModel]) -> dict[str, Any]:
    return success(client.get(path), shape)


def patch(client: TestClient, id_: str, **changes: Any) -> dict[str, Any]:
    return success(client.patch(f"/v1/documents/{id_}", json=changes), StoredDocument)


def cited(client: TestClient, question: str = "Who lit the lamp?") -> dict[str, Any]:
    found: dict[str, Any] = client.post("/v1/ask", json={"question": question}).json()["passages"][0][
        "citation"
    ]
    return found


def test_a_renamed_document_is_reached_by_its_old_links_which_say_so(client: TestClient) -> None:
    put(client, "old/lamps.txt", LAMP)
    citation = cited(client)
    assert patch(client, "old/lamps.txt", document_id="new/lämps.txt")["document_id"] == "new/lämps.txt"
    assert got(client, "/v1/documents/old/lamps.txt", Document)["document_id"] == "new/lämps.txt"
    for link in (citation["links"]["text"], "/v1/documents/old/lamps.txt/original"):
        assert client.get(link).text == LAMP
    versions = client.get("/v1/documents/old/lamps.txt/versions").json()
    assert versions["document_id"] == "new/lämps.txt"
    assert client.get(citation["links"]["citation"]).json()["quote"] == citation["quote"]
    assert "This document was called old/lamps.txt when it was cited" in told(
        page(client, citation["links"]["view"])
    )
    assert "was called" not in told(page(client, cited(client)["links"]["view"]))
    html = page(client, "/library/document?id=old/lamps.txt")  # the client follows
    assert "This document was called old/lamps.txt before." in told(html)
    assert "was called" not in told(page(client, "/library/document?id=new/lämps.txt&was=another.txt"))


def test_a_new_document_with_the_old_name_is_that_document(client: TestClient) -> None:
    put(client, "a.txt", LAMP)
    patch(client, "a.txt", document_id="b.txt")
    put(client, "a.txt", "The keeper slept.")
    assert client.get("/v1/documents/a.txt/text").text == "The keeper slept."
    assert client.get("/v1/documents/b.txt/text").text == LAMP
    assert_error(
        client.patch("/v1/documents/b.txt", json={"document_id": "a.txt"}), 422, "invalid_document_id"
    )
    assert_error(client.get("/v1/documents/c.txt"), 404, "document_not_found")


def test_another_title_is_found_and_keeps_text_and_locators(client: TestClient) -> None:
    put(client, "a.txt", LAMP, metadata={"year": 1859})
    before = cited(client)
    stored = patch(client, "a.txt", title="  Zebra   crossings ")
    assert stored["title"] == "Zebra crossings"
    after = cited(client, "zebra crossings")
    assert (after["locator"], after["title"]) == (before["locator"], "Zebra crossings")
    assert got(client, "/v1/documents/a.txt", Document)["metadata"]["year"] == 1859
    assert len(client.get("/v1/documents/a.txt/versions").json()["versions"]) == 1
    assert_error(client.patch("/v1/documents/a.txt", json={"title": "x" * 501}), 422, "invalid_metadata")
    assert patch(client, "a.txt", metadata={"year": None})["title"] == "Zebra crossings"


def test_tags_names_and_readers_are_changed_on_the_page(client: TestClient) -> None:
    put(client, "a.txt", LAMP, metadata={"year": 1859, "kind": "lamp", "towers": ["north", "south"]})
    html = page(client, "/library/document?id=a.txt")
    (form,) = html.xpath("//form[contains(@action, '/change')]")
    tags, values = (form.xpath(f".//*[@name='{name}']/@value") for name in ("tag", "value"))
    fields = list(zip(tags, values, strict=True))
    assert fields == [("kind", "lamp"), ("towers", "north, south"), ("year", "1859"), ("", ""), ("", "")]
    data = {
        "title": "Lamps", "name": "b.txt", "groups": "keepers, readers",
        "tag": ["kind", "towers", "year", "draft", ""], "value": ["", "north, east", "1860", "007", "lost"],
    }  # fmt: skip
    html = page(
        client, client.post(form.get("action"), data=data, follow_redirects=False).headers["location"]
    )
    assert "This document was called a.txt before." in told(html)
    found = got(client, "/v1/documents/b.txt", Document)
    assert (found["title"], found["groups"]) == ("Lamps", ["keepers", "readers"])
    said = {name: found["metadata"].get(name) for name in ("kind", "towers", "year", "draft")}
    assert said == {"kind": None, "towers": ["north", "east"], "year": 1860, "draft": "007"}
    refused = client.post("/library/document/change?id=b.txt", data={"name": "../b"})
    assert refused.status_code == 422
    assert "part between slashes" in refused.text
    assert client.get("/v1/documents/b.txt").status_code == 200


VALUES = st.one_of(
    st.integers(-(2**53), 2**53), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1)


@given(st.dictionaries(TEXTS, st.one_of(VALUES, TEXTS, st.lists(TEXTS, min_size=2))))
def test_a_form_that_is_sent_as_it_is_changes_no_tag(tags: dict[str, Any]) -> None:
    names, values = list(tags), [tag_in_words(one) for one in tags.values()]
    assert changed_tags(tags, names, values) == {}
    assert changed_tags(tags, [], []) == dict.fromkeys(tags)


def test_a_collection_has_a_title_of_any_characters_beside_its_name(client: TestClient) -> None:
    made = client.put("/v1/collections/manuals", json={"title": TITLE}).json()
    assert (made["name"], made["title"]) == ("manuals", TITLE)
    put(client, "a.txt", LAMP, collection="manuals")
    assert TITLE in told(page(client, "/library?collection=manuals"))
    assert [one["title"] for one in client.get("/v1/collections").json()["collections"]] == [TITLE]
    changed = client.patch("/v1/collections/manuals", json={"title": " Lamps  of old "})
    assert success(changed, Collection)["title"] == "Lamps of old"
    assert client.get("/v1/vector_stores").json()["data"][0]["name"] == "Lamps of old"
    client.post("/library/collections/rename?collection=manuals", data={"title": ""})
    assert got(client, "/v1/collections/manuals", Collection)["title"] == "manuals"
    assert_error(client.patch("/v1/collections/manuals", json={"title": "x" * 201}), 422, "invalid_request")
    assert_error(client.patch("/v1/collections/none", json={"title": "x"}), 404, "collection_not_found")


@pytest.mark.parametrize(("title", "name"), [("Manuals, 2024", "manuals-2024"), ("手册", "collection-")])
def test_a_collection_is_made_by_its_title_alone(client: TestClient, title: str, name: str) -> None:
    html = page(client, "/library/collections")
    assert html.xpath("//input[@id='title' and @required]")
    made = client.post("/library/collections/create", data={"title": title, "name": ""})
    assert made.status_code == 200
    (found,) = client.get("/v1/collections").json()["collections"]
    assert found["name"].startswith(name)
    assert found["title"] == title


@given(st.text(), st.sets(st.sampled_from(["a", "collection", "b-c"])))
def test_the_name_made_of_a_title_may_be_used(title: str, taken: set[str]) -> None:
    name = free_name(title, taken)
    try:
        validate_collection_name(name)
    except InvalidCollectionName as error:
        raise AssertionError(title) from error
    assert name not in taken
