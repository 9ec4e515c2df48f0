"""What all requests have in common."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.error_handlers import explained
from service.errors import InvalidRequest

CollectionName = Annotated[str, Field(description="Name of the collection.", examples=["default"])]


class Request(BaseModel):
    """What all requests have in common: a field that is not known is an error, not ignored."""

    model_config = ConfigDict(extra="forbid")


LARGEST = 2**53
"""Largest number that every JSON reader takes exactly."""
Read = TypeVar("Read", bound=Request)


def read_json(model: type[Read], body: bytes) -> Read:
    """Read a request from its body.

    By hand rather than by the framework, which lets halves of surrogate pairs through: no part behind
    the service, from the tokenizer to the database, can take them. Raises :class:`InvalidRequest`.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequest(explained(error.errors(include_url=False, include_input=False))) from None


class CollectionQuery(Request):
    """The query of an address that is about one document or citation."""

    collection: CollectionName = "default"
