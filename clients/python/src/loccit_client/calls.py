"""An operation of the API as a value, which both clients send: request, and how to read the reply."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx

from loccit_client.decoding import Json, decode
from loccit_client.errors import InvalidArgument, InvalidReply, error_in_stream
from loccit_client.sse import ServerEvent
from loccit_client.uploading import Upload

T = TypeVar("T")
QueryValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One request, and how to read its reply.

    ``path`` is that of the OpenAPI document; ``named`` has the values of its parameters. Values of ``query``
    that are None are not sent. ``collection`` is None for that of the client; ``has_collection`` is false
    where the operation concerns none. An operation that is ``repeatable`` has the same effect once or twice.
    """

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    named: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, QueryValue] = field(default_factory=dict)
    json: Any = None
    upload: Upload | None = None
    collection: str | None = None
    has_collection: bool = True
    repeatable: bool = True

    @property
    def url(self) -> str:
        """The path with its parameters, percent-encoded. Raises :class:`InvalidArgument`."""
        for value in self.named.values():
            # They would be resolved: the address would be another one, such as that of a collection.
            if not value or {".", ".."} & set(value.split("/")):
                raise InvalidArgument(f"{value!r} names nothing: it is empty, or a part of it is . or ..")
        return self.path.format_map({name: quote(value, safe="/@:") for name, value in self.named.items()})

    def with_query(self, name: str, value: QueryValue) -> Call[T]:
        """The same call with one more value in its query."""
        return replace(self, query={**self.query, name: value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages(Generic[T]):
    """A list that comes in pages: ``call`` is its first, and ``cursor`` names the parameter of the next."""

    call: Call[tuple[Sequence[T], str | int | None]]
    cursor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Events(Generic[T]):
    """A stream of server-sent events, and how to read each; the one named ``finished`` is the last."""

    call: Call[None]
    read: Callable[[ServerEvent], T]


def json_of(response: httpx.Response) -> Any:
    """The JSON of a response. Raises :class:`InvalidReply`."""
    try:
        return response.json()
    except ValueError:
        raise InvalidReply(
            f"The reply of {response.request.url.path} is not JSON. Is this the address of a Loccit service?"
        ) from None


def data_of(event: ServerEvent) -> Json:
    """The JSON object of an event.

    Raises :class:`InvalidReply`, and :class:`ServerError` for the event with which a stream ends in an error.
    """
    try:
        data = json.loads(event.data)
    except ValueError:
        raise InvalidReply("An event is not JSON. Is this a Loccit service?") from None
    if not isinstance(data, dict):
        raise InvalidReply("An event is no object. Is this a Loccit service?")
    if event.name == "error":
        raise error_in_stream(data)
    return data


def one(kind: type[T]) -> Callable[[httpx.Response], T]:
    """A reader of replies that are one value."""
    return lambda response: decode(kind, json_of(response))


def many(kind: type[T], name: str) -> Callable[[httpx.Response], list[T]]:
    """A reader of replies whose field ``name`` is a list."""
    return lambda response: _members(kind, name, json_of(response))


def page(kind: type[T], name: str) -> Callable[[httpx.Response], tuple[list[T], str | int | None]]:
    """A reader of a page: its members, and the value that names the next page."""

    def read(response: httpx.Response) -> tuple[list[T], str | int | None]:
        reply = json_of(response)
        return _members(kind, name, reply), reply.get("next")

    return read


def nothing(response: httpx.Response) -> None:
    """A reader of replies that say nothing."""


def text(response: httpx.Response) -> str:
    """A reader of replies that are a text in UTF-8."""
    return response.content.decode()


def content(response: httpx.Response) -> bytes:
    """A reader of replies that are a file."""
    return response.content


def without_defaults(**values: Any) -> Json:
    """A body of those fields that were given: a value of None or an empty one is the service's default."""
    return {
        name: value for name, value in values.items() if value is not None and value not in ("", [], (), {})
    }


def several_collections(collection: str | None, names: Sequence[str] | None) -> Json:
    """The fields of a question to several collections, also of an empty list, which the service refuses."""
    if names is None:
        return {}
    named = {} if collection is None else {"collection": collection}
    return {**named, "collections": names if isinstance(names, str) else list(names)}


def _members(kind: type[T], name: str, reply: Any) -> list[T]:
    if not isinstance(reply, dict) or not isinstance(reply.get(name), list):
        raise InvalidReply(f"The reply has no list {name}. Is this the address of a Loccit service?")
    return [decode(kind, value) for value in reply[name]]
