"""Questions after earlier ones, through every interface: each asks the same function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.faces.mcp.tools.table import TOOLS
from service.flows.answer.wording import DECLINED, NEAREST
from tests.service.every_face import Turns, faces
from tests.service.http_service import put, served

LAMPS = (
    "The lamp in the north tower was lit at dusk by the keeper. He slept until noon.\n\n"
    "The harbour has a crane of iron, which lifts the boats in autumn.\n\n"
    "Zinc reflectors threw the light of the first lamp nine miles out.\n\n"
    "Samuel Osgood signed the lease of the mill in 1820. The lease of the mill ended in 1841.\n\n"
    "The mill ground barley for the brewers of the valley."
)
STANDALONE = {
    "Who lit the lamp in the north tower?": "The lamp in the north tower was lit at dusk by the keeper.",
    "What lifts boats in autumn?": "The harbour has a crane of iron, which lifts the boats in autumn.",
}
HISTORIES: Mapping[str, Sequence[str]] = {
    "answered": (
        "Who signed the lease of the mill?",
        "Samuel Osgood signed the lease of the mill in 1820. [1]",
    ),
    "declined": ("What is the price of bread?", DECLINED),
    "nearest": ("What is the price of bread?", f"{DECLINED} {NEAREST}\n\n{LAMPS} [1]"),
    "greeting": ("Hello!", "Hello, how can I help you?"),
    "thanks": ("Thank you very much!", "You are welcome."),
    "another language": ("Was kostet ein Brot in der Stadt?", "Die Dokumente sagen es nicht."),
    "another script": ("北京的面包多少钱？", DECLINED),
    "a model's words": (
        "What did the mill grind?",
        "I believe that the mill ground wheat for all of the town.",
    ),
    "long": ("The mill ground barley. " * 100, "The mill ground barley for the brewers. " * 50),
    "a follow-up": ("And who signed it?", "Samuel Osgood signed the lease of the mill in 1820."),
}


def turns_of(history: str) -> Turns:
    asked, said = HISTORIES[history]
    return [{"role": "user", "text": asked}, {"role": "assistant", "text": said}]


@pytest.fixture(scope="module")
def client(shared_library: Library) -> Iterator[TestClient]:
    with served(shared_library, min_answerability=0.0) as client:
        put(client, "lamps.txt", LAMPS)
        yield client


@pytest.mark.parametrize("history", HISTORIES)
def test_a_question_that_stands_alone_has_its_answer_after_anything(
    client: TestClient, shared_library: Library, history: str
) -> None:
    for name, ask in faces(client, shared_library).items():
        for question, expected in STANDALONE.items():
            assert ask(question, turns_of(history)) == expected, name


def test_a_question_that_cannot_stand_alone_is_understood_by_those_before(
    client: TestClient, shared_library: Library
) -> None:
    turns = [{"role": "user", "text": "What is known of the lease of the mill?"}]
    turns.append({"role": "assistant", "text": "The lease of the mill ended in 1841."})
    for name, ask in faces(client, shared_library).items():
        assert "Samuel Osgood" in ask("And who signed it?", turns), name


def test_every_tool_that_takes_a_question_of_a_person_takes_the_turns_before_it() -> None:
    asking = [one for one in TOOLS if "question" in one.arguments.model_fields]
    assert asking
    assert all("turns" in one.arguments.model_fields for one in asking)
