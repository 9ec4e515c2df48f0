"""Why a page was not fetched.

::

    FetchRefused
    ├── InvalidUrl
    ├── AddressRefused
    ├── RobotsRefused
    ├── OutsideCrawl
    ├── AlreadyFetched
    ├── MediaTypeRefused
    ├── PageTooLarge
    ├── InvalidSitemap
    └── FetchFailed
        ├── FetchTimedOut
        └── UnexpectedStatus

A message begins with the address that it is about, without a password that stood in it.
"""

from __future__ import annotations

from index.errors import InvalidInput


class FetchRefused(InvalidInput):
    """The root of what fetching from the web raises on purpose."""

    code = "fetch_refused"


class InvalidUrl(FetchRefused):
    """Not an absolute http or https address in a form that is read the same way by everyone."""

    code = "invalid_url"


class AddressRefused(FetchRefused):
    """The host or the port is not one that may be connected to."""

    code = "address_refused"


class RobotsRefused(FetchRefused):
    """The site's robots.txt, or the page itself, asks to be left out."""

    code = "refused_by_robots"


class OutsideCrawl(FetchRefused):
    """The address lies outside of the host or the path that is being crawled."""

    code = "outside_crawl"


class AlreadyFetched(FetchRefused):
    """The address leads to a page that has its own turn."""

    code = "already_fetched"


class MediaTypeRefused(FetchRefused):
    """The server sends a kind of data that a crawl leaves where it is."""

    code = "media_type_refused"


class PageTooLarge(FetchRefused):
    """The page is larger than the limit, as sent or when decompressed."""

    code = "page_too_large"


class InvalidSitemap(FetchRefused):
    """Neither a sitemap, nor a sitemap index, nor a list of addresses."""

    code = "invalid_sitemap"


class FetchFailed(FetchRefused):
    """The server could not be reached, or its answer could not be read to the end."""

    code = "fetch_failed"


class FetchTimedOut(FetchFailed):
    """The page did not come within the time limit."""

    code = "fetch_timed_out"


class UnexpectedStatus(FetchFailed):
    """The server answered, with another status than that of a page."""

    code = "unexpected_status"

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status
