"""The documentation, if its site was built; else one page that explains what people see."""

import mimetypes
from pathlib import Path as Folder
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.responses import FileResponse, RedirectResponse

from service.errors import RouteNotFound
from service.faces.pages import page
from service.faces.pages.context import context_of
from service.faces.pages.rendering import HEADERS
from service.http.route import GuardedRoute
from service.state.identity import Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

_TEXT = frozenset({"text/html", "text/css", "text/javascript"})


@router.get("/help")
@access(Scope.ASK)
async def help_start(request: Request) -> Response:
    """Leads to the first page, to which its links are relative."""
    return RedirectResponse(context_of(request.scope).at("/help/"), status_code=308)


@router.get("/help/{name:path}")
@access(Scope.ASK)
async def help_page(request: Request, name: Annotated[str, Path()]) -> Response:
    """A page of the site, or a file of it. Everyone who may ask may read it."""
    folder: Folder | None = request.app.state.help
    if folder is None and name in {"", "index.html"}:
        return page(request.scope, "help")
    if folder is None:
        raise RouteNotFound("The documentation is not built here. Begin at /help/.")
    file = _file(folder, name)
    if file is None:
        raise RouteNotFound("The documentation has no such page. Begin at /help/.")
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    media_type += "; charset=utf-8" if media_type in _TEXT else ""
    return FileResponse(file, headers={**HEADERS, "Content-Type": media_type})


def _file(folder: Folder, name: str) -> Folder | None:
    """The file of an address; None if there is none, or it is not in the folder."""
    try:
        file = (folder / name).resolve()
        file = file / "index.html" if file.is_dir() else file
        return file if file.is_relative_to(folder) and file.is_file() else None
    except (OSError, ValueError):  # a name that no file can have
        return None
