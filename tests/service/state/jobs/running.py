"""Add items to jobs, wait for the runner, and look at what it made of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

from service.flows.ingest.jobs.runner import JobRunner
from service.state.jobs.records import FINISHED, Item, Job, NewItem
from tests.index.sources.web.standins import Server, answer
from tests.patience import PATIENCE, eventually
from tests.service.state.jobs.spooling import spool_file

NewRunner = Callable[..., JobRunner]
Start = Callable[..., JobRunner]
PAGE = b"<html><head><title>%s</title></head><body><p>The %s was lit.</p>%s</body></html>"


def add(runner: JobRunner, *items: NewItem, job: str = "job", collection: str = "default") -> str:
    runner.store.add(job, collection, items)
    runner.wake()
    return job


def text(runner: JobRunner, name: str, data: bytes | str, number: int, job: str = "job") -> NewItem:
    data = data.encode() if isinstance(data, str) else data
    spooled, size = spool_file(runner.spool, job, number, data)
    return NewItem("file", name, spooled, size)


def archive(
    runner: JobRunner, data: bytes, *, number: int = 1, job: str = "job", prefix: str = "", **request: Any
) -> NewItem:
    spooled, size = spool_file(runner.spool, job, number, data)
    return NewItem("archive", "folder.zip", spooled, size, {"prefix": prefix, **request})


def finished(runner: JobRunner, job: str = "job") -> Job:
    eventually(lambda: runner.store.job(job).state in FINISHED)
    return runner.store.job(job)


def results(runner: JobRunner, job: str = "job") -> dict[str, str]:
    items = runner.store.items(job, limit=1000)
    return {one.name: one.code or one.outcome for one in items if one.outcome != "expanded"}


def item(runner: JobRunner, name: str, job: str = "job") -> Item:
    (found,) = (one for one in runner.store.items(job, limit=1000) if one.name == name)
    return found


def crawl(server: Server, path: str = "/", **limits: int) -> NewItem:
    request = {"metadata": {"site": "x"}, "max_pages": 50, "max_depth": 3, **limits}
    return NewItem("crawl", server.url(path, "127.0.0.1"), request=request)


def page(title: str, *links: str) -> bytes:
    leading = "".join(f'<a href="{link}">{link}</a>' for link in links)
    return answer(PAGE % (title.encode(), title.encode(), leading.encode()))


def hold(server: Server, path: str, body: bytes) -> threading.Event:
    """Let the server answer a path once the returned event is set."""
    let_go = threading.Event()

    def answering(connection: socket.socket) -> None:
        assert let_go.wait(PATIENCE)
        connection.sendall(body)

    server.answers[path] = answering
    return let_go
