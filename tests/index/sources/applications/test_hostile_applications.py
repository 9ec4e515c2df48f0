"""Applications that lie: what they send is bounded, refused where it leads elsewhere, and told."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from index.errors import InvalidSource, LoccitError, NotSupported, SourceError
from index.sources.applications import Limits, Source, open_application
from tests.index.conftest import Opener
from tests.index.sources.applications.fakes import (
    FAKES,
    SECRET,
    Fake,
    FakeConfluence,
    FakeGitHub,
    FakeJira,
    FakeNextcloud,
    FakeNotion,
    FakeRepository,
    FakeSharePoint,
    FakeZendesk,
    Item,
    changed,
)
from tests.index.sources.applications.test_synchronizing import LIMIT, Runs, status
from tests.sizes import examples

pytest.importorskip("oikb")

FEW = Limits(entries=50, requests=30)


def endless_zendesk(fake: Fake) -> Any:
    return lambda request: httpx.Response(200, json={"articles": [], "next_page": "more"})


def endless_jira(fake: Fake) -> Any:
    numbers = itertools.count(1)

    def more(request: httpx.Request) -> httpx.Response:
        number = next(numbers)
        issue = {"key": f"HELP-{number}", "fields": {"summary": "x", "updated": ""}}
        return httpx.Response(200, json={"issues": [issue], "nextPageToken": f"{number}"})

    return more


def repeated_jira(fake: Fake) -> Any:
    issue = {"key": "HELP-1", "fields": {"summary": "x", "updated": ""}}
    return lambda request: httpx.Response(200, json={"issues": [issue], "nextPageToken": "same"})


def repeated_sharepoint(fake: Fake) -> Any:
    def more(request: httpx.Request) -> httpx.Response | None:
        link = f"{request.url.copy_with(query=None)}?$skiptoken=1"
        return (
            httpx.Response(200, json={"value": [], "@odata.nextLink": link})
            if fake.is_listing(request)
            else None
        )

    return more


def nested_sharepoint(fake: Fake) -> Any:
    numbers = itertools.count(1)

    def more(request: httpx.Request) -> httpx.Response | None:
        folder = {"id": f"f-{next(numbers)}", "name": "deeper", "folder": {}}
        return httpx.Response(200, json={"value": [folder]}) if fake.is_listing(request) else None

    return more


def nested_nextcloud(fake: Fake) -> Any:
    def deeper(request: httpx.Request) -> httpx.Response | None:
        if not fake.is_listing(request):
            return None
        row = FakeNextcloud.row
        here = request.url.path.removeprefix("/remote.php/dav/files/ann/Shared").strip("/")
        rows = f"{row(fake, here, None)}{row(fake, f'{here}/x'.strip('/'), None)}"  # type: ignore[arg-type]
        return httpx.Response(207, text=f'<d:multistatus xmlns:d="DAV:">{rows}</d:multistatus>')

    return deeper


def endless_notion(fake: Fake) -> Any:
    numbers = itertools.count(1)

    def more(request: httpx.Request) -> httpx.Response:
        number = next(numbers)
        page = {"id": f"p{number}", "properties": {}}
        return httpx.Response(200, json={"results": [page], "has_more": True, "next_cursor": f"{number}"})

    return more


def repeated_confluence(fake: Fake) -> Any:
    page = {"id": "1", "title": "One", "version": {"number": 1}}
    links = {"next": "/wiki/api/v2/spaces/7/pages?cursor=again"}
    return lambda request: (
        httpx.Response(200, json={"results": [page], "_links": links}) if fake.is_listing(request) else None
    )


@pytest.mark.parametrize(
    ("kind", "endless"),
    [
        (FakeZendesk, endless_zendesk),
        (FakeJira, endless_jira),
        (FakeJira, repeated_jira),
        (FakeSharePoint, repeated_sharepoint),
        (FakeSharePoint, nested_sharepoint),
        (FakeNextcloud, nested_nextcloud),
        (FakeNotion, endless_notion),
        (FakeConfluence, repeated_confluence),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_an_endless_listing_ends(kind: type[Fake], endless: Any, open_collection: Opener) -> None:
    fake = kind()
    runs = Runs(fake, open_collection, limits=FEW)
    runs.run()
    before = runs.texts()
    fake.answer = endless(fake)
    with pytest.raises(SourceError) as caught:
        runs.run()
    assert caught.value.message
    assert len(fake.requests) < 100
    assert runs.texts() == before


@pytest.mark.parametrize("has_files", [True, False])
def test_folders_that_are_in_each_other_end(open_collection: Opener, *, has_files: bool) -> None:
    fake = FakeGitHub()
    runs = Runs(fake, open_collection, limits=replace(FEW, entries=20))
    runs.run()
    before = runs.texts()
    file = {"type": "blob", "path": "a.txt", "sha": "1", "size": 3}
    twice = [{"type": "tree", "path": name, "sha": "same"} for name in ("b", "c")]
    tree = {"sha": "same", "truncated": True, "tree": [*twice, *([file] if has_files else [])]}
    fake.answer = lambda request: httpx.Response(200, json=tree) if fake.is_listing(request) else None
    if has_files:
        runs.run()
        assert "more than 20 entries" in runs.missing
    else:
        with pytest.raises(SourceError, match="more than 30 folders"):
            runs.run()
    assert len(fake.requests) < 150
    assert before.items() <= runs.texts().items()


ODD: list[Any] = [
    None, True, -1, 10**30, 0.5, "", "../x", "https://thief.test/x", "//thief.test/x", "http://127.0.0.1/",
    "a" * 5000, "\x00", "\ud800", [], {}, [[]], {"id": {}}, ["x"], {"": None},
]  # fmt: skip
"""Values that no application sends in the place of what it sends."""


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _places(inner, (*at, key))


def _with(value: Any, at: tuple[Any, ...], odd: Any) -> Any:
    if not at:
        return odd
    copied = value.copy()
    copied[at[0]] = _with(value[at[0]], at[1:], odd)
    return copied


@pytest.mark.parametrize("kind", sorted(set(FAKES) - {"nextcloud"}))
def test_an_odd_value_anywhere_is_told_and_leads_nowhere(kind: str, open_collection: Opener) -> None:
    """Each drawn answer has one odd value; nextcloud answers in XML."""
    draw = random.Random(kind)
    fake = FAKES[kind]()
    runs = Runs(fake, open_collection, limits=replace(FEW, requests=200))
    runs.run()
    hosts, known = {one.url.host for one in fake.requests}, set(runs.texts())

    def answer(request: httpx.Request) -> httpx.Response | None:
        good = fake.respond(request)
        if "json" not in good.headers.get("content-type", "") or draw.random() < 0.4:
            return None
        value = good.json()
        odd = _with(value, draw.choice(list(_places(value))), draw.choice(ODD))
        return httpx.Response(200, content=json.dumps(odd), headers={"Content-Type": "application/json"})

    fake.answer = answer
    for _ in range(examples(120)):
        fake.requests.clear()
        try:
            runs.run()
        except LoccitError as error:
            assert SECRET not in error.message + repr(error)  # noqa: PT017
        assert {one.url.host for one in fake.requests} <= hosts
        assert len(fake.requests) < 1000
    fake.answer = lambda request: None
    runs.run(any_share=True)
    runs.check()
    with open_collection() as collection:  # nothing that was there is lost
        assert all(collection.archive.find_document(one, retired=True) for one in known)


def test_a_listing_that_takes_for_ever_ends(open_collection: Opener) -> None:
    runs = Runs(FakeZendesk(), open_collection, limits=Limits(listing_seconds=100))

    def slow(request: httpx.Request) -> httpx.Response:
        runs.time.at += 30
        return httpx.Response(200, json={"articles": [], "next_page": "more"})

    runs.fake.answer = slow
    with pytest.raises(SourceError, match="after 100 seconds"):
        runs.run()


def test_more_entries_than_are_taken_remove_nothing(open_collection: Opener) -> None:
    fake = FakeGitHub()
    runs = Runs(fake, open_collection, limits=Limits(entries=5))
    report = runs.run()
    assert (len(report.added), runs.missing) == (5, "it lists more than 5 entries; divide the source")
    del fake.items["100"]
    assert runs.run().retired == []


HOSTILE_NAMES = [
    "../outside.txt",
    "/etc/passwd.txt",
    "a/../../b.txt",
    "a//b.txt",
    "./a.txt",
    "a\x00b.txt",
    "a\nb.txt",
    "x" * 600 + ".txt",
    "a/text",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_that_lead_elsewhere_are_told_and_not_taken(name: str, open_collection: Opener) -> None:
    fake = FakeRepository()
    fake.items = {"bad": Item("", name, "Nobody takes this."), "good": Item("", "good.txt", "This is taken.")}
    report = Runs(fake, open_collection).run()
    assert report.added == ["things/good.txt"]
    assert [one.path for one in report.skipped] == [name]
    assert report.skipped[0].reason


def test_of_two_entries_with_one_path_the_first_is_taken(open_collection: Opener) -> None:
    fake = FakeGitHub()
    fake.items["101"] = replace(fake.items["100"], text="The second one.")
    report = Runs(fake, open_collection).run()
    assert [one.code for one in report.skipped] == ["duplicate_id"]


def test_another_document_of_the_same_id_stays(open_collection: Opener) -> None:
    from index.ingest.preparation import Source as Document

    runs = Runs(FakeGitHub(), open_collection)
    with open_collection() as collection:
        collection.put(Document("things/note2.txt", b"Somebody else put this."))
    report = runs.run()
    assert [one.code for one in report.skipped] == ["duplicate_id"]
    assert runs.texts()["things/note2.txt"] == "Somebody else put this."
    assert runs.run(any_share=True).retired == []


def test_a_file_that_is_said_to_be_large_is_not_asked_for(open_collection: Opener) -> None:
    fake = FakeSharePoint()
    rows = fake.row

    def large(key: str) -> dict[str, Any]:
        return {**rows(key), "size": 10 * 1024**3} if key == "01ITEM2" else rows(key)

    fake.row = large  # type: ignore[method-assign]
    report = Runs(fake, open_collection).run()
    assert [(one.path, one.code) for one in report.skipped] == [("note2.txt", "file_too_large")]
    assert not any("01ITEM2/content" in one.url.path for one in fake.requests)


@pytest.mark.parametrize("location", ["http://files.test/01ITEM2", "http://127.0.0.1/latest/meta-data"])
def test_a_redirect_away_from_https_is_not_followed(location: str, open_collection: Opener) -> None:
    fake = FakeSharePoint()
    fake.answer = lambda request: (
        httpx.Response(302, headers={"Location": location}) if "01ITEM2/content" in request.url.path else None
    )
    with pytest.raises(SourceError, match="only https"):
        Runs(fake, open_collection).run()
    assert not any(str(one.url) == location for one in fake.requests)


def test_redirects_end(open_collection: Opener) -> None:
    fake = FakeSharePoint()
    numbers = itertools.count()
    fake.answer = lambda request: (
        httpx.Response(302, headers={"Location": f"https://files.test/{next(numbers)}"})
        if request.url.path.endswith("/content") or request.url.host == "files.test"
        else None
    )
    with pytest.raises(SourceError):
        Runs(fake, open_collection).run()
    assert next(numbers) < 20


def test_a_listing_that_goes_on_at_another_host_is_not_followed(open_collection: Opener) -> None:
    fake = FakeSharePoint()
    fake.answer = lambda request: (
        httpx.Response(200, json={"value": [], "@odata.nextLink": "https://thief.test/children"})
        if fake.is_listing(request)
        else None
    )
    with pytest.raises(SourceError, match="another host"):
        Runs(fake, open_collection).run()
    assert all(one.url.host != "thief.test" for one in fake.requests)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"null", b'{"value": 3}', b"{" * 100_000], ids=str)
@pytest.mark.parametrize("kind", sorted(FAKES))
def test_an_answer_of_another_shape_is_told(kind: str, body: bytes, open_collection: Opener) -> None:
    fake = FAKES[kind]()
    runs = Runs(fake, open_collection)
    runs.run()
    before = runs.texts()
    fake.answer = lambda request: httpx.Response(
        200, content=body, headers={"Content-Type": "application/json"}
    )
    try:
        report = runs.run()
    except LoccitError as error:
        assert SECRET not in error.message  # noqa: PT017
    else:
        assert report.retired == []
    assert runs.texts() == before


def test_secrets_are_in_no_error(open_collection: Opener) -> None:
    for kind, number in itertools.product(FAKES.values(), (400, 401, 403, 404, 500)):
        fake = kind()
        fake.answer = lambda request, number=number: status(number)  # type: ignore[misc]
        try:
            Runs(fake, open_collection).run()
        except LoccitError as error:
            seen: BaseException | None = error
            while seen is not None:
                assert SECRET not in f"{seen} {seen!r} {vars(seen)}"
                seen = seen.__cause__


def test_the_environment_has_no_part_in_a_source(
    open_collection: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "of-somebody-else")
    monkeypatch.setenv("CONFLUENCE_TOKEN", "of-somebody-else")
    fake = FakeGitHub()
    application = open_application(fake.source, "", max_bytes=LIMIT, transport=fake)
    with pytest.raises(SourceError):
        application.listing()
    assert "authorization" not in fake.requests[0].headers
    wiki = FakeConfluence()
    with pytest.raises(InvalidSource):
        open_application(wiki.source, "", max_bytes=LIMIT, transport=wiki)
    assert wiki.requests == []


def test_only_https_is_used_unless_the_address_is_http(open_collection: Opener) -> None:
    class Plain(FakeNextcloud):
        url = "http://cloud.test"

    fake = Plain()
    Runs(fake, open_collection).run()
    assert {one.url.scheme for one in fake.requests} == {"http"}


@pytest.mark.parametrize(
    "source",
    [
        Source("a", "dropbox", "x"),
        Source("a", "jira", "HELP"),
        Source("a", "jira", 'HELP" or project = SECRET', url="https://jira.test"),
        Source("a", "zendesk", "evil.example/x"),
        Source("a", "github", "no-slash"),
        Source("a", "github", "org/manual", url="https://github.test"),
        Source("a", "github", "org/manual", takes_readers=True, owner="staff"),
        Source("a", "sharepoint", "org.sharepoint.com/Documents"),
    ],
    ids=lambda one: f"{one.kind} {one.place[:12]}",
)
def test_a_source_that_cannot_be_is_refused(source: Source) -> None:
    fake = FakeJira()
    with pytest.raises(InvalidSource) as caught:
        open_application(source, SECRET, max_bytes=LIMIT, transport=fake)
    assert SECRET not in caught.value.message
    assert fake.requests == []


def test_two_pages_of_one_title_in_notion_are_both_there(open_collection: Opener) -> None:
    fake = FakeNotion()
    fake.items["105"] = changed(fake.items["105"], name="note4")
    runs = Runs(fake, open_collection)
    runs.run()
    found = runs.texts()
    assert len(found) == 10
    assert {*found.values()} == {item.text for item in fake.items.values()}


@pytest.mark.parametrize("number", [401, 429, 500])
def test_a_database_of_notion_that_fails_is_not_taken_for_a_page(
    number: int, open_collection: Opener
) -> None:
    fake = FakeNotion()
    runs = Runs(fake, open_collection)
    runs.run()
    fake.answer = lambda request: status(number) if fake.is_listing(request) else None
    with pytest.raises(SourceError):
        runs.run()
    assert not any(one.url.path.endswith(f"{fake.place}/children") for one in fake.requests)


def test_without_the_packages_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    fake = FakeGitHub()
    monkeypatch.setitem(sys.modules, "oikb", None)
    monkeypatch.delitem(sys.modules, "oikb.connectors", raising=False)
    with pytest.raises(NotSupported, match=r"loccit\[sources\]"):
        open_application(fake.source, SECRET, max_bytes=LIMIT, transport=fake)
