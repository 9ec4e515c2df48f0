"""Health checks. They need no API key, and tell details to admins only."""

from collections.abc import Mapping
from pathlib import Path

from fastapi import APIRouter, Response

from index.disks import is_full, is_read_only
from index.errors import CollectionNotFound, DiskFull, DiskReadOnly, LoccitError, StoreUnavailable
from index.lag import Lag
from index.protocols import Failure
from index.records import Counts
from service.faces.api.schemas.collections import Health, Readiness, Ready, lag_json, refused_mirrors_json
from service.faces.api.schemas.values import Json, moment
from service.faces.dependencies import (
    Caller,
    ReadyCollections,
    ReadyInventory,
    ReadyPools,
    ReadyReadiness,
)
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access

router = APIRouter(tags=["health"], route_class=ApiRoute)


@router.get(
    "/healthz",
    summary="Check that the process is up",
    response_model=Health,
)
@access(Scope.NONE)
async def health() -> Response:
    """Restart the service when this does not respond."""
    return json_reply({"status": "up"})


@router.get(
    "/readyz",
    summary="Check that the service answers questions",
    response_model=Readiness | Ready,
)
@access(Scope.NONE)
async def readiness(
    caller: Caller,
    collections: ReadyCollections,
    readiness: ReadyReadiness,
    inventory: ReadyInventory,
    pools: ReadyPools,
) -> Response:
    """200 means that the model has answered a question, the collections are open, and answers are up to date.

    It is 503 `not_ready` also while answers are further behind the record than `LOCCIT_READY_LAG_SECONDS`,
    once a newer version has changed tables so that this one cannot serve them, and once its keys were lost.
    Without an admin key the answer is `{"status": "ready"}`, unless the service has no keys. So it is for all
    while the database cannot be reached, after some seconds.
    """
    readiness.require_keys()
    readiness.require_tables()
    readiness.require_following()
    if caller.scope < Scope.ADMIN:
        return json_reply({"status": "ready"})
    try:
        details = await pools.lookups.run(readiness_json, collections, caller, inventory.losses())
    except StoreUnavailable:  # for all processes alike: others would not answer either
        details = {"status": "ready"}
    return json_reply(details)


for _path, _check in (("/healthz", health), ("/readyz", readiness)):
    router.add_api_route(_path, _check, methods=["HEAD"], include_in_schema=False)


def readiness_json(collections: Collections, caller: Principal, lost: Mapping[str, float]) -> Json:
    """The state of the collections that a caller may use, as :class:`Readiness`; blocks.

    ``lost`` are files that were lost and made anew, each with the time.
    """
    counted: list[Counts] = []
    failures: list[Failure] = []
    refused: list[Json] = []
    unavailable = 0
    names = collections.names(caller)
    for name in names:
        try:
            collection = collections.library.open(name)
            counted.append(collection.archive.counts())
            failures.extend(collection.failures)
            refused.extend(refused_mirrors_json(collection))
        except CollectionNotFound:
            continue  # deleted after it was listed
        except LoccitError:
            unavailable += 1
    known = [lag for name, lag in collections.library.lags().items() if name in names]
    writes = _state_of_writes(collections.library.data)
    is_degraded = unavailable or failures or refused or writes != "accepted"
    return {
        "status": "degraded" if is_degraded or lost else "ready",
        "collections": len(counted),
        "unavailable": unavailable,
        "failed_indexes": [{"index": one.side, "since": moment(one.since)} for one in failures],
        "refused_mirrors": refused,
        "writes": writes,
        "lost_files": [{"file": name, "since": moment(since)} for name, since in lost.items()],
        "lag": lag_json(max(known, key=lambda lag: lag.seconds, default=Lag())),
        "documents": sum(counts.documents for counts in counted),
        "passages": {
            "total": sum(counts.passages for counts in counted),
            "embedded": sum(counts.embedded for counts in counted),
        },
    }


def _state_of_writes(data: Path) -> str:
    if is_read_only(data):
        return DiskReadOnly.code
    return DiskFull.code if is_full(data) else "accepted"
