"""Settings of fetching from the web. Read from nowhere: the caller passes them in."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

PRODUCT = "Loccit"
"""The name that robots.txt files know this program by (RFC 9309, 2.2.1)."""


@dataclass(frozen=True, slots=True)
class WebConfig:
    """What one fetch may take, and where it may go.

    ``max_bytes`` holds for the page as it is sent and as it is after decompression. ``seconds`` is for the
    whole of a fetch with its redirects; only waiting out of politeness is not counted. Hosts must have
    public addresses, except for those in ``allowed_networks``, such as ``10.1.0.0/16`` for an intranet:
    whoever may name a page to be fetched can then read everything that answers there. ``delay_seconds``
    lie between two requests to one host, more if its robots.txt asks for it, up to ``max_delay_seconds``.
    """

    max_bytes: int = 50_000_000
    seconds: float = 30.0
    connect_seconds: float = 10.0
    max_redirects: int = 5
    ports: tuple[int, ...] = (80, 443)
    allowed_networks: tuple[str, ...] = ()
    user_agent: str = f"{PRODUCT}/{version('loccit')}"
    delay_seconds: float = 0.5
    max_delay_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class CrawlConfig:
    """How far a crawl goes.

    Only pages whose path is ``prefix`` or lies below it, at most ``max_depth`` links away from the first.
    ``max_requests`` bounds the addresses that are tried, so also those that are missing or refused.
    """

    prefix: str = "/"
    max_pages: int = 500
    max_requests: int = 2000
    max_depth: int = 10


@dataclass(frozen=True, slots=True)
class SitemapConfig:
    """How much of a sitemap is read: files, levels of sitemap indexes, and addresses in all."""

    max_sitemaps: int = 100
    max_depth: int = 3
    max_urls: int = 50_000
