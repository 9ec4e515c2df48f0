"""Sign in with a key in a browser, and sign out."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from service.errors import ProviderUnavailable, RateLimited, Unauthorized
from service.faces.dependencies import Caller
from service.faces.pages import page, redirect, sign_in_page
from service.faces.pages.forms import form_fields, local_address
from service.http.links import SIGN_IN, in_collection
from service.http.parts import parts_of
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.monitoring.reads import EVERY
from service.settings import Settings
from service.settings.sign_in import Provider
from service.settings.values import split_list
from service.state.collections import Collections
from service.state.credentials import Credentials
from service.state.identity import COOKIE, Scope, access
from service.state.limits.pools import Pools
from service.state.openid import CHECK_COOKIE, Providers, end_session_address

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = SIGN_IN
_Fields = Annotated[dict[str, str], form_fields(8192)]
_MOST_COLLECTIONS = 50


class SignInQuery(PageQuery):
    """Query of the form."""

    next: str = Field("/", description="The page to show afterwards.")


@router.get(PATH)
@access(Scope.NONE, "collections")
async def sign_in_form(request: Request, query: Annotated[SignInQuery, Query()], caller: Caller) -> Response:
    """The form; for those who are signed in, what they may see, and a button to sign out."""
    if caller.key:
        parts = parts_of(request)
        issuers = parts[Providers].issuers.values()
        titles = {one.provider.issuer: one.provider.title for one in issuers}
        names = await parts[Pools].lookups.run(parts[Collections].names, caller)
        return page(
            request.scope,
            "account",
            caller=caller,
            provider=titles.get(caller.issuer, ""),
            collections=names[:_MOST_COLLECTIONS],
            more_collections=len(names) - _MOST_COLLECTIONS,
            in_collection=in_collection,
            recorded=_recorded(parts[Settings], names),
        )
    return sign_in_page(request.scope, local_address(query.next))


def _recorded(settings: Settings, names: list[str]) -> list[str]:
    """The collections of these of which is recorded who reads what."""
    written = split_list(settings.audit_reads) if settings.audit else ()
    return [name for name in names if name in written or EVERY in written]


@router.post(PATH)
@access(Scope.NONE)
async def sign_in(request: Request, fields: _Fields) -> Response:
    """Exchanges a key for a session cookie."""
    credentials = parts_of(request)[Credentials]
    after = local_address(fields.get("next", "/"))
    try:
        cookie = _begin_session(credentials, request, fields.get("key", "").strip())
    except (RateLimited, Unauthorized) as error:
        return sign_in_page(request.scope, after, error)
    response = redirect(request.scope, after)
    is_secure = request.scope["state"]["secure"]
    set_session(response, cookie, seconds=credentials.sessions.seconds, secure=is_secure)
    return response


def set_session(response: Response, cookie: str, *, seconds: int, secure: bool, name: str = COOKIE) -> None:
    """Give a browser a cookie of a session, out of reach of scripts and other sites."""
    response.set_cookie(name, cookie, max_age=seconds, secure=secure, httponly=True, samesite="strict")


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
async def sign_out(request: Request, fields: _Fields) -> Response:
    """Ends the session of the browser, or all sessions of its key.

    It is ended in the store first: whoever has a copy of the cookie is out, too.
    """
    parts = parts_of(request)
    sessions = parts[Credentials].sessions
    is_everywhere, elsewhere = "everywhere" in fields, ""
    if cookie := request.cookies.get(COOKIE):
        elsewhere = await _sign_out_address(request, sessions.provider_of(cookie))
        await parts[Pools].writes.run(sessions.end_all if is_everywhere else sessions.end, cookie)
    request.scope["state"]["audit"] = {"command": "sign out everywhere" if is_everywhere else "sign out"}
    response = redirect(request.scope, PATH)
    if elsewhere:
        # By a page: the browser sends no form of ours on to another site.
        response = page(request.scope, "onward", address=elsewhere, leaves=True)
    for name in (COOKIE, CHECK_COOKIE):
        response.delete_cookie(name, httponly=True, samesite="strict")
    return response


async def _sign_out_address(request: Request, provider: Provider | None) -> str:
    """The address that signs a person out at the provider; empty where there is none."""
    if provider is None or not provider.client_id:
        return ""
    parts = parts_of(request)
    back = f"{parts[Settings].public_url}{PATH}"
    try:
        return await end_session_address(parts[Providers].issuers[provider.name], back)
    except ProviderUnavailable:
        return ""  # here the session ends all the same
