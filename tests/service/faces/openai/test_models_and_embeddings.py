from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from openai import OpenAI

from index.embedding import WordEmbedder
from index.library import Library
from tests.service.faces.openai.conftest import LAMP
from tests.service.http_service import app_of, live

WORDS = "words"


@pytest.fixture(scope="module")
def service(shared_library: Library) -> Iterator[httpx.Client]:
    with live(app_of(shared_library)) as http:
        http.put("/v1/collections/manuals")
        yield http


def test_models_are_the_collections_and_what_embeds_for_them(client: OpenAI) -> None:
    before = [one.id for one in client.models.list()]
    assert before[-1] == WORDS
    client.vector_stores.create(name="catalogue")
    listed = list(client.models.list())
    assert sorted(one.id for one in listed) == sorted([*before, "loccit:catalogue", "loccit:*"])
    assert listed[-1].id == WORDS
    assert {one.owned_by for one in listed} == {"loccit"}
    for one in listed:
        assert client.models.retrieve(one.id) == one
    for unknown in ("loccit:nothing", "gpt-4o", "a/b"):
        with pytest.raises(openai.NotFoundError) as raised:
            client.models.retrieve(unknown)
        assert raised.value.code == "no_such_model"


def test_a_model_cannot_be_deleted(client: OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as raised:
        client.models.delete(WORDS)
    assert raised.value.status_code == 405
    assert raised.value.code == "method_not_allowed"


@pytest.mark.parametrize("model", [WORDS, "loccit:manuals"])
@pytest.mark.parametrize("encoding", ["float", "base64", None])
def test_texts_are_embedded(lenient: OpenAI, model: str, encoding: Any) -> None:
    texts = ["The lamp was lit.", "A ship with salt."]
    given = {} if encoding is None else {"encoding_format": encoding}
    made = lenient.embeddings.create(model=model, input=texts, **given)
    assert made.model == model
    assert [one.index for one in made.data] == [0, 1]
    vectors: list[Any] = [one.embedding for one in made.data]
    if encoding == "base64":
        vectors = [np.frombuffer(base64.b64decode(one), "<f4") for one in vectors]
    assert np.allclose(np.array(vectors), WordEmbedder().embed_queries(texts))
    assert (made.usage.prompt_tokens, made.usage.total_tokens) == (8, 8)
    single = lenient.embeddings.create(model=model, input=texts[0], dimensions=256)
    assert len(single.data) == 1


def test_many_texts(lenient: OpenAI) -> None:
    texts = [f"text number {n}" for n in range(100)]
    made = lenient.embeddings.create(model=WORDS, input=texts)
    assert np.allclose([one.embedding for one in made.data], WordEmbedder().embed_queries(texts))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"input": [1, 2, 3]}, "Tokens are those of another model"),
        ({"input": [[1, 2], [3]]}, "Tokens are those of another model"),
        ({"input": ""}, "empty"),
        ({"input": ["a", " "]}, "input.1"),
        ({"input": []}, "input"),
        ({"input": "word " * 65}, "65 tokens"),
        ({"dimensions": 128}, "have 256"),
        ({"encoding_format": "int8"}, "encoding_format"),
        ({"extra_body": {"truncate": True}}, "truncate"),
    ],
)
def test_what_is_refused(lenient: OpenAI, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(openai.BadRequestError, match=message):
        lenient.embeddings.create(**{"model": WORDS, "input": "a lamp", **wrong})


def test_an_unknown_model(lenient: OpenAI) -> None:
    for model in ("text-embedding-3-small", "loccit:nothing", "loccit:"):
        with pytest.raises(openai.NotFoundError):
            lenient.embeddings.create(model=model, input="a lamp")


def test_a_user_has_no_effect(lenient: OpenAI) -> None:
    assert lenient.embeddings.create(model=WORDS, input="a lamp", user="somebody").data


def test_a_vector_is_that_of_the_question(lenient: OpenAI, service: httpx.Client) -> None:
    service.put("/v1/documents/a.txt?wait=true", content=LAMP)
    made = lenient.embeddings.create(model="loccit:default", input="When was the lamp lit?")
    assert np.isclose(np.linalg.norm(made.data[0].embedding), 1.0)
