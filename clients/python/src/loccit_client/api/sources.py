"""Sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict, Unpack

from loccit_client.calls import Call, many, one
from loccit_client.models import Job, RemovedSource, Source


class SourceOptions(TypedDict, total=False):
    """A place in another application. ``secret`` is its token; without one, a secret that is kept stays."""

    kind: str
    place: str
    url: str
    user: str
    secret: str
    options: Mapping[str, str]
    prefix: str
    groups: Sequence[str] | None
    group_prefixes: Mapping[str, Sequence[str]]
    takes_readers: bool
    owner: str
    every_seconds: float
    erases: bool


def list_all() -> Call[list[Source]]:
    """The sources of a collection, each with its last run."""
    return Call(method="GET", path="/v1/sources", read=many(Source, "sources"))


def put(source: str, **options: Unpack[SourceOptions]) -> Call[Source]:
    """Add a source, or replace it; see :class:`SourceOptions`."""
    return Call(
        method="PUT",
        path="/v1/sources/{source}",
        named={"source": source},
        json=dict(options),
        read=one(Source),
    )


def delete(source: str, *, retire: bool = False) -> Call[RemovedSource]:
    """Remove a source; its documents stay, unless they are to be retired."""
    return Call(
        method="DELETE",
        path="/v1/sources/{source}",
        named={"source": source},
        query={"retire": retire or None},
        read=one(RemovedSource),
    )


def sync(source: str) -> Call[Job]:
    """Make the collection equal to a source, as a job; where one is under way, that one."""
    return Call(
        method="POST",
        path="/v1/sources/{source}/sync",
        named={"source": source},
        read=one(Job),
        repeatable=False,
    )
