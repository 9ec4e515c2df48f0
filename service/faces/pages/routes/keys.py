"""Keys in the browser: list, make and revoke them, for administrators of the whole service."""

import time
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from index.errors import InvalidInput
from service.errors import Forbidden, InvalidRequest
from service.faces.dependencies import Caller, Changes, Lookups, ReadyCredentials, in_thread
from service.faces.pages import page, redirect
from service.faces.pages.context import context_of
from service.faces.pages.errors.plain_errors import plain_message
from service.faces.pages.forms import form_fields
from service.faces.pages.listing import day_and_time
from service.http.links import base_url
from service.http.parameters import names_of
from service.http.route import GuardedRoute
from service.state.identity import (
    SCOPES,
    Key,
    KeyOptions,
    Principal,
    Scope,
    access,
    new_key,
    require_whole_administrator,
)

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = "/keys"
_Fields = Annotated[dict[str, str], form_fields(64 * 1024)]
_ALL = "*"


@router.get(PATH)
@access(Scope.ADMIN)
@in_thread(Lookups)
def keys(request: Request, caller: Caller, credentials: ReadyCredentials) -> Response:
    """The keys, without their secrets, and a form for a new one."""
    return _render_keys(request, caller, credentials)


def _render_keys(
    request: Request,
    caller: Principal,
    credentials: ReadyCredentials,
    *,
    made: tuple[str, Key] | None = None,
    problem: str = "",
) -> Response:
    has_keys = credentials.are_required
    if has_keys:
        require_whole_administrator(caller)
    found = credentials.keyring.keys() if has_keys else []
    now = time.time()
    return page(
        request.scope,
        "keys",
        status_code=422 if problem else 200,
        has_keys=has_keys,
        keys=[(one, _key_state(one, now)) for one in found],
        own=caller.key,
        scopes=list(SCOPES),
        token=made[0] if made else "",
        widget=_widget_tag(request, *made) if made else "",
        sites=made[1].origins if made else (),
        problem=problem,
        day=day_and_time,
    )


def _widget_tag(request: Request, token: str, key: Key) -> str:
    """The tag for the pages of a key's sites; empty for a key without sites."""
    if not key.origins:
        return ""
    base = base_url(request.scope, request.app.state.settings.public_url)
    return f'<script src="{base}/widget.js" data-key="{token}" async></script>'


def _key_state(key: Key, now: float) -> str:
    if key.revoked is not None:
        return "revoked"
    return "expired" if key.expires is not None and key.expires <= now else "valid"


@router.post(f"{PATH}/create")
@access(Scope.ADMIN)
@in_thread(Changes)
def create(request: Request, caller: Caller, credentials: ReadyCredentials, fields: _Fields) -> Response:
    """Makes a key and shows it, this once."""
    _require_keys(caller, credentials)
    try:
        token, key = new_key(fields.get("name", "").strip(), _parse_scope(fields), _options(fields))
    except (InvalidInput, InvalidRequest) as error:
        problem = plain_message(error, context_of(request.scope).language)
        return _render_keys(request, caller, credentials, problem=problem)
    credentials.keyring.add(key)
    request.scope["state"]["audit"] = {"command": "keys create", "made": key.id, "scope": key.scope.word}
    response = _render_keys(request, caller, credentials, made=(token, key))
    response.headers["Cache-Control"] = "no-store"
    return response


def _require_keys(caller: Principal, credentials: ReadyCredentials) -> None:
    require_whole_administrator(caller)
    if not credentials.are_required:
        # The first key closes the service to everyone else, and is lost with the page that shows it.
        raise Forbidden("This service has no keys. Make the first on its machine: loccit keys create.")


def _parse_scope(fields: dict[str, str]) -> Scope:
    if fields.get("scope") not in SCOPES:
        raise InvalidRequest(f"A key has one of the scopes {', '.join(SCOPES)}.", param="scope")
    return SCOPES[fields["scope"]]


def _options(fields: dict[str, str]) -> KeyOptions:
    collections = [one.strip() for one in fields.get("collections", "").split(",") if one.strip()]
    written = fields.get("groups", "").strip()
    return KeyOptions(
        collections=collections or None,
        groups=None if written == _ALL else names_of(written),
        origins=fields.get("origins", "").replace(",", " ").split(),
        rate=fields.get("rate", "").strip(),
        expires=_parse_expiry(fields.get("expires", "").strip()),
        open_links=fields.get("open_links") == "on",
    )


def _parse_expiry(written: str) -> float | None:
    """Midnight (UTC) at the end of a date. Raises :class:`InvalidRequest`."""
    if not written:
        return None
    try:
        return datetime.strptime(f"{written} 23:59:59", "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise InvalidRequest("expires: write a date like 2030-01-31.", param="expires") from None


@router.post(f"{PATH}/{{key_id}}/revoke")
@access(Scope.ADMIN)
@in_thread(Changes)
def revoke(
    request: Request, key_id: Annotated[str, Path()], caller: Caller, credentials: ReadyCredentials
) -> Response:
    """Revokes a key, at once and for good."""
    _require_keys(caller, credentials)
    credentials.keyring.revoke(key_id)
    request.scope["state"]["audit"] = {"command": "keys revoke", "revoked": key_id}
    return redirect(request.scope, PATH)
