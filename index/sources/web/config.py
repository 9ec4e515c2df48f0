"""Settings of fetches, crawls and sitemaps; the caller passes them in."""

from dataclasses import dataclass
from importlib.metadata import version

PRODUCT = "Loccit"
"""The product token for robots.txt files (RFC 9309, 2.2.1)."""


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Limits of one fetch, and the hosts it may connect to.

    ``max_bytes`` limits a page both as sent and decompressed. ``seconds`` limits a fetch with all its
    redirects, without the delays between requests. Hosts must have public addresses or addresses in
    ``allowed_networks``, such as ``10.1.0.0/16`` for an intranet: everyone who may have pages fetched can
    then read every server there. ``delay_seconds`` pass between two requests to a host, or more if its
    robots.txt asks for it, at most ``max_delay_seconds``.
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
    """Limits of a crawl.

    It fetches only pages whose path is ``prefix`` or below it, at most ``max_depth`` links from the first.
    ``max_requests`` limits the addresses that are tried, missing and refused ones included.
    """

    prefix: str = "/"
    max_pages: int = 500
    max_requests: int = 2000
    max_depth: int = 10


@dataclass(frozen=True, slots=True)
class SitemapConfig:
    """Limits of a sitemap: files, levels of sitemap indexes, and addresses in all."""

    max_sitemaps: int = 100
    max_depth: int = 3
    max_urls: int = 50_000
