"""Documents of other applications, such as wikis and drives: listed and read by a library, within bounds."""

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import httpx

from index.sources.applications.configured import (
    LEAST_EVERY,
    Run,
    Source,
    all_sources,
    note_run,
    put_source,
    remove_source,
    source_of,
    sources_of,
    validate_source,
    want_run,
)
from index.sources.applications.connectors import CONNECTORS, Connector, require_connector
from index.sources.applications.guard import Clock, Guard, Limits
from index.sources.applications.listing import Application, Entry, EntryRefused, Listing, Stopped
from index.sources.applications.synchronizing import Origin, SourceSync, read_origin, retire_documents
from index.sources.web import Fetcher, WebConfig
from index.sources.web.transport import PinnedTransport

__all__ = [
    "CONNECTORS",
    "LEAST_EVERY",
    "Application",
    "Connector",
    "Entry",
    "EntryRefused",
    "Limits",
    "Listing",
    "Origin",
    "Run",
    "Source",
    "SourceSync",
    "Stopped",
    "all_sources",
    "note_run",
    "open_application",
    "put_source",
    "read_origin",
    "remove_source",
    "require_connector",
    "retire_documents",
    "source_of",
    "sources_of",
    "validate_source",
    "want_run",
]

_SECONDS = 60.0
"""Time for one request."""


def open_application(  # noqa: PLR0913 -- the last two are for tests
    source: Source,
    secret: str,
    *,
    max_bytes: int,
    networks: Sequence[str] = (),
    limits: Limits | None = None,
    transport: httpx.BaseTransport | None = None,
    clock: Clock | None = None,
    may_continue: Callable[[], bool] = lambda: True,
) -> Connector:
    """Open the application of a source. ``networks`` are those that may be connected to beside the internet.

    ``may_continue`` is asked before each request; :class:`Stopped` is raised where it says no.

    Raises :class:`index.errors.InvalidSource`, :class:`index.errors.SourceError`, and
    :class:`index.errors.NotSupported` where the packages for it are not installed.
    """
    kind = require_connector(source)
    address = urlsplit(source.url)
    if transport is None:
        ports = (80, 443, address.port) if address.port else (80, 443)
        web = WebConfig(max_bytes=max_bytes, seconds=_SECONDS, ports=ports, allowed_networks=tuple(networks))
        transport = PinnedTransport(Fetcher(web))
    guard = Guard(
        transport,
        limits or Limits(),
        clock=clock or Clock(),
        allows_http=address.scheme == "http",
        may_continue=may_continue,
    )
    return kind(source, secret, guard, max_bytes)
