"""Quotes held against the stored texts, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.faces.api.requests.cited_spans import MAX_QUOTES, MAX_SOURCES, MAX_SOURCES_CHARACTERS
from service.faces.api.schemas.verdicts import VerifyResponse
from service.settings import MAX_ANSWER_CHARACTERS
from tests.service.http_service import assert_error, put, success

LAMP = "The lamp in the north tower was lit at dusk by the keeper."
OIL = "Oil lamps need a wick and twelve litres of oil in a winter."
LAMPS = f"{LAMP}\n\n{OIL}\n"
DOGS = "A sleeping dog lies by the harbour door on “warm” stones.\n"


def verify(client: TestClient, **body: Any) -> dict[str, Any]:
    return success(client.post("/v1/verify", json=body), VerifyResponse)


def quote(client: TestClient, one: Any, **more: Any) -> dict[str, Any]:
    (verdict,) = verify(client, quotes=[one], **more)["quotes"]
    assert isinstance(verdict, dict)
    return verdict


def citation(client: TestClient, one: Any, **more: Any) -> dict[str, Any]:
    (verdict,) = verify(client, citations=[one], **more)["citations"]
    assert isinstance(verdict, dict)
    return verdict


def cites_the_text(client: TestClient, verdict: dict[str, Any]) -> None:
    cited = verdict["citation"]
    text = client.get(cited["links"]["text"]).text
    assert text[cited["start"] : cited["end"]] == cited["quote"]


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
    return client


@pytest.fixture
def lamp(filled: TestClient) -> str:
    sha256 = filled.get("/v1/documents/lamps.txt").json()["text_sha256"]
    return f"lamps.txt@{sha256[:12]}:0-{len(LAMP)}"


# Citations


def test_a_locator_is_looked_up(filled: TestClient, lamp: str) -> None:
    verdict = citation(filled, lamp)
    assert (verdict["status"], verdict["quote"], verdict["reason"]) == ("verified", LAMP, "")
    assert verdict["citation"]["locator"] == lamp
    assert verdict["standing"]["status"] == "current"
    assert (verdict["similarity"], verdict["diff"]) == (1.0, [])


def test_the_very_words_of_a_locator_are_verified_and_typography_is_repaired(
    filled: TestClient, lamp: str
) -> None:
    assert citation(filled, {"locator": lamp, "quote": LAMP})["status"] == "verified"
    repaired = citation(filled, {"locator": lamp, "quote": LAMP.upper()})
    assert (repaired["status"], repaired["quote"]) == ("repaired", LAMP.upper())
    assert repaired["citation"]["quote"] == LAMP
    assert repaired["reason"]


def test_words_that_a_locator_does_not_name_are_said_to_stand_elsewhere_or_to_be_altered(
    filled: TestClient, lamp: str
) -> None:
    elsewhere = citation(filled, {"locator": lamp, "quote": OIL})
    assert (elsewhere["status"], elsewhere["citation"]["quote"]) == ("repaired", OIL)
    assert "elsewhere" in elsewhere["reason"]
    other = citation(filled, {"locator": lamp, "quote": "A sleeping dog lies by the harbour door"})
    assert (other["status"], other["citation"]["document_id"]) == ("misattributed", "animals/dogs.txt")
    wrong = citation(filled, {"locator": lamp, "quote": LAMP.replace("dusk", "dawn")})
    assert wrong["status"] == "altered"
    assert {edit["text"] for edit in wrong["diff"] if edit["kind"] == "insert"} == {"dusk"}
    sides = {
        side: "".join(edit["text"] for edit in wrong["diff"] if edit["kind"] in {"equal", side})
        for side in ("delete", "insert")
    }
    assert sides == {"delete": wrong["quote"], "insert": wrong["citation"]["quote"]}
    nothing = citation(filled, {"locator": lamp, "quote": "Submarines were painted yellow in 1966."})
    assert (nothing["status"], nothing["citation"]) == ("not_found", None)
    for verdict in (elsewhere, other, wrong):
        cites_the_text(filled, verdict)


def test_altered_words_keep_the_full_stop_that_both_have(filled: TestClient, lamp: str) -> None:
    wrong = citation(filled, {"locator": lamp, "quote": LAMP.replace("dusk", "dawn")})
    assert wrong["citation"]["quote"] == LAMP


def test_a_locator_that_names_nothing_is_a_verdict_and_no_error(filled: TestClient, lamp: str) -> None:
    unknown = "lamps.txt@000000000000:0-5"
    verdict = citation(filled, unknown)
    assert (verdict["status"], verdict["citation"], verdict["standing"]) == ("not_found", None, None)
    assert "000000000000" in verdict["reason"]
    assert citation(filled, lamp.rpartition(":")[0] + ":0-9999")["status"] == "not_found"
    assert citation(filled, "nothing.txt@000000000000:0-5")["status"] == "not_found"


def test_the_words_of_a_text_that_is_not_kept_are_found_by_themselves(filled: TestClient) -> None:
    given = {"locator": "lamps.txt@000000000000:900-950", "quote": OIL, "prefix": f"{LAMP}\n\n", "suffix": ""}
    verdict = citation(filled, given)
    assert (verdict["status"], verdict["citation"]["start"]) == ("verified", LAMPS.index(OIL))


def test_prefix_and_suffix_say_which_of_equal_words_are_meant(own: TestClient) -> None:
    text = "One: the same words. Two: the same words. Three: the same words.\n"
    put(own, "same.txt", text)
    for number in ("One", "Two", "Three"):
        given = {
            "quote": "the same words",
            "document_id": "same.txt",
            "prefix": f"{number}: ",
            "suffix": ". ",
        }
        found = quote(own, given)
        assert found["citation"]["start"] == text.index(f"{number}: ") + len(number) + 2


def test_a_verdict_says_what_became_of_the_words(own: TestClient, lamp: str) -> None:
    put(own, "lamps.txt", f"{OIL}\n")
    old = citation(own, lamp)
    assert (old["status"], old["standing"]["status"], old["standing"]["citation"]) == (
        "verified",
        "gone",
        None,
    )
    moved = quote(own, {"quote": OIL, "document_id": "lamps.txt"})
    assert (moved["status"], moved["standing"]["status"], moved["citation"]["version"]) == (
        "verified",
        "current",
        2,
    )
    older = quote(own, {"quote": LAMP, "document_id": "lamps.txt"})
    assert (older["status"], older["citation"]["version"], older["standing"]["status"]) == (
        "verified",
        1,
        "gone",
    )


# Quotes


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (OIL, "verified"),
        ("north tower", "verified"),
        ('by the harbour door on "warm" stones', "repaired"),
        (OIL.replace("twelve litres", "twenty litres"), "altered"),
        ("Submarines were painted yellow in 1966.", "not_found"),
        ("", "not_found"),
        (" \n", "not_found"),
        ("?!", "not_found"),
        ("orth towe", "not_found"),
    ],
)
def test_words_are_looked_for_anywhere(filled: TestClient, words: str, status: str) -> None:
    for given in (words, {"quote": words}):
        verdict = quote(filled, given)
        assert (verdict["status"], verdict["quote"]) == (status, words)
        assert (verdict["citation"] is None) == (status == "not_found")
        assert bool(verdict["reason"]) == (status != "verified")
        if verdict["citation"]:
            cites_the_text(filled, verdict)


def test_words_are_looked_for_in_the_document_that_they_are_said_to_stand_in(filled: TestClient) -> None:
    there = quote(filled, {"quote": OIL, "document_id": "lamps.txt"})
    assert there["status"] == "verified"
    other = quote(filled, {"quote": OIL, "document_id": "animals/dogs.txt"})
    assert (other["status"], other["citation"]["document_id"]) == ("misattributed", "lamps.txt")
    assert "animals/dogs.txt" in other["reason"]
    missing = quote(filled, {"quote": OIL, "document_id": "nothing.txt"})
    assert (missing["status"], missing["citation"]["document_id"]) == ("misattributed", "lamps.txt")
    neither = quote(filled, {"quote": "Submarines are yellow.", "document_id": "nothing.txt"})
    assert neither["status"] == "not_found"
    assert "nothing.txt" in neither["reason"]


def test_verdicts_come_in_the_order_of_what_was_asked(filled: TestClient, lamp: str) -> None:
    told = verify(
        filled,
        citations=[lamp, "lamps.txt@000000000000:0-5", {"locator": lamp, "quote": LAMP}],
        quotes=["Submarines are yellow.", OIL, {"quote": "A sleeping dog lies"}],
        answer={"text": "Nothing at all.", "citations": []},
    )
    assert [one["status"] for one in told["citations"]] == ["verified", "not_found", "verified"]
    assert [one["status"] for one in told["quotes"]] == ["not_found", "verified", "verified"]
    assert [one["text"] for one in told["answer"]["sentences"]] == ["Nothing at all."]


# Answers


def test_an_answer_without_passages_is_held_against_all_documents(filled: TestClient) -> None:
    report = verify(filled, answer={"text": f"{LAMP[:-1]}, we hear. He says “{OIL}”"})["answer"]
    assert [one["verdict"] and one["verdict"]["status"] for one in report["sentences"]] == ["supported", None]
    assert [one["status"] for one in report["quotes"]] == ["verified"]


def test_an_answer_is_held_against_the_passages_it_was_given(filled: TestClient) -> None:
    passages = filled.post("/v1/ask", json={"question": "Who lit the lamp?", "k": 2}).json()["passages"]
    locators = [passage["citation"]["locator"] for passage in passages]
    number = next(at for at, one in enumerate(passages, 1) if one["citation"]["document_id"] == "lamps.txt")
    text = (
        f"The report says “{LAMP.removesuffix('.')}” [{number}]. "
        "It says that “a winter takes twenty litres of oil” [9]. Nobody knows why."
    )
    report = verify(filled, answer={"text": text, "citations": locators})["answer"]
    good, bad = report["quotes"]
    assert (good["status"], good["marks"]) == ("verified", [number])
    assert text[good["start"] : good["end"]] == good["quote"] == LAMP.removesuffix(".")
    assert bad["status"] in {"altered", "not_found"}
    assert text[bad["start"] : bad["end"]] == bad["quote"]
    assert report["unknown_marks"] == [9]
    assert [text[one["start"] : one["end"]] for one in report["sentences"]] == [
        one["text"] for one in report["sentences"]
    ]
    assert [one["text"] for one in report["uncited"]][-1] == "Nobody knows why."
    assert report["sentences"][0] not in report["uncited"]
    cites_the_text(filled, good)


def test_offsets_in_an_answer_count_code_points(filled: TestClient, lamp: str) -> None:
    text = f"👩‍🚒 𝔖he wrote: “{LAMP}” [1]"
    report = verify(filled, answer={"text": text, "citations": [lamp]})["answer"]
    (quoted,) = report["quotes"]
    assert text[quoted["start"] : quoted["end"]] == quoted["quote"] == LAMP
    assert quoted["citation"]["locator"] == lamp


def test_an_empty_answer_claims_nothing(filled: TestClient) -> None:
    report = verify(filled, answer={"text": "", "citations": []})["answer"]
    assert report == {
        "quotes": [], "sentences": [], "uncited": [], "unknown_marks": [], "read_by": "",
        "supported_from": 0.5,
    }  # fmt: skip


def test_an_answer_on_passages_that_are_not_there_is_refused(filled: TestClient) -> None:
    body = {"answer": {"text": "So it is [1].", "citations": ["lamps.txt@000000000000:0-5"]}}
    assert_error(filled.post("/v1/verify", json=body), 404, "citation_not_found")


# What is refused


@pytest.mark.parametrize("body", [{}, {"citations": [], "quotes": []}, {"collection": "default"}])
def test_nothing_to_verify_is_refused(filled: TestClient, body: dict[str, Any]) -> None:
    message = assert_error(filled.post("/v1/verify", json=body), 422, "invalid_request")
    assert "nothing to verify" in message


def test_a_request_has_so_many_citations_and_quotes(client: TestClient) -> None:
    put(client, "lamps.txt", LAMPS)
    unknown = "lamps.txt@000000000000:0-5"
    most, half = MAX_QUOTES, MAX_QUOTES // 2
    assert len(verify(client, quotes=[OIL] * half, citations=[unknown] * half)["quotes"]) == half
    for body in (
        {"quotes": [OIL] * (most + 1)},
        {"citations": [unknown] * (most + 1)},
        {"quotes": [OIL] * half, "citations": [unknown] * (half + 1)},
        {"quotes": [OIL], "answer": {"text": "So it is.", "citations": [unknown] * most}},
    ):
        message = assert_error(client.post("/v1/verify", json=body), 422, "invalid_limit")
        assert f"{most + 1} citations and quotes; a request may have {most}" in message


def test_an_answer_has_so_many_characters(client: TestClient) -> None:
    put(client, "lamps.txt", LAMPS)
    most = MAX_ANSWER_CHARACTERS
    verify(client, answer={"text": "👩" * most, "citations": []})
    body = {"answer": {"text": "a" * (most + 1), "citations": []}}
    assert str(most) in assert_error(client.post("/v1/verify", json=body), 422, "invalid_limit")


@pytest.mark.parametrize(
    "body",
    [
        {"citations": ["lamps.txt"]},
        {"citations": ["lamps.txt@9f2c41aab3de:5-5"]},
        {"citations": [{"locator": "lamps.txt@9F2C41AAB3DE:1-2", "quote": "lamp"}]},
        {"citations": ["x" * 5000]},
        {"citations": [""]},
        {"answer": {"text": "So it is [1].", "citations": ["lamps.txt"]}},
    ],
)
def test_what_is_no_locator_is_refused(filled: TestClient, body: dict[str, Any]) -> None:
    message = assert_error(filled.post("/v1/verify", json=body), 422, "invalid_locator")
    assert len(message) < 600


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"quote": ["a"]}, "quote"),
        ({"quotes": "a"}, "quotes"),
        ({"quotes": [{"quote": "a", "document": "b"}]}, "document"),
        ({"quotes": [{"document_id": "a"}]}, "quote"),
        ({"quotes": [7]}, "quotes"),
        ({"citations": [{"quote": "a"}]}, "locator"),
        ({"citations": [{"locator": "a@9f2c41aab3de:1-2", "start": 1}]}, "start"),
        ({"answer": "So it is."}, "answer"),
        ({"answer": {"citations": []}}, "answer.text"),
        ({"answer": {"text": "So it is.", "citations": [], "marks": []}}, "answer.marks"),
    ],
)
def test_a_field_that_is_wrong_is_named(filled: TestClient, body: dict[str, Any], field: str) -> None:
    message = assert_error(filled.post("/v1/verify", json=body), 422, "invalid_request")
    assert field in message


def test_a_collection_that_is_not_there_is_named(filled: TestClient) -> None:
    response = filled.post("/v1/verify", json={"quotes": ["a"], "collection": "nowhere"})
    assert "nowhere" in assert_error(response, 404, "collection_not_found")
    response = filled.post("/v1/verify", json={"quotes": ["a"], "collection": "No Such!"})
    assert_error(response, 422, "invalid_collection_name")


@pytest.mark.parametrize(
    "body",
    [
        b'{"quotes": ["half a pair \\ud800"]}',
        b'{"quotes": [{"quote": "a", "prefix": "\\udfff"}]}',
        b'{"citations": ["\\ud83d.txt@9f2c41aab3de:1-2"]}',
        b'{"answer": {"text": "\\ud83d\\ud83d", "citations": []}}',
        b'{"quotes": ["\xed\xa0\x80"]}',
    ],
)
def test_halves_of_surrogate_pairs_are_refused(filled: TestClient, body: bytes) -> None:
    response = filled.post("/v1/verify", content=body, headers={"content-type": "application/json"})
    assert_error(response, 422, "invalid_request")


def test_a_whole_surrogate_pair_is_the_character_that_it_is(own: TestClient) -> None:
    put(own, "old.txt", "So it was written: 𝔡𝔬𝔤 and lamp.")
    body = b'{"quotes": ["\\ud835\\udd21\\ud835\\udd2c\\ud835\\udd24 and lamp"]}'
    response = own.post("/v1/verify", content=body, headers={"content-type": "application/json"})
    (verdict,) = response.json()["quotes"]
    assert (verdict["status"], verdict["quote"]) == ("verified", "𝔡𝔬𝔤 and lamp")


# Where it was looked


def test_verdicts_say_what_state_of_the_collection_they_are_of(own: TestClient) -> None:
    first = verify(own, quotes=[OIL])["index"]
    assert first == own.post("/v1/ask", json={"question": "lamp"}).json()["index"]
    put(own, "more.txt", "More words came.")
    second = verify(own, quotes=["More words came."])
    assert second["index"]["change"] > first["change"]
    assert second["quotes"][0]["status"] == "verified"


def test_another_collection_is_looked_through_apart_and_its_links_lead_there(own: TestClient) -> None:
    own.put("/v1/collections/other")
    put(own, "lamps.txt", "Only in the other collection do these words stand.", collection="other")
    assert quote(own, OIL, collection="other")["status"] == "not_found"
    found = quote(own, "Only in the other collection", collection="other")
    assert found["status"] == "verified"
    for cited in (found["citation"], found["standing"]["citation"]):
        assert own.get(cited["links"]["citation"]).json()["quote"] == "Only in the other collection"
    cites_the_text(own, found)


# What sentences claim


def test_the_sentences_of_an_answer_are_judged(filled: TestClient, lamp: str) -> None:
    text = "The lamp in the south tower was lit at dusk [1]. The lamp was lit at dusk by the keeper [1]. Why?"
    told = verify(filled, answer={"text": text, "citations": [lamp]})["answer"]
    wrong, right, question = (one["verdict"] for one in told["sentences"])
    assert question is None
    assert (right["status"], right["reason"], right["conflicts"]) == ("supported", "", [])
    cites_the_text(filled, right)
    assert wrong["status"] == "contradicted"
    assert wrong["reason"] == "The direction differs: 'south' in the answer, 'north' in the source."
    (conflict,) = wrong["conflicts"]
    assert (conflict["kind"], text[conflict["start"] : conflict["end"]]) == ("direction", "south")
    assert LAMPS[conflict["source_start"] : conflict["source_end"]] == "north"


def test_claims_are_left_alone_when_asked(filled: TestClient, lamp: str) -> None:
    answer = {"text": "The lamp was lit at dusk by the keeper [1].", "citations": [lamp], "claims": False}
    assert verify(filled, answer=answer)["answer"]["sentences"][0]["verdict"] is None


# texts of the request


SOURCES = [
    {"title": "The keeper's log", "text": "The lamp was lit at dusk.\r\nHannah trimmed it in 1841."},
    {"text": "Zinc reflectors threw its light nine miles out."},
]


def test_an_answer_is_verified_by_the_texts_of_the_request(client: TestClient) -> None:
    text = "Hannah trimmed it in 1851 [1]. “Zinc reflectors threw its light” [2]. The lamp was lit at dusk."
    body = {"answer": {"text": text}, "quotes": ["trimmed it in 1841"], "sources": SOURCES}
    found = verify(client, **body)
    wrong, quoted, right = found["answer"]["sentences"]
    assert (wrong["verdict"]["status"], right["verdict"]["status"]) == ("contradicted", "supported")
    assert quoted["verdict"] is None
    (conflict,) = wrong["verdict"]["conflicts"]
    assert SOURCES[0]["text"][conflict["source_start"] : conflict["source_end"]] == "1841"
    (quote,) = found["answer"]["quotes"]
    assert (quote["status"], quote["citation"]["document_id"]) == ("verified", "2")
    cited = [wrong["verdict"]["citation"], right["verdict"]["citation"], found["quotes"][0]["citation"]]
    for one in cited:
        assert (one["document_id"], one["title"]) == ("1", SOURCES[0]["title"])
        assert SOURCES[0]["text"][one["start"] : one["end"]] == one["quote"]
        assert one["links"] == {}
    assert found["answer"]["unknown_marks"] == []


def test_texts_of_the_request_are_not_stored_and_the_collection_is_not_read(client: TestClient) -> None:
    body = {"quotes": ["Zinc reflectors", "no such words"], "sources": SOURCES, "collection": "nowhere"}
    found = client.post("/v1/verify", json=body).json()
    assert [one["status"] for one in found["quotes"]] == ["verified", "not_found"]
    assert client.get("/v1/collections").json()["collections"] == []


def test_texts_of_the_request_are_bounded(client: TestClient) -> None:
    def send(*sources: dict[str, str], **more: Any) -> Any:
        return client.post("/v1/verify", json={"quotes": ["a b c"], "sources": sources, **more})

    long = "x" * MAX_SOURCES_CHARACTERS
    assert send({"text": long}).status_code == 200
    assert send(*[{"text": "x"}] * MAX_SOURCES).status_code == 200
    for sources in (
        [{"text": long + "x"}],
        [{"text": long[1:], "title": "ab"}],
        [{"text": "x"}] * (MAX_SOURCES + 1),
    ):
        assert_error(send(*sources), 422, "invalid_limit")
    assert_error(send({"text": "  "}), 422, "empty_document")
    cited = {"answer": {"text": "a b c", "citations": ["a.txt@9f2c41aab3de:0-1"]}}
    for more in (cited, {"citations": ["a.txt@9f2c41aab3de:0-1"]}):
        assert_error(send({"text": "x"}, **more), 422, "invalid_request")
    assert_error(client.post("/v1/verify", json={"sources": [{"text": "x"}]}), 422, "invalid_request")


def test_the_caller_sets_from_which_probability_a_sentence_is_supported(client: TestClient) -> None:
    answer = {"text": "The lamp was lit at dusk [1]."}
    told = []
    for least in (None, 0.0, 1.0):
        body = {"answer": {**answer, "supported_from": least, "read": False}, "sources": SOURCES}
        told.append(client.post("/v1/verify", json=body).json()["answer"])
    assert [one["supported_from"] for one in told] == [0.5, 0.0, 1.0]
    assert [one["read_by"] for one in told] == ["", "", ""]
    assert [one["sentences"][-1]["verdict"]["status"] for one in told] == [
        "supported", "supported", "unsupported",
    ]  # fmt: skip
    refused = client.post("/v1/verify", json={"answer": {**answer, "supported_from": 1.5}})
    assert_error(refused, 422, "invalid_request")


def test_thresholds_tell_precision_and_recall(client: TestClient) -> None:
    told = client.get("/v1/verify/thresholds").json()
    assert told["read_by"].startswith("loccit_cross_encoder:")
    for way in ("read", "compared"):
        assert set(told[way]) == {"wice", "contract_nli", "attribution_bench"}
        for levels in told[way].values():
            assert 0.5 in [one["supported_from"] for one in levels]
            found = [one["recall"][0] for one in levels]
            assert found == sorted(found, reverse=True)
