from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.errors import CorruptDocument, InvalidInput
from index.ingest.preparation import Source
from index.naming import validate_document_id
from index.sources.web import Fetcher, WebConfig
from service.flows.ingest.jobs.intake import Intake, web_document_id
from service.state.jobs.records import Item, Kind, NewItem, Rejection
from service.state.jobs.spool.folder import FolderSpool
from tests.index.sources.web.standins import Server, answer, redirect
from tests.service.state.jobs.spooling import spool_file
from tests.service.state.jobs.zip_files import encrypted, written, zipped

MOST = 1000


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def intake(server: Server, tmp_path: Path) -> Iterator[Intake]:
    web = WebConfig(
        allowed_networks=("127.0.0.0/8",), ports=(server.port,), delay_seconds=0.0, max_bytes=MOST
    )
    intake = Intake(FolderSpool(tmp_path / "spool"), Fetcher(web), max_document_bytes=MOST)
    yield intake
    intake.close()


def item(kind: Kind, name: str, *, spooled: str = "", size: int = 0, **request: Any) -> Item:
    return Item(1, kind, name, spooled, size, request, "waiting", "", "", 0, "")


def spool_data(intake: Intake, data: bytes, *, number: int = 1, job: str = "job") -> tuple[str, int]:
    return spool_file(intake.spool, job, number, data)


def here(server: Server, path: str) -> str:
    return server.url(path, "127.0.0.1")


def source(intake: Intake, of: Item, *, job: str = "job") -> Source:
    found = intake.source(job, of)
    assert isinstance(found, Source), found
    return found


def refused(intake: Intake, of: Item, *, job: str = "job") -> Rejection:
    found = intake.source(job, of)
    assert isinstance(found, Rejection), found
    return found


# Files


def test_file_has_the_fields_of_its_request(intake: Intake) -> None:
    spooled, size = spool_data(intake, b"The lamp.")
    request: dict[str, Any] = {
        "media_type": "text/markdown",
        "title": "T",
        "source": "S",
        "metadata": {"year": 1859},
        "password": "p",
    }
    assert source(intake, item("file", "a/b.md", spooled=spooled, size=size, **request)) == Source(
        "a/b.md", b"The lamp.", **request
    )
    assert source(intake, item("file", "a", spooled=spooled, size=size)) == Source("a", b"The lamp.")


def test_too_large_file_is_refused_unread(intake: Intake) -> None:
    why = refused(intake, item("file", "a.md", spooled="000009", size=MOST + 1))
    assert why == Rejection("document_too_large", "a.md: 1,001 bytes; at most 1,000 are taken.")


def test_missing_file_is_refused(intake: Intake) -> None:
    why = refused(intake, item("file", "a.md", spooled="000009", size=1))
    assert why.code == "corrupt_document"
    assert why.message.startswith("a.md: ")


# ZIP files


def test_members_inherit_the_request_of_their_archive(intake: Intake) -> None:
    spooled, size = spool_data(intake, zipped({"a/one.md": "One.", "two.md": "Two…"}))
    request: dict[str, Any] = {"metadata": {"project": "p"}, "password": "secret"}
    folder = item("archive", "x/folder.zip", spooled=spooled, size=size, prefix="x", **request)
    assert list(intake.members("job", folder)) == [
        NewItem("member", "x/a/one.md", spooled, 4, {**request, "member": "a/one.md"}),
        NewItem("member", "x/two.md", spooled, 6, {**request, "member": "two.md"}),
    ]
    folder = item("archive", "folder.zip", spooled=spooled, size=size, prefix="")
    assert [one.name for one in intake.members("job", folder)] == ["a/one.md", "two.md"]


def test_sidecar_overrides_the_request(intake: Intake) -> None:
    sidecar = '{"title": "Of lamps", "source": "S", "metadata": {"year": 1859}}'
    spooled, _ = spool_data(intake, zipped({"a.md": "The lamp.", "a.md.meta.json": sidecar, "b.md": "B."}))
    request: dict[str, Any] = {"metadata": {"year": 1, "project": "p"}}
    assert source(intake, item("member", "x/a.md", spooled=spooled, member="a.md", **request)) == Source(
        "x/a.md",
        b"The lamp.",
        title="Of lamps",
        source="S",
        metadata={"year": 1859, "project": "p"},
    )
    assert source(intake, item("member", "x/b.md", spooled=spooled, member="b.md", **request)) == Source(
        "x/b.md", b"B.", metadata=request["metadata"]
    )


def test_password_opens_the_archive_and_its_members(intake: Intake) -> None:
    spooled, _ = spool_data(intake, written([encrypted("a.md", b"The lamp.", "dusk")]))
    request: dict[str, Any] = {"password": "dusk"}
    found = source(intake, item("member", "a.md", spooled=spooled, member="a.md", **request))
    assert (found.data, found.password) == (b"The lamp.", "dusk")
    assert refused(intake, item("member", "a.md", spooled=spooled, member="a.md")).code == (
        "encrypted_document"
    )


@pytest.mark.parametrize(
    ("member", "code"),
    [("big.md", "document_too_large"), ("bad.md", "invalid_metadata"), ("none.md", "corrupt_document")],
)
def test_unreadable_member_is_refused_alone(intake: Intake, member: str, code: str) -> None:
    files = {"big.md": "x" * (MOST + 1), "bad.md": "x", "bad.md.meta.json": "[", "good.md": "Good."}
    spooled, _ = spool_data(intake, zipped(files))
    assert refused(intake, item("member", member, spooled=spooled, member=member)).code == code
    assert source(intake, item("member", "good.md", spooled=spooled, member="good.md")).data == b"Good."


def test_archives_are_distinguished_by_job_and_file(intake: Intake) -> None:
    one, _ = spool_data(intake, zipped({"a.md": "1"}), number=1)
    two, _ = spool_data(intake, zipped({"a.md": "2"}), number=2)
    other, _ = spool_data(intake, zipped({"a.md": "3"}), number=1, job="other")
    for job, spooled, data in [("job", one, b"1"), ("job", two, b"2"), ("other", other, b"3")] * 2:
        of = item("member", "a.md", spooled=spooled, member="a.md")
        assert source(intake, of, job=job).data == data


def test_closed_archive_is_opened_again(intake: Intake) -> None:
    spooled, _ = spool_data(intake, zipped({"a.md": "1"}))
    of = item("member", "a.md", spooled=spooled, member="a.md")
    assert source(intake, of).data == b"1"
    intake.close()
    intake.close()
    assert source(intake, of).data == b"1"
    intake.close()
    intake.spool.clear("job")
    assert refused(intake, of).code == "corrupt_document"


def test_damaged_archive_cannot_be_listed(intake: Intake) -> None:
    spooled, _ = spool_data(intake, b"zzz")
    with pytest.raises(CorruptDocument, match=r"^folder\.zip: "):
        list(intake.members("job", item("archive", "x/folder.zip", spooled=spooled, prefix="")))


# The web


def test_page_is_named_by_its_final_address(intake: Intake, server: Server) -> None:
    server.answers["/a/page.html"] = answer(b"<p>Lit.</p>", media_type="text/html; charset=latin-1")
    server.answers["/moved"] = redirect("/a/page.html")
    found = source(intake, item("url", here(server, "/moved"), metadata={"m": 1}))
    assert found == Source(
        f"127.0.0.1:{server.port}/a/page.html",
        b"<p>Lit.</p>",
        name="page.html",
        media_type="text/html; charset=latin-1",
        source=here(server, "/a/page.html"),
        metadata={"m": 1},
    )


@pytest.mark.parametrize(
    ("path", "code"),
    [("/gone", "unexpected_status"), ("/big", "page_too_large"), ("/loop", "fetch_failed")],
)
def test_unreachable_page_is_refused(intake: Intake, server: Server, path: str, code: str) -> None:
    server.answers["/big"] = answer(b"x" * (MOST + 1))
    server.answers["/loop"] = redirect("/loop")
    assert refused(intake, item("url", here(server, path))).code == code


def test_foreign_addresses_in_a_sitemap_are_refused_without_a_request(intake: Intake, server: Server) -> None:
    lines = f"{here(server, '/a.html')}\nhttp://other.example/b.html\n".encode()
    server.answers["/sitemap.txt"] = answer(lines, media_type="text/plain")
    one, foreign = intake.members("job", item("sitemap", here(server, "/sitemap.txt"), metadata={"m": 1}))
    assert (one.kind, one.name, one.request) == (
        "url",
        here(server, "/a.html"),
        {"metadata": {"m": 1}, "listed": True},
    )
    assert foreign.name == "http://other.example/b.html"
    assert refused(intake, item(foreign.kind, foreign.name, **foreign.request)).code == "outside_crawl"


def test_listed_pages_obey_robots_txt_fetched_once_per_job(intake: Intake, server: Server) -> None:
    server.answers["/a.html"] = answer(b"<p>Lit.</p>")
    server.answers["/robots.txt"] = answer(b"User-agent: *\nDisallow: /\n", media_type="text/plain")
    address = here(server, "/a.html")
    for _ in range(2):
        assert refused(intake, item("url", address, listed=True)).code == "refused_by_robots"
    assert server.targets.count("/robots.txt") == 1
    server.answers["/robots.txt"] = answer(b"", media_type="text/plain")
    assert source(intake, item("url", address, listed=True), job="next").data == b"<p>Lit.</p>"
    assert source(intake, item("url", address)).data == b"<p>Lit.</p>"


def test_crawl_stays_below_its_folder_and_reports_failures(intake: Intake, server: Server) -> None:
    links = b"".join(b'<a href="%s">x</a>' % to for to in (b"b.html", b"gone.html", b"/other.html"))
    server.answers["/docs/a.html"] = answer(b"<p>A.</p>" + links)
    server.answers["/docs/b.html"] = answer(b"<p>B.</p>")
    server.answers["/other.html"] = answer(b"<p>Other.</p>")
    crawl = item("crawl", here(server, "/docs/a.html"), metadata={"m": 1}, max_pages=9, max_depth=3)
    found = {new.name: (new, of) for new, of in intake.crawl("job", crawl)}
    assert set(found) == {here(server, f"/docs/{name}.html") for name in ("a", "b", "gone")}
    new, page = found[here(server, "/docs/b.html")]
    assert (new.kind, new.bytes) == ("url", 9)
    assert isinstance(page, Source)
    assert (page.data, page.metadata) == (b"<p>B.</p>", {"m": 1})
    _, why = found[here(server, "/docs/gone.html")]
    assert isinstance(why, Rejection)
    assert why.code == "unexpected_status"


def test_missing_sitemap_cannot_be_listed(intake: Intake, server: Server) -> None:
    with pytest.raises(InvalidInput):
        list(intake.members("job", item("sitemap", here(server, "/gone.xml"))))


@pytest.mark.parametrize(
    ("address", "document_id"),
    [
        ("https://docs.example.org/guide/lamps.html", "docs.example.org/guide/lamps.html"),
        ("https://docs.example.org/", "docs.example.org"),
        ("https://docs.example.org:8443//a//b/", "docs.example.org:8443/a/b"),
        ("https://example.org/a/text", "example.org/a/text/index"),
        ("https://example.org/versions?x=1", "example.org/versions/index?x=1"),
        ("https://example.org/a?q=/b/&r=//", "example.org/a?q=%2Fb%2F&r=%2F%2F"),
        ("https://example.org/a?x/text", "example.org/a?x%2Ftext"),
        ("https://example.org/%2e%2e/b#frag", "example.org/b"),
    ],
)
def test_page_id_is_made_of_host_path_and_query(address: str, document_id: str) -> None:
    assert validate_document_id(web_document_id(address)) == document_id


def test_ids_of_long_urls_are_distinct() -> None:
    ids = {validate_document_id(web_document_id(f"https://example.org/{'a/' * 400}{n}")) for n in range(5)}
    assert len(ids) == 5
    assert all(len(one) <= 512 for one in ids)
