"""Citations in the shapes of others."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote as percent_encode

import pytest
from starlette.testclient import TestClient

from index.citations.formats import FORMATS
from index.library import Library
from service.faces.api.schemas.answers import AskResponse
from tests.service.faces.api.routes.citations.lamps import LAMP, TEXT, cited, locator_of, read_bibtex
from tests.service.http_service import assert_error, assert_shape, put, served

CONTENT_TYPES = {
    "anthropic_char_location": "application/json",
    "anthropic_search_result": "application/json",
    "bibtex": "application/x-bibtex; charset=utf-8",
    "csl_json": "application/vnd.citationstyles.csl+json",
    "markdown_footnote": "text/markdown; charset=utf-8",
    "openai_file_citation": "application/json",
    "plain": "text/plain; charset=utf-8",
    "ris": "application/x-research-info-systems; charset=utf-8",
    "w3c_annotation": 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"',
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_citation_comes_in_every_shape_with_its_own_content_type(
    client: TestClient, lamp: str, name: str
) -> None:
    response = client.get(f"/v1/citations/{lamp}?format={name}")
    assert response.status_code == 200
    assert response.headers["content-type"] == CONTENT_TYPES[name]
    start, end = (int(part) for part in lamp.rpartition(":")[2].split("-"))
    match name:
        case "plain":
            assert response.text == f"Lamps. Towers. http://testserver/view/{lamp}#quote [{lamp}]"
        case "markdown_footnote":
            assert response.text.startswith(f"[^1]: “{LAMP}” — ")
            assert "\n" not in response.text
        case "bibtex":
            fields = read_bibtex(response.text)
            assert (fields["annote"], fields["note"]) == (LAMP, lamp)
            assert (fields["file"], len(fields["urldate"])) == ("lamps.md", len("2026-03-04"))
            assert client.get(fields["url"]).status_code == 200
        case "csl_json":
            item = response.json()
            assert (item["id"], item["annote"], item["title"]) == (lamp, LAMP, "Lamps")
            assert (item["URL"], item["source"]) == (f"http://testserver/view/{lamp}#quote", "lamps.md")
            assert item["accessed"]["date-parts"][0][0] >= 2026
        case "w3c_annotation":
            position, quote = response.json()["target"]["selector"]
            assert (position["start"], position["end"], quote["exact"]) == (start, end, LAMP)
        case "anthropic_char_location":
            told = response.json()
            assert (told["start_char_index"], told["end_char_index"]) == (start, end)
            assert told["cited_text"] == LAMP
        case "anthropic_search_result":
            assert "".join(part["text"] for part in response.json()["content"]) == LAMP
        case "openai_file_citation":
            assert (response.json()["file_id"], response.json()["locator"]) == ("lamps.md", lamp)


@pytest.mark.parametrize("name", ["bibtex", "markdown_footnote", "plain"])
def test_no_browser_takes_a_shape_that_is_text_for_anything_else(client: TestClient, name: str) -> None:
    script = "<script>alert('lamp')</script> is what the page said."
    record = put(client, "x.txt", script, title="<b>Lamp</b>")
    response = client.get(f"/v1/citations/{locator_of(record, script, script)}?format={name}")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert not response.headers["content-type"].startswith("text/html")


def test_shapes_of_an_older_version_use_the_metadata_of_today(client: TestClient) -> None:
    record = put(client, "a.txt", LAMP, metadata={"author": "Ada Lovelace", "year": 1843})
    locator = locator_of(record, LAMP, LAMP)
    plain = f"/v1/citations/{locator}?format=plain"
    address = f"http://testserver/view/{locator}#quote"
    assert client.get(plain).text == f"Ada Lovelace. a.txt. 1843. {address} [{locator}]"
    put(client, "a.txt", "Another text.", metadata={"author": "Ada King, Countess of Lovelace"})
    assert client.get(plain).text == f"Ada King, Countess of Lovelace. a.txt. {address} [{locator}]"


@pytest.mark.parametrize("name", ["BibTeX", "endnote", "", "plain,bibtex"])
def test_a_shape_that_is_not_known_is_refused_with_those_that_are(
    client: TestClient, lamp: str, name: str
) -> None:
    message = assert_error(
        client.get(f"/v1/citations/{lamp}", params={"format": name}), 422, "invalid_request"
    )
    assert message.startswith("format: ")
    assert [one for one in FORMATS if f"'{one}'" in message] == list(FORMATS)


def test_exported_links_have_the_configured_address(library: Library, lamp: str) -> None:
    with served(library, public_url="https://docs.example.org/loccit") as client:
        item = cited(client, lamp, format="csl_json")
        answer = client.post("/v1/ask", json={"question": "lamp", "formats": ["w3c_annotation"]}).json()
    assert item["URL"] == f"https://docs.example.org/loccit/view/{lamp}#quote"
    annotation = answer["passages"][0]["formats"]["w3c_annotation"]
    assert annotation["id"].startswith("https://docs.example.org/loccit/v1/citations/")
    assert answer["passages"][0]["citation"]["links"]["view"].startswith("/view/")


# Shapes in answers


def test_an_answer_has_the_shapes_that_were_asked_for(client: TestClient) -> None:
    put(client, "lamps.md", TEXT)
    put(client, "dogs.md", "# Dogs\n\nA dog that sleeps by the lamp.\n")
    answer = client.post("/v1/ask", json={"question": "lamp", "formats": [*FORMATS]}).json()
    assert_shape(AskResponse, {**answer, "passages": [{**p, "formats": {}} for p in answer["passages"]]})
    assert len(answer["passages"]) > 1
    for rank, passage in enumerate(answer["passages"], 1):
        assert set(passage["formats"]) == set(FORMATS)
        assert passage["formats"]["markdown_footnote"].startswith(f"[^{rank}]: ")
        assert passage["formats"]["anthropic_char_location"]["document_index"] == rank - 1
        assert passage["formats"]["plain"].endswith(f"[{passage['citation']['locator']}]")
        address = f"/v1/citations/{percent_encode(passage['citation']['locator'])}"
        for name in ("csl_json", "w3c_annotation", "anthropic_search_result"):
            assert client.get(f"{address}?format={name}").json() == passage["formats"][name]
        for name in ("plain", "bibtex"):
            assert client.get(f"{address}?format={name}").text == passage["formats"][name]


def test_an_answer_has_no_shapes_unless_asked_and_a_batch_has_them_for_each(client: TestClient) -> None:
    put(client, "lamps.md", TEXT)
    (first, *_) = client.post("/v1/ask", json={"question": "lamp"}).json()["passages"]
    assert first["formats"] == {}
    body = {"questions": ["Who lit the lamp?", "What does oil need?"], "formats": ["plain"]}
    for result in client.post("/v1/ask", json=body).json()["results"]:
        assert all(set(passage["formats"]) == {"plain"} for passage in result["passages"])


@pytest.mark.parametrize("formats", [["endnote"], ["plain", "Plain"], "plain", [None]])
def test_an_answer_in_a_shape_that_is_not_known_is_refused(client: TestClient, formats: Any) -> None:
    response = client.post("/v1/ask", json={"question": "lamp", "formats": formats})
    assert assert_error(response, 422, "invalid_request").startswith("formats")
