"""Passages that the cross-encoder reads, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.embedding import MULTILINGUAL_MODEL, WordEmbedder
from index.errors import ModelDamaged
from index.library import Library
from index.search.cross_encoder.encoding import Window
from service.faces.api.schemas.answers import AskResponse
from service.settings import Settings
from service.state.library import open_cross_encoder
from tests.index.search.cross_encoder.toys import cross_encoder
from tests.service.http_service import assert_error, assert_shape, put, served

MILL = "The mill of Arlow was opened in 1901. The mill of Arlow was sold to Anna Berg."
QUESTION = "To whom was the mill of Arlow sold?"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    judge = cross_encoder("Anna", [MILL, QUESTION])
    with (
        Library(
            tmp_path_factory.mktemp("data"), embedder=WordEmbedder(), cross_encoder=lambda _: judge
        ) as library,
        served(library) as made,
    ):
        put(made, "mill.txt", MILL)
        put(made, "inn.txt", "The inn of Arlow has forty rooms.")
        yield made


def ask(client: TestClient, path: str = "/v1/ask", **more: Any) -> dict[str, Any]:
    response = client.post(path, json={"question": QUESTION, **more})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_the_reply_says_what_was_read_and_what_it_said(client: TestClient) -> None:
    answer = ask(client)
    assert_shape(AskResponse, answer)
    assert answer["read"] == len(answer["passages"])
    assert answer["read_by"].startswith("toy:")
    assert answer["timings_ms"]["read"] > 0
    of = {one["citation"]["document_id"]: one["explain"]["read"] for one in answer["passages"]}
    assert of["mill.txt"] > 0.9
    assert of.get("inn.txt", 0.0) < 0.1


def test_nothing_is_read_for_a_question_that_does_not_want_it(client: TestClient) -> None:
    answer = ask(client, read=False)
    assert (answer["read"], answer["read_by"]) == (0, "")
    assert {one["explain"]["read"] for one in answer["passages"]} == {None}
    assert "read" not in answer["timings_ms"]
    unread, read = (ask(client, "/v1/answer", mode="extractive", read=want) for want in (False, True))
    assert "read" not in unread["timings_ms"]
    assert read["timings_ms"]["read"] > 0


@pytest.mark.parametrize("wanted", ["yes", 1, None])
def test_whether_to_read_is_true_or_false(client: TestClient, wanted: object) -> None:
    response = client.post("/v1/ask", json={"question": QUESTION, "read": wanted})
    assert "read" in assert_error(response, 422, "invalid_request")


def test_settings_say_what_reads(tmp_path: Path) -> None:
    assert open_cross_encoder(Settings(data=tmp_path, cross_encoder="off")) is None
    with pytest.raises(ModelDamaged, match="install"):
        open_cross_encoder(Settings(data=tmp_path, cross_encoder=str(tmp_path)))


@pytest.mark.model
def test_the_installed_weights_are_taken_on_every_processor_where_that_is_asked_for(tmp_path: Path) -> None:
    opened = open_cross_encoder(Settings(data=tmp_path, cross_encoder="on"))
    assert opened is not None
    chosen = open_cross_encoder(Settings(data=tmp_path, cross_encoder="auto"))
    assert (chosen is None) == (opened.precision != "bf16")


@pytest.mark.model
def test_collections_of_the_multilingual_model_have_one_of_their_own(tmp_path: Path) -> None:
    opened = open_cross_encoder(Settings(data=tmp_path, cross_encoder="on"), MULTILINGUAL_MODEL)
    assert opened is not None
    assert opened.reads_all_languages
    text = "Anna Berg eröffnete die Mühle im Jahr 1901. Sie brannte 1934 ab, und niemand wurde verletzt."
    window = Window(text, ((0, 43), (44, len(text))))
    answered, missed = (
        opened.judge(question, [window])[0].answers
        for question in ("Wer eröffnete die Mühle?", "Was kostet eine Fahrkarte nach Paris?")
    )
    assert answered > missed


def test_nothing_reads_beside_the_test_double_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert open_cross_encoder(Settings(data=tmp_path, model="words", cross_encoder="auto")) is None
