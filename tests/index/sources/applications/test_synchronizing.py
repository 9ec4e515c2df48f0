"""Every application, and what may happen between two looks: nothing is lost, double, or removed by mistake.

The cases are generated: each fake with each event. None of the fakes has met the real application.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import httpx
import pytest

from index.collection import Collection
from index.errors import SourceError, SourceRefused
from index.sources.applications import (
    CONNECTORS,
    Limits,
    Source,
    SourceSync,
    open_application,
)
from index.sources.applications.guard import Clock
from index.sources.folders import IngestReport
from tests.failures import all_cases
from tests.index.conftest import Opener
from tests.index.sources.applications.fakes import (
    FAKES,
    SECRET,
    Fake,
    FakeGitHub,
    FakeNextcloud,
    Killed,
    changed,
)

pytest.importorskip("oikb")

LIMIT = 100_000


@dataclass
class Time:
    """A clock that moves when somebody sleeps."""

    at: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.at, self.sleep)


@dataclass
class Runs:
    """Runs of one source against its fake, in a collection that is opened anew for each."""

    fake: Fake
    opener: Opener
    time: Time = field(default_factory=Time)
    limits: Limits = field(default_factory=Limits)
    missing: str = ""

    def run(self, source: Source | None = None, *, any_share: bool = False) -> IngestReport:
        collection = self.opener()
        application = open_application(
            source or self.fake.source,
            SECRET,
            max_bytes=LIMIT,
            limits=self.limits,
            transport=self.fake,
            clock=self.time.clock,
        )
        sync = SourceSync(
            collection, source or self.fake.source, application, limits=self.limits, any_share=any_share
        )
        try:
            return sync.run()
        finally:
            self.missing = sync.missing
            application.close()
            collection.close()

    def texts(self) -> dict[str, str]:
        with self.opener() as collection:
            return texts_of(collection)

    def check(self) -> None:
        """The collection has what the application has: nothing is lost, nothing is there twice."""
        found, expected = self.texts(), self.fake.documents()
        # Confluence has pages that are folders, too.
        found = {id_: text for id_, text in found.items() if id_ != "things/birds.txt"}
        assert found.keys() == expected.keys()
        assert [id_ for id_, text in expected.items() if text not in found[id_]] == []


def texts_of(collection: Collection) -> dict[str, str]:
    listed = collection.archive.documents(limit=1000)
    return {one.id: collection.archive.text(one.id)[1] for one in listed}


@pytest.fixture(params=sorted(FAKES))
def fake(request: pytest.FixtureRequest) -> Fake:
    return FAKES[request.param]()


@pytest.fixture
def runs(fake: Fake, open_collection: Opener) -> Runs:
    return Runs(fake, open_collection)


def key_of(fake: Fake, number: int) -> str:
    return fake.identity(number)


def test_every_application_has_a_fake() -> None:
    assert FAKES.keys() == CONNECTORS.keys()


def test_the_first_run_puts_everything(runs: Runs) -> None:
    report = runs.run()
    runs.check()
    assert (report.skipped, report.refused, runs.missing) == ([], [], "")
    assert report.embedded >= 10


def test_nothing_is_read_or_embedded_again_when_nothing_has_changed(runs: Runs) -> None:
    first = runs.run()
    runs.fake.requests.clear()
    again = runs.run()
    assert len(again.unchanged) == len(first.added)
    assert (again.added, again.replaced, again.renamed, again.retired, again.embedded) == ([], [], [], [], 0)
    assert [one for one in runs.fake.requests if runs.fake.is_reading(one)] == []


def test_a_changed_item_alone_is_put_again(runs: Runs) -> None:
    runs.run()
    key = key_of(runs.fake, 3)
    runs.fake.items[key] = changed(runs.fake.items[key], text="Now it tells of a heron.")
    report = runs.run()
    assert report.replaced == [f"things/{runs.fake.path(key)}"]
    assert (report.added, report.retired, report.embedded) == ([], [], 1)
    runs.check()


def _placed(fake: Fake, key: str, **given: str) -> tuple[str, str]:
    """Change where an item is, or its name; returns the id of its document before and now."""
    before = f"things/{fake.path(key)}"
    fake.items[key] = changed(fake.items[key], **given)
    return before, f"things/{fake.path(key)}"


@pytest.mark.parametrize("given", [{"folder": "owls"}, {"name": "renamed"}], ids=["moved", "renamed"])
def test_an_item_that_moves_keeps_its_document(runs: Runs, given: dict[str, str]) -> None:
    if not (runs.fake.moves if "folder" in given else runs.fake.renames):
        return  # an item's address is fixed
    runs.run()
    before, now = _placed(runs.fake, key_of(runs.fake, 3), **given)
    with runs.opener() as collection:
        key = collection.archive.document(before).key
    report = runs.run()
    assert (before, now) in report.renamed
    # A new title is in what is embedded, where the text tells it.
    assert (report.retired, report.embedded <= 1 + report.added.count("things/owls.txt")) == ([], True)
    with runs.opener() as collection:
        assert collection.archive.document(now).key == key
    assert runs.texts()[now]
    documents = runs.texts()
    assert {id_ for id_ in documents if "owls.txt" not in id_ and "birds.txt" not in id_} == (
        runs.fake.documents().keys()
    )


def test_two_items_that_change_places_keep_their_texts(runs: Runs) -> None:
    if not runs.fake.renames:
        return  # an item's address is fixed
    runs.run()
    one, two = key_of(runs.fake, 2), key_of(runs.fake, 4)
    first, second = runs.fake.items[one], runs.fake.items[two]
    runs.fake.items[one] = changed(first, name=second.name, folder=second.folder)
    runs.fake.items[two] = changed(second, name=first.name, folder=first.folder)
    runs.run()
    runs.check()


def test_a_deleted_item_is_retired(runs: Runs) -> None:
    runs.run()
    gone = f"things/{runs.fake.path(key_of(runs.fake, 5))}"
    del runs.fake.items[key_of(runs.fake, 5)]
    assert runs.run().retired == [gone]
    runs.check()
    with runs.opener() as collection:  # its citations still resolve
        assert collection.archive.versions(gone)


def test_a_deleted_item_that_comes_back_is_restored(runs: Runs) -> None:
    runs.run()
    key = key_of(runs.fake, 5)
    item = runs.fake.items.pop(key)
    runs.run()
    runs.fake.items[key] = item
    runs.run()
    runs.check()


def status(number: int, **headers: str) -> httpx.Response:
    return httpx.Response(number, headers={name.replace("_", "-"): value for name, value in headers.items()})


def after(
    matches: Callable[[httpx.Request], bool], count: int, give: Callable[[], httpx.Response]
) -> Callable[[httpx.Request], httpx.Response | None]:
    """Answer by ``give`` from the request on that is the ``count``-th of those that match."""
    seen = itertools.count(1)
    return lambda request: give() if matches(request) and next(seen) >= count else None


@pytest.mark.parametrize("page", [1, 2])
def test_a_page_that_fails_removes_nothing(runs: Runs, page: int) -> None:
    runs.run()
    removed = key_of(runs.fake, 9)
    del runs.fake.items[removed]
    before = runs.texts()
    with all_cases() as case:
        for number in (500, 502, 404, 400):
            with case(number):
                runs.fake.answer = after(runs.fake.is_listing, page, partial(status, number))
                try:
                    report = runs.run()
                except SourceError:
                    pass
                else:
                    is_unpaged = page == 2 and not runs.fake.pages
                    assert runs.missing or is_unpaged
                    assert report.retired == [] or is_unpaged
                if page == 1 or runs.fake.pages:
                    assert runs.texts() == before
    runs.fake.answer = lambda request: None
    runs.run()
    runs.check()


def test_an_empty_listing_removes_nothing(runs: Runs) -> None:
    runs.run()
    before, items = runs.texts(), dict(runs.fake.items)
    runs.fake.items.clear()
    report = runs.run()
    assert [one.code for one in report.refused] in (["empty_folder"], ["large_removal"])
    assert runs.texts() == before
    runs.fake.items.update(items)
    assert runs.run().refused == []
    runs.check()


def test_a_large_removal_needs_to_be_meant(runs: Runs) -> None:
    for number in range(10, 30):
        runs.fake.items[runs.fake.identity(number)] = replace(
            runs.fake.items[key_of(runs.fake, 0)],
            name=f"note{number}",
            text=f"Sentence {number} tells of {number}.",
        )
    runs.run()
    for number in range(4, 30):
        del runs.fake.items[runs.fake.identity(number)]
    report = runs.run()
    assert ([one.code for one in report.refused], report.retired) == (["large_removal"], [])
    with runs.opener() as collection:
        assert [one.root for one in collection.archive.refused_mirrors()] == ["@things"]
    assert len(runs.run(any_share=True).retired) == 26
    runs.check()
    with runs.opener() as collection:
        assert collection.archive.refused_mirrors() == []


def test_a_token_that_has_expired_is_told_and_removes_nothing(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    runs.run()
    before = runs.texts()
    runs.fake.secret = "another"  # noqa: S105
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceRefused) as caught:
        runs.run()
    assert SECRET not in caplog.text + str(caught.value) + repr(caught.value)
    assert runs.texts() == before
    runs.fake.secret = SECRET
    assert runs.run().embedded == 0
    runs.check()


def test_a_token_that_expires_while_files_are_read_keeps_what_was_read(runs: Runs) -> None:
    if not runs.fake.reads:
        return  # the texts come with the listing
    runs.fake.answer = after(runs.fake.is_reading, 4, lambda: status(401))
    with pytest.raises(SourceRefused):
        runs.run()
    assert len(runs.texts()) == 3
    runs.fake.answer = lambda request: None
    runs.run()
    runs.check()


def test_one_file_that_cannot_be_read_is_skipped_alone(runs: Runs) -> None:
    if not runs.fake.reads:
        return  # the texts come with the listing
    seen = itertools.count(1)
    runs.fake.answer = lambda request: (
        status(500) if runs.fake.is_reading(request) and next(seen) == 4 else None
    )
    report = runs.run()
    assert len(report.skipped) == 1
    runs.fake.answer = lambda request: None
    runs.run()
    runs.check()


LIMITED = [({"retry_after": "7"}, 7.0), ({}, 1.0), ({"retry_after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30.0)]
"""Headers of a reply that says that there were too many requests, and the seconds that are waited."""


def test_a_rate_limit_is_waited_for(runs: Runs) -> None:
    with all_cases() as case:
        for (headers, waits), number in itertools.product(LIMITED, (429, 503)):
            with case((headers, number)):
                runs.time.at, runs.time.slept = 1_800_000_000.0, []  # 2027-01-15 08:00:00 UTC
                replies = iter([status(number, **headers)])
                runs.fake.answer = partial(_to_listing, runs.fake, replies)
                runs.run()
                assert runs.time.slept == [waits]
                runs.check()


def _to_listing(
    fake: Fake, replies: Iterator[httpx.Response], request: httpx.Request
) -> httpx.Response | None:
    return next(replies, None) if fake.is_listing(request) else None


def test_a_rate_limit_that_lasts_is_told(runs: Runs) -> None:
    runs.run()
    before = runs.texts()
    for wait in ("3600", ""):  # an hour, and nobody knows how long
        headers, runs.time.slept = {"retry_after": wait} if wait else {}, []
        for_ever = (status(429, **headers) for _ in itertools.count())
        runs.fake.answer = partial(_to_listing, runs.fake, for_ever)
        with pytest.raises(SourceError, match="rate limit"):
            runs.run()
        assert sum(runs.time.slept) < 200, headers
        assert runs.texts() == before


@pytest.mark.parametrize("at", [1, 2, 5, 9])
def test_a_run_that_is_killed_goes_on_where_it_was(runs: Runs, at: int) -> None:
    """Killed by the request that reads, or by the listing where that has the texts."""

    def kill() -> httpx.Response:
        raise Killed

    matches = runs.fake.is_reading if runs.fake.reads else runs.fake.is_listing
    runs.fake.answer = after(matches, min(at, 3) if not runs.fake.reads else at, kill)
    with pytest.raises(Killed):
        runs.run()
    runs.fake.answer = lambda request: None
    runs.run()
    runs.check()
    assert runs.run().embedded == 0


def test_a_move_that_is_killed_is_completed(runs: Runs) -> None:
    if not runs.fake.renames or not runs.fake.reads:
        return  # nothing is read between
    runs.run()
    for number in (2, 4, 6):
        _placed(runs.fake, key_of(runs.fake, number), name=f"other{number}", text=f"Now {number} is another.")
    seen = itertools.count(1)

    def kill(request: httpx.Request) -> httpx.Response | None:
        if runs.fake.is_reading(request) and next(seen) >= 2:
            raise Killed
        return None

    runs.fake.answer = kill
    with pytest.raises(Killed):
        runs.run()
    runs.fake.answer = lambda request: None
    runs.run()
    runs.check()


# What a listing leaves out


def nested() -> FakeGitHub:
    """A repository with folders in folders, two of them alike."""
    fake = FakeGitHub()
    for number in range(10):
        key = fake.identity(number)
        folder = ("", "birds/owls", "birds/gulls/old", "fish", "fish/birds")[number % 5]
        fake.items[key] = replace(fake.items[key], folder=folder)
        twin = replace(fake.items[key], folder=f"copy/{folder}".rstrip("/"))
        fake.items[f"{key}1"] = twin
    return fake


@pytest.mark.parametrize("most", range(5, 32, 3))
@pytest.mark.parametrize("place", ["org/manual", "org/manual/birds", "org/manual/copy/birds/gulls"])
def test_a_listing_that_github_cuts_off_is_continued_by_folders(most: int, place: str) -> None:
    fake = nested()
    fake.most = most  # type: ignore[misc]
    source = replace(fake.source, place=place)
    scope = place.removeprefix("org/manual").lstrip("/")
    application = open_application(source, SECRET, max_bytes=LIMIT, transport=fake)
    listing = application.listing()
    paths = [fake.path(key) for key in fake.items]
    expected = {path.removeprefix(f"{scope}/") for path in paths if path.startswith(scope)}
    assert ({entry.path for entry in listing.entries}, listing.missing) == (expected, "")
    for entry in listing.entries:
        assert entry.link.endswith(f"/{'/'.join(filter(None, (scope, entry.path)))}")
        assert application.read(entry).startswith(b"Sentence")
    application.close()


def test_a_folder_that_github_cuts_off_removes_nothing(open_collection: Opener) -> None:
    fake = FakeGitHub()
    runs = Runs(fake, open_collection)
    runs.run()
    fake.most = 3  # type: ignore[misc]
    assert runs.run().retired == []
    assert "more files than GitHub lists" in runs.missing
    runs.check()


# What a person names


@pytest.mark.parametrize("then", ["unchanged", "changed", "moved", "renamed", "deleted", "taken"])
def test_a_name_that_a_person_gave_stays(runs: Runs, then: str) -> None:
    fake = runs.fake
    if (then == "moved" and not fake.moves) or (then in ("renamed", "taken") and not fake.renames):
        return  # an item's address is fixed
    if then == "taken" and fake.kind in ("github", "nextcloud"):
        return  # what has the path of a document is that document, whatever it says
    runs.run()
    key = key_of(fake, 3)
    with runs.opener() as collection:
        named = collection.editor.rename(f"things/{fake.path(key)}", "What birds say")
        collection.retitle(named.id, "Birds")
    match then:
        case "changed":
            fake.items[key] = changed(fake.items[key], text="Now it tells of a heron.")
        case "moved":
            _placed(fake, key, folder="owls")
        case "renamed":
            _placed(fake, key, name="another")
        case "taken":  # another item has the path now
            _placed(fake, key, name="another")
            _placed(fake, key_of(fake, 4), name="note3", folder="birds")
        case "deleted":
            item = fake.items.pop(key)
            assert runs.run().retired == ["What birds say"]
            fake.items[key] = item
    report = runs.run()
    assert "What birds say" not in str(report.renamed)
    expected = fake.documents()
    expected["What birds say"] = expected.pop(f"things/{fake.path(key)}")
    found = runs.texts()
    assert {one for one in found if not one.endswith(("/birds.txt", "/owls.txt"))} == (expected.keys())
    assert [one for one, text in expected.items() if text not in found[one]] == []
    with runs.opener() as collection:
        record = collection.archive.document("What birds say")
        assert (record.key, record.title) == (named.key, "Birds")
    again = runs.run()
    assert (again.added, again.replaced, again.renamed, again.retired) == ([], [], [], [])


def test_a_folder_that_nextcloud_does_not_find_removes_nothing(open_collection: Opener) -> None:
    fake = FakeNextcloud()
    runs = Runs(fake, open_collection)
    runs.run()
    fake.answer = lambda request: (
        status(404) if fake.is_listing(request) and request.url.path.rstrip("/").endswith("birds") else None
    )
    assert runs.run().retired == []
    assert runs.missing == "the application answered 404 for /remote.php/dav/files/ann/Shared/birds"
    runs.check()
