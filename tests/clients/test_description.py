"""The one description of the API is held against the OpenAPI document of the service."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import types
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import loccit_client
import pytest
from loccit_client import AnswerOptions, AskOptions, api, models
from loccit_client.api import asking, documents, jobs
from loccit_client.calls import Call, Events, Pages
from loccit_client.decoding import Reply
from loccit_client.requests import build_request

from index.citations.formats import FORMATS
from scripts.openapi import document

SCHEMAS = {
    "Answer": "AnswerResponse",
    "AskResult": "AskResponse",
    "Changes": "ChangesResponse",
    "Conflicts": "ConflictsResponse",
    "DeletedCollection": "DeletedCollection",
    "DocumentExplanation": "ExplainResponse",
    "Job": "JobResponse",
    "PruneResult": "PruneResponse",
    "PutDocument": "PutResponse",
    "ResolvedCitation": "CitationResponse",
    "VerifyResult": "VerifyResponse",
}
"""Names that differ; others are the same on both sides."""
SEVERAL = {
    "Selector": ("PositionSelector", "QuoteSelector"),
    "Collection": ("Collection", "ClosedCollection"),
    "Source": ("Source", "UnreadableSource"),
}
"""Models that stand for one of several schemas."""
ARGUMENTS: dict[str, Any] = {
    "question": "Who?",
    "questions": ["Who?"],
    "document_id": "a b.txt",
    "content": "A text.",
    "page": 1,
    "locator": "a.txt@9f2c41aab3de:0-1",
    "shape": "plain",
    "citations": ["a.txt@9f2c41aab3de:0-1"],
    "quotes": ["a"],
    "answer": "a",
    "cited": [],
    "name": "planets",
    "source": "manuals",
    "title": "Planets",
    "job_id": "9c5e",
    "files": [("a.txt", b"A.")],
    "urls": ["https://example.org/"],
    "documents": [{"document_id": "a", "text": "A."}],
    "old": 1,
    "verdict": "down",
}
FOREIGN = (
    "/v1/anthropic",
    "/v1/chat",
    "/v1/embeddings",
    "/v1/files",
    "/v1/models",
    "/v1/responses",
    "/v1/uploads",
    "/v1/vector_stores",
)
"""Routes in the shapes of other products, whose own clients speak them."""


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return document()


def modules_of(package: types.ModuleType) -> list[types.ModuleType]:
    names = [found.name for found in pkgutil.iter_modules(package.__path__)]
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def replies() -> Iterator[tuple[str, type[Reply]]]:
    """The models, each from the module that defines it."""
    for module in modules_of(models):
        for name, kind in vars(module).items():
            if isinstance(kind, type) and issubclass(kind, Reply) and kind.__module__ == module.__name__:
                yield name, kind


MODELS = dict(replies())


def operations() -> Iterator[tuple[str, Any]]:
    for module in modules_of(api):
        for name, function in vars(module).items():
            if inspect.isfunction(function) and function.__module__ == module.__name__ and name[0] != "_":
                yield f"{module.__name__.rpartition('.')[2]}.{name}", function


def described(function: Any) -> Call[Any]:
    names = inspect.signature(function).parameters
    found = function(**{name: ARGUMENTS[name] for name in names if name in ARGUMENTS})
    return found if isinstance(found, Call) else found.call


@pytest.mark.parametrize(
    ("name", "function"), list(operations()), ids=lambda one: one if isinstance(one, str) else ""
)
def test_an_operation_is_one_of_the_service(openapi: dict[str, Any], name: str, function: Any) -> None:
    call = described(function)
    paths = {path.replace(":path", ""): methods for path, methods in openapi["paths"].items()}
    operation = paths[call.path][call.method.lower()]
    declared = {one["name"]: one["in"] for one in operation.get("parameters", [])}
    assert call.named.keys() == {name for name, place in declared.items() if place == "path"}
    query = {name for name, place in declared.items() if place == "query"}
    assert call.query.keys() <= query, name
    assert ("collection" in query) == call.has_collection or call.path == "/v1/jobs"
    if call.json is not None:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert call.json.keys() <= schema["properties"].keys()
    if call.upload is not None:
        assert "multipart/form-data" in operation["requestBody"]["content"]


def test_every_route_has_an_operation(openapi: dict[str, Any]) -> None:
    ours = {f"{call.method} {call.path}" for _, function in operations() for call in [described(function)]}
    served = {
        f"{method.upper()} {path}"
        for path, methods in openapi["paths"].items()
        for method in methods
        if path.startswith("/v1/") and not path.startswith(FOREIGN)
    }
    assert served - ours == set()


def test_questions_have_all_options_of_the_service(openapi: dict[str, Any]) -> None:
    content = openapi["paths"]["/v1/ask"]["post"]["requestBody"]["content"]
    fields = content["application/json"]["schema"]["properties"].keys()
    assert AskOptions.__annotations__.keys() == fields - {"question", "questions", "on_behalf_of"}


def test_answers_have_all_options_of_the_service(openapi: dict[str, Any]) -> None:
    content = openapi["paths"]["/v1/answer"]["post"]["requestBody"]["content"]
    fields = content["application/json"]["schema"]["properties"].keys()
    assert AnswerOptions.__annotations__.keys() == fields - {"question", "stream", "on_behalf_of"}


def test_formats_are_those_of_the_service() -> None:
    assert get_args(asking.Format) == FORMATS


def test_no_two_schemas_have_a_name_that_the_framework_has_to_qualify(openapi: dict[str, Any]) -> None:
    assert [name for name in openapi["components"]["schemas"] if "__" in name] == []


def test_every_model_is_public() -> None:
    assert {name: getattr(models, name) for name in MODELS} == MODELS
    for module in modules_of(models):
        assert module.__all__ == sorted(module.__all__)
        assert set(module.__all__) == {
            name for name, kind in MODELS.items() if kind.__module__ == module.__name__
        }


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_has_the_fields_of_its_schema(openapi: dict[str, Any], name: str) -> None:
    schemas = openapi["components"]["schemas"]
    found = [schemas[one] for one in SEVERAL.get(name, (SCHEMAS.get(name, name),))]
    properties = {field: schema for one in found for field, schema in one["properties"].items()}
    model = MODELS[name]
    hints = get_type_hints(model)
    fields = {field.name: hints[field.name] for field in dataclasses.fields(model) if field.name != "raw"}
    assert fields.keys() == properties.keys()
    if len(found) == 1:
        for field, hint in fields.items():
            assert may_be_null(hint) == null_in(properties[field]), field
            if (values := properties[field].get("enum")) is not None:
                assert set(get_args(hint)) == set(values), field


def may_be_null(hint: Any) -> bool:
    return isinstance(hint, types.UnionType) and type(None) in get_args(hint)


def null_in(schema: dict[str, Any]) -> bool:
    return {"type": "null"} in schema.get("anyOf", [])


def test_requests_name_the_collection_unless_it_is_the_default_one() -> None:
    with loccit_client.Client("http://127.0.0.1:1/loccit") as client:
        http = client._transport.http
        call = described(documents.get)
        assert str(build_request(http, call, "default", None).url).endswith("/loccit/v1/documents/a%20b.txt")
        assert build_request(http, call, "lamps", None).url.params["collection"] == "lamps"
        assert "collection" not in build_request(http, described(jobs.get), "lamps", None).url.params


def test_pages_and_events_are_calls_too() -> None:
    assert isinstance(documents.list_all(), Pages)
    assert isinstance(jobs.events("a"), Events)


def test_the_public_names_are_sorted() -> None:
    assert loccit_client.__all__ == sorted(
        loccit_client.__all__, key=lambda name: (name != name.upper(), name)
    )
