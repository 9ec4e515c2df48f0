"""Conversations about the first user's own document, with the real model and the whole service."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.embedding import load_embedder
from index.library import Library
from index.sources import FolderIngest
from service.flows.answer.wording import DECLINED, NEAREST
from tests.service.http_service import served

pytestmark = [pytest.mark.model, pytest.mark.processes]
CORPUS = Path(__file__).resolve().parents[1] / "corpus"
BREAD = "What is the price of bread?"
MOST_LOST = 1

Turns = Sequence[Mapping[str, str]]


@pytest.fixture(scope="module")
def client(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with Library(tmp_path_factory.mktemp("article"), embedder=load_embedder()) as library:
        for name, path in (("article", next((shared / "seed").glob("*.txt"))), ("default", CORPUS)):
            FolderIngest(library.open(name, create=True)).run([path])
        with served(library) as client:
            yield client


@pytest.fixture(scope="module")
def asked(shared: Path) -> list[dict[str, Any]]:
    lines = (shared / "seed" / "questions.jsonl").read_text().splitlines()
    return [one for one in map(json.loads, lines) if one["quote"]]


def answered(client: TestClient, question: str, turns: Turns = (), collection: str = "article") -> Any:
    body = {"question": question, "turns": turns, "collection": collection}
    found = client.post("/v1/answer", json=body)
    assert found.status_code == 200, found.text
    return found.json()


def holds(answer: Any, quote: str) -> bool:
    """Whether the answer is not declined, and has most words of the quote."""
    words = set(quote.lower().split())
    return not answer["declined"] and 2 * len(words & set(answer["answer"].lower().split())) > len(words)


def said(text: str) -> Mapping[str, str]:
    return {"role": "assistant", "text": text}


def user(text: str) -> Mapping[str, str]:
    return {"role": "user", "text": text}


def turns_of(history: str, one: Mapping[str, str], other: Mapping[str, str]) -> Turns:
    """Earlier turns; two questions about the article are given, with their quotes."""
    histories: Mapping[str, Turns] = {
        "declined": [user(BREAD), said(DECLINED)],
        "nearest passages": [
            user(BREAD),
            said(f"{DECLINED} {NEAREST}\n\n{one['quote']} [1]\n\n{other['quote']} [2]"),
        ],
        "answered": [user(one["question"]), said(f"{one['quote']} [1]")],
        "another topic": [user("What is BM25?"), said("BM25 is a ranking function of search engines.")],
        "greeting": [user("Hello!"), said("Hello, how can I help you?")],
        "thanks": [user(one["question"]), said(one["quote"]), user("Thank you!"), said("You are welcome.")],
        "another language": [user("Was kostet ein Brot in Peking?"), said("Das steht hier nicht.")],
        "another script": [user("北京的面包多少钱？"), said(DECLINED)],
        "long": [user(f"{one['question']} " * 40), said("The railway was built long ago. " * 60)],
        "a follow-up": [user(other["question"]), said(other["quote"]), user("And who else?"), said(DECLINED)],
    }
    return histories[history]


HISTORIES = (
    "declined", "nearest passages", "answered", "another topic", "greeting", "thanks", "another language",
    "another script", "long", "a follow-up",
)  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("history", HISTORIES)
def test_answers_are_kept_after_any_turn(
    client: TestClient, asked: list[dict[str, Any]], history: str
) -> None:
    lost = [
        one["question"]
        for at, one in enumerate(asked)
        if holds(answered(client, one["question"]), one["quote"])
        and not holds(
            answered(client, one["question"], turns_of(history, asked[at - 1], asked[at - 9])), one["quote"]
        )
    ]
    assert len(lost) <= MOST_LOST, lost


@pytest.mark.shared
def test_the_bot_of_the_readme_answers_after_a_question_on_the_price_of_bread(
    client: TestClient, asked: list[dict[str, Any]]
) -> None:
    messages: list[dict[str, str]] = []
    declined = []
    for question in (BREAD, *(one["question"] for one in asked)):
        messages.append({"role": "user", "content": question})
        body = {"model": "loccit:article", "messages": messages}
        reply = client.post("/v1/chat/completions", json=body).json()
        messages.append({"role": "assistant", "content": reply["choices"][0]["message"]["content"]})
        if reply["loccit"]["declined"]:
            declined.append(question)
    alone = [one["question"] for one in asked if answered(client, one["question"])["declined"]]
    assert BREAD in declined
    assert len(set(declined) - {BREAD, *alone}) <= MOST_LOST, declined


@pytest.mark.shared
def test_a_change_of_topic_loses_no_answer(client: TestClient, asked: list[dict[str, Any]]) -> None:
    lost, before = [], asked[-1]
    for one in asked:
        turns = [user(before["question"]), said(before["quote"])]
        if holds(answered(client, one["question"]), one["quote"]) and not holds(
            answered(client, one["question"], turns), one["quote"]
        ):
            lost.append(one["question"])
        before = one
    assert len(lost) <= MOST_LOST, lost


def test_a_question_after_one_on_bm25_keeps_its_probability(client: TestClient) -> None:
    turns = [user("What do k1 and b do in BM25?"), said("It can never exceed k1 + 1 = 2.2")]
    question = "Who was the first head of the leading group?"
    alone, after = (answered(client, question, some, "default") for some in ((), turns))
    assert after["answerability"] >= alone["answerability"]
    assert after["sentences"][0]["text"] == alone["sentences"][0]["text"]


def test_a_follow_up_that_cannot_stand_alone_is_answered(client: TestClient) -> None:
    turns = [user("Who was the first head of the leading group?")]
    turns.append(said("Zhang Gaoli was the first head of the leading group."))
    found = answered(client, "And what was he?", turns, "default")
    assert "Vice Premier" in found["answer"] or "Zhang Gaoli" in found["passages"][0]["text"]


def test_a_chinese_question_to_english_documents_is_told_of_languages(client: TestClient) -> None:
    found = answered(client, "谁是领导小组的第一任组长？", (), "default")
    (note,) = found["notes"]
    assert note["code"] == "unknown_language"
    assert "loccit upgrade --collection default --model multilingual-e5-small" in note["message"]
    assert not answered(client, "Who was the first head of the leading group?", (), "default")["notes"]
