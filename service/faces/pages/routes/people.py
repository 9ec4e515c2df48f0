"""People in the browser: who came by a provider, their groups, and their sessions.

For administrators of the whole service.
"""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from index.errors import InvalidGroup
from service.errors import InvalidRequest, PersonNotFound
from service.faces.dependencies import Caller, Changes, Lookups, ReadyCredentials, in_thread
from service.faces.pages import page, redirect
from service.faces.pages.context import context_of
from service.faces.pages.errors.plain_errors import plain_message
from service.faces.pages.forms import form_fields
from service.faces.pages.listing import day_and_time
from service.http.parameters import names_of
from service.http.parts import parts_of
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.credentials import Credentials
from service.state.identity import (
    Person,
    Principal,
    Scope,
    access,
    new_adjustment,
    require_whole_administrator,
)
from service.state.openid import Providers

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = "/people"
_PERSON = f"{PATH}/person"
_Fields = Annotated[dict[str, str], form_fields(64 * 1024)]
_MOST_SHOWN = 100


class PeopleQuery(PageQuery):
    """Which people are shown."""

    q: str = Field("", max_length=200, description="Part of a name, or of the id at the provider.")


class PersonQuery(PageQuery):
    """Which person is shown."""

    key: str = Field("", max_length=200, description="The id in place of that of a key.")


@router.get(PATH)
@access(Scope.ADMIN)
@in_thread(Lookups)
def people(
    request: Request,
    query: Annotated[PeopleQuery, Query()],
    caller: Caller,
    credentials: ReadyCredentials,
) -> Response:
    """The people who came by a provider, who was last seen first."""
    if credentials.are_required:
        require_whole_administrator(caller)
    wanted = query.q.strip().casefold()
    known = credentials.keyring.people()
    found = [one for one in known if wanted in one.name.casefold() or wanted in one.subject.casefold()]
    return page(
        request.scope,
        "people",
        people=sorted(found, key=lambda one: -one.last_seen)[:_MOST_SHOWN],
        count=len(found),
        wanted=query.q,
        titles=_titles(request),
        day=day_and_time,
    )


@router.get(_PERSON)
@access(Scope.ADMIN)
@in_thread(Lookups)
def person(
    request: Request,
    query: Annotated[PersonQuery, Query()],
    caller: Caller,
    credentials: ReadyCredentials,
) -> Response:
    """One of them, with a form for the groups that are changed by hand."""
    return _render_person(request, _find(caller, credentials, query.key))


@router.post(f"{PATH}/groups")
@access(Scope.ADMIN)
@in_thread(Changes)
def change_groups(
    request: Request, caller: Caller, credentials: ReadyCredentials, fields: _Fields
) -> Response:
    """Gives a person groups, or takes them away: in force with the person's next request."""
    found = _find(caller, credentials, fields.get("key", ""))
    written = {name: fields.get(name, "").strip() for name in ("added", "withdrawn")}
    try:
        adjustment = new_adjustment(names_of(written["added"]), names_of(written["withdrawn"]))
    except (InvalidGroup, InvalidRequest) as error:
        problem = plain_message(error, context_of(request.scope).language)
        return _render_person(request, found, written=written, problem=problem)
    credentials.keyring.adjust(found.key, adjustment)
    added, withdrawn = sorted(adjustment.added), sorted(adjustment.withdrawn)
    _audit(request, "people groups", found, added=added, withdrawn=withdrawn)
    return _to(request, found)


@router.post(f"{PATH}/sign-out")
@access(Scope.ADMIN)
@in_thread(Changes)
def sign_out(request: Request, caller: Caller, credentials: ReadyCredentials, fields: _Fields) -> Response:
    """Ends all sessions of a person, in all processes."""
    found = _find(caller, credentials, fields.get("key", ""))
    credentials.sessions.end_of_person(found.key)
    _audit(request, "people sign out", found)
    return _to(request, found)


@router.post(f"{PATH}/forget")
@access(Scope.ADMIN)
@in_thread(Changes)
def forget(request: Request, caller: Caller, credentials: ReadyCredentials, fields: _Fields) -> Response:
    """Ends all sessions of a person, and erases what is known of the person."""
    found = _find(caller, credentials, fields.get("key", ""))
    credentials.keyring.forget_person(found.key)
    _audit(request, "people forget", found)
    return redirect(request.scope, PATH)


def _render_person(
    request: Request, found: Person, *, written: dict[str, str] | None = None, problem: str = ""
) -> Response:
    known = found.adjustment
    shown = {"added": ", ".join(sorted(known.added)), "withdrawn": ", ".join(sorted(known.withdrawn))}
    return page(
        request.scope,
        "person",
        status_code=422 if problem else 200,
        person=found,
        written=written or shown,
        problem=problem,
        provider=_titles(request).get(found.issuer, found.issuer),
        day=day_and_time,
    )


def _find(caller: Principal, credentials: Credentials, key: str) -> Person:
    """The person with an id, for an administrator of everything. Raises :class:`PersonNotFound`."""
    require_whole_administrator(caller)
    found = next((one for one in credentials.keyring.people() if one.key == key), None)
    if found is None:
        raise PersonNotFound("There is no such person.")
    return found


def _titles(request: Request) -> dict[str, str]:
    """The names of the providers, by their issuers."""
    known = parts_of(request)[Providers].issuers.values()
    return {one.provider.issuer: one.provider.title for one in known}


def _audit(request: Request, command: str, person: Person, **more: list[str]) -> None:
    request.scope["state"]["audit"] = {"command": command, "person": person.key, **more}


def _to(request: Request, person: Person) -> Response:
    return redirect(request.scope, f"{_PERSON}?{urlencode({'key': person.key})}")
