from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from index.config import Precision
from index.embedding import Models, WordEmbedder
from index.errors import ModelNotFound
from index.library import Library
from service.faces.api.schemas.collections import Collection
from tests.service.http_service import assert_error, assert_shape, served


def load(name: str, _: Precision | None) -> WordEmbedder:
    if not name.isdecimal():
        raise ModelNotFound(f"There is no model {name!r}.")
    return WordEmbedder(int(name))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    models = Models(lambda: WordEmbedder(256), name="256", load=load, most=2)
    settings = {"model": "256", "allowed_models": "64, 32, gone"}
    with Library(tmp_path, embedder=models) as library, served(library, **settings) as client:
        yield client


def create(client: TestClient, name: str, model: str) -> None:
    made = client.put(f"/v1/collections/{name}", json={"model": model})
    assert made.status_code == 201
    assert_shape(Collection, made.json())


def test_collections_with_several_models_are_asked_side_by_side(client: TestClient) -> None:
    create(client, "small", "64")
    client.put("/v1/collections/large")
    for name in ("small", "large"):
        client.put(f"/v1/documents/a.txt?collection={name}&wait=true", content="The lamp was lit at dusk.")
    listed = client.get("/v1/collections").json()["collections"]
    assert [one["model"] for one in listed] == ["words-256-64", "words-64-64"]
    questions = ["lamp", "dusk"]
    for name in ("small", "large"):
        for batch in ({"question": "lamp"}, {"questions": questions}, {"questions": questions}):
            answer = client.post("/v1/ask", json={"collection": name, **batch}).json()
            for one in answer.get("results", [answer]):
                # Both see three words of six: with a vector of the other model there were no such score.
                assert one["passages"][0]["explain"]["dense"]["score"] == pytest.approx(6**-0.5, abs=1e-3)
    assert "lit" in client.get("/", params={"q": "lamp", "collection": "small"}).text


class InPrecision(WordEmbedder):
    """Words, with the fingerprint of a model in a precision."""

    def __init__(self, precision: Precision | None) -> None:
        super().__init__()
        self.fingerprint = f"m:0:1:{'fp32' if precision == 'float' else 'dynamic-int8-1'}"


def test_a_collection_keeps_its_precision_and_the_service_loads_no_other_for_it(tmp_path: Path) -> None:
    loaded: list[Precision | None] = []

    def library(chosen: Precision) -> Library:
        def load_in(_: str, precision: Precision | None) -> WordEmbedder:
            loaded.append(precision)
            return InPrecision(precision)

        models = Models(WordEmbedder, name="m", load=load_in, choose=lambda _: chosen)
        return Library(tmp_path, embedder=models)

    def listed(client: TestClient) -> list[tuple[str, list[str]]]:
        found = client.get("/v1/collections").json()["collections"]
        assert all(one["model"] == "m" for one in found)
        return [(one["precision"], one["outdated"]) for one in found]

    with library("float") as before, served(before, model="m") as client:
        create(client, "old", "m")
        client.put("/v1/documents/a.txt?collection=old&wait=true", content="The lamp was lit at dusk.")
        assert listed(client) == [("float", [])]
    loaded.clear()
    with library("dynamic-int8") as after, served(after, model="m") as client:
        assert client.post("/v1/ask", json={"question": "lamp", "collection": "old"}).json()["passages"]
        assert "m" in [one["id"] for one in client.get("/v1/models").json()["data"]]
        assert loaded == ["float"]
        create(client, "new", "m")
        client.put("/v1/documents/a.txt?collection=new&wait=true", content="The lamp was lit at dusk.")
        assert listed(client) == [("dynamic-int8", []), ("float", ["precision"])]
        for name in ("old", "new"):
            answer = client.post("/v1/ask", json={"question": "lamp", "collection": name}).json()
            assert "lit" in answer["passages"][0]["text"]
        plan = client.post("/v1/collections/old/upgrade", json={"plan": True})
        assert plan.json()["changes"] == ["precision"]


def test_callers_choose_among_the_models_that_they_may(client: TestClient) -> None:
    for model in ("128", "/etc", "sentence-transformers/anything"):
        message = assert_error(client.put("/v1/collections/a", json={"model": model}), 422, "invalid_request")
        assert "Choose one of 256, all-MiniLM-L6-v2, " in message
    assert_error(client.put("/v1/collections/a", json={"model": "gone"}), 503, "model_not_found")
    assert client.get("/v1/collections").json()["collections"] == []


def test_more_models_than_allowed_are_refused(client: TestClient) -> None:
    create(client, "a", "64")
    message = assert_error(client.put("/v1/collections/b", json={"model": "32"}), 503, "too_many_models")
    assert "LOCCIT_ALLOWED_MODELS" in message


def test_a_collection_does_not_change_its_model_by_being_put_again(client: TestClient) -> None:
    create(client, "a", "64")
    assert client.put("/v1/collections/a").status_code == 200
    assert client.put("/v1/collections/a", json={"model": "64"}).status_code == 200
    message = assert_error(client.put("/v1/collections/a", json={"model": "256"}), 409, "collection_mismatch")
    assert "has the model 'words-64-64', not '256'" in message
