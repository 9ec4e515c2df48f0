"""Citations over HTTP: what they say of themselves, of today, and in the shapes of others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent_encode

import bibtexparser
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from index.citations.formats import FORMATS
from index.embedding import WordEmbedder
from index.library import Library
from service.schemas.answers import AskResponse
from service.schemas.citations import CitationResponse
from service.settings import Settings
from tests.service.http_service import assert_error, assert_shape, served
from tests.sizes import examples

LAMP = "The lamp in the north tower was lit at dusk by the keeper of the light."
TEXT = f"# Lamps\n\nAn introduction to lamps.\n\n## Towers\n\n{LAMP}\n\nOil lamps need a wick and oil.\n"
NEWER = {
    "current": TEXT.replace("Oil lamps need a wick and oil.", "Electric lamps need neither."),
    "moved": TEXT.replace("An introduction", "It is a long and winding introduction"),
    "changed": TEXT.replace("lit at dusk by the keeper", "lit at dawn by the wife of the keeper"),
    "gone": "# Dogs\n\nNothing but sleeping animals, all day long, on warm stones.\n",
}


def put(client: TestClient, document_id: str, text: str, **more: Any) -> dict[str, Any]:
    collection = more.pop("collection", "default")
    address = f"/v1/documents/{percent_encode(document_id)}?wait=true&collection={collection}"
    response = client.put(address, json={"text": text, **more})
    assert response.status_code in {200, 201}, response.text
    record: dict[str, Any] = response.json()
    return record


def locator_of(record: dict[str, Any], text: str, words: str) -> str:
    start = text.index(words)
    return f"{record['document_id']}@{record['text_sha256'][:12]}:{start}-{start + len(words)}"


def stored_text(client: TestClient, record: dict[str, Any]) -> str:
    return client.get(record["links"]["text"]).text


def cited(client: TestClient, locator: str, **params: Any) -> dict[str, Any]:
    response = client.get(f"/v1/citations/{percent_encode(locator)}", params=params)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.fixture
def lamp(client: TestClient) -> str:
    """The locator of a sentence in the middle of a document."""
    record = put(client, "lamps.md", TEXT)
    return locator_of(record, stored_text(client, record), LAMP)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[TestClient]:
    """A service that makes no earlier moment with more than one passage searchable."""
    config = Settings(data=Path("unused"), as_of_passages=1).library_config()
    with Library(tmp_path / "small", embedder=WordEmbedder(), config=config) as library, served(library) as c:
        yield c


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


CONTENT_TYPES = {
    "anthropic_char_location": "application/json",
    "anthropic_search_result": "application/json",
    "bibtex": "application/x-bibtex; charset=utf-8",
    "csl_json": "application/vnd.citationstyles.csl+json",
    "markdown_footnote": "text/markdown; charset=utf-8",
    "openai_file_citation": "application/json",
    "plain": "text/plain; charset=utf-8",
    "w3c_annotation": 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"',
}


def read_bibtex(text: str) -> dict[str, str]:
    library = bibtexparser.parse_string(text)
    assert not library.failed_blocks
    (entry,) = library.entries
    return {field.key: field.value for field in entry.fields}


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


@pytest.mark.parametrize("name", ["BibTeX", "ris", "", "plain,bibtex"])
def test_a_shape_that_is_not_known_is_refused_with_those_that_are(
    client: TestClient, lamp: str, name: str
) -> None:
    message = assert_error(
        client.get(f"/v1/citations/{lamp}", params={"format": name}), 422, "invalid_request"
    )
    assert message.startswith("format: ")
    assert [one for one in FORMATS if f"'{one}'" in message] == list(FORMATS)


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


@pytest.mark.parametrize("formats", [["ris"], ["plain", "Plain"], "plain", [None]])
def test_an_answer_in_a_shape_that_is_not_known_is_refused(client: TestClient, formats: Any) -> None:
    response = client.post("/v1/ask", json={"question": "lamp", "formats": formats})
    assert assert_error(response, 422, "invalid_request").startswith("formats")


# Earlier moments


def ask(client: TestClient, question: str, **more: Any) -> dict[str, Any]:
    response = client.post("/v1/ask", json={"question": question, **more})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_a_question_as_of_an_earlier_change_finds_the_text_of_then(client: TestClient) -> None:
    put(client, "plan.txt", "The bridge opens in spring.")
    then = ask(client, "When does the bridge open?")
    put(client, "plan.txt", "The bridge opens in autumn.")
    put(client, "late.txt", "The bridge was painted.")
    now = ask(client, "When does the bridge open?")
    assert {passage["text"] for passage in now["passages"]} == {
        "The bridge opens in autumn.",
        "The bridge was painted.",
    }
    again = ask(client, "When does the bridge open?", as_of=then["index"]["change"])
    assert_shape(AskResponse, again)
    assert [passage["text"] for passage in again["passages"]] == ["The bridge opens in spring."]
    assert again["index"] == then["index"]
    assert again["passages"] == then["passages"]
    found = client.get(again["passages"][0]["citation"]["links"]["citation"]).json()
    assert (found["quote"], found["standing"]["status"]) == ("The bridge opens in spring.", "changed")
    latest = ask(client, "When does the bridge open?", as_of=now["index"]["change"])
    assert latest["passages"] == now["passages"]


def test_before_the_first_change_there_was_nothing(client: TestClient) -> None:
    put(client, "plan.txt", "The bridge opens in spring.")
    assert ask(client, "When does the bridge open?", as_of=0)["passages"] == []


def test_a_change_that_has_not_been_is_not_found(client: TestClient) -> None:
    put(client, "plan.txt", "The bridge opens in spring.")
    change = ask(client, "bridge")["index"]["change"]
    response = client.post("/v1/ask", json={"question": "bridge", "as_of": change + 1})
    assert str(change + 1) in assert_error(response, 404, "change_not_found")


def test_a_change_before_something_was_erased_is_not_kept(client: TestClient) -> None:
    put(client, "plan.txt", "The bridge opens in spring.")
    put(client, "other.txt", "The harbour opens in spring.")
    change = ask(client, "bridge")["index"]["change"]
    assert ask(client, "bridge", as_of=change)["passages"]
    client.delete("/v1/documents/plan.txt")
    response = client.post("/v1/ask", json={"question": "bridge", "as_of": change})
    assert_error(response, 410, "change_not_kept")
    kept = ask(client, "harbour")["index"]["change"]
    assert ask(client, "harbour", as_of=kept)["passages"]


def test_a_moment_that_is_too_large_is_refused_with_the_setting_that_says_so(small: TestClient) -> None:
    put(small, "one.txt", "The bridge opens in spring.")
    one = ask(small, "bridge")["index"]["change"]
    put(small, "two.txt", "The harbour opens in spring.")
    two = ask(small, "bridge")["index"]["change"]
    put(small, "three.txt", "The tower opens in spring.")
    response = small.post("/v1/ask", json={"question": "bridge", "as_of": two})
    assert "LOCCIT_AS_OF_PASSAGES" in assert_error(response, 422, "moment_too_large")
    (passage,) = ask(small, "bridge", as_of=one)["passages"]
    assert passage["citation"]["document_id"] == "one.txt"


@pytest.mark.parametrize("as_of", [-1, "x", 2**53 + 1, 1.5, [1]])
def test_a_change_that_is_no_number_is_refused(client: TestClient, as_of: Any) -> None:
    response = client.post("/v1/ask", json={"question": "bridge", "as_of": as_of})
    assert assert_error(response, 422, "invalid_request").startswith("as_of: ")


# Any text at all

TEXTS = st.one_of(
    st.text(min_size=1, max_size=200),
    st.lists(
        st.sampled_from(
            [
                "The lamp was lit. ",
                "lamp ",
                "e\u0301",
                "👩‍🚒",
                "🇩🇪",
                "\n\n",
                "= ",
                "猫は寝る。",
                "\u200f",
                "…",
                "a",
            ]
        ),
        min_size=1,
        max_size=40,
    ).map("".join),
)


def check(client: TestClient, citation: dict[str, Any]) -> None:
    """A citation is the slice it claims to be, and its selectors find it."""
    text = client.get(citation["links"]["text"]).content.decode()
    start, end, words = citation["start"], citation["end"], citation["quote"]
    assert text[start:end] == words
    position, by_words = citation["selectors"]
    assert (position["start"], position["end"], by_words["exact"]) == (start, end, words)
    prefix, suffix = by_words["prefix"], by_words["suffix"]
    assert text[:start].endswith(prefix)
    assert text[end:].startswith(suffix)
    assert len(prefix) <= 32
    assert len(suffix) <= 32
    sought = prefix + words + suffix
    once = sum(text.startswith(sought, at) for at in range(len(text))) == 1
    assert by_words["ambiguous"] == (not once)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, data=st.data())
def test_whatever_the_text_a_quote_is_the_slice_that_its_citation_names(
    client: TestClient, text: str, data: st.DataObject
) -> None:
    response = client.put("/v1/documents/any.txt?wait=true", json={"text": text})
    if response.status_code == 422:
        assert response.json()["error"]["code"] in {"empty_document", "undecodable_text"}
        return
    assert response.status_code in {200, 201}, response.text
    record = response.json()
    stored = client.get(record["links"]["text"]).content.decode()
    assert len(stored) == record["length"]

    if any(map(str.isalnum, stored)):
        asked = client.post("/v1/ask", json={"question": stored[:500], "k": 10})
        if asked.status_code == 422:
            assert_error(asked, 422, "empty_question")
        else:
            for passage in asked.json()["passages"]:
                assert passage["text"] == passage["citation"]["quote"]
                check(client, passage["citation"])
                for one in passage["evidence"]:
                    assert stored[one["start"] : one["end"]] in passage["text"]

    start = data.draw(st.integers(0, len(stored) - 1), label="start")
    end = data.draw(st.integers(start + 1, len(stored)), label="end")
    found = cited(client, f"any.txt@{record['text_sha256'][:12]}:{start}-{end}", around=7)
    assert found["quote"] == stored[start:end]
    assert found["before"] == stored[max(0, start - 7) : start]
    assert found["after"] == stored[end : end + 7]
    assert found["standing"]["status"] == "current"
    check(client, found)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FORMATS), text=TEXTS)
def test_whatever_the_text_every_shape_can_be_read(client: TestClient, name: str, text: str) -> None:
    response = client.put("/v1/documents/any.txt", json={"text": text, "title": text[:40]})
    assume(response.status_code != 422)
    record = response.json()
    locator = f"any.txt@{record['text_sha256'][:12]}:0-{record['length']}"
    shape = client.get(f"/v1/citations/{locator}?format={name}")
    assert shape.status_code == 200
    told = shape.content.decode()
    if "json" in shape.headers["content-type"]:
        assert isinstance(json.loads(told), dict)
    elif name == "bibtex":
        assert read_bibtex(told)["note"] == locator
    else:
        assert locator.partition(":")[0] in told
