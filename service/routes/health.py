"""Health checks. They need no key, and tell nothing that a stranger may not know."""

from __future__ import annotations

from fastapi import APIRouter, Response

from index.errors import CollectionNotFound, LoccitError
from index.records import Counts
from service.errors import InternalError, NotReady
from service.openapi import responses
from service.replies import json_reply
from service.runtime import ReadyRuntime, Runtime
from service.schemas.collections import Health, Readiness
from service.schemas.values import Json

router = APIRouter(tags=["health"])


@router.get(
    "/healthz",
    summary="Is the process up?",
    response_model=Health,
    responses=responses(InternalError, everywhere=False),
)
async def health() -> Response:
    """Restart the service when this does not answer."""
    return json_reply({"status": "up"})


@router.get(
    "/readyz",
    summary="Does the service answer questions?",
    response_model=Readiness,
    responses=responses(NotReady, InternalError, everywhere=False),
)
async def readiness(runtime: ReadyRuntime) -> Response:
    """Send requests here when this is 200: the model has answered, and the collections are open."""
    return await runtime.read(_readiness, runtime)


def _readiness(runtime: Runtime) -> Response:
    counted: list[Counts] = []
    unavailable = 0
    for name in runtime.library.names():
        try:
            counted.append(runtime.library.open(name).counts())
        except CollectionNotFound:
            continue  # deleted since it was listed
        except LoccitError:
            unavailable += 1
    content: Json = {
        "status": "degraded" if unavailable else "ready",
        "collections": len(counted),
        "unavailable": unavailable,
        "documents": sum(counts.documents for counts in counted),
        "passages": {
            "total": sum(counts.passages for counts in counted),
            "embedded": sum(counts.embedded for counts in counted),
        },
    }
    return json_reply(content)
