from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from index.errors import CorruptDocument, InvalidInput
from index.ingest import Source
from index.web import Fetcher, WebConfig
from service.jobs.intake import Intake
from service.jobs.records import Item, Kind, NewItem, Refused
from service.jobs.spool import Spool
from tests.index.web.standins import Server, answer, redirect
from tests.service.jobs.zip_files import encrypted, written, zipped

MOST = 1000


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def intake(tmp_path: Path, server: Server) -> Iterator[Intake]:
    web = WebConfig(
        allowed_networks=("127.0.0.0/8",), ports=(server.port,), delay_seconds=0.0, max_bytes=MOST
    )
    intake = Intake(Spool(tmp_path / "spool"), Fetcher(web), max_document_bytes=MOST)
    yield intake
    intake.close()


def item(kind: Kind, name: str, *, spooled: str = "", size: int = 0, **request: Any) -> Item:
    return Item(1, kind, name, spooled, size, request, "waiting", "", "", 0, "")


def kept(intake: Intake, data: bytes, *, number: int = 1, job: str = "job") -> tuple[str, int]:
    return intake.spool.put(job, number, BytesIO(data))


def here(server: Server, path: str) -> str:
    return server.url(path, "127.0.0.1")


def source(intake: Intake, of: Item, *, job: str = "job") -> Source:
    found = intake.source(job, of)
    assert isinstance(found, Source), found
    return found


def refused(intake: Intake, of: Item, *, job: str = "job") -> Refused:
    found = intake.source(job, of)
    assert isinstance(found, Refused), found
    return found


# Files


def test_a_file_comes_with_all_that_was_said_of_it(intake: Intake) -> None:
    spooled, size = kept(intake, b"The lamp.")
    said: dict[str, Any] = {
        "media_type": "text/markdown",
        "title": "T",
        "source": "S",
        "metadata": {"year": 1859},
        "password": "p",
    }
    assert source(intake, item("file", "a/b.md", spooled=spooled, size=size, **said)) == Source(
        "a/b.md", b"The lamp.", **said
    )
    assert source(intake, item("file", "a", spooled=spooled, size=size)) == Source("a", b"The lamp.")


def test_a_file_that_is_too_large_is_not_read(intake: Intake) -> None:
    why = refused(intake, item("file", "a.md", spooled="000009", size=MOST + 1))
    assert why == Refused("document_too_large", "a.md: 1,001 bytes; at most 1,000 are taken.")


def test_a_file_that_is_gone(intake: Intake) -> None:
    why = refused(intake, item("file", "a.md", spooled="000009", size=1))
    assert why.code == "corrupt_document"
    assert why.message.startswith("a.md: ")


# ZIP files


def test_members_inherit_what_was_said_of_their_folder(intake: Intake) -> None:
    spooled, size = kept(intake, zipped({"a/one.md": "One.", "two.md": "Two…"}))
    said: dict[str, Any] = {"metadata": {"project": "p"}, "password": "secret"}
    folder = item("archive", "x/folder.zip", spooled=spooled, size=size, prefix="x", **said)
    assert list(intake.members("job", folder)) == [
        NewItem("member", "x/a/one.md", spooled, 4, {**said, "member": "a/one.md"}),
        NewItem("member", "x/two.md", spooled, 6, {**said, "member": "two.md"}),
    ]
    folder = item("archive", "folder.zip", spooled=spooled, size=size, prefix="")
    assert [one.name for one in intake.members("job", folder)] == ["a/one.md", "two.md"]


def test_what_stands_beside_a_member_goes_before_what_was_said_of_all(intake: Intake) -> None:
    beside = '{"title": "Of lamps", "source": "S", "metadata": {"year": 1859}}'
    spooled, _ = kept(intake, zipped({"a.md": "The lamp.", "a.md.meta.json": beside, "b.md": "B."}))
    said: dict[str, Any] = {"metadata": {"year": 1, "project": "p"}}
    assert source(intake, item("member", "x/a.md", spooled=spooled, member="a.md", **said)) == Source(
        "x/a.md",
        b"The lamp.",
        title="Of lamps",
        source="S",
        metadata={"year": 1859, "project": "p"},
    )
    assert source(intake, item("member", "x/b.md", spooled=spooled, member="b.md", **said)) == Source(
        "x/b.md", b"B.", metadata=said["metadata"]
    )


def test_a_password_opens_members_and_what_is_in_them(intake: Intake) -> None:
    spooled, _ = kept(intake, written([encrypted("a.md", b"The lamp.", "dusk")]))
    said: dict[str, Any] = {"password": "dusk"}
    found = source(intake, item("member", "a.md", spooled=spooled, member="a.md", **said))
    assert (found.data, found.password) == (b"The lamp.", "dusk")
    assert refused(intake, item("member", "a.md", spooled=spooled, member="a.md")).code == (
        "encrypted_document"
    )


@pytest.mark.parametrize(
    ("member", "code"),
    [("big.md", "document_too_large"), ("said.md", "invalid_metadata"), ("none.md", "corrupt_document")],
)
def test_a_member_that_cannot_be_had(intake: Intake, member: str, code: str) -> None:
    files = {"big.md": "x" * (MOST + 1), "said.md": "x", "said.md.meta.json": "[", "good.md": "Good."}
    spooled, _ = kept(intake, zipped(files))
    assert refused(intake, item("member", member, spooled=spooled, member=member)).code == code
    assert source(intake, item("member", "good.md", spooled=spooled, member="good.md")).data == b"Good."


def test_folders_are_told_apart_by_job_and_file(intake: Intake) -> None:
    one, _ = kept(intake, zipped({"a.md": "1"}), number=1)
    two, _ = kept(intake, zipped({"a.md": "2"}), number=2)
    other, _ = kept(intake, zipped({"a.md": "3"}), number=1, job="other")
    for job, spooled, data in [("job", one, b"1"), ("job", two, b"2"), ("other", other, b"3")] * 2:
        of = item("member", "a.md", spooled=spooled, member="a.md")
        assert source(intake, of, job=job).data == data


def test_a_folder_that_is_closed_is_opened_again(intake: Intake) -> None:
    spooled, _ = kept(intake, zipped({"a.md": "1"}))
    of = item("member", "a.md", spooled=spooled, member="a.md")
    assert source(intake, of).data == b"1"
    intake.close()
    intake.close()
    assert source(intake, of).data == b"1"
    intake.close()
    intake.spool.clear("job")
    assert refused(intake, of).code == "corrupt_document"


def test_a_folder_that_is_none(intake: Intake) -> None:
    spooled, _ = kept(intake, b"zzz")
    with pytest.raises(CorruptDocument, match=r"^folder\.zip: "):
        list(intake.members("job", item("archive", "x/folder.zip", spooled=spooled, prefix="")))


# The web


def test_a_page_is_named_by_where_it_was_found(intake: Intake, server: Server) -> None:
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
def test_a_page_that_cannot_be_had(intake: Intake, server: Server, path: str, code: str) -> None:
    server.answers["/big"] = answer(b"x" * (MOST + 1))
    server.answers["/loop"] = redirect("/loop")
    assert refused(intake, item("url", here(server, path))).code == code


def test_what_a_sitemap_may_not_list_is_refused_without_a_request(intake: Intake, server: Server) -> None:
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


def test_listed_pages_keep_to_robots_txt_and_every_job_asks_for_it(intake: Intake, server: Server) -> None:
    server.answers["/a.html"] = answer(b"<p>Lit.</p>")
    server.answers["/robots.txt"] = answer(b"User-agent: *\nDisallow: /\n", media_type="text/plain")
    address = here(server, "/a.html")
    for _ in range(2):
        assert refused(intake, item("url", address, listed=True)).code == "refused_by_robots"
    assert server.targets.count("/robots.txt") == 1
    server.answers["/robots.txt"] = answer(b"", media_type="text/plain")
    assert source(intake, item("url", address, listed=True), job="next").data == b"<p>Lit.</p>"
    assert source(intake, item("url", address)).data == b"<p>Lit.</p>"


def test_a_crawl_stays_below_its_folder_and_tells_of_what_failed(intake: Intake, server: Server) -> None:
    links = b"".join(b'<a href="%s">x</a>' % to for to in (b"b.html", b"gone.html", b"/other.html"))
    server.answers["/docs/a.html"] = answer(b"<p>A.</p>" + links)
    server.answers["/docs/b.html"] = answer(b"<p>B.</p>")
    server.answers["/other.html"] = answer(b"<p>Other.</p>")
    crawl = item("crawl", here(server, "/docs/a.html"), metadata={"m": 1}, max_pages=9, max_depth=3)
    found = {new.name: (new, of) for new, of in intake.crawled("job", crawl)}
    assert set(found) == {here(server, f"/docs/{name}.html") for name in ("a", "b", "gone")}
    new, page = found[here(server, "/docs/b.html")]
    assert (new.kind, new.bytes) == ("url", 9)
    assert isinstance(page, Source)
    assert (page.data, page.metadata) == (b"<p>B.</p>", {"m": 1})
    _, why = found[here(server, "/docs/gone.html")]
    assert isinstance(why, Refused)
    assert why.code == "unexpected_status"


def test_a_sitemap_that_is_none(intake: Intake, server: Server) -> None:
    with pytest.raises(InvalidInput):
        list(intake.members("job", item("sitemap", here(server, "/gone.xml"))))
