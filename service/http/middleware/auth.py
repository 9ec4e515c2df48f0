"""Find out who sends a request, and refuse those who have no valid key."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import LoccitError
from index.naming import validate_groups
from service.errors import Forbidden, ServiceError, Unauthorized
from service.http.error_handlers import render_error
from service.http.links import (
    ASSETS,
    DEFAULT_COLLECTION,
    HOOKS,
    MCP,
    OPEN_PATHS,
    RESOURCE_METADATA,
    SIGN_IN,
    VIEW,
    base_url,
)
from service.http.middleware.sign_on import SignOn
from service.http.parts import parts_of
from service.settings import Settings
from service.state.credentials import Credentials
from service.state.identity import ANYONE, COOKIE, Principal, Scope as Rights
from service.state.identity.client_address import Networks, client_address, is_secure
from service.state.openid import CHECK_COOKIE, Providers, is_token

NOBODY = Principal("", "nobody", Rights.NONE)
"""The caller of an open address who sends no key."""
_CREDENTIALS = frozenset({b"authorization", b"x-api-key"})
_OPEN = {*OPEN_PATHS, "/sign-in", "/sign-out", "/language", "/widget.js"}
_OPEN_BEGINNINGS = (ASSETS, HOOKS, f"{SIGN_IN}/", RESOURCE_METADATA)


class Authentication:
    """Middleware that puts the caller into the request's state, or returns 401.

    It runs before the router, so that clients without a key cannot find out which routes there are. While
    the service has no keys, everyone is an admin.
    """

    def __init__(self, app: ASGIApp, *, proxies: Networks, sign_on: SignOn | None = None) -> None:
        self._app = app
        self._proxies = proxies
        self._sign_on = sign_on

    async def _authenticate(self, scope: Scope) -> Principal:
        try:
            found = await _caller_by_token(scope)
            if found is None:
                found = await _checked(_caller_by_key(scope), scope)
            if found is None:
                found = _caller_by_link(scope)
            if found is None and self._sign_on is not None:
                found = self._sign_on.principal(scope, self._proxies)
            if found is None:
                raise Unauthorized("")
            return _with_visitor(_require_origin(found, scope), scope)
        except ServiceError as error:
            if scope["path"] in _OPEN or scope["path"].startswith(_OPEN_BEGINNINGS):
                return NOBODY
            raise _with_challenge(error, scope) from None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            state = scope.setdefault("state", {})
            state["client"] = client_address(scope, self._proxies)
            state["secure"] = is_secure(scope, self._proxies)
            try:
                caller = (
                    await self._authenticate(scope)
                    if parts_of(scope)[Credentials].are_required
                    else replace(ANYONE, visitor=state["client"])
                )
                state["principal"] = _narrow_to_groups(caller, scope)
            except LoccitError as error:
                await render_error(error, scope)(scope, receive, send)
                return
            receive = _while_current(receive, parts_of(scope)[Credentials], state["principal"])
        await self._app(scope, receive, send)


def _while_current(receive: Receive, credentials: Credentials, caller: Principal) -> Receive:
    """``receive`` that raises :class:`Unauthorized` once the caller is let in no more: bodies take hours."""

    async def received() -> Message:
        message = await receive()
        if message["type"] == "http.request" and not credentials.are_current(caller):
            raise Unauthorized(
                "The key was revoked or has expired, or the session was ended, before the body was complete. "
                "Nothing of it is stored.",
                headers={"Connection": "close"},
            )
        return message

    return received


def _caller_by_key(scope: Scope) -> Principal | None:
    """The caller whose key or session a request has; None without either.

    Raises :class:`Unauthorized` if they are wrong.
    """
    credentials = parts_of(scope)[Credentials]
    # Browsers send Basic credentials by themselves: they must not let pages of other sites write.
    reads = scope.get("method") in {"GET", "HEAD"}
    address, wrong = scope["state"]["client"], None
    for name, value in scope["headers"]:
        if name not in _CREDENTIALS:
            continue
        for token in _parse_keys(name, value, basic=reads):
            try:
                return credentials.keyring.principal(
                    token, guessable=lambda: not credentials.wrong_keys.are_too_many(address)
                )
            except Unauthorized as error:
                wrong = error
    if wrong is not None:
        credentials.wrong_keys.add(address)
        raise wrong
    cookie = HTTPConnection(scope).cookies.get(COOKIE)
    return None if cookie is None else credentials.sessions.holder(cookie)


def _caller_by_link(scope: Scope) -> Principal | None:
    """The caller who gave a visitor the link to a citation's page; None for other requests.

    Raises :class:`Unauthorized` if that key is no longer valid.
    """
    path: str = scope["path"]
    if scope.get("method") not in {"GET", "HEAD"} or not path.startswith(VIEW):
        return None
    credentials, query = parts_of(scope)[Credentials], parse_qs(scope["query_string"].decode("latin-1"))
    proof, collection = query.get("proof", [""])[-1], query.get("collection", [DEFAULT_COLLECTION])[-1]
    key = credentials.prover.key_of_link(collection, path.removeprefix(VIEW), proof)
    if key:
        holder = credentials.keyring.holder(key)
        if not holder.gives_open_links:
            raise Unauthorized("This link does not open any more. Ask for another.")
        # Whatever the key may do: a link shows its quote.
        return replace(holder, scope=Rights.ASK, visitor=scope["state"]["client"])
    if "." in proof:
        raise Unauthorized("This link has expired. Ask again on the page where you found it.")
    return None


def _with_visitor(principal: Principal, scope: Scope) -> Principal:
    """The caller, with its address if anyone may have its key."""
    return replace(principal, visitor=scope["state"]["client"]) if principal.origins else principal


def _narrow_to_groups(principal: Principal, scope: Scope) -> Principal:
    """The caller, narrowed to the groups that it names. Raises :class:`index.errors.InvalidGroup`."""
    named = [value for name, value in scope["headers"] if name == b"x-on-behalf-of"]
    if not named:
        return principal
    written = b",".join(named).decode("utf-8", "replace").split(",")
    groups = validate_groups(name.strip() for name in written if name.strip())
    scope["state"]["on_behalf_of"] = groups
    return principal.on_behalf_of(groups)


def _require_origin(principal: Principal, scope: Scope) -> Principal:
    """The caller, unless its key may be used by pages of other origins only."""
    origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    if principal.origins and any(origin not in principal.origins for origin in origins):
        raise Forbidden("Pages of this origin may not use this key.")
    return principal


def _with_challenge(error: ServiceError, scope: Scope) -> ServiceError:
    """The error with what a client has to send: to MCP clients, also where they learn who issues tokens.

    See RFC 6750 and RFC 9728.
    """
    challenge = error.headers.get("WWW-Authenticate", "")
    if isinstance(error, Unauthorized):
        challenge = 'Bearer realm="loccit"'
        has_token = any(is_token(one) for one in _bearers(scope))
        if error.message and has_token:
            challenge += ', error="invalid_token"'
        error.asks_for_key = not error.message or not (has_token or _has_session_alone(scope))
    if challenge and scope["path"] == MCP and parts_of(scope)[Providers]:
        address = f"{base_url(scope, parts_of(scope)[Settings].public_url)}{RESOURCE_METADATA}{MCP}"
        challenge += f', resource_metadata="{address}"'
    if challenge:
        error.headers["WWW-Authenticate"] = challenge
    return error


async def _caller_by_token(scope: Scope) -> Principal | None:
    """The caller to whom a provider issued an access token; None for requests without one.

    Raises :class:`Unauthorized`, :class:`Forbidden`, :class:`service.errors.ProviderUnavailable`.
    """
    providers = parts_of(scope)[Providers]
    tokens = [one for one in _bearers(scope) if is_token(one)] if providers else []
    if not tokens:
        return None
    if len(tokens) > 1:
        raise Unauthorized("The request has more than one token.")
    found, keyring = await providers.principal(tokens[0]), parts_of(scope)[Credentials].keyring
    keyring.look()
    return keyring.meet(found)


async def _checked(caller: Principal | None, scope: Scope) -> Principal | None:
    """The caller; a person with a session as the provider says now, where it is to be asked.

    Administrators' changes come last: the provider does not know which groups they gave.

    Raises :class:`Unauthorized`.
    """
    if caller is None or not caller.session or not caller.issuer:
        return caller
    sealed, parts = HTTPConnection(scope).cookies.get(CHECK_COOKIE, ""), parts_of(scope)
    return parts[Credentials].keyring.meet(await parts[Providers].checks.require(caller, sealed))


def _has_session_alone(scope: Scope) -> bool:
    """True if a session cookie is the only credential of a request."""
    has_others = any(name in _CREDENTIALS for name, _ in scope["headers"])
    return not has_others and COOKIE in HTTPConnection(scope).cookies


def _bearers(scope: Scope) -> list[bytes]:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    return [one for value in values for one in _parse_keys(b"authorization", value, basic=False)]


def _parse_keys(name: bytes, value: bytes, *, basic: bool) -> Iterator[bytes]:
    """The keys in a header, as a client sent them."""
    if name == b"x-api-key":
        yield value.strip()
    elif name == b"authorization":
        scheme, _, key = value.partition(b" ")
        if scheme.lower() == b"bearer":
            yield key.strip()
        elif scheme.lower() == b"basic" and basic:
            yield _parse_password(key.strip())


def _parse_password(credentials: bytes) -> bytes:
    """The password of Basic credentials (RFC 7617); the user name is ignored."""
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""
