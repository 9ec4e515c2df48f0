"""Pages from the web, fetched without reaching where they must not: one, those of a sitemap, or a crawl."""

from index.web.config import CrawlConfig, SitemapConfig, WebConfig
from index.web.courtesy import CourteousFetcher, PageSource
from index.web.crawler import Crawl
from index.web.errors import (
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
from index.web.fetcher import Fetcher, Gate
from index.web.pages import Page, Refusal
from index.web.resolver import Resolver, SystemResolver
from index.web.robots import Robots
from index.web.sitemap import Sitemap, SitemapEntry, read_sitemap, sitemap_entries
from index.web.urls import WebUrl, parse_url

__all__ = [
    "AddressRefused",
    "AlreadyFetched",
    "CourteousFetcher",
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
