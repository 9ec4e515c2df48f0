"""JSON bodies of requests."""

from typing import Any, Generic, TypeVar

from fastapi import Request as HttpRequest
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from service.errors import ClientGone, InvalidRequest
from service.http.error_handlers import invalid_request
from service.http.json_schema import schema_of
from service.http.request_models import CollectionBody, Request, SeveralCollections

Model = TypeVar("Model", bound=Request)

_LONGEST_NAME = 100


async def read_body(request: HttpRequest) -> bytes:
    """The whole body. Raises :class:`ClientGone` when the client disconnects before its end."""
    try:
        return await request.body()
    except ClientDisconnect:
        raise ClientGone("The client disconnected before everything was sent.") from None


class JsonBody(Generic[Model]):
    """Reads a request's body as JSON, and describes it for OpenAPI.

    A dependency of a route: ``body: Annotated[PruneRequest, Depends(JsonBody(PruneRequest))]``. A route that
    reads its body itself declares it on the request instead: ``request: Annotated[Request, BODY]``.
    """

    def __init__(self, model: type[Model], *, required: bool = True) -> None:
        self.model = model
        self.required = required

    @property
    def names_collection(self) -> bool:
        """True if the model has a field ``collection``; the query may name it instead."""
        return issubclass(self.model, CollectionBody)

    async def __call__(self, request: HttpRequest) -> Model:
        """The body of a request. Raises :class:`InvalidRequest`."""
        return self.parse(await read_body(request), request)

    def parse(self, data: bytes, request: HttpRequest) -> Model:
        """A body that was read already. Raises :class:`InvalidRequest`."""
        body = self.model() if not data and not self.required else read_json(self.model, data)
        # Most requests have no query: parsing it is left out where there is none.
        if isinstance(body, CollectionBody) and request.scope["query_string"]:
            _apply_query(body, request.query_params.get("collection"))
        return body

    def openapi(self) -> dict[str, Any]:
        """The ``requestBody`` of an operation."""
        return {
            "required": self.required,
            "content": {"application/json": {"schema": schema_of(self.model)}},
        }


def read_json(model: type[Model], data: bytes) -> Model:
    """A request from JSON. Raises :class:`InvalidRequest`."""
    # By hand rather than by the framework, which lets halves of surrogate pairs through: no part behind the
    # service, from the tokenizer to the database, can take them.
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise invalid_request(error.errors(include_url=False, include_input=False)) from None


def _apply_query(body: CollectionBody, name: str | None) -> None:
    """Set the collection to the query's. Raises :class:`InvalidRequest` when the body names another."""
    several = isinstance(body, SeveralCollections) and body.collections is not None
    if name is None or (name == body.collection and not several):
        return
    if several:
        raise InvalidRequest(
            "collections: the query has a collection, too. Give either collection or collections.",
            param="collections",
        )
    if "collection" in body.model_fields_set:
        raise InvalidRequest(
            f"collection: the query says {name[:_LONGEST_NAME]!r} and the body "
            f"{body.collection[:_LONGEST_NAME]!r}. Give it in one of them, or the same in both."
        )
    body.collection = name
