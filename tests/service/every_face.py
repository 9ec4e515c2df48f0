"""Every interface that answers questions, as a function from a question to what stands first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.testclient import TestClient

from cli.chat import Conversation
from cli.instances import Question
from cli.instances.folder import Folder
from index.library import Library
from service.settings import Settings
from tests.service.faces.pages.pages import page, words

Turns = Sequence[Mapping[str, str]]
Ask = Callable[[str, Turns], str]


def _first(answer: Any) -> str:
    """The first sentence of an answer that is no introduction of the next one."""
    return str(next(one["text"] for one in answer["sentences"] if not one["introduces"]))


def faces(client: TestClient, library: Library) -> dict[str, Ask]:
    """The interfaces, each as a function from a question and the turns before it to its first sentence."""
    settings = Settings(data=library.data, min_answerability=0.0)
    instance = Folder(library, "default", settings)

    def post(path: str, body: Mapping[str, Any]) -> Any:
        found = client.post(path, json=body)
        assert found.status_code == 200, found.text
        return found.json()

    def chat(question: str, turns: Turns) -> str:
        messages = [{"role": one["role"], "content": one["text"]} for one in turns]
        body = {"model": "loccit", "messages": [*messages, {"role": "user", "content": question}]}
        return _first(post("/v1/chat/completions", body)["loccit"])

    def responses(question: str, turns: Turns) -> str:
        messages = [{"role": one["role"], "content": one["text"]} for one in turns]
        body = {"model": "loccit", "input": [*messages, {"role": "user", "content": question}]}
        return _first(post("/v1/responses", body)["loccit"])

    def asking_page(question: str, turns: Turns) -> str:
        said = turns[-1]["text"] if turns else ""
        asked = [one["text"] for one in turns if one["role"] == "user"]
        html = page(client, "/", q=question, turn=asked, said=said)
        return words(html.xpath("//p[@class='sentence']")[0]).rsplit("[", 1)[0].strip()

    def command_chat(question: str, turns: Turns) -> str:
        seen: list[Any] = []

        class Recording(Folder):
            def answer(self, question: Question) -> Any:
                seen.append(super().answer(question))
                return seen[-1]

        conversation = Conversation(Recording(library, "default", settings))
        conversation.remember(turns)
        conversation.take(question, Question(""))
        return _first(seen[-1])

    def widget(question: str, turns: Turns) -> str:
        body = {"question": question, "turns": turns, "stream": True}
        with client.stream("POST", "/v1/answer", json=body) as reply:
            events = reply.read().decode().split("\n\n")
        (finished,) = [one for one in events if one.startswith("event: finished")]
        return _first(json.loads(finished.partition("data: ")[2]))

    return {
        "ask": lambda q, turns: post("/v1/ask", {"question": q, "turns": turns})["first"]["text"],
        "answer": lambda q, turns: _first(post("/v1/answer", {"question": q, "turns": turns})),
        "chat": chat,
        "responses": responses,
        "mcp": lambda q, turns: post("/tools/ask", {"question": q, "turns": turns})["first_sentence"],
        "page": asking_page,
        "widget": widget,
        "command ask": lambda q, turns: instance.ask(Question(q, turns=turns))["first"]["text"],
        "command chat": command_chat,
    }
