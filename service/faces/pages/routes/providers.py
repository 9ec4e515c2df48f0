"""Sign in at a provider of OpenID Connect, and be signed out by it."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field
from starlette.responses import RedirectResponse

from service.errors import (
    Forbidden,
    ProviderUnavailable,
    RateLimited,
    RouteNotFound,
    ServiceError,
    SignInFailed,
)
from service.faces.dependencies import ready
from service.faces.pages import page, sign_in_page
from service.faces.pages.context import context_of
from service.faces.pages.forms import form_fields, local_address
from service.faces.pages.routes.sessions import SignInQuery, set_session
from service.http.links import SIGN_IN
from service.http.parts import parts_of
from service.http.route import GuardedRoute
from service.settings import Settings
from service.state.credentials import Credentials
from service.state.identity import Scope, access
from service.state.identity.people import key_of
from service.state.limits.pools import Pools
from service.state.openid import (
    CHECK_COOKIE,
    SECONDS,
    Attempt,
    Issuer,
    Providers,
    authorization_address,
    exchange_code,
    logout_claims,
    principal_of,
)

router = APIRouter(include_in_schema=False, route_class=GuardedRoute, prefix=f"{SIGN_IN}/{{provider}}")
ProviderName = Annotated[str, Path()]
_Fields = Annotated[dict[str, str], form_fields(64 * 1024)]
_PURPOSE = "sign-in"
"""Purpose of the secret that signs the cookies of attempts."""


class StartQuery(SignInQuery):
    """Query of the way to the provider."""

    another: bool = Field(False, description="Whether to sign in with another account than the last time.")


@router.get("/start")
@access(Scope.NONE)
async def start(request: Request, provider: ProviderName, query: Annotated[StartQuery, Query()]) -> Response:
    """Leads to the provider. A cookie binds what it answers to this browser."""
    issuer, after = _issuer(request, provider), local_address(query.next)
    attempt = Attempt.new(provider, after)
    try:
        address = await authorization_address(
            issuer, attempt, _own_address(request, provider), is_other_account=query.another
        )
    except ProviderUnavailable as error:
        return sign_in_page(request.scope, after, error)
    response = RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        Attempt.cookie_name(attempt.state),
        attempt.write(await _secret(request)),
        max_age=SECONDS,
        path=context_of(request.scope).at(SIGN_IN),
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",  # the browser comes back from another site
    )
    return response


@router.get("/callback")
@access(Scope.NONE)
async def callback(request: Request, provider: ProviderName) -> Response:
    """Where the provider sends the browser back: begins a session."""
    issuer, state = _issuer(request, provider), request.query_params.get("state", "")
    name, after = Attempt.cookie_name(state), "/"
    try:
        secret = await _secret(request)
        attempt = Attempt.read(request.cookies.get(name, ""), secret, provider=provider, state=state)
        after = attempt.after
        response = await _finish(request, issuer, attempt)
    except ServiceError as error:
        another = provider if isinstance(error, Forbidden) else ""
        response = sign_in_page(request.scope, after, error, another=another)
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    response.delete_cookie(name, path=context_of(request.scope).at(SIGN_IN), httponly=True, samesite="lax")
    return response


@router.post("/back-channel")
@access(Scope.NONE)
async def back_channel(request: Request, provider: ProviderName, fields: _Fields) -> Response:
    """Ends the sessions of a person or of a session at the provider, which asks for it by itself.

    See OpenID Connect Back-Channel Logout.
    """
    issuer = _issuer(request, provider)
    claims = await logout_claims(issuer, fields.get("logout_token", ""))
    sessions, writes = parts_of(request)[Credentials].sessions, parts_of(request)[Pools].writes
    use = partial(sessions.use_once, "logout", issuer.provider.issuer, str(claims["jti"]), seconds=3600)
    if await writes.run(use):
        if isinstance(claims.get("sid"), str):
            await writes.run(sessions.end_of_provider, issuer.provider, claims["sid"])
        else:
            await writes.run(sessions.end_of_person, key_of(issuer.provider, claims["sub"]))
    request.scope["state"]["audit"] = {
        "command": "sign out by the provider",
        "issuer": issuer.provider.issuer,
        "subject": str(claims.get("sub", "")),
    }
    return Response(status_code=200, headers={"Cache-Control": "no-store"})


async def _finish(request: Request, issuer: Issuer, attempt: Attempt) -> Response:
    """Begin the session of an attempt, and lead to the page that was wanted.

    By a page of our own: browsers do not send the cookie of the session where another site leads to.
    """
    parts, address = parts_of(request), request.scope["state"]["client"]
    credentials, writes = parts[Credentials], parts[Pools].writes
    if credentials.wrong_keys.are_too_many(address):
        raise RateLimited("Too many sign-ins from this address have failed. Try again in a minute.")
    redirect_uri = _own_address(request, issuer.provider.name)
    try:
        found = await exchange_code(issuer, attempt, dict(request.query_params), redirect_uri)
    except SignInFailed:
        credentials.wrong_keys.add(address)
        raise
    claims = found.claims
    audited = {"issuer": issuer.provider.issuer, "subject": str(claims["sub"])}
    request.scope["state"]["audit"] = audited  # also if no rule admits the person
    caller = principal_of(issuer.provider, claims)
    check = parts[Providers].checks.write(issuer.provider, found)
    if not await writes.run(partial(credentials.sessions.use_once, "state", attempt.state, seconds=SECONDS)):
        raise SignInFailed("This sign-in was used already. Sign in again.")
    await writes.run(credentials.keyring.note_person, caller)
    sid = claims.get("sid")
    cookie = credentials.sessions.begin_of(caller, issuer.provider, sid if isinstance(sid, str) else "")
    request.scope["state"]["audit"] = {
        "command": "sign in",
        **audited,
        "key": caller.key,
        "name": caller.name,
    }
    response = page(
        request.scope, "onward", address=context_of(request.scope).at(attempt.after), leaves=False
    )
    seconds, secure = credentials.sessions.seconds, _is_secure(request)
    set_session(response, cookie, seconds=seconds, secure=secure)
    if check:
        set_session(response, check, seconds=seconds, secure=secure, name=CHECK_COOKIE)
    return response


def _issuer(request: Request, provider: str) -> Issuer:
    """The provider of an address. Raises :class:`RouteNotFound`."""
    issuer = parts_of(request)[Providers].issuers.get(provider)
    if issuer is None or not issuer.provider.client_id:
        raise RouteNotFound("There is no page at this address.")
    return issuer


def _own_address(request: Request, provider: str) -> str:
    """The address to which the provider sends the browser back, as it is registered there."""
    return f"{parts_of(request)[Settings].public_url}{SIGN_IN}/{provider}/callback"


def _is_secure(request: Request) -> bool:
    is_public = parts_of(request)[Settings].public_url.startswith("https:")
    return is_public or bool(request.scope["state"]["secure"])


async def _secret(request: Request) -> bytes:
    """The secret that signs attempts, the same in every process."""
    keyring = ready(request, Credentials).keyring
    return await parts_of(request)[Pools].lookups.run(keyring.store.secret, _PURPOSE)
