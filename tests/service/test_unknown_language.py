"""Every interface says that a collection's model does not know the language of a question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

from cli.instances import Question
from cli.instances.folder import Folder
from cli.terminal.output import print_answer
from index.embedding import WordEmbedder
from index.library import Library
from service.settings import Settings
from service.state.identity import KeyOptions, Scope, new_key
from tests.service.faces.pages.pages import page, words
from tests.service.http_service import put, served

CHINESE, ENGLISH = "灯是谁点的？", "Who lit the lamp?"
TOLD = "does not know the language of the question"
COMMAND = "loccit upgrade --collection default --model multilingual-e5-small"


class SpellingEmbedder(WordEmbedder):
    """Splits Chinese into characters, as a model for English does."""

    def token_starts(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        return [
            np.arange(len(text)) if not text.isascii() else starts
            for text, starts in zip(texts, super().token_starts(texts), strict=True)
        ]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library(tmp_path_factory.mktemp("languages"), embedder=SpellingEmbedder()) as library:
        yield library


@pytest.fixture(scope="module")
def client(library: Library) -> Iterator[TestClient]:
    with served(library) as client:
        put(client, "lamps.txt", "The lamp in the north tower was lit at dusk by the keeper.")
        yield client


def post(client: TestClient, path: str, question: str) -> Any:
    return client.post(path, json={"question": question}).json()


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/answer"])
def test_replies_have_a_note(client: TestClient, path: str) -> None:
    (note,) = post(client, path, CHINESE)["notes"]
    assert note["code"] == "unknown_language"
    assert TOLD in note["message"]
    assert f"`{COMMAND}` changes that. It embeds 1 passages anew, about 1 min on this" in note["message"]
    assert post(client, path, ENGLISH)["notes"] == []


def test_models_that_ask_are_told(client: TestClient) -> None:
    (note,) = post(client, "/tools/ask", CHINESE)["notes"]
    assert TOLD in note
    assert post(client, "/tools/ask", ENGLISH)["notes"] == []


def test_the_page_says_it(client: TestClient) -> None:
    notes = [words(one) for one in page(client, "/", q=CHINESE).xpath("//p[@class='note']")]
    assert any(TOLD in note for note in notes)
    assert any(COMMAND in note and "about 1 min on this machine" in note for note in notes)
    html = page(client, "/", q=ENGLISH)
    assert not any(TOLD in words(one) for one in html.xpath("//p[@class='note']"))


def test_the_command_prints_it(
    client: TestClient, library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    assert client.get("/healthz").status_code == 200
    instance = Folder(library, "default", Settings(data=library.data))
    for question, is_told in ((CHINESE, True), (ENGLISH, False)):
        print_answer(instance.ask(Question(question)), as_json=False)
        assert (COMMAND in capsys.readouterr().out) is is_told


def test_a_key_to_ask_learns_no_numbers(tmp_path: Path) -> None:
    with (
        Library(tmp_path, embedder=SpellingEmbedder()) as library,
        served(library, api_key="secret") as client,
    ):
        client.headers["x-api-key"] = "secret"
        put(client, "lamps.txt", "The lamp in the north tower was lit at dusk by the keeper.")
        token, key = new_key("a bot", Scope.ASK, KeyOptions())
        client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
        client.headers["x-api-key"] = token
        (note,) = post(client, "/v1/ask", CHINESE)["notes"]
        assert TOLD in note["message"]
        assert "loccit upgrade" not in note["message"]
