"""Fetch web pages safely: single ones, those of a sitemap, or a crawl of a site.

Only public addresses, and networks the configuration allows, are connected to.
"""

from index.sources.web.config import CrawlConfig, SitemapConfig, WebConfig
from index.sources.web.crawler import Crawl
from index.sources.web.errors import (
    AddressRefused,
    AlreadyFetched,
    FetchFailed,
    FetchRefused,
    FetchTimedOut,
    InvalidSitemap,
    InvalidUrl,
    MediaTypeRefused,
    OutsideCrawl,
    PageTooLarge,
    RobotsRefused,
    UnexpectedStatus,
)
from index.sources.web.fetcher import Fetcher, Gate
from index.sources.web.network import Resolver, SystemResolver
from index.sources.web.pages import Page, Refusal
from index.sources.web.polite_fetcher import PageSource, PoliteFetcher, Robots
from index.sources.web.sitemap import Sitemap, SitemapEntry, read_sitemap, sitemap_entries
from index.sources.web.transport import PinnedTransport
from index.sources.web.urls import WebUrl, parse_url

__all__ = [
    "AddressRefused",
    "AlreadyFetched",
    "Crawl",
    "CrawlConfig",
    "FetchFailed",
    "FetchRefused",
    "FetchTimedOut",
    "Fetcher",
    "Gate",
    "InvalidSitemap",
    "InvalidUrl",
    "MediaTypeRefused",
    "OutsideCrawl",
    "Page",
    "PageSource",
    "PageTooLarge",
    "PinnedTransport",
    "PoliteFetcher",
    "Refusal",
    "Resolver",
    "Robots",
    "RobotsRefused",
    "Sitemap",
    "SitemapConfig",
    "SitemapEntry",
    "SystemResolver",
    "UnexpectedStatus",
    "WebConfig",
    "WebUrl",
    "parse_url",
    "read_sitemap",
    "sitemap_entries",
]
