"""The address of the widget's script."""

import hashlib
import json
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, Response

from service.http.route import GuardedRoute
from service.state.identity import Scope, access

# The one script of the widget, made of its parts.


_PARTS = Path(__file__).parent / "parts"
_MOST_TURNS = 20


def _join_parts() -> bytes:
    """The parts in order, inside one function: a page sees none of their names."""
    messages = json.loads((_PARTS.parent / "messages.json").read_text(encoding="utf-8"))
    values = {
        "STYLE": (_PARTS / "widget.css").read_text(encoding="utf-8"),
        "MESSAGES": messages,
        "MOST_TURNS": _MOST_TURNS,
    }
    constants = [
        f"const {name} = {json.dumps(value, ensure_ascii=False)};\n" for name, value in values.items()
    ]
    parts = [path.read_text(encoding="utf-8") for path in sorted(_PARTS.glob("*.js"))]
    return "\n".join(['(() => {\n"use strict";', *constants, *parts, "})();\n"]).encode()


SCRIPT = _join_parts()
ETAG = f'"{hashlib.sha256(SCRIPT).hexdigest()[:16]}"'


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
