"""Turn a job's items into documents: spooled files, members of ZIP files, web pages."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from index.errors import CorruptDocument, DocumentTooLarge, InvalidInput
from index.ingest import Source
from index.naming import MAX_DOCUMENT_ID
from index.sources.web import (
    Crawl,
    CrawlConfig,
    Fetcher,
    Page,
    PoliteFetcher,
    Refusal,
    WebConfig,
    parse_url,
    sitemap_entries,
)
from service.settings import Settings
from service.settings.values import split_list
from service.state.jobs.protocols import Spool
from service.state.jobs.records import Item, NewItem, Rejection
from service.state.jobs.zip_folder import ZipFolder

_RESERVED_ENDINGS = ("text", "versions", "diff")
"""Last parts of addresses in the HTTP API, which a document id must not have."""
_REQUESTS_PER_PAGE = 4


class Intake:
    """Reads and lists what the items of jobs name. For one thread."""

    def __init__(self, spool: Spool, fetcher: Fetcher, *, max_document_bytes: int) -> None:
        self.spool = spool
        self._fetcher = fetcher
        self._polite_fetcher = ("", PoliteFetcher(fetcher))
        self._max_document_bytes = max_document_bytes
        self._zip_folder: tuple[tuple[str, str], ZipFolder] | None = None

    def source(self, job_id: str, item: Item) -> Source | Rejection:
        """Read the document of an item, or say why there is none."""
        if "refused" in item.request:
            return Rejection(*item.request["refused"])
        try:
            if item.kind == "member":
                return self._read_member(job_id, item)
            if item.kind == "url":
                fetcher = self._polite_fetcher_for(job_id) if item.request.get("listed") else self._fetcher
                return _page_source(fetcher.fetch(item.name), item.request)
            return self._read_file(job_id, item)
        except InvalidInput as error:
            return Rejection.of(error)

    def _read_file(self, job_id: str, item: Item) -> Source:
        if item.bytes > self._max_document_bytes:
            raise DocumentTooLarge(
                f"{item.name}: {item.bytes:,} bytes; at most {self._max_document_bytes:,} are taken."
            )
        with self._open_spooled(job_id, item) as file:
            data = file.read()
        return Source(
            item.name,
            data,
            media_type=item.request.get("media_type", ""),
            title=item.request.get("title", ""),
            source=item.request.get("source", ""),
            metadata=item.request.get("metadata", {}),
            groups=item.request.get("groups"),
            password=item.request.get("password", ""),
        )

    def members(self, job_id: str, item: Item) -> Iterator[NewItem]:
        """List the members of an archive or a sitemap. Raises :class:`index.errors.InvalidInput`."""
        if item.kind == "archive":
            request = dict(item.request)
            prefix = request.pop("prefix")
            for name, size in self._open_zip(job_id, item).names():
                document_id = f"{prefix}/{name}" if prefix else name
                yield NewItem("member", document_id, item.spooled, size, {**request, "member": name})
            return
        for entry in sitemap_entries(self._polite_fetcher_for(job_id), item.name):
            request = {**item.request, "listed": True}
            if isinstance(entry, Refusal):
                request["refused"] = [entry.code, entry.reason]
            yield NewItem("url", entry.url, request=request)

    def crawl(self, job_id: str, item: Item) -> Iterator[tuple[NewItem, Source | Rejection]]:
        """Crawl a site: yield each page once it is fetched, or why it could not be."""
        limits = CrawlConfig(
            # A crawl that starts at a page stays below its folder.
            prefix=parse_url(item.name).path.rpartition("/")[0] or "/",
            max_pages=item.request["max_pages"],
            max_requests=_REQUESTS_PER_PAGE * item.request["max_pages"],
            max_depth=item.request["max_depth"],
        )
        request = {name: item.request[name] for name in ("metadata", "groups") if name in item.request}
        request["listed"] = True
        for found in Crawl(self._polite_fetcher_for(job_id), item.name, limits):
            if isinstance(found, Refusal):
                yield NewItem("url", found.url, request=request), Rejection(found.code, found.reason)
            else:
                page = NewItem("url", found.url, bytes=len(found.data), request=request)
                yield page, _page_source(found, request)

    def _polite_fetcher_for(self, job_id: str) -> PoliteFetcher:
        """A fetcher that obeys robots.txt; a new one for each job, so that each asks for robots.txt again."""
        if self._polite_fetcher[0] != job_id:
            self._polite_fetcher = (job_id, PoliteFetcher(self._fetcher))
        return self._polite_fetcher[1]

    def close(self) -> None:
        """Close the ZIP file that is kept open."""
        if self._zip_folder is not None:
            self._zip_folder[1].close()
            self._zip_folder = None

    def _read_member(self, job_id: str, item: Item) -> Source:
        password = item.request.get("password", "")
        folder = self._open_zip(job_id, item)
        member = item.request["member"]
        data = folder.read(member, max_bytes=self._max_document_bytes, password=password)
        sidecar = folder.sidecar(member, password=password)
        return Source(
            item.name,
            data,
            title=sidecar.title,
            source=sidecar.source,
            metadata={**item.request.get("metadata", {}), **sidecar.metadata},
            groups=item.request.get("groups") if sidecar.groups is None else sidecar.groups,
            password=password,
        )

    def _open_zip(self, job_id: str, item: Item) -> ZipFolder:
        """The ZIP file of an item, kept open for the next one: reading its directory takes time."""
        key = (job_id, item.spooled)
        if self._zip_folder is None or self._zip_folder[0] != key:
            self.close()
            file = self._open_spooled(job_id, item)
            self._zip_folder = (key, ZipFolder(file, name=PurePosixPath(item.name).name))
        return self._zip_folder[1]

    def _open_spooled(self, job_id: str, item: Item) -> BinaryIO:
        try:
            return self.spool.open(job_id, item.spooled)
        except FileNotFoundError:
            raise CorruptDocument(
                f"{item.name}: the file that was sent is not kept any more. Send it again."
            ) from None


def open_intake(settings: Settings, spool: Spool) -> Intake:
    """Build the intake that reads the documents of jobs, with the limits of the settings."""
    max_bytes = settings.library_config().ingest.max_document_bytes
    web = WebConfig(max_bytes=max_bytes, allowed_networks=split_list(settings.web_networks))
    return Intake(spool, Fetcher(web), max_document_bytes=max_bytes)


def _page_source(page: Page, request: Mapping[str, Any]) -> Source:
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
        metadata=request.get("metadata", {}),
        groups=request.get("groups"),
    )


def web_document_id(address: str) -> str:
    """Make a document id from a URL: host, path and query, such as ``docs.example.org/guide/lamps.html``.

    An id that would be too long is cut and ends in a hash of the whole.
    """
    url = parse_url(address)
    parts = [url.authority, *(part for part in url.path.split("/") if part)]
    if parts[-1] in _RESERVED_ENDINGS and len(parts) > 1:
        parts.append("index")
    # An id has no empty part, and a query may have several slashes in a row.
    name = "/".join(parts) + (f"?{url.query.replace('/', '%2F')}" if url.query else "")
    if len(name) <= MAX_DOCUMENT_ID:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: MAX_DOCUMENT_ID - 20].rstrip('/ .')}-{digest}"
