"""Sources."""

from __future__ import annotations

from loccit_client.calls import Call, many, one
from loccit_client.models import Job, Source


def list_all() -> Call[list[Source]]:
    """The sources of a collection, each with its last run."""
    return Call(method="GET", path="/v1/sources", read=many(Source, "sources"))


def sync(source: str) -> Call[Job]:
    """Make the collection equal to a source, as a job; where one is under way, that one."""
    return Call(
        method="POST",
        path="/v1/sources/{source}/sync",
        named={"source": source},
        read=one(Job),
        repeatable=False,
    )
