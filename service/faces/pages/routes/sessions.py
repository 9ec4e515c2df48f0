"""Sign in with a key in a browser, and sign out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.responses import RedirectResponse

from service.errors import RateLimited, Unauthorized
from service.faces.dependencies import Caller
from service.faces.pages import page, sign_in_page
from service.faces.pages.context import context_of
from service.faces.pages.forms import form_fields, local_address
from service.http.parts import parts_of
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.credentials import Credentials
from service.state.identity import COOKIE, Scope, access
from service.state.limits.pools import Pools

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = "/sign-in"
_MOST_BYTES = 8192


class SignInQuery(PageQuery):
    """Query of the form."""

    next: str = Field("/", description="The page to show afterwards.")


@router.get(PATH)
@access(Scope.NONE)
async def sign_in_form(request: Request, query: Annotated[SignInQuery, Query()], caller: Caller) -> Response:
    """The form; for those who are signed in, a button to sign out."""
    if caller.key:
        return page(request.scope, "account", caller=caller)
    return sign_in_page(request.scope, local_address(query.next))


@router.post(PATH)
@access(Scope.NONE)
async def sign_in(request: Request) -> Response:
    """Exchanges a key for a session cookie."""
    credentials = parts_of(request)[Credentials]
    fields = await form_fields(request, most_bytes=_MOST_BYTES)
    after = local_address(fields.get("next", "/"))
    try:
        cookie = _begin_session(credentials, request, fields.get("key", "").strip())
    except (RateLimited, Unauthorized) as error:
        return sign_in_page(request.scope, after, error)
    response = RedirectResponse(context_of(request.scope).at(after), status_code=303)
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=credentials.sessions.seconds,
        secure=request.scope["state"]["secure"],
        httponly=True,
        samesite="strict",
    )
    return response


def _begin_session(credentials: Credentials, request: Request, key: str) -> str:
    address = request.scope["state"]["client"]
    try:
        principal = credentials.keyring.principal(
            key.encode("utf-8", "replace"), guessable=lambda: not credentials.wrong_keys.are_too_many(address)
        )
    except Unauthorized:
        credentials.wrong_keys.add(address)
        raise
    return credentials.sessions.begin(principal)


@router.post("/sign-out")
@access(Scope.NONE)
async def sign_out(request: Request) -> Response:
    """Ends the session of the browser, or all sessions of its key.

    It is ended in the store first: whoever has a copy of the cookie is out, too.
    """
    parts, fields = parts_of(request), await form_fields(request, most_bytes=_MOST_BYTES)
    sessions = parts[Credentials].sessions
    is_everywhere = "everywhere" in fields
    if cookie := request.cookies.get(COOKIE):
        await parts[Pools].writes.run(sessions.end_all if is_everywhere else sessions.end, cookie)
    request.scope["state"]["audit"] = {"command": "sign out everywhere" if is_everywhere else "sign out"}
    response = RedirectResponse(context_of(request.scope).at(PATH), status_code=303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response
