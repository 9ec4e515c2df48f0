"""Mails that quote older ones, in a chat, from end to end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.flows.answer.wording import OLDER
from tests.service.http_service import put, served

HEAD = "From: Ruth Abel <ruth@corda.example>\nSubject: Outing\nDate: Mon, 3 Jun 2024 09:10:00 +0200\n\n"
SETTLED = "The vote is over. The outing goes to Lake Orta by bus.\n\n"
QUOTED = (
    "On Tue, 14 May 2024 Paul Kern wrote:\n"
    "> My idea: the outing goes to Rastenburg by bus, and the castle tour costs 20 euros.\n"
)
BELOW = (
    "Von: Paul Kern\nGesendet: Dienstag, 14. Mai 2024 10:00\nAn: Ruth Abel\nBetreff: Outing\n\n"
    "My idea: the outing goes to Rastenburg by bus, and the castle tour costs 20 euros.\n"
)


@pytest.fixture(params=[QUOTED, BELOW])
def client(request: pytest.FixtureRequest, shared_library: Library) -> Iterator[TestClient]:
    with served(shared_library, min_answerability=0.0) as client:
        put(client, "outing.eml", f"{HEAD}{SETTLED}{request.param}")
        yield client


def said(client: TestClient, question: str) -> str:
    messages = [{"role": "user", "content": question}]
    reply = client.post("/v1/chat/completions", json={"model": "loccit", "messages": messages})
    assert reply.status_code == 200, reply.text
    content = reply.json()["choices"][0]["message"]["content"]
    assert isinstance(content, str)
    return content


def test_a_mail_answers_with_what_is_settled_before_what_it_quotes(client: TestClient) -> None:
    settled = said(client, "Where does the outing go by bus?")
    assert settled.startswith("The outing goes to Lake Orta by bus. [1]")
    quoted = said(client, "What does the castle tour cost?")
    assert f"20 euros. [1] {OLDER}" in quoted
