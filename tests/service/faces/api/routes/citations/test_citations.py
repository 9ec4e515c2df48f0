"""Citations over HTTP: what they say of themselves and of today, and where their links lead."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from index.citations.formats import FORMATS
from service.faces.api.schemas.citations import CitationResponse
from tests.service.faces.api.routes.citations.lamps import LAMP, NEWER, TEXT, cited, locator_of, stored_text
from tests.service.http_service import assert_error, assert_shape, put


def test_a_citation_of_the_newest_version_is_current(client: TestClient, lamp: str) -> None:
    found = cited(client, lamp)
    assert_shape(CitationResponse, found)
    assert (found["locator"], found["quote"]) == (lamp, LAMP)
    assert found["section"] == ["Towers"]
    assert found["standing"]["status"] == "current"
    assert found["standing"]["diff"] == []
    assert found["standing"]["similarity"] == 1.0
    assert found["standing"]["citation"]["locator"] == lamp
    state = client.post("/v1/ask", json={"question": "lamp"}).json()["index"]
    assert found["index"] == state


@pytest.mark.parametrize("status", [*NEWER])
def test_a_new_version_decides_what_became_of_a_citation(client: TestClient, lamp: str, status: str) -> None:
    record = put(client, "lamps.md", NEWER[status])
    found = cited(client, lamp)
    assert_shape(CitationResponse, found)
    assert (found["quote"], found["version"]) == (LAMP, 1)
    standing = found["standing"]
    assert (standing["status"], standing["version"]) == (status, 2)
    now, text = standing["citation"], stored_text(client, record)
    if status == "gone":
        assert (now, standing["similarity"], standing["diff"]) == (None, 0.0, [])
        return
    assert now["version"] == 2
    assert text[now["start"] : now["end"]] == now["quote"]
    assert (now["quote"] == LAMP) == (status != "changed")
    assert (now["start"] == found["start"]) == (status != "moved")
    assert cited(client, now["locator"])["standing"]["status"] == "current"


def test_the_edits_of_changed_words_make_the_one_of_the_other(client: TestClient, lamp: str) -> None:
    put(client, "lamps.md", NEWER["changed"])
    standing = cited(client, lamp)["standing"]
    assert 0.5 <= standing["similarity"] < 1.0
    joined = {
        side: "".join(edit["text"] for edit in standing["diff"] if edit["kind"] in {"equal", side})
        for side in ("delete", "insert")
    }
    assert joined == {"delete": LAMP, "insert": standing["citation"]["quote"]}
    assert {"dawn", "dusk"} <= {word for edit in standing["diff"] for word in edit["text"].split()}


def test_a_citation_is_current_again_when_its_text_comes_back(client: TestClient, lamp: str) -> None:
    put(client, "lamps.md", NEWER["gone"])
    assert cited(client, lamp)["standing"]["status"] == "gone"
    put(client, "lamps.md", TEXT)
    assert cited(client, lamp)["standing"]["status"] == "current"


@pytest.mark.parametrize("around", [0, 1, 20, 5000])
def test_at_most_so_much_of_the_text_around_is_told(client: TestClient, lamp: str, around: int) -> None:
    found = cited(client, lamp, around=around)
    text = client.get(found["links"]["text"]).text
    start, end = found["start"], found["end"]
    assert found["before"] == text[max(0, start - around) : start]
    assert found["after"] == text[end : end + around]


def test_text_around_counts_300_code_points_where_nothing_is_said(client: TestClient) -> None:
    text = f"{'👩 ' * 400}{LAMP}{' 𝔡' * 400}"
    found = cited(client, locator_of(put(client, "long.txt", text), text, LAMP))
    assert (len(found["before"]), len(found["after"])) == (300, 300)
    assert found["before"] + found["quote"] + found["after"] in text


@pytest.mark.parametrize("around", ["-1", "5001", "x", "1.5", ""])
def test_text_around_has_limits(client: TestClient, lamp: str, around: str) -> None:
    response = client.get(f"/v1/citations/{lamp}", params={"around": around})
    assert assert_error(response, 422, "invalid_request").startswith("around: ")


def test_a_citation_that_is_not_there_is_told_with_what_to_do(client: TestClient, lamp: str) -> None:
    other = lamp.replace("@", "@0", 1)[: len("lamps.md@") + 12] + ":0-5"
    message = assert_error(client.get(f"/v1/citations/{other}"), 404, "citation_not_found")
    assert "'lamps.md'" in message
    assert other[len("lamps.md@") :].partition(":")[0] in message
    assert "POST /v1/verify" in message
    past = lamp.rpartition(":")[0] + ":0-99999"
    message = assert_error(client.get(f"/v1/citations/{past}"), 404, "citation_not_found")
    assert f"{len(stored_text(client, client.get('/v1/documents/lamps.md').json()))} characters" in message
    for name in FORMATS:
        assert_error(client.get(f"/v1/citations/{other}?format={name}"), 404, "citation_not_found")


@pytest.mark.parametrize("query", ["formats=plain", "at=1", "of=x", "version=1"])
def test_a_query_that_is_not_known_is_refused(client: TestClient, lamp: str, query: str) -> None:
    assert_error(client.get(f"/v1/citations/{lamp}?{query}"), 422, "invalid_request")


@pytest.fixture
def elsewhere(client: TestClient) -> tuple[str, str]:
    """The locator of words in a collection that is not the default one, and its text."""
    client.put("/v1/collections/other")
    put(client, "a/b c.md", "Words of the default collection are not the ones that are meant here.")
    record = put(client, "a/b c.md", TEXT, collection="other")
    text = stored_text(client, record)
    return locator_of(record, text, LAMP), text


def test_every_link_leads_back_to_its_own_collection(client: TestClient, elsewhere: tuple[str, str]) -> None:
    locator, text = elsewhere
    found = cited(client, locator, collection="other")
    links = found["links"]
    assert set(links) == {"citation", "text", "view"}
    assert all("collection=other" in link for link in links.values())
    assert client.get(links["citation"]).json() == found
    assert client.get(links["text"]).text == text
    view = client.get(links["view"])
    assert view.status_code == 200
    assert LAMP in view.text
    assert links["view"].endswith("?collection=other#quote")


def test_links_of_what_stands_there_today_lead_to_its_own_collection(
    client: TestClient, elsewhere: tuple[str, str]
) -> None:
    locator, _ = elsewhere
    put(client, "a/b c.md", NEWER["changed"], collection="other")
    now = cited(client, locator, collection="other")["standing"]["citation"]
    assert client.get(now["links"]["citation"]).json()["quote"] == now["quote"]
    assert client.get(now["links"]["text"]).text[now["start"] : now["end"]] == now["quote"]
    assert client.get(now["links"]["view"]).status_code == 200


def test_links_in_an_answer_lead_to_its_own_collection(
    client: TestClient, elsewhere: tuple[str, str]
) -> None:
    body = {"question": "Who lit the lamp in the tower?", "collection": "other", "k": 1}
    (passage,) = client.post("/v1/ask", json=body).json()["passages"]
    links = passage["citation"]["links"]
    assert client.get(links["citation"]).json()["quote"] == passage["text"]
    start, end = passage["citation"]["start"], passage["citation"]["end"]
    assert client.get(links["text"]).text[start:end] == passage["text"]
    assert client.get(links["view"]).status_code == 200


def test_an_annotation_names_the_text_of_its_own_collection(
    client: TestClient, elsewhere: tuple[str, str]
) -> None:
    locator, _ = elsewhere
    annotation = cited(client, locator, collection="other", format="w3c_annotation")
    target = annotation["target"]
    position = target["selector"][0]
    assert target["source"].startswith("http://testserver/v1/documents/")
    assert annotation["id"].startswith("http://testserver/v1/citations/")
    source = client.get(target["source"])
    assert source.status_code == 200
    assert source.text[position["start"] : position["end"]] == LAMP
    assert client.get(annotation["id"]).json()["quote"] == LAMP


def test_an_annotation_in_an_answer_names_the_text_of_its_own_collection(
    client: TestClient, elsewhere: tuple[str, str]
) -> None:
    question = {"question": "Who lit the lamp?", "collection": "other", "k": 1, "formats": ["w3c_annotation"]}
    (passage,) = client.post("/v1/ask", json=question).json()["passages"]
    target = passage["formats"]["w3c_annotation"]["target"]
    position = target["selector"][0]
    assert client.get(target["source"]).text[position["start"] : position["end"]] == passage["text"]
