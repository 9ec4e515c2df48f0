"""The synchronous client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Concatenate, ParamSpec, Self, TypeVar

import httpx

from loccit_client.api import answering, asking, citations, collections, documents, jobs, sources
from loccit_client.binding import look_like
from loccit_client.calls import Call, Events, Pages
from loccit_client.models import Job
from loccit_client.requests import (
    DEFAULT_COLLECTION,
    DEFAULT_TIMEOUT,
    DEFAULT_URL,
    address,
    headers,
    shown,
)
from loccit_client.retrying import Retries
from loccit_client.transport import Transport
from loccit_client.waiting import pauses

P = ParamSpec("P")
T = TypeVar("T")


class _Group:
    """Methods that concern one kind of things."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport


def _reply(describe: Callable[P, Call[T]]) -> Callable[Concatenate[_Group, P], T]:
    """A method that sends one request."""

    def method(self: _Group, /, *arguments: P.args, **options: P.kwargs) -> T:
        return self._transport.send(describe(*arguments, **options))

    return look_like(method, describe)


def _pages(describe: Callable[P, Pages[T]]) -> Callable[Concatenate[_Group, P], Iterator[T]]:
    """A method that iterates over the members of pages."""

    def method(self: _Group, /, *arguments: P.args, **options: P.kwargs) -> Iterator[T]:
        return self._transport.pages(describe(*arguments, **options))

    return look_like(method, describe, "Iterator[{}]")


def _events(describe: Callable[P, Events[T]]) -> Callable[Concatenate[_Group, P], Iterator[T]]:
    """A method that iterates over the events of a stream."""

    def method(self: _Group, /, *arguments: P.args, **options: P.kwargs) -> Iterator[T]:
        return self._transport.events(describe(*arguments, **options))

    return look_like(method, describe, "Iterator[{}]")


class Documents(_Group):
    """Store, look up, read, change and delete documents, and compare their versions."""

    put = _reply(documents.put)
    get = _reply(documents.get)
    list = _pages(documents.list_all)
    text = _reply(documents.read_text)
    original = _reply(documents.read_original)
    page_image = _reply(documents.draw_page)
    update = _reply(documents.update)
    delete = _reply(documents.delete)
    versions = _reply(documents.versions)
    diff = _reply(documents.diff)
    prune = _reply(documents.prune)


class Collections(_Group):
    """Create, look up, upgrade and delete collections."""

    list = _reply(collections.list_all)
    get = _reply(collections.get)
    create = _reply(collections.create)
    rename = _reply(collections.rename)
    delete = _reply(collections.delete)
    upgrade = _reply(collections.upgrade)
    plan_upgrade = _reply(collections.plan_upgrade)


class Sources(_Group):
    """List, put, delete and synchronize sources."""

    list = _reply(sources.list_all)
    put = _reply(sources.put)
    delete = _reply(sources.delete)
    sync = _reply(sources.sync)


class Jobs(_Group):
    """Follow, cancel, retry and delete jobs."""

    list = _pages(jobs.list_all)
    get = _reply(jobs.get)
    files = _pages(jobs.files)
    events = _events(jobs.events)
    cancel = _reply(jobs.cancel)
    retry = _reply(jobs.retry)
    delete = _reply(jobs.delete)

    def wait(
        self, job_id: str, *, timeout: float | None = None, on_progress: Callable[[Job], None] | None = None
    ) -> Job:
        """Wait until a job is finished; its ``state`` says how. Raises :class:`WaitTimeout`."""
        for pause in pauses(job_id, timeout):
            job = self.get(job_id)
            if on_progress is not None:
                on_progress(job)
            if job.is_finished:
                return job
            time.sleep(pause)
        raise AssertionError  # the pauses have no end


class Client(_Group):
    """A client of a Loccit service.

    ``key`` is an API key, if the service needs one; ``collection`` the one that is meant where a call names
    none; ``on_behalf_of`` narrows the key to these groups. ``http`` replaces the HTTP client, for proxies,
    certificates and the like; its ``base_url`` and headers count then, and it stays open.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        collection: str = DEFAULT_COLLECTION,
        on_behalf_of: Sequence[str] | None = None,
        timeout: httpx.Timeout | float = DEFAULT_TIMEOUT,
        retries: Retries | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        self._is_own = http is None
        named = headers(key, on_behalf_of)
        own = http or httpx.Client(base_url=address(url), headers=named, timeout=timeout)
        super().__init__(Transport(own, collection, retries or Retries()))
        self.documents = Documents(self._transport)
        self.collections = Collections(self._transport)
        self.jobs = Jobs(self._transport)
        self.sources = Sources(self._transport)

    ask = _reply(asking.ask)
    ask_many = _reply(asking.ask_many)
    judge = _reply(asking.judge)
    gaps = _reply(asking.gaps)
    answer = _reply(answering.answer)
    answer_events = _events(answering.answer_events)
    answer_evidence = _reply(answering.answer_evidence)
    cite = _reply(citations.cite)
    cite_as = _reply(citations.cite_as)
    verify = _reply(citations.verify)
    verify_events = _events(citations.verify_events)
    verify_evidence = _reply(citations.verify_evidence)
    evidence_keys = _reply(citations.evidence_keys)
    verify_thresholds = _reply(citations.verify_thresholds)
    explain = _reply(asking.explain)
    conflicts = _reply(citations.conflicts)
    changes = _reply(citations.changes)
    follow = _reply(citations.follow)
    ingest = _reply(jobs.ingest)
    ingest_texts = _reply(jobs.ingest_texts)
    ingest_web = _reply(jobs.ingest_web)

    def close(self) -> None:
        """Close the connections."""
        if self._is_own:
            self._transport.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def url_of(self, link: str) -> str:
        """The whole address of a link in a reply, such as that of a citation's page."""
        base = shown(self._transport.http.base_url)
        return f"{str(base).rstrip('/')}{link}" if link.startswith("/") else str(base.join(link))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(shown(self._transport.http.base_url))!r})"
