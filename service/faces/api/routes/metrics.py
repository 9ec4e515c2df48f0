"""Metrics for Prometheus."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from service.app.runtime import Runtime
from service.errors import Forbidden
from service.faces.dependencies import Caller, runtime
from service.http.route import ApiRoute
from service.state.identity import Scope, access

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
    state: Annotated[Runtime, Depends(runtime)],
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Counts and sizes of all worker processes, in the text format of Prometheus or as OpenMetrics.

    It has names of collections, and neither questions nor ids of documents. It needs a key that may use all
    collections.
    """
    if caller.collections is not None:
        raise Forbidden("The metrics are of all collections, and this key may use some of them.")
    state.sample_metrics()
    text, media_type = await state.pools.lookups.run(state.render_metrics, accept)
    return Response(text, media_type=media_type)
