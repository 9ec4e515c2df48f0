"""From what was asked for to documents: files of the spool, members of ZIP files, pages of the web."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from index.errors import CorruptDocument, DocumentTooLarge, InvalidInput
from index.ingest import Source
from index.naming import MAX_DOCUMENT_ID
from index.web import (
    CourteousFetcher,
    Crawl,
    CrawlConfig,
    Fetcher,
    Page,
    Refusal,
    parse_url,
    sitemap_entries,
)
from service.jobs.records import Item, NewItem, Refused
from service.jobs.spool import Spool
from service.jobs.zip_folder import ZipFolder

_OWN_TAILS = ("text", "versions", "diff")
_REQUESTS_PER_PAGE = 4


class Intake:
    """Opens what jobs name. Used by one thread."""

    def __init__(self, spool: Spool, fetcher: Fetcher, *, max_document_bytes: int) -> None:
        self.spool = spool
        self._fetcher = fetcher
        self._courteous = ("", CourteousFetcher(fetcher))
        self._most = max_document_bytes
        self._folder: ZipFolder | None = None

    def source(self, job_id: str, item: Item) -> Source | Refused:
        """The document that an item stands for, or why there is none."""
        if "refused" in item.request:
            return Refused(*item.request["refused"])
        try:
            if item.kind == "member":
                return self._member(job_id, item)
            if item.kind == "url":
                fetcher = self._polite(job_id) if item.request.get("listed") else self._fetcher
                return _of_page(fetcher.fetch(item.name), item.request)
            return self._file(job_id, item)
        except InvalidInput as error:
            return Refused.of(error)

    def _file(self, job_id: str, item: Item) -> Source:
        if item.bytes > self._most:
            raise DocumentTooLarge(f"{item.name}: {item.bytes:,} bytes; at most {self._most:,} are taken.")
        return Source(
            item.name,
            self._path(job_id, item).read_bytes(),
            media_type=item.request.get("media_type", ""),
            title=item.request.get("title", ""),
            source=item.request.get("source", ""),
            metadata=item.request.get("metadata", {}),
            password=item.request.get("password", ""),
        )

    def members(self, job_id: str, item: Item) -> Iterator[NewItem]:
        """What an archive or a sitemap lists. Raises :class:`index.errors.InvalidInput`."""
        if item.kind == "archive":
            said = dict(item.request)
            prefix = said.pop("prefix")
            for name, size in self._open(job_id, item).names():
                inside = f"{prefix}/{name}" if prefix else name
                yield NewItem("member", inside, item.spooled, size, {**said, "member": name})
            return
        for entry in sitemap_entries(self._polite(job_id), item.name):
            said = {**item.request, "listed": True}
            if isinstance(entry, Refusal):
                said["refused"] = [entry.code, entry.reason]
            yield NewItem("url", entry.url, request=said)

    def crawled(self, job_id: str, item: Item) -> Iterator[tuple[NewItem, Source | Refused]]:
        """The pages of a site as they come, and those that could not be had."""
        bounds = CrawlConfig(
            prefix=_folder(item.name),
            max_pages=item.request["max_pages"],
            max_requests=_REQUESTS_PER_PAGE * item.request["max_pages"],
            max_depth=item.request["max_depth"],
        )
        said = {"metadata": item.request.get("metadata", {}), "listed": True}
        for found in Crawl(self._polite(job_id), item.name, bounds):
            if isinstance(found, Refusal):
                yield NewItem("url", found.url, request=said), Refused(found.code, found.reason)
            else:
                yield NewItem("url", found.url, bytes=len(found.data), request=said), _of_page(found, said)

    def _polite(self, job_id: str) -> CourteousFetcher:
        """One for each job: what a robots.txt said is asked again by the next."""
        if self._courteous[0] != job_id:
            self._courteous = (job_id, CourteousFetcher(self._fetcher))
        return self._courteous[1]

    def close(self) -> None:
        """Close the ZIP file that was read last."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def _member(self, job_id: str, item: Item) -> Source:
        password = item.request.get("password", "")
        folder = self._open(job_id, item)
        member = item.request["member"]
        data = folder.read(member, most=self._most, password=password)
        beside = folder.sidecar(member, password=password)
        return Source(
            item.name,
            data,
            title=beside.title,
            source=beside.source,
            metadata={**item.request.get("metadata", {}), **beside.metadata},
            password=password,
        )

    def _open(self, job_id: str, item: Item) -> ZipFolder:
        """The one of the last item is kept open: reading its list of members takes time."""
        path = self._path(job_id, item)
        if self._folder is None or self._folder.path != path:
            self.close()
            self._folder = ZipFolder(path, name=PurePosixPath(item.name).name)
        return self._folder

    def _path(self, job_id: str, item: Item) -> Path:
        path = self.spool.path(job_id, item.spooled)
        if not path.exists():
            raise CorruptDocument(f"{item.name}: the file that was sent is not kept any more. Send it again.")
        return path


def _of_page(page: Page, said: Mapping[str, Any]) -> Source:
    url = parse_url(page.url)
    media_type = page.media_type
    if media_type and page.charset:
        media_type = f"{media_type}; charset={page.charset}"
    return Source(
        web_document_id(page.url),
        page.data,
        name=PurePosixPath(url.path).name or "index.html",
        media_type=media_type,
        source=page.url,
        metadata=said.get("metadata", {}),
    )


def web_document_id(address: str) -> str:
    """The id of a page: host and path, ``docs.example.org/guide/lamps.html``; with the query if it has one.

    One that would be too long ends in a hash of the whole.
    """
    url = parse_url(address)
    parts = [url.authority, *(part for part in url.path.split("/") if part)]
    if parts[-1] in _OWN_TAILS and len(parts) > 1:
        parts.append("index")
    # A slash in the query parts nothing, and an id has no empty part.
    name = "/".join(parts) + (f"?{url.query.replace('/', '%2F')}" if url.query else "")
    if len(name) <= MAX_DOCUMENT_ID:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: MAX_DOCUMENT_ID - 20].rstrip('/ .')}-{digest}"


def _folder(address: str) -> str:
    """The path of the folder that a page is in: what a crawl from it stays below."""
    return parse_url(address).path.rpartition("/")[0] or "/"
