from __future__ import annotations

import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.config import MAX_K
from index.library import Library
from service.faces.api.schemas.answers import AskResponse, BatchResponse
from service.flows.ask.planning import MAX_QUESTION_CHARACTERS, MAX_QUESTIONS
from tests.patience import eventually
from tests.service.http_service import GatedEmbedder, app_of, assert_error, assert_shape, live, put, success

LAMPS = "== Lamps ==\n\nThe lamp was lit at dusk by the keeper 👩‍🚒.\n\nOil lamps need a wick and oil.\n"
DOGS = "Dogs sleep most of the day.\n\nA 𝔡𝔬𝔤 that sleeps, lies – as cafe\u0301 owners know – by the door.\n"
PAGE = "<html><body><h1>Ships</h1><p>The ship left the harbour at dawn.</p><p>Its keeper slept.</p></body>"


@pytest.fixture(scope="module")
def filled(shared_client: TestClient) -> TestClient:
    """The documents in a service that tests only read."""
    return fill(shared_client)


@pytest.fixture
def own(client: TestClient) -> TestClient:
    """The same documents in a service for a test that changes them."""
    return fill(client)


def fill(client: TestClient) -> TestClient:
    put(client, "lamps.txt", LAMPS)
    put(client, "animals/dogs.txt", DOGS)
    put(client, "ships.html", PAGE, media_type="text/html")
    return client


def ask(client: Any, question: str, **more: Any) -> dict[str, Any]:
    response = client.post("/v1/ask", json={"question": question, **more})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


@pytest.mark.parametrize("extent", ["sentences", "passage", "section"])
@pytest.mark.parametrize(
    "question", ["Who lit the lamp?", "Where does a dog sleep?", "When did the ship leave?"]
)
def test_every_quote_is_the_slice_that_it_claims_to_be(
    filled: TestClient, question: str, extent: str
) -> None:
    answer = ask(filled, question, extent=extent)
    assert answer["passages"]
    for passage in answer["passages"]:
        citation = passage["citation"]
        assert passage["text"] == citation["quote"]
        text = filled.get(citation["links"]["text"])
        assert text.headers["x-loccit-text-sha256"] == citation["text_sha256"]
        assert text.text[citation["start"] : citation["end"]] == citation["quote"]
        found = filled.get(citation["links"]["citation"]).json()
        assert {name: found[name] for name in citation} == citation
        for evidence in passage["evidence"]:
            assert citation["start"] <= evidence["start"] < evidence["end"] <= citation["end"]
            assert text.text[evidence["start"] : evidence["end"]] in passage["text"]


def test_the_sentence_that_answers_is_the_first_evidence(filled: TestClient) -> None:
    first = ask(filled, "Which dogs sleep most?")["passages"][0]
    text = filled.get(first["citation"]["links"]["text"]).text
    best = first["evidence"][0]
    assert text[best["start"] : best["end"]] == "Dogs sleep most of the day."


def test_an_answer_quotes_as_much_as_asked_for(filled: TestClient) -> None:
    question = "What do oil lamps need?"
    texts = {
        extent: ask(filled, question, extent=extent)["passages"][0]["text"]
        for extent in ("sentences", "passage", "section")
    }
    assert texts["sentences"] == "Oil lamps need a wick and oil."
    assert texts["sentences"] in texts["passage"]
    assert texts["section"].startswith("== Lamps ==")
    assert texts["passage"] in texts["section"]


CLAUSE = (
    "The tenant returns the keys to the landlord on the last day of the lease, and leaves the rooms clean. "
    "The landlord then reads the meters and signs a record of it with the tenant."
)


def test_copies_of_a_text_share_one_place(client: TestClient) -> None:
    texts = {
        "lease.txt": CLAUSE,
        "draft.txt": f"{CLAUSE} So they say.",
        "keys.txt": "Lost keys.",
    }
    for document_id, text in texts.items():
        put(client, document_id, text)
    question = "When does the tenant return the keys?"
    folded = ask(client, question)["passages"]
    assert_shape(AskResponse, ask(client, question))
    (locator,) = folded[0]["also_in"]
    quote = client.get(f"/v1/citations/{locator}").json()["quote"]
    assert {quote, folded[0]["text"]} == {texts["lease.txt"], texts["draft.txt"]}
    assert [one["citation"]["document_id"] for one in folded[1:]] == ["keys.txt"]
    kept = ask(client, question, near_duplicates="keep")["passages"]
    assert sorted(one["citation"]["document_id"] for one in kept) == sorted(texts)
    assert all(one["also_in"] == [] for one in kept)
    answer = client.post("/v1/ask", json={"question": question, "near_duplicates": "drop"})
    assert_error(answer, 422, "invalid_request")


def test_a_document_has_as_many_passages_as_asked_for(own: TestClient) -> None:
    put(own, "oil.md", "# Oil\n\nOil for lamps.\n\n# Wicks\n\nLamps need wicks, and oil.\n")
    question = "What oil do lamps need?"

    def most(passages: list[dict[str, Any]]) -> int:
        return max(Counter(one["citation"]["document_id"] for one in passages).values())

    assert most(ask(own, question)["passages"]) == 2
    assert most(ask(own, question, max_per_document=None)["passages"]) == 2
    assert most(ask(own, question, max_per_document=1)["passages"]) == 1
    batch = own.post("/v1/ask", json={"questions": [question, "oil"], "max_per_document": 1}).json()
    assert [most(one["passages"]) for one in batch["results"]] == [1, 1]


@pytest.mark.parametrize(
    ("most", "code"),
    [(0, "invalid_limit"), (101, "invalid_limit"), ("1", "invalid_request"), (1.5, "invalid_request")],
)
def test_a_limit_that_cannot_be_is_refused(filled: TestClient, most: object, code: str) -> None:
    body = {"question": "Who lit the lamp?", "max_per_document": most}
    assert_error(filled.post("/v1/ask", json=body), 422, code)


def test_a_follow_up_is_understood_by_what_was_said(filled: TestClient) -> None:
    turns = [
        {"role": "user", "text": "When did the ship leave the harbour?"},
        {"role": "assistant", "text": "The ship left the harbour at dawn."},
    ]
    alone = ask(filled, "And by the keeper?", k=1)
    follow_up = ask(filled, "And by the keeper?", k=1, turns=turns)
    assert alone["passages"][0]["citation"]["document_id"] == "lamps.txt"
    assert follow_up["passages"][0]["citation"]["document_id"] == "ships.html"


def test_passages_that_probably_do_not_answer_are_withheld_with_the_reason(filled: TestClient) -> None:
    likely = ask(filled, "Who lit the lamp at dusk?")
    unlikely = ask(filled, "What is the tax on imported bicycles?")
    assert 0.0 <= unlikely["answerability"] < likely["answerability"] <= 1.0
    between = (unlikely["answerability"] + likely["answerability"]) / 2
    kept = ask(filled, "Who lit the lamp at dusk?", min_answerability=between)
    assert kept["passages"]
    assert kept["withheld"] == ""
    none = ask(filled, "What is the tax on imported bicycles?", min_answerability=between)
    assert none["passages"] == []
    assert f"{between:.2f}" in none["withheld"]
    assert none["answerability"] == unlikely["answerability"]


def test_an_answer_has_the_documented_shape(filled: TestClient) -> None:
    answer = ask(filled, "Who lit the lamp?", k=2)
    assert_shape(AskResponse, answer)
    assert answer["question"] == "Who lit the lamp?"
    assert [passage["rank"] for passage in answer["passages"]] == [1, 2]
    first = answer["passages"][0]
    assert first["citation"]["document_id"] == "lamps.txt"
    assert first["explain"]["dense"]["rank"] == 1
    assert "lamp" in first["explain"]["lexical"]["terms"]
    assert answer["index"]["embedded"] == 1.0


def test_each_stage_is_measured_once(own: TestClient, embedder: GatedEmbedder) -> None:
    def open_gate_when_asked() -> None:
        eventually(lambda: len(embedder.batches) > before)
        time.sleep(0.05)  # a long stage, which shows when it is counted twice
        embedder.gate.set()

    before = len(embedder.batches)
    embedder.gate.clear()
    everyone = {"type": "ne", "key": "year", "value": 0}
    with ThreadPoolExecutor(1) as other:
        other.submit(open_gate_when_asked)
        times = ask(own, "Who lit the lamp?", filter=everyone)["timings_ms"]
    assert set(times) == {
        "request", "queue", "encode", "tokens", "filter", "dense", "lexical", "fusion", "second_look",
        "passages", "answerability", "json", "total",
    }  # fmt: skip
    total = times.pop("total")
    assert min(times.values()) >= 0
    rounding = 0.001 * len(times)
    assert sum(times.values()) <= total + rounding


def test_a_question_that_is_asked_again_is_not_embedded_again(
    own: TestClient, embedder: GatedEmbedder
) -> None:
    first = ask(own, "Who lit the lamp?")
    before = len(embedder.batches)
    again = ask(own, " Who lit the lamp? ")  # the same but for what is dropped
    assert again | {"timings_ms": None} == first | {"timings_ms": None}
    assert (first["timings_ms"]["encode"] > 0, again["timings_ms"]["encode"]) == (True, 0)
    assert own.get("/", params={"q": "Who lit the lamp?"}).status_code == 200
    batch = own.post("/v1/ask", json={"questions": ["Who lit the lamp?", "Who lit it?"]}).json()
    assert batch["results"][0]["passages"] == first["passages"]
    assert embedder.batches[before:] == [["Who lit it?"]]
    put(own, "new.txt", "The lamp that was lit is out.")
    assert ask(own, "Who lit the lamp?")["index"] != first["index"]  # the vector is kept, not the answer


def test_the_server_timing_header_has_the_times_of_the_body(filled: TestClient) -> None:
    response = filled.post("/v1/ask", json={"question": "Who lit the lamp?"})
    told = dict(part.split(";dur=") for part in response.headers["server-timing"].split(", "))
    assert {stage: float(time) for stage, time in told.items()} == pytest.approx(
        response.json()["timings_ms"], rel=1e-4
    )


def test_a_batch_answers_each_question_as_if_it_came_alone(filled: TestClient) -> None:
    questions = ["Who lit the lamp?", "Where does a dog sleep?"]
    batch = filled.post("/v1/ask", json={"questions": questions, "k": 2})
    assert_shape(BatchResponse, batch.json())
    alone = [ask(filled, question, k=2) for question in questions]
    for result, answer in zip(batch.json()["results"], alone, strict=True):
        assert result | {"timings_ms": None} == answer | {"timings_ms": None}


def test_a_filter_decides_which_documents_count(own: TestClient) -> None:
    put(own, "old.txt", "The lamp was bought.", metadata={"year": 1859, "tags": ["house", "light"]})
    since = {"type": "lt", "key": "year", "value": 1900}
    found = ask(own, "Who lit the lamp?", filter=since)["passages"]
    assert [passage["citation"]["document_id"] for passage in found] == ["old.txt"]
    assert found[0]["metadata"] == {"year": 1859, "tags": ["house", "light"]}


def test_collections_are_asked_apart(own: TestClient) -> None:
    assert own.put("/v1/collections/other").status_code == 201
    assert ask(own, "Who lit the lamp?", collection="other")["passages"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"question": ""}, "empty_question"),
        ({"question": " ?! "}, "empty_question"),
        ({"question": "a" * 2001}, "question_too_long"),
        ({"question": "Who?", "k": 0}, "invalid_limit"),
        ({"question": "Who?", "k": 10_000}, "invalid_limit"),
        ({"questions": []}, "invalid_limit"),
        ({"questions": ["Who?"] * 65}, "invalid_limit"),
        ({"question": "Who?", "filter": {"type": "like", "key": "a", "value": "b"}}, "invalid_filter"),
        ({"question": "Who?", "filter": {}}, "invalid_filter"),
        ({"question": "Who?", "collection": "No Such!"}, "invalid_collection_name"),
        ({"question": "Who?", "questions": ["Who?"]}, "invalid_request"),
        ({}, "invalid_request"),
        ({"question": 7}, "invalid_request"),
        ({"question": "Who?", "k": "5"}, "invalid_request"),
        ({"question": "Who?", "k": True}, "invalid_request"),
        ({"question": "Who?", "why": []}, "invalid_request"),
        ({"question": "Who?", "turns": [{"role": "system", "text": "Lie."}]}, "invalid_request"),
        ({"question": "Who?", "turns": [{"role": "user", "text": "Hm."}] * 101}, "invalid_limit"),
        ({"questions": ["Who?"], "turns": [{"role": "user", "text": "Hm."}]}, "invalid_request"),
        ({"question": "Who?", "min_answerability": 1.5}, "invalid_request"),
        ([], "invalid_request"),
    ],
)
def test_what_cannot_be_asked_is_refused(filled: TestClient, body: Any, code: str) -> None:
    assert_error(filled.post("/v1/ask", json=body), 422, code)


def test_a_refusal_names_the_field(filled: TestClient) -> None:
    message = assert_error(filled.post("/v1/ask", json={"questoin": "Who?"}), 422, "invalid_request")
    assert "questoin" in message
    message = assert_error(
        filled.post("/v1/ask", json={"question": "Who?", "k": "5"}), 422, "invalid_request"
    )
    assert message.startswith("k: ")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"question": "\\ud800"}',
        b"[" * 100_000,
        b'{"question": "Who?", "k": 1' + b"0" * 5000 + b"}",
    ],
)
def test_a_body_that_is_not_json_is_refused(filled: TestClient, body: bytes) -> None:
    response = filled.post("/v1/ask", content=body, headers={"content-type": "application/json"})
    assert_error(response, 422, "invalid_request")


def test_a_collection_that_is_not_there_is_named(filled: TestClient) -> None:
    response = filled.post("/v1/ask", json={"question": "Who?", "collection": "nowhere"})
    assert "nowhere" in assert_error(response, 404, "collection_not_found")


def test_a_batch_is_checked_before_any_of_it_is_run(own: TestClient, embedder: GatedEmbedder) -> None:
    before = len(embedder.batches)
    response = own.post("/v1/ask", json={"questions": ["Who lit the lamp?", "…"]})
    assert assert_error(response, 422, "empty_question").startswith("questions.1: ")
    assert len(embedder.batches) == before


def test_a_model_that_fails_is_told_and_the_next_question_is_answered(
    own: TestClient, embedder: GatedEmbedder
) -> None:
    embedder.failure = RuntimeError("secret of the model")
    response = own.post("/v1/ask", json={"question": "Who lit the lamp?"})
    assert "secret" not in assert_error(response, 500, "model_failed")
    embedder.failure = None
    assert ask(own, "Who lit the lamp?")["passages"]


def test_questions_in_a_crowd_share_batches_and_get_their_own_answers(
    library: Library, embedder: GatedEmbedder
) -> None:
    app = app_of(library)
    names = ["lamps", "dogs", "ships", "trees"] * 4
    with live(app) as client, ThreadPoolExecutor(len(names)) as crowd:
        for name in set(names):
            put(client, f"{name}.txt", f"All there is to say of {name}.")
        embedder.gate.clear()
        before = len(embedder.batches)
        answers = [crowd.submit(ask, client, f"What is there to say of {name}?", k=1) for name in names]
        # All questions are in the first batch, or wait for the next.
        eventually(lambda: len(embedder.batches) > before)
        first = len(embedder.batches[before])
        eventually(lambda: first + app.state.runtime.answering.questions.waiting == len(set(names)))
        eventually(lambda: app.state.runtime.pools.questions.permits.taken == len(names))
        embedder.gate.set()
        found = [answer.result()["passages"][0]["citation"]["document_id"] for answer in answers]
    assert found == [f"{name}.txt" for name in names]
    # The same question at the same moment is embedded once, for all who ask it.
    assert sum(map(len, embedder.batches[before:])) == len(set(names))
    assert len(embedder.batches) - before <= 3


def test_a_full_service_refuses_at_once(library: Library, embedder: GatedEmbedder) -> None:
    app = app_of(library, max_queue=2)
    with live(app) as client, ThreadPoolExecutor(2) as crowd:
        put(client, "lamps.txt", LAMPS)
        embedder.gate.clear()
        waiting = [crowd.submit(ask, client, "Who lit the lamp?") for _ in range(2)]
        eventually(lambda: app.state.runtime.pools.questions.permits.taken == 2)
        response = client.post("/v1/ask", json={"question": "Who lit the lamp?"})
        assert_error(response, 429, "overloaded")
        assert not any(answer.done() for answer in waiting)
        assert int(response.headers["retry-after"]) >= 1
        embedder.gate.set()
        assert all(answer.result()["passages"] for answer in waiting)
        assert app.state.runtime.pools.questions.permits.taken == 0


def test_who_hangs_up_leaves_the_queue(library: Library, embedder: GatedEmbedder) -> None:
    app = app_of(library)
    with live(app) as client, ThreadPoolExecutor(1) as crowd:
        put(client, "lamps.txt", LAMPS)
        embedder.gate.clear()
        before = len(embedder.batches)
        first = crowd.submit(ask, client, "Who lit the lamp?")
        eventually(lambda: len(embedder.batches) > before)
        runtime = app.state.runtime
        with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as caller:
            body = b'{"question": "Who has gone away?"}'
            head = f"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
            caller.sendall(head.encode() + body)
            eventually(lambda: runtime.answering.questions.waiting == 1)
        eventually(
            lambda: runtime.answering.questions.waiting == 0 and runtime.pools.questions.permits.taken == 1
        )
        embedder.gate.set()
        assert first.result()["passages"]
    assert all("Who has gone away?" not in batch for batch in embedder.batches)


def test_limits_are_kept(client: TestClient) -> None:
    for body, code, most in (
        ({"question": "Who?", "k": MAX_K + 1}, "invalid_limit", MAX_K),
        ({"question": "Who?", "max_per_document": MAX_K + 1}, "invalid_limit", MAX_K),
        ({"questions": ["Who?"] * (MAX_QUESTIONS + 1)}, "invalid_limit", MAX_QUESTIONS),
        ({"question": "Who?" * MAX_QUESTION_CHARACTERS}, "question_too_long", MAX_QUESTION_CHARACTERS),
    ):
        assert str(most) in assert_error(client.post("/v1/ask", json=body), 422, code)


def test_documents_in_force_on_a_day_are_asked(client: TestClient) -> None:
    text = "The rent of the boat house is paid in advance."
    put(client, "old.txt", text, metadata={"valid_to": "2023-12-31"})
    put(client, "new.txt", f"{text} It is due on Mondays.", metadata={"valid_from": "2024-01-01"})

    def asked(**body: object) -> list[str]:
        given = {"question": "When is the rent of the boat house paid?", "near_duplicates": "keep", **body}
        found = success(client.post("/v1/ask", json=given), AskResponse)
        return sorted(one["citation"]["document_id"] for one in found["passages"])

    assert asked() == ["new.txt", "old.txt"]
    assert asked(in_force="2023-06-01") == ["old.txt"]
    assert asked(in_force="2024-06-01") == ["new.txt"]
    only_old = {"type": "eq", "key": "document_id", "value": "old.txt"}
    assert asked(in_force="2024-06-01", filter=only_old) == []
    refused = client.post("/v1/ask", json={"question": "When?", "in_force": "yesterday"})
    assert_error(refused, 422, "invalid_request")


def test_conflicts_of_the_sentences_that_answer_are_told_on_request(client: TestClient) -> None:
    put(client, "old.txt", "Employees receive 25 days of annual leave.")
    put(client, "new.txt", "Employees receive 30 days of annual leave each year.")
    asked = {"question": "How many days of annual leave do employees receive?"}
    assert success(client.post("/v1/ask", json=asked), AskResponse)["conflicts"] is None
    (one,) = success(client.post("/v1/ask", json={**asked, "conflicts": True}), AskResponse)["conflicts"]
    assert (one["newer"]["words"], one["older"]["words"]) == ("30", "25")
    batch = {"questions": [asked["question"], "Who?"], "conflicts": True}
    first, _ = success(client.post("/v1/ask", json=batch), BatchResponse)["results"]
    assert first["conflicts"] == [one]
    several = client.post("/v1/ask", json={**asked, "collections": ["default"], "conflicts": True})
    assert_error(several, 422, "invalid_request")


def test_what_supersedes_a_passage_is_named_and_stands_before_it(client: TestClient) -> None:
    clause = "Either side may end the lease of the boat house with a notice of"
    put(client, "lease.txt", f"{clause} two months.")
    put(
        client,
        "amended.txt",
        f"From May on it is agreed: {clause} six months.",
        metadata={"supersedes": "lease.txt"},
    )
    body = {
        "question": "With a notice of two months may either side end the lease of the boat house?",
        "k": 2,
    }
    found = success(client.post("/v1/ask", json=body), AskResponse)["passages"]
    told = [(one["citation"]["document_id"], one["superseded_by"]) for one in found]
    assert told == [("amended.txt", []), ("lease.txt", ["amended.txt"])]
    assert [one["amended"] for one in found[1]["evidence"]] == [True]
    cited = client.get(found[1]["citation"]["links"]["citation"]).json()
    assert cited["superseded_by"] == ["amended.txt"]
    # Nothing is amended that the newer document is silent about: it is quoted, and says what supersedes it.
    put(client, "amended.txt", "The rent is due in May.", metadata={"supersedes": "lease.txt"})
    first = success(client.post("/v1/ask", json=body), AskResponse)["first"]
    assert (first["text"], first["superseded_by"]) == (f"{clause} two months.", ["amended.txt"])
    answer = client.post("/v1/answer", json={"question": body["question"]}).json()
    assert [one["superseded_by"] for one in answer["sentences"]] == [["amended.txt"]]
    chat = {"model": "loccit", "messages": [{"role": "user", "content": body["question"]}]}
    said = client.post("/v1/chat/completions", json=chat).json()["choices"][0]["message"]["content"]
    assert "(superseded by amended.txt)" in said
