"""Sign in with a key in a browser, and sign out."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.responses import RedirectResponse

from service.api.route import GuardedRoute
from service.errors import RateLimited, Unauthorized
from service.html import page, sign_in_page
from service.identity import COOKIE, Scope, access
from service.requests.base import PageQuery
from service.runtime import Caller, Runtime, runtime

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = "/sign-in"
_MOST_BYTES = 8192


class SignInQuery(PageQuery):
    """Query of the form."""

    next: str = Field("/", description="The page to show afterwards.")


@router.get(PATH)
@access(Scope.NONE)
async def sign_in_form(query: Annotated[SignInQuery, Query()], caller: Caller) -> Response:
    """The form; for those who are signed in, a button to sign out."""
    if caller.key:
        return page("account", name=caller.user or caller.name)
    return sign_in_page(_local(query.next))


@router.post(PATH)
@access(Scope.NONE)
async def sign_in(request: Request) -> Response:
    """Exchanges a key for a session cookie."""
    state = await runtime(request)
    fields = parse_qs((await _body(request)).decode("utf-8", "replace"))
    after = _local(fields.get("next", ["/"])[0])
    try:
        cookie = _session(state, request, fields.get("key", [""])[0].strip())
    except (RateLimited, Unauthorized) as error:
        return sign_in_page(after, error)
    response = RedirectResponse(after, status_code=303)
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=state.sessions.seconds,
        secure=request.scope["state"]["secure"],
        httponly=True,
        samesite="strict",
    )
    return response


def _session(state: Runtime, request: Request, key: str) -> str:
    address = request.scope["state"]["client"]
    try:
        principal = state.keyring.principal(
            key.encode("utf-8", "replace"), guessable=lambda: not state.wrong_keys.are_too_many(address)
        )
    except Unauthorized:
        state.wrong_keys.add(address)
        raise
    return state.sessions.begin(principal)


@router.post("/sign-out")
@access(Scope.NONE)
async def sign_out() -> Response:
    """Ends the session of the browser."""
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise Unauthorized("The form is too long. Send the key and nothing else.")
    return body


def _local(address: str) -> str:
    """An address of this service; the first page for any other."""
    # Browsers read a backslash as a slash, and two slashes as another host.
    is_local = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_local else "/"
