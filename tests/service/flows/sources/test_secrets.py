"""Secrets of sources that come over HTTP: bound to their place, sealed, shown and sent nowhere else."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from starlette.testclient import TestClient

from index.errors import InvalidSource
from index.library import Library
from index.sources.applications import Source, put_source, source_of
from service.flows.sources.secrets import KEY_FILE, Secrets, open_secrets
from service.flows.upkeep.backup import back_up
from service.settings import Settings
from service.state.identity import KeyOptions, Scope, new_key
from tests.index.sources.applications.fakes import SECRET, FakeNextcloud
from tests.index.sources.applications.serving import served as serving
from tests.service.faces.pages.pages import page, told
from tests.service.flows.sources.test_jobs import ended, sync
from tests.service.http_service import assert_error, served

JIRA = Source("help", "jira", "HELP", url="https://jira.invalid", user="ann", reads_environment=False)
CHANGES: dict[str, dict[str, Any]] = {
    "kind": {"kind": "confluence"},
    "place": {"place": "OTHER"},
    "url": {"url": "https://other.invalid"},
    "user": {"user": "eve"},
    "options": {"options": {"api": "v1"}},
}


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return open_secrets(Settings(data=tmp_path), tmp_path)


@given(secret=st.text(st.characters(min_codepoint=32, blacklist_categories=("C", "Z")), min_size=1))
def test_a_sealed_secret_opens_in_its_place_alone(
    tmp_path_factory: pytest.TempPathFactory, secret: str
) -> None:
    keeper = Secrets(tmp_path_factory.getbasetemp() / KEY_FILE, is_own=True)
    source = replace(JIRA, sealed=keeper.seal("default", JIRA, secret))
    assert secret != source.sealed
    assert keeper.find("default", source) == secret
    others = [("other", source), ("default", replace(source, name="helper"))]
    others += [("default", replace(source, **changed)) for changed in CHANGES.values()]
    for collection, other in others:
        with pytest.raises(InvalidSource) as caught:
            keeper.find(collection, other)
        assert "Give the secret again" in caught.value.message


@pytest.mark.parametrize("secret", ["", "a\nb", "a\0b", "\x7f", "x" * 8193], ids=repr)
def test_a_secret_that_cannot_be_sent_is_refused(secrets: Secrets, secret: str) -> None:
    with pytest.raises(InvalidSource, match="printable"):
        secrets.seal("default", JIRA, secret)


def test_all_processes_have_one_key_that_only_their_owner_reads(tmp_path: Path) -> None:
    def seal(number: int) -> Source:
        keeper = Secrets(tmp_path / KEY_FILE, is_own=True)
        return replace(JIRA, sealed=keeper.seal("default", JIRA, f"secret-{number}"))

    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(seal, range(8)))
    keeper = Secrets(tmp_path / KEY_FILE, is_own=False)
    assert [keeper.find("default", one) for one in sealed] == [f"secret-{number}" for number in range(8)]
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content", [None, b"", b"short", b"\xff" * 44, base64.b64encode(b"x" * 31)], ids=repr
)
def test_a_key_that_is_gone_or_damaged_is_told_and_not_replaced(
    secrets: Secrets, content: bytes | None
) -> None:
    source = replace(JIRA, sealed=secrets.seal("default", JIRA, SECRET))
    secrets.path.unlink()
    if content is not None:
        secrets.path.write_bytes(content)
        with pytest.raises(InvalidSource, match=KEY_FILE):
            secrets.seal("default", JIRA, SECRET)
    with pytest.raises(InvalidSource, match=KEY_FILE):
        secrets.find("default", source)
    assert (secrets.path.read_bytes() if secrets.path.exists() else None) == content


def test_in_a_database_secrets_need_a_key_that_all_processes_have(tmp_path: Path) -> None:
    alone = open_secrets(Settings(data=tmp_path), tmp_path, store="postgresql://db/loccit")
    with pytest.raises(InvalidSource, match="LOCCIT_SECRETS_KEY"):
        alone.seal("default", JIRA, SECRET)
    (tmp_path / "key").write_bytes(base64.b64encode(b"k" * 32) + b"\n")
    shared = open_secrets(
        Settings(data=tmp_path, secrets_key=tmp_path / "key"), tmp_path, store="postgresql://db/loccit"
    )
    assert shared.find("default", replace(JIRA, sealed=shared.seal("default", JIRA, SECRET))) == SECRET


@pytest.mark.parametrize("changed", CHANGES)
@pytest.mark.parametrize("reads_environment", [True, False])
def test_another_address_drops_the_secret(library: Library, changed: str, *, reads_environment: bool) -> None:
    collection = library.open("default", create=True)
    put_source(collection, replace(JIRA, sealed="sealed", reads_environment=reads_environment))
    same = put_source(collection, replace(JIRA, every=60.0))
    assert (same.sealed, same.reads_environment) == ("sealed", reads_environment)
    put_source(collection, replace(JIRA, **CHANGES[changed]))
    assert source_of(collection, "help").sealed == ""
    assert not source_of(collection, "help").reads_environment
    put_source(collection, JIRA)  # nor does it come back with the address
    assert source_of(collection, "help").sealed == ""


# Over HTTP


@pytest.fixture
def fake() -> FakeNextcloud:
    return FakeNextcloud()


@pytest.fixture
def body(fake: FakeNextcloud) -> Iterator[dict[str, Any]]:
    with serving(fake) as url:
        yield {"kind": fake.kind, "place": fake.place, "url": url, "user": fake.user}


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with served(library, web_networks="127.0.0.1/32", api_key="correct-horse") as client:
        client.headers["authorization"] = "Bearer correct-horse"
        client.put("/v1/collections/default")
        yield client


def test_a_source_is_added_run_and_removed_and_its_secret_is_nowhere(
    client: TestClient,
    library: Library,
    fake: FakeNextcloud,
    body: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pytest.importorskip("oikb")
    caplog.set_level(logging.DEBUG)
    answers = []

    def send(method: str, path: str, status: int = 200, **request: Any) -> Any:
        response = client.request(method, path, **request)
        assert response.status_code == status, response.text
        answers.append(response.text)
        return response

    added = send("PUT", "/v1/sources/things", json={**body, "secret": SECRET}).json()
    assert (added["name"], added["secret"]) == ("things", "kept")
    assert ended(client, sync(client))["state"] == "done"
    changed = send("PUT", "/v1/sources/things", json={**body, "every_seconds": 3600}).json()
    assert (changed["secret"], changed["every_seconds"]) == ("kept", 3600)
    assert ended(client, sync(client))["sync"]["result"]["counts"]["unchanged"] == 10  # type: ignore[index]
    fake.secret = "another"  # noqa: S105
    assert ended(client, sync(client))["state"] == "failed"
    for path in ("/v1/sources", "/status/sources", "/status/sources?source=things", "/v1/jobs", "/jobs"):
        send("GET", path)
    for wrong in ({"secret": [SECRET]}, {"secret": SECRET, "kind": "x"}, {"secret": f"{SECRET}\n"}):
        send("PUT", "/v1/sources/things", 422, json={**body, **wrong})
    send("PUT", "/v1/sources/Bad name", 422, json={**body, "secret": SECRET})
    back_up(library.data, backup := tmp_path_factory.mktemp("kept") / "backup")
    key = (library.data / KEY_FILE).read_bytes().strip()
    exported = json.dumps(list(library.open("default").archive.export("default")), default=str)
    assert SECRET not in "".join(answers) + caplog.text + exported
    kept = [path for path in library.data.rglob("*") if path.is_file() and path.name != KEY_FILE]
    copied = [path for path in backup.rglob("*") if path.is_file()]
    assert copied
    for path in [*kept, *copied]:
        assert SECRET.encode() not in path.read_bytes()
        assert key not in path.read_bytes()
        assert base64.b64decode(key) not in path.read_bytes()
    assert send("DELETE", "/v1/sources/things?retire=true").json() == {"name": "things", "retired": 10}
    assert client.get("/v1/sources").json() == {"sources": []}
    assert library.open("default").archive.connections() == {}


@pytest.mark.parametrize("way", ["kept", "environment", "removed"])
def test_whoever_names_another_address_does_not_get_the_secret(
    client: TestClient,
    library: Library,
    fake: FakeNextcloud,
    body: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    pytest.importorskip("oikb")
    if way == "kept":
        client.put("/v1/sources/things", json={**body, "secret": SECRET})
    else:
        monkeypatch.setenv("LOCCIT_SOURCE_SECRET_THINGS", SECRET)
        put_source(library.open("default"), replace(fake.source, url=body["url"]))
    if way == "removed":
        assert client.delete("/v1/sources/things").status_code == 200
    thief = FakeNextcloud()
    with serving(thief) as url:
        refused = client.put("/v1/sources/things", json={**body, "url": url})
        assert_error(refused, 422, "invalid_source")
        assert ("again" in refused.text) == (way != "removed")
        client.put("/v1/sources/things", json={**body, "url": url, "secret": "of the thief"})
        assert ended(client, sync(client))["state"] == "failed"
    assert thief.requests
    assert not [one for one in thief.requests if SECRET in _authorization(one)]
    client.put("/v1/sources/things", json=body)  # the address of before does not bring it back
    assert ended(client, sync(client))["state"] == "failed" if way != "removed" else True
    assert fake.requests == []


def _authorization(request: Any) -> str:
    _, _, given = request.headers.get("authorization", "").partition(" ")
    return base64.b64decode(given).decode()


def test_administrators_of_some_collections_add_and_remove_none(client: TestClient) -> None:
    client.put("/v1/sources/manuals", json={"kind": "github", "place": "acme/handbook"})
    token, key = new_key("some", Scope.ADMIN, KeyOptions(collections=["default"], groups=None))
    client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
    headers = {"authorization": f"Bearer {token}"}
    added = client.put("/v1/sources/more", json={"kind": "github", "place": "a/b"}, headers=headers)
    assert_error(added, 403, "forbidden")
    assert_error(client.delete("/v1/sources/manuals", headers=headers), 403, "forbidden")
    shown = client.get("/status/sources", headers=headers).text
    assert 'name="secret"' not in shown
    for path in ("/status/sources/change", "/status/sources/manuals/remove"):
        form = {"name": "more", "kind": "github", "place": "a/b", "collection": "default"}
        assert client.post(path, data=form, headers=headers).status_code == 403
    assert [one["name"] for one in client.get("/v1/sources").json()["sources"]] == ["manuals"]


def test_a_source_that_cannot_be_read_is_listed_removed_and_replaced(
    client: TestClient, library: Library
) -> None:
    client.put("/v1/sources/manuals", json={"kind": "github", "place": "acme/handbook"})
    odd = {"name": "odd", "kind": "jira", "options": {"api": 1}, "sealed": SECRET}

    def spoil() -> None:
        library.open("default").editor.set_connections(
            lambda known: {**known, "sources": [odd, *known["sources"]]}
        )

    spoil()
    manuals, other = client.get("/v1/sources").json()["sources"]
    assert (manuals["name"], other["name"], other["error"]["code"]) == ("manuals", "odd", "invalid_source")
    assert "options.api" in other["error"]["message"]
    assert SECRET not in client.get("/v1/sources").text
    assert_error(client.post("/v1/sources/odd/sync"), 422, "invalid_source")
    assert "options.api" in told(page(client, "/status/sources"))
    client.post("/status/sources/odd/remove?collection=default")
    assert [one["name"] for one in client.get("/v1/sources").json()["sources"]] == ["manuals"]
    spoil()
    body = {"kind": "jira", "place": "HELP", "url": "https://jira.invalid", "user": "ann"}
    assert_error(client.put("/v1/sources/odd", json=body), 422, "invalid_source")
    client.put("/v1/sources/odd", json={**body, "secret": SECRET})
    assert [one["name"] for one in client.get("/v1/sources").json()["sources"]] == ["manuals", "odd"]
    spoil()
    assert client.delete("/v1/sources/odd").json() == {"name": "odd", "retired": 0}


def test_the_page_adds_changes_and_removes(client: TestClient, library: Library) -> None:
    form = {
        "name": "help", "collection": "default", "kind": "jira", "place": "HELP", "url": "https://jira.invalid",
        "user": "ann", "secret": SECRET, "every": "60", "groups": "staff", "group_prefixes": "a b = x, y",
        "options": "api = v1",
    }  # fmt: skip
    refused = client.post("/status/sources/change", data={**form, "options": "api"})
    assert refused.status_code == 422
    assert "NAME = VALUE" in refused.text
    assert "https://jira.invalid" in refused.text
    assert SECRET not in refused.text
    shown = client.post("/status/sources/change", data=form)
    assert SECRET not in shown.text
    source = source_of(library.open("default"), "help")
    assert (source.every, source.groups, source.options) == (3600.0, ("staff",), {"api": "v1"})
    assert (source.group_prefixes, bool(source.sealed)) == ({"a b": ("x", "y")}, True)
    html = page(client, "/status/sources?source=help&collection=default")
    assert "secret kept" in told(html)
    again = {one.get("name"): one.get("value") or one.text for one in html.xpath("//form//*[@name]")}
    again |= {one.getparent().get("name"): one.get("value") for one in html.xpath("//option[@selected]")}
    assert again["secret"] is None
    fields = {key: value for key, value in again.items() if value and key not in ("takes_readers", "erases")}
    client.post("/status/sources/change", data=fields)
    assert source_of(library.open("default"), "help") == source
    client.post("/status/sources/help/remove?collection=default")
    assert "There are none" in told(page(client, "/status/sources"))
