"""Metrics for Prometheus."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from service.errors import Forbidden
from service.faces.dependencies import Caller
from service.http.parts import parts_of
from service.http.route import ApiRoute
from service.monitoring.metrics import Sampler
from service.state.identity import Scope, access
from service.state.limits.pools import Pools

router = APIRouter(tags=["health"], route_class=ApiRoute)


@router.get(
    "/metrics",
    summary="Read the metrics, for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
@access(Scope.READ, "collections")
async def metrics(
    caller: Caller,
    request: Request,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Counts and sizes of all worker processes, in the text format of Prometheus or as OpenMetrics.

    It has names of collections, and neither questions nor ids of documents. It needs a key that may use all
    collections.
    """
    if caller.collections is not None:
        raise Forbidden("The metrics are of all collections, and this key may use some of them.")
    parts = parts_of(request)  # also those of a service that is not ready
    sampler = parts[Sampler]
    sampler.sample()
    text, media_type = await parts[Pools].lookups.run(sampler.render, accept)
    return Response(text, media_type=media_type)
