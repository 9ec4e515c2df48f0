from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.faces.api.schemas.evidence import EvidencePack, PublicKeys
from service.flows.evidence_packs.documents import FILES, carried, is_shown
from service.flows.evidence_packs.pack import verify_pack
from tests.service.http_service import assert_error, assert_shape, put

LAMPS = (
    "The first lamp burned whale oil. Zinc reflectors threw its light nine miles out.\n\n"
    "Samuel Osgood kept the lamp from 1820 to 1841. His daughter Hannah kept it after him 👩‍🚒.\n\n"
    "The tower was built in 1819. It has 199 steps of granite."
)
QUESTION = "When was the tower built, and what did the first lamp burn?"


@pytest.fixture
def filled(client: TestClient) -> TestClient:
    put(client, "lamps.txt", LAMPS)
    return client


def evidence(client: Any, body: dict[str, Any]) -> dict[str, Any]:
    """The evidence of a pack, which holds."""
    response = client.post("/v1/evidence", json=body)
    assert response.status_code == 200, response.text
    assert_shape(EvidencePack, response.json())
    verified = verify_pack(response.content)
    assert verified.holds, verified
    found: dict[str, Any] = response.json()["evidence"]
    assert verified.evidence == found
    return found


def test_a_pack_has_the_answer_and_the_quotes_that_it_names(filled: TestClient) -> None:
    body = {"question": QUESTION, "min_answerability": 0}
    found, said = evidence(filled, body), filled.post("/v1/answer", json=body).json()
    answer = found["answer"]
    assert (answer["question"], answer["answer"]) == (QUESTION, said["answer"])
    assert answer["answerability"] == f"{said['answerability']:.4f}"
    assert answer["sources"] == [one["locator"] for one in said["sources"]]
    assert [one["citation"] for one in answer["sentences"]] == answer["sources"]
    assert found["verification"] is None
    assert (found["collection"], found["change"]) == ("default", said["index"]["change"])
    quotes = {one["locator"]: one for one in found["quotes"]}
    assert sorted(quotes) == sorted(answer["sources"])
    for locator, quote in quotes.items():
        assert quote["quote"] == LAMPS[quote["start"] : quote["end"]]
        assert quote["text_sha256"] == sha256(LAMPS.encode()).hexdigest()
        assert quote["quote_sha256"] == sha256(quote["quote"].encode()).hexdigest()
        assert locator == f"lamps.txt@{quote['text_sha256'][:12]}:{quote['start']}-{quote['end']}"


def test_a_pack_as_of_a_time_names_the_change(filled: TestClient) -> None:
    asked = {"question": QUESTION, "as_of": datetime.now(UTC).isoformat()}
    change = evidence(filled, {"question": QUESTION})["change"]
    assert evidence(filled, asked)["answer"]["as_of"] == change


def test_a_pack_says_how_the_question_was_asked(filled: TestClient) -> None:
    turns = [{"role": "user", "text": "When was the tower built?"}]
    where = {"type": "gt", "key": "height", "value": 0.12345}
    asked = {"turns": turns, "filter": where, "as_of": 1}
    answer = evidence(filled, {"question": "And its steps?", **asked})["answer"]
    assert (answer["turns"], json.loads(answer["filter"]), answer["as_of"]) == (turns, where, 1)
    plain = evidence(filled, {"question": "How many steps has it?"})["answer"]
    assert (plain["turns"], plain["filter"], plain["as_of"]) == ([], None, None)


def test_a_pack_has_the_verdicts_on_a_text(filled: TestClient) -> None:
    cited = evidence(filled, {"question": QUESTION, "min_answerability": 0})["answer"]["sources"]
    text = "The tower was built in 1822 [1]. “The lamp burned whale oil” [2]."
    body = {"quotes": ["Zinc reflectors"], "answer": {"text": text, "citations": cited}}
    found, said = evidence(filled, body), filled.post("/v1/verify", json=body).json()
    verification = found["verification"]
    assert found["answer"] is None
    assert (verification["text"], verification["cited"]) == (text, cited)
    assert verification["quotes"][0]["status"] == said["quotes"][0]["status"] == "verified"
    verdict, expected = (one["answer"]["sentences"][0]["verdict"] for one in (verification, said))
    assert (verdict["status"], verdict["conflicts"]) == ("contradicted", expected["conflicts"])
    assert verdict["probability"] == f"{expected['probability']:.4f}"
    named = {verdict["citation"], verification["quotes"][0]["citation"]}
    assert named <= {one["locator"] for one in found["quotes"]}


def test_fractions_are_texts_and_names_are_in_ascii(filled: TestClient) -> None:
    put(filled, "table.csv", "name,height\nOsgood,1.25\nHannah,2.5\n")
    bodies = (
        {"question": "What is the total height?", "min_answerability": 0},
        {"quotes": ["The lamp burned oil of whales."], "answer": {"text": "The tower has 200 steps."}},
    )

    def refuse(number: str) -> None:
        raise AssertionError(number)

    for body in bodies:
        text = filled.post("/v1/evidence", json=body).text
        json.loads(
            text, parse_float=refuse, object_pairs_hook=lambda pairs: [a.encode("ascii") for a, _ in pairs]
        )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"k": 3},
        {"question": "Who?", "quotes": ["a b c"]},
        {"question": "Who?", "stream": True},
        {"mode": "written", "question": "Who?"},
    ],
)
def test_what_is_neither_a_question_nor_a_text_is_refused(filled: TestClient, body: dict[str, Any]) -> None:
    assert_error(filled.post("/v1/evidence", json=body), 422, "invalid_request")


def test_limits_are_those_of_answers_and_verifications(filled: TestClient) -> None:
    for body in ({"question": "Who?", "k": 1000}, {"quotes": ["a"] * 10_000}):
        assert_error(filled.post("/v1/evidence", json=body), 422, "invalid_limit")
    assert_error(filled.post("/v1/evidence", json={"question": "  "}), 422, "empty_question")


def test_keys_are_published_once_one_has_signed(filled: TestClient) -> None:
    assert filled.get("/v1/evidence/keys").json() == {"keys": []}
    signed = evidence(filled, {"question": QUESTION})["key"]
    response = filled.get("/v1/evidence/keys")
    assert_shape(PublicKeys, response.json())
    (key,) = response.json()["keys"]
    assert (key["id"], key["public_key"]) == (signed["id"], signed["public_key"])
    assert key["retired"] is None
    assert evidence(filled, {"quotes": ["Zinc reflectors"]})["key"] == signed


def test_texts_of_a_request_are_not_signed(filled: TestClient) -> None:
    source = {"title": "Contract", "text": "The lamp was lit at dusk."}
    for body in (
        {"quotes": ["lit at dusk"]},
        {"answer": {"text": "It was lit at dusk [1]."}},
        {"question": "Who?"},
    ):
        response = filled.post("/v1/evidence", json={**body, "sources": [source]})
        assert_error(response, 422, "invalid_request")


@pytest.mark.parametrize("form", ["word", "html"])
@pytest.mark.parametrize("body", [{"question": QUESTION}, {"answer": {"text": "The tower has 200 steps."}}])
def test_a_document_carries_the_pack(filled: TestClient, body: dict[str, Any], form: Any) -> None:
    response = filled.post("/v1/evidence", json={**body, "format": form})
    assert response.status_code == 200, response.text
    name, media_type = FILES[form]
    assert response.headers["content-type"] == media_type
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
    found = carried(response.content)
    verified = verify_pack(found.pack)
    assert (found.form, verified.holds) == (form, True)
    assert is_shown(response.content, found, json.loads(found.pack))
    plain = evidence(filled, body)
    assert verified.evidence is not None
    assert verified.evidence | {"created": ""} == plain | {"created": ""}


def test_a_document_in_another_form_is_refused(filled: TestClient) -> None:
    response = filled.post("/v1/evidence", json={"question": QUESTION, "format": "pdf"})
    assert_error(response, 422, "invalid_request")
