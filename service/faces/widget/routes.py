"""The address of the widget's script."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response

from service.faces.widget.script import ETAG, SCRIPT
from service.http.route import GuardedRoute
from service.state.identity import Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = "/widget.js"
_HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "ETag": ETAG,
    # Pages of other origins load it, also those that ask for isolation (COEP).
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


@router.get(PATH)
@access(Scope.NONE)
async def widget(if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """The script that a page includes by one tag."""
    if if_none_match == ETAG:
        return Response(status_code=304, headers=_HEADERS)
    return Response(SCRIPT, headers=_HEADERS, media_type="text/javascript")
