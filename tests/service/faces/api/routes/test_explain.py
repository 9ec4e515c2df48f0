"""Why a document was found or not."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from index.library import Library
from service.faces.api.routes.explain import ExplainResponse
from service.state.identity import KeyOptions, Scope, new_key
from tests.service.faces.pages.pages import page, told
from tests.service.http_service import GatedEmbedder, assert_error, assert_shape, put, served

LAMP = "The lamp in the north tower was lit at dusk by the keeper."
ASKED = "Who lit the lamp in the north tower?"


def explained(client: TestClient, document_id: str, question: str = ASKED, **more: Any) -> dict[str, Any]:
    response = client.post("/v1/explain", json={"question": question, "document_id": document_id, **more})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    assert_shape(ExplainResponse, found)
    return found


def codes(found: dict[str, Any]) -> list[str]:
    return [one["code"] for one in found["reasons"]]


def test_a_document_that_was_found_says_its_rank(client: TestClient) -> None:
    put(client, "lamp.txt", LAMP)
    found = explained(client, "lamp.txt")
    assert (codes(found), found["rank"], found["hits"]) == (["found"], 1, 1)
    (passage,) = found["passages"]
    assert passage["text"] == LAMP
    assert set(passage["matched"]) >= {"lamp", "tower"}
    assert passage["rank"] == passage["meaning"]["rank"] == passage["words"]["rank"] == 1
    cited = client.get(f"/v1/citations/{passage['locator']}").json()
    assert cited["quote"] == passage["text"]


def test_what_keeps_a_document_from_an_answer(client: TestClient) -> None:
    for number in range(12):
        put(client, f"{number:02}.txt", f"{LAMP} {'It burns. ' * number} {number}")
    put(client, "far.txt", "Bees make honey in the valley.", metadata={"year": 1850})
    behind = explained(client, "far.txt")
    assert codes(behind) == ["no_words", "outranked"]
    assert behind["passages"][0]["matched"] == []
    assert "lamp" in behind["unmatched"]
    assert behind["passages"][0]["rank"] > behind["hits"]
    assert behind["cut_off"]["score"] > behind["passages"][0]["score"]
    where = {"type": "eq", "key": "year", "value": 1900}
    assert codes(explained(client, "far.txt", filter=where)) == ["filtered", "no_words"]
    where["value"] = 1850
    assert codes(explained(client, "far.txt", filter=where)) == ["found"]


def test_a_document_beyond_the_candidates_is_told_so(client: TestClient) -> None:
    text = "\n\n".join(f"# Lamp {at}\n\n{LAMP} {at}" for at in range(260))
    put(client, "many.md", text)
    put(client, "far.txt", "Bees make honey in the valley.")
    found = explained(client, "far.txt")
    assert codes(found) == ["no_words", "not_candidate"]
    (passage,) = found["passages"]
    assert (passage["rank"], passage["meaning"]["rank"], passage["words"]["rank"]) == (None, None, None)
    assert found["cut_off"]["meaning"] > passage["meaning"]["score"]


def test_a_copy_a_retired_and_an_empty_document(client: TestClient, library: Library) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        put(client, name, LAMP)
    assert {codes(explained(client, name))[0] for name in ("a.txt", "b.txt", "c.txt")} == {"found", "folded"}
    library.open("default").editor.retire(["b.txt"])
    assert codes(explained(client, "b.txt")) == ["retired"]


def test_a_document_that_waits_for_its_vectors_says_so(library: Library, embedder: GatedEmbedder) -> None:
    with served(library) as client:
        put(client, "a.txt", LAMP)
        client.app.state.runtime.worker.stop()  # type: ignore[attr-defined]
        client.put("/v1/documents/b.txt", json={"text": "Bees make honey."})
        found = explained(client, "b.txt", k=1)
        assert "waiting" in codes(found)
        assert found["index"] == {"total": 1, "embedded": 0}
        assert found["passages"] == [] or found["passages"][0]["meaning"]["score"] is None


def test_what_cannot_be_explained_is_an_error(client: TestClient) -> None:
    put(client, "a.txt", LAMP)
    for body, status, code in (
        ({"question": ASKED, "document_id": "none"}, 404, "document_not_found"),
        ({"question": "?", "document_id": "a.txt"}, 422, "empty_question"),
        ({"question": "a" * 3000, "document_id": "a.txt"}, 422, "question_too_long"),
        ({"question": ASKED, "document_id": "a.txt", "k": 0}, 422, "invalid_limit"),
        ({"question": ASKED, "document_id": "a.txt", "filter": {}}, 422, "invalid_filter"),
        ({"question": ASKED}, 422, "invalid_request"),
    ):
        assert_error(client.post("/v1/explain", json=body), status, code)


def test_a_document_of_another_group_is_not_explained_and_not_counted(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        admin = {"authorization": "Bearer correct-horse"}
        for name, groups in (("open.txt", []), ("minutes.txt", ["board"])):
            body = {"text": f"{LAMP} {name}", "groups": groups}
            client.put(f"/v1/documents/{name}?wait=true", json=body, headers=admin)
        token, key = new_key("staff", Scope.READ, KeyOptions(groups=["staff"]))
        client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
        client.headers["authorization"] = f"Bearer {token}"
        body = {"question": ASKED, "document_id": "minutes.txt"}
        assert_error(client.post("/v1/explain", json=body), 404, "document_not_found")
        found = explained(client, "open.txt")
        assert (found["rank"], found["candidates"]) == (1, 1)
        page(client, "/library/document/explain", 404, id="minutes.txt", q=ASKED)
        client.headers.update(admin)
        assert explained(client, "minutes.txt")["groups"] == ["board"]
        assert "Only callers in one of the groups board" in told(
            page(client, "/library/document/explain", id="minutes.txt", q=ASKED)
        )


def test_the_page_says_the_same(client: TestClient) -> None:
    for number in range(12):
        put(client, f"{number:02}.txt", f"{LAMP} {'It burns. ' * number} {number}")
    put(client, "far.txt", "Bees make honey in the valley.")
    assert page(client, "/library/document", id="far.txt").xpath(
        "//form[@action='/library/document/explain']"
    )
    text = told(page(client, "/library/document/explain", id="far.txt", q=ASKED))
    for said in ("Bees make honey", "others ranked higher", "no word of the question", "candidates"):
        assert said in text
    html = page(client, "/library/document/explain", id="far.txt", q="honey")
    assert "The answer has this document" in told(html)
    (link,) = html.xpath("//ol//a/@href")
    assert "Bees make honey" in told(page(client, link))
    assert "has no words" in told(page(client, "/library/document/explain", 422, id="far.txt", q="?"))
    assert "Its best passages" not in told(page(client, "/library/document/explain", id="far.txt"))
