"""The pages of people who came by a provider, for administrators, and the page of who is signed in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from service.state.identity.people import key_of
from service.state.openid import principal_of
from service.state.openid.authorization import SignedIn
from tests.ports import free_ports
from tests.service.faces.pages.pages import page, told, words
from tests.service.http_service import put, served
from tests.service.issuing import bearer, claims, write_settings

KEY = "correct-horse"
ADMIN = {"authorization": f"Bearer {KEY}"}


@pytest.fixture
def client(tmp_path: Path, library: Library) -> Iterator[TestClient]:
    with served(library, api_key=KEY, **write_settings(tmp_path, more='client_id = "loccit"')) as client:
        client.headers["x-api-key"] = KEY
        for name, groups in (("all", []), ("staff", ["staff"]), ("board", ["board"])):
            put(client, f"{name}.txt", f"The lamp of {name}.", groups=groups)
        del client.headers["x-api-key"]
        yield client


def shown(client: TestClient, address: str, headers: dict[str, str]) -> Any:
    """A page for a caller."""
    client.headers.update(headers)
    try:
        return page(client, address)
    finally:
        for name in headers:
            del client.headers[name]


def readable(client: TestClient, **changes: Any) -> set[str]:
    listed = client.get("/v1/documents", headers=bearer(**changes)).json()
    return {one["document_id"] for one in listed["documents"]}


def key_in(client: TestClient, subject: str = "42") -> str:
    (provider,) = client.app.state.runtime.providers.issuers.values()  # type: ignore[attr-defined]
    return key_of(provider.provider, subject)


def change(client: TestClient, *, added: str = "", withdrawn: str = "", status: int = 200) -> str:
    form = {"key": key_in(client), "added": added, "withdrawn": withdrawn}
    response = client.post("/people/groups", data=form, headers=ADMIN)
    assert response.status_code == status, response.text
    return response.text


def session(client: TestClient, **changes: Any) -> dict[str, str]:
    """The cookie of a browser in which a person is signed in."""
    runtime = client.app.state.runtime  # type: ignore[attr-defined]
    (issuer,) = runtime.providers.issuers.values()
    caller = principal_of(issuer.provider, claims(**changes))
    runtime.keyring.note_person(caller)
    return {"cookie": f"loccit_session={runtime.credentials.sessions.begin_of(caller, issuer.provider, '')}"}


def test_who_came_is_listed_and_found_by_name(client: TestClient) -> None:
    client.headers.update(ADMIN)
    assert "Nobody has signed in yet." in told(page(client, "/people"))
    readable(client)
    readable(client, sub="43", name="Ben", groups=["operators"])
    html = page(client, "/people")
    rows = [words(row) for row in html.xpath("//tbody/tr")]
    assert len(rows) == 2
    for row, said in zip(
        sorted(rows), (("Ada", "42", "Example", "read", "staff"), ("Ben", "all")), strict=True
    ):
        assert all(one in row for one in said)
    assert [words(one) for one in page(client, "/people", q="BE").xpath("//tbody/tr/th/a")] == ["Ben"]
    assert "Nobody of this name" in told(page(client, "/people", q="Eve"))
    assert "all groups" in told(page(client, "/people/person", key=key_in(client, "43")))


def test_groups_are_given_and_taken_away_with_the_next_request(client: TestClient) -> None:
    cookie = session(client)

    def with_cookie() -> set[str]:
        listed = client.get("/v1/documents", headers=cookie).json()["documents"]
        return {one["document_id"] for one in listed}

    assert readable(client) == with_cookie() == {"all.txt", "staff.txt"}
    assert "board" in change(client, added="board")
    assert readable(client) == with_cookie() == {"all.txt", "staff.txt", "board.txt"}
    change(client, withdrawn="staff, board")
    assert readable(client) == with_cookie() == {"all.txt"}
    assert readable(client, sub="43") == {"all.txt", "staff.txt"}
    assert "changed by hand" in told(shown(client, "/people", ADMIN))
    change(client)
    assert readable(client) == with_cookie() == {"all.txt", "staff.txt"}


def test_a_group_that_is_given_reaches_a_session_that_is_checked_at_the_provider(
    tmp_path: Path, library: Library
) -> None:
    address = f"http://127.0.0.1:{free_ports(1)[0]}"
    settings = write_settings(tmp_path, more='client_id = "loccit"\ncheck_seconds = 60', issuer=address)
    with served(library, api_key=KEY, **settings) as client:
        client.headers.update(ADMIN)
        for name in ("staff", "board"):
            put(client, f"{name}.txt", f"The lamp of {name}.", groups=[name])
        del client.headers["authorization"]
        cookie = session(client)
        checks = client.app.state.runtime.providers.checks  # type: ignore[attr-defined]
        (issuer,) = client.app.state.runtime.providers.issuers.values()  # type: ignore[attr-defined]
        sealed = checks.write(issuer.provider, SignedIn(claims(), claims(), "a token"))
        cookie["cookie"] += f"; loccit_check={sealed}"

        def with_cookie() -> set[str]:
            listed = client.get("/v1/documents", headers=cookie).json()["documents"]
            return {one["document_id"] for one in listed}

        assert with_cookie() == {"staff.txt"}
        change(client, added="board")
        assert with_cookie() == {"staff.txt", "board.txt"}
        change(client, added="board", withdrawn="staff")
        assert with_cookie() == {"board.txt"}
        change(client)
        assert with_cookie() == {"staff.txt"}


@pytest.mark.parametrize("added", ["*", "a" * 101, "staff"])
def test_wrong_groups_are_told_and_kept_in_the_form(client: TestClient, added: str) -> None:
    readable(client)
    answer = change(client, added=added, withdrawn="staff", status=422)
    assert f'value="{added}"' in answer
    assert readable(client) == {"all.txt", "staff.txt"}


def test_a_person_is_signed_out_everywhere(client: TestClient) -> None:
    first, second, other = session(client), session(client), session(client, sub="43")
    out = client.post("/people/sign-out", data={"key": key_in(client)}, headers=ADMIN)
    assert out.status_code == 200
    statuses = [client.get("/v1/documents", headers=one).status_code for one in (first, second, other)]
    assert statuses == [401, 401, 200]
    told = client.get("/v1/documents", headers=first).json()["error"]["message"]
    assert told == "The session is not known, or was ended. Sign in again."
    assert client.get("/v1/documents", headers=session(client)).status_code == 200


def test_a_person_is_forgotten(client: TestClient) -> None:
    cookie = session(client)
    change(client, added="board")
    client.post("/people/forget", data={"key": key_in(client)}, headers=ADMIN)
    assert client.get("/v1/documents", headers=cookie).status_code == 401
    assert "Nobody has signed in yet." in told(shown(client, "/people", ADMIN))
    assert client.get("/people/person", params={"key": key_in(client)}, headers=ADMIN).status_code == 404
    assert readable(client) == {"all.txt", "staff.txt"}


def test_only_administrators_of_everything_see_people(client: TestClient) -> None:
    readable(client)
    keyring = client.app.state.runtime.keyring  # type: ignore[attr-defined]
    token, key = new_key("some", Scope.ADMIN, KeyOptions(collections=["default"]))
    keyring.add(key)
    for headers in ({"authorization": f"Bearer {token}"}, bearer(), session(client, sub="43")):
        form = {"key": key_in(client), "added": "board"}
        for answer in (
            client.get("/people", headers=headers),
            client.get("/people/person", params={"key": key_in(client)}, headers=headers),
            *(
                client.post(f"/people/{one}", data=form, headers=headers)
                for one in ("groups", "sign-out", "forget")
            ),
        ):
            assert answer.status_code == 403
            assert "Ada" not in told(lxml.html.document_fromstring(answer.text))
    assert readable(client) == {"all.txt", "staff.txt"}


def test_what_administrators_do_is_in_the_audit_log(client: TestClient, library: Library) -> None:
    session(client)
    change(client, added="board")
    for command in ("sign-out", "forget"):
        client.post(f"/people/{command}", data={"key": key_in(client)}, headers=ADMIN)
    client.close()
    client.app.state.runtime.audit.stop()  # type: ignore[attr-defined]
    written = [json.loads(line) for line in (library.data / "audit.jsonl").read_text().splitlines()]
    found = {one["command"]: one for one in written if one.get("person") == key_in(client)}
    assert found.keys() == {"people groups", "people sign out", "people forget"}
    assert (found["people groups"]["added"], found["people groups"]["withdrawn"]) == (["board"], [])


def test_the_page_of_a_person_says_what_it_may_see(client: TestClient) -> None:
    client.put("/v1/collections/manuals", headers=ADMIN)
    html = shown(client, "/sign-in", session(client))
    for said in ("Ada", "Example", "staff", "open to all in these groups", "Sign out in all your browsers"):
        assert said in told(html)
    links = html.xpath("//dd/a/@href")
    assert links == ["/library", "/library?collection=manuals"]


def test_a_key_for_pages_of_other_sites_is_made_in_the_browser(client: TestClient) -> None:
    form = {"name": "search box", "scope": "ask", "origins": "https://a.example, https://b.example"}
    made = client.post("/keys/create", data=form, headers=ADMIN)
    assert "on pages of https://a.example, https://b.example" in made.text
    wrong = client.post("/keys/create", data={**form, "origins": "a.example"}, headers=ADMIN)
    assert wrong.status_code == 422
    assert "is not an origin" in wrong.text


def test_a_person_is_told_where_reading_is_recorded(tmp_path: Path, library: Library) -> None:
    told_in = {}
    for written in ("", "manuals, other", "*"):
        settings = write_settings(tmp_path)
        with served(library, api_key=KEY, audit_reads=written, **settings) as client:
            for name in ("manuals", "notes"):
                client.put(f"/v1/collections/{name}", headers=ADMIN)
            told_in[written] = told(shown(client, "/sign-in", bearer()))
    assert "is recorded" not in told_in[""]
    assert "is recorded in these collections: manuals." in told_in["manuals, other"]
    assert "is recorded in these collections: manuals, notes." in told_in["*"]
