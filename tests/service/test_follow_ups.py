"""Follow-up questions of a chat, from end to end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.flows.answer.wording import DECLINED
from tests.service.http_service import put, served

HEATERS = (
    "The Corda K40 weighs 6 kg. The Corda K60 weighs 9 kg.\n\n"
    "The guarantee of the K40 is two years. The guarantee of the K60 is five years.\n\n"
    "The K40 has no remote control. The K60 is operated with a remote control.\n\n"
    "Pensioners get a discount of a tenth on the heaters."
)
CONCERTS = (
    "The concert in Graz is on 3 May at eight. In Graz we wear black.\n\n"
    "The concert in Vienna is on 9 May at seven. In Vienna we wear white shirts."
)


@pytest.fixture(scope="module")
def client(shared_library: Library) -> Iterator[TestClient]:
    with served(shared_library, min_answerability=0.0) as client:
        put(client, "heaters.txt", HEATERS)
        put(client, "concerts.txt", CONCERTS)
        yield client


def conversation(client: TestClient, *questions: str) -> Sequence[str]:
    messages: list[dict[str, str]] = []
    for question in questions:
        messages.append({"role": "user", "content": question})
        reply = client.post("/v1/chat/completions", json={"model": "loccit", "messages": messages})
        assert reply.status_code == 200, reply.text
        said = reply.json()["choices"][0]["message"]["content"]
        messages.append({"role": "assistant", "content": said})
    return [one["content"] for one in messages[1::2]]


def test_it_is_the_last_thing_that_was_named(client: TestClient) -> None:
    *_, guarantee, thanks, control = conversation(
        client,
        "How much does the K40 weigh?",
        "And the K60?",
        "How long is its guarantee?",
        "thanks, that helps",
        "Does it have a remote control?",
    )
    assert guarantee.startswith("The guarantee of the K60 is five years.")
    assert thanks.startswith("You are welcome.")
    assert control.startswith("The K60 is operated with a remote control.")


def test_another_place_takes_the_place_of_the_last_one(client: TestClient) -> None:
    first, other, wear, again = conversation(
        client, "When is the concert in Graz?", "And in Vienna?", "What do we wear there?", "and in Graz?"
    )
    assert first.startswith("The concert in Graz is on 3 May")
    assert other.startswith("The concert in Vienna is on 9 May")
    assert wear.startswith("In Vienna we wear white shirts.")
    assert again.startswith("In Graz we wear black.")


@pytest.mark.parametrize("question", ["And for students?", "And for Ruth Abel?", "What about for companies?"])
def test_the_earlier_answer_is_not_repeated_for_another_thing(client: TestClient, question: str) -> None:
    discount, other = conversation(client, "Is there a discount for pensioners?", question)
    assert discount.startswith("Pensioners get a discount")
    assert not other.startswith("Pensioners get a discount")


def test_what_no_passage_names_is_declined(shared_library: Library) -> None:
    with served(shared_library) as client:
        put(client, "heaters.txt", HEATERS)
        discount, other = conversation(client, "Is there a discount for pensioners?", "And for students?")
    assert discount.startswith("Pensioners get a discount")
    assert other.startswith(DECLINED)
