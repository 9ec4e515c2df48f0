"""Errors of fetching from the web.

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

A message begins with the address in question, without any password in it.
"""

from index.errors import InvalidInput


class FetchRefused(InvalidInput):
    """Base of all errors that fetching from the web raises deliberately."""


class InvalidUrl(FetchRefused):
    """Not an absolute http or https address, or one that programs could parse in different ways."""


class AddressRefused(FetchRefused):
    """The host or port may not be connected to."""


class RobotsRefused(FetchRefused):
    """The site's robots.txt, or the page itself, does not allow to fetch or index the page."""

    code = "refused_by_robots"


class OutsideCrawl(FetchRefused):
    """The address is not on the host or below the path of the crawl."""


class AlreadyFetched(FetchRefused):
    """The address redirects to a page that the crawl fetches from its own address."""


class MediaTypeRefused(FetchRefused):
    """The server sends a media type that a crawl does not fetch, such as an image."""


class PageTooLarge(FetchRefused):
    """The page is larger than the limit, as sent or decompressed."""


class InvalidSitemap(FetchRefused):
    """The file is not a sitemap, a sitemap index, or a list of addresses."""


class FetchFailed(FetchRefused):
    """The server could not be reached, or its response is incomplete or invalid."""


class FetchTimedOut(FetchFailed):
    """The fetch took longer than the time limit."""


class UnexpectedStatus(FetchFailed):
    """The server responded with a status that has no page."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status
