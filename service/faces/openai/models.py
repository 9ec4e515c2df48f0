"""Models: each collection as ``loccit:{collection}``, and the embedding models of the collections."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Response

from index.errors import LoccitError
from index.protocols import Embedder, name_in
from service.errors import MayRaise, NoSuchModel
from service.faces.api.schemas.values import Json
from service.faces.dependencies import Caller, Lookups, ReadyCollections, in_thread
from service.faces.openai.replies import Model, ModelList
from service.http.parameters import OPENS, STORED
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access

router = APIRouter(tags=["openai"], route_class=ApiRoute)

PREFIX = "loccit:"
"""Beginning of the names of models that are collections."""
EVERY = "*"
"""In place of the name of a collection: all that the caller may use."""
ModelName = Annotated[
    str,
    Path(description="The name of a model.", examples=["loccit:default"]),
    MayRaise(NoSuchModel),
    OPENS,
    STORED,
]
_LONGEST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Embedding:
    """A model that embeds texts. ``queue`` names it for :class:`service.flows.ask.queues.QuestionQueues`."""

    embedder: Embedder
    queue: str


@router.get("/v1/models", summary="List models", response_model=ModelList)
@access(Scope.ASK, "collections")
@in_thread(Lookups)
def list_models(caller: Caller, collections: Annotated[ReadyCollections, STORED]) -> Response:
    """The collections that the key may use, and the models that embed for them."""
    return json_reply(
        {"object": "list", "data": [_model_json(one) for one in _model_names(collections, caller)]}
    )


@router.get("/v1/models/{model:path}", summary="Look up a model", response_model=Model)
@access(Scope.ASK, "collections")
@in_thread(Lookups)
def retrieve(model: ModelName, caller: Caller, collections: ReadyCollections) -> Response:
    """A collection, or an embedding model."""
    names = _model_names(collections, caller)
    if model not in names:
        raise no_such_model(model)
    return json_reply(_model_json(model))


def _model_names(collections: Collections, caller: Principal) -> list[str]:
    """The names that a caller may give as a model; blocks."""
    names = collections.names(caller)
    embedding = dict.fromkeys([default_name(collections), *_embedding_names(collections, names).values()])
    every = [EVERY] if len(names) > 1 else []
    return [*(f"{PREFIX}{name}" for name in (*names, *every)), *embedding]


def _embedding_names(collections: Collections, names: list[str]) -> dict[str, str]:
    """The names of the models of collections that can be read."""
    found = {}
    for name in names:
        with suppress(LoccitError):  # deleted meanwhile, or damaged, which the log says
            found[name] = _without_folder(name_in(collections.library.description(name).model))
    return found


def default_name(collections: Collections) -> str:
    """The name of the model of new collections."""
    return _without_folder(collections.library.models.default_name)


def _without_folder(name: str) -> str:
    """The name of a model, without the folder that it was opened from."""
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2]


def embedding_of(collections: Collections, caller: Principal, model: str) -> Embedding:
    """The model that embeds under a name: a collection's, or its own; blocks.

    Raises :class:`NoSuchModel`, and what opening a collection raises.
    """
    models, collection = collections.library.models, model.removeprefix(PREFIX)
    if collection == model:
        if model == default_name(collections):
            return Embedding(models.default, "")
        names = _embedding_names(collections, collections.names(caller))
        collection = next((name for name, its in names.items() if its == model), "")
    if not collection or collection not in collections.names(caller):
        raise no_such_model(model)
    fingerprint = collections.open(caller, collection).description.model
    queue = collections.model_of(caller, collection)
    return Embedding(models.get_loaded(fingerprint), queue)


def no_such_model(model: str) -> NoSuchModel:
    """The error for a model that is not served, or that the caller may not use."""
    return NoSuchModel(
        f"There is no model {model[:_LONGEST_SHOWN]!r}. GET /v1/models lists those that there are."
    )


def _model_json(name: str) -> Json:
    return {"id": name, "object": "model", "created": 0, "owned_by": "loccit", "shutdown_date": None}
