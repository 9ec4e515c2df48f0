"""Stylesheets and scripts, and the choice of the language."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from service.errors import InvalidRequest, RouteNotFound
from service.faces.pages import assets, redirect
from service.faces.pages.context import LANGUAGE_COOKIE, context_of
from service.faces.pages.forms import form_fields, local_address
from service.faces.pages.languages import LANGUAGES
from service.http.route import GuardedRoute
from service.state.identity import Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

_YEAR = 365 * 24 * 3600
_Fields = Annotated[dict[str, str], form_fields(8192)]


@router.get("/static/{version}/{name:path}")
@access(Scope.NONE)
async def asset(version: Annotated[str, Path()], name: Annotated[str, Path()]) -> Response:
    """A stylesheet or script. Browsers keep that of the current version for ever."""
    found = assets.ASSETS.get(name)
    if found is None:
        raise RouteNotFound("There is no such stylesheet or script.")
    keep = f"public, max-age={_YEAR}, immutable" if version == assets.VERSION else "no-cache"
    headers = {"Cache-Control": keep, "Content-Type": found.media_type}
    return Response(found.data, headers=headers)


@router.post("/language")
@access(Scope.NONE)
async def language(request: Request, fields: _Fields) -> Response:
    """Chooses the language of the interface, which a cookie keeps."""
    tag = fields.get("language", "")
    if tag not in LANGUAGES:
        raise InvalidRequest(f"The interface has the languages {', '.join(LANGUAGES)}.", param="language")
    here = context_of(request.scope)
    response = redirect(request.scope, local_address(fields.get("next", "/")))
    response.set_cookie(
        LANGUAGE_COOKIE, tag, max_age=_YEAR, path=f"{here.prefix}/", httponly=True, samesite="lax"
    )
    return response
