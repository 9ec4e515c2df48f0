"""The access matrix: every route with every kind of key. No caller learns what it may not read."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from service.http.middleware.cross_site import READS
from service.http.route import ApiRoute, GuardedRoute
from service.state.identity import Scope, access
from tests.failures import all_cases
from tests.service.access.place import (
    COLLECTION,
    INVALID,
    UNHEARD,
    Place,
    assert_status,
    assert_success,
    assert_tells_nothing,
)
from tests.service.access.probes import (
    GIVEN,
    OF_PROVIDERS,
    OF_THE_KEY,
    PROBES,
    ROUTES,
    UNPROVEN,
    described,
    send_probe,
)


def test_every_route_that_is_served_is_in_the_matrix(place: Place) -> None:
    served = {
        f"{method} {route.path_format}"
        for route in place.client.app.routes  # type: ignore[attr-defined]
        for method in route.methods - {"HEAD"}
    }
    assert served == PROBES.keys()


def test_no_request_is_for_a_route_that_is_gone() -> None:
    assert GIVEN.keys() <= ROUTES.keys()


def test_a_function_without_a_rule_cannot_be_a_route() -> None:
    app = FastAPI()
    for kind in (GuardedRoute, ApiRoute):
        app.router.route_class = kind
        with pytest.raises(TypeError, match="no rule of access"):
            app.get("/x")(lambda: None)
    with pytest.raises(TypeError, match="can tell"):
        access(Scope.READ, "gossip")  # type: ignore[arg-type]


OPEN = {
    "/healthz",
    "/readyz",
    "/sign-in",
    "/sign-out",
    "/language",
    "/widget.js",
    "/hooks/sources/{source}",
    "/static/{version}/{name}",
    *OF_PROVIDERS,
}


@pytest.mark.parametrize("route", PROBES)
def test_without_a_valid_key_only_health_checks_answer(place: Place, route: str) -> None:
    is_open, path = ROUTES[route].rule.scope is Scope.NONE, route.partition(" ")[2]
    assert is_open == (path in OPEN)
    expected = 404 if path in OF_PROVIDERS else 200 if is_open and route not in UNPROVEN else 401
    with all_cases() as case:
        for key in ("none", *INVALID):
            with case(described(route, key)):
                response = send_probe(place, route, key)
                assert_status(response, expected)
                assert_tells_nothing(response)


SCOPES = (Scope.ASK, Scope.READ, Scope.WRITE, Scope.ADMIN)
PROVEN = ("/v1/citations/{locator}", "/view/{locator}", "/tools/fetch", "/tools/cite")
"""Addresses at which a key with the scope ask must prove that an answer had the citation."""


@pytest.mark.parametrize("route", PROBES)
def test_a_scope_allows_its_routes_and_no_others(place: Place, route: str) -> None:
    with all_cases() as case:
        for scope in SCOPES:
            with case(described(route, scope.word)):
                _check_scope(place, route, scope)


def _check_scope(place: Place, route: str, scope: Scope) -> None:
    response = send_probe(place, route, scope.word)
    needs_proof = scope is Scope.ASK and route.partition(" ")[2] in PROVEN
    if route in UNPROVEN:
        assert_status(response, 401)  # the form is empty
    elif route.partition(" ")[2] in OF_PROVIDERS:
        assert_status(response, 404)
    elif scope >= ROUTES[route].rule.scope and not needs_proof:
        assert_success(response)
    else:
        assert_status(response, 403)
        assert "forbidden" in response.text
        assert_tells_nothing(response)


@pytest.mark.parametrize("route", PROBES)
def test_a_key_of_another_collection_learns_nothing(place: Place, route: str) -> None:
    with all_cases() as case:
        for scope in SCOPES:
            key = f"{scope.word} of another collection"
            with case(described(route, key)):
                _check_key_of_another_collection(place, route, scope, key)


def _check_key_of_another_collection(place: Place, route: str, scope: Scope, key: str) -> None:
    rule = ROUTES[route].rule
    response = send_probe(place, route, key)
    if scope >= rule.scope and rule.tells and route not in OF_THE_KEY:
        hidden = 403 if route == "GET /metrics" or scope is Scope.ASK else 404
        assert response.status_code in (404, hidden), f"expected {hidden} or 404, got {response.status_code}"
    assert_tells_nothing(response)
    if route == "POST /mcp":
        assert response.json()["result"]["isError"]
        assert "There is no collection" in response.text
    else:
        told = response.text.replace(f"collection={COLLECTION}", "")  # links of pages repeat the query
        assert COLLECTION not in told or response.status_code == 404


def test_a_refused_write_changes_nothing(place: Place) -> None:
    place.restore()
    before = place.as_admin("GET", "/v1/changes", params={"collection": COLLECTION}).json()
    for route, probe in PROBES.items():
        method = route.partition(" ")[0]
        if method not in READS:
            for key in ("none", "wrong", "ask", "admin of another collection"):
                probe.send(place, method, key)
    after = place.as_admin("GET", "/v1/changes", params={"collection": COLLECTION}).json()
    assert after["documents"] == before["documents"]


def test_an_unknown_address_is_told_to_callers_with_a_key_only(place: Place) -> None:
    assert place.send("GET", UNHEARD, "none").status_code == 401
    assert place.send("GET", UNHEARD, "ask").status_code == 404


def test_lists_have_what_the_key_may_use(place: Place) -> None:
    place.restore()
    for path, name in (("/v1/collections", "collections"), ("/v1/jobs", "jobs")):
        assert len(place.send("GET", path, "admin").json()[name]) >= 1
        assert place.send("GET", path, "admin of another collection").json()[name] == []
    assert place.send("GET", f"/v1/jobs?collection={COLLECTION}", "write").json()["jobs"] != []
    assert place.send("GET", "/v1/jobs?collection=other", "write").json()["jobs"] == []
