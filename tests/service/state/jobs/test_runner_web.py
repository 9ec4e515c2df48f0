from __future__ import annotations

from index.library import Library
from service.faces.api.schemas.jobs import item_json
from service.flows.ingest.jobs.runner import JobRunner
from service.state.jobs.records import NewItem
from tests.index.sources.web.standins import Server, answer, redirect
from tests.service.state.jobs.running import (
    Start,
    add,
    crawl,
    finished,
    item,
    page,
    results,
)


def test_urls_are_fetched(library: Library, idle: JobRunner, start: Start, server: Server) -> None:
    server.answers["/guide/lamp.html?next=/x/&y=1"] = page("Lamp")
    server.answers["/text"] = answer(b"Plain words.", media_type="text/plain; charset=utf-8")
    server.answers["/moved"] = redirect("/text")
    server.answers["/pic.png"] = answer(b"x", media_type="image/png")
    server.answers["/robots.txt"] = answer(b"User-agent: *\nDisallow: /\n", media_type="text/plain")
    paths = ("/guide/lamp.html?next=/x/&y=1", "/moved", "/pic.png", "/gone.html")
    address = {path: server.url(path, "127.0.0.1") for path in paths}
    outside = "http://127.0.0.1:1/"
    request = {"metadata": {"project": "p"}}
    add(idle, *(NewItem("url", one, request=request) for one in (*address.values(), outside)))
    finished(runner := start())
    assert results(runner) == {
        address["/guide/lamp.html?next=/x/&y=1"]: "added",
        address["/moved"]: "added",
        address["/pic.png"]: "unsupported_format",
        address["/gone.html"]: "unexpected_status",
        outside: "address_refused",
    }
    host = f"127.0.0.1:{server.port}"
    lamp = library.open("default").archive.document(f"{host}/guide/lamp.html?next=%2Fx%2F&y=1")
    assert (lamp.title, lamp.metadata) == ("Lamp", {"project": "p"})
    assert lamp.source == address["/guide/lamp.html?next=/x/&y=1"]
    moved = item(runner, address["/moved"])
    assert moved.document == f"{host}/text/index"
    assert item_json(moved, "default")["links"] == {"document": f"/v1/documents/{host}/text/index"}
    assert "/robots.txt" not in server.targets  # pages that the caller names need no permission


def test_sitemap_is_ingested(library: Library, idle: JobRunner, start: Start, server: Server) -> None:
    lines = [server.url(path, "127.0.0.1") for path in ("/a.html", "/b.html", "/private/c.html")]
    foreign = "http://other.example/x.html"
    server.answers["/sitemap.txt"] = answer("\n".join([*lines, foreign]).encode(), media_type="text/plain")
    server.answers["/robots.txt"] = answer(b"User-agent: *\nDisallow: /private/\n", media_type="text/plain")
    for name in ("a", "b", "private/c"):
        server.answers[f"/{name}.html"] = page(name)
    add(idle, NewItem("sitemap", server.url("/sitemap.txt", "127.0.0.1"), request={"metadata": {"m": 1}}))
    finished(runner := start())
    assert results(runner) == {
        lines[0]: "added",
        lines[1]: "added",
        lines[2]: "refused_by_robots",
        foreign: "outside_crawl",
    }
    records = list(library.open("default").archive.documents(limit=9))
    assert [record.metadata for record in records] == [{"m": 1}] * 2


def test_invalid_or_missing_sitemap_is_refused(idle: JobRunner, start: Start, server: Server) -> None:
    server.answers["/sitemap.xml"] = answer(b"<html></html>")
    bad, gone = (server.url(path, "127.0.0.1") for path in ("/sitemap.xml", "/gone.xml"))
    add(idle, NewItem("sitemap", bad), NewItem("sitemap", gone))
    finished(runner := start())
    assert results(runner) == {bad: "invalid_sitemap", gone: "unexpected_status"}


def test_site_is_crawled(library: Library, idle: JobRunner, start: Start, server: Server) -> None:
    server.answers["/docs/"] = page(
        "Start", "a.html", "gone.html", "/elsewhere.html", "http://other.example/"
    )
    server.answers["/docs/a.html"] = page("A", "b.html")
    server.answers["/docs/b.html"] = page("B", "a.html", "c.html")
    server.answers["/docs/c.html"] = page("C")
    server.answers["/elsewhere.html"] = page("Elsewhere")
    add(idle, crawl(server, "/docs/", max_depth=2))
    finished(runner := start())
    host = f"127.0.0.1:{server.port}"
    assert {record.id for record in library.open("default").archive.documents(limit=9)} == {
        f"{host}/docs",
        f"{host}/docs/a.html",
        f"{host}/docs/b.html",
    }
    assert item(runner, server.url("/docs/gone.html", "127.0.0.1")).code == "unexpected_status"
    assert runner.store.job("job").counts.total == 4
    assert library.open("default").archive.document(f"{host}/docs").metadata == {"site": "x"}


def test_crawl_stops_at_max_pages(library: Library, idle: JobRunner, start: Start, server: Server) -> None:
    server.answers["/"] = page("Start", *(f"/{n}.html" for n in range(9)))
    for number in range(9):
        server.answers[f"/{number}.html"] = page(str(number))
    add(idle, crawl(server, max_pages=4))
    finished(start())
    assert library.open("default").archive.counts().documents == 4


def test_interrupted_crawl_starts_again_without_duplicates(
    library: Library, idle: JobRunner, start: Start, server: Server
) -> None:
    server.answers["/"] = page("Start", "/a.html")
    server.answers["/a.html"] = page("A")
    add(idle, crawl(server))
    idle.store.begin("job")
    idle.store.add_item(
        "job", NewItem("url", server.url("/", "127.0.0.1"), request={"metadata": {"site": "x"}})
    )
    job = finished(start())
    assert job.counts.outcomes == {"added": 2, "expanded": 1}
    collection = library.open("default")
    assert [record.versions for record in collection.archive.documents(limit=9)] == [1, 1]


def test_retry_repeats_a_crawl_whose_first_page_failed(
    library: Library, idle: JobRunner, start: Start, server: Server
) -> None:
    add(idle, crawl(server))
    runner = start()
    assert finished(runner).state == "done"
    assert results(runner) == {server.url("/", "127.0.0.1"): "unexpected_status"}
    server.answers["/"] = page("Start", "/a.html")
    server.answers["/a.html"] = page("A")
    runner.store.retry("job")
    assert finished(runner).counts.outcomes == {"added": 2, "expanded": 1}
    assert library.open("default").archive.counts().documents == 2
