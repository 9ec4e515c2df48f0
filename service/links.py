"""Addresses in this service."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote as percent_encode
from urllib.parse import urlencode

from index.citing import parse_locator

DEFAULT_COLLECTION = "default"
_EVIDENCE = re.compile(r"(.+)\|([0-9]{1,12})-([0-9]{1,12})", re.DOTALL)


def document_path(document_id: str) -> str:
    """The address of a document."""
    return f"/v1/documents/{percent_encode(document_id, safe='/@:')}"


def view_path(locator: str) -> str:
    """The address of the page that shows a citation in its document."""
    return f"/view/{percent_encode(locator, safe='/@:')}"


@dataclass(frozen=True, slots=True)
class CitedWith:
    """A locator and the evidence inside its quote, written ``locator|start-end|start-end``."""

    locator: str
    evidence: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        return "|".join([self.locator, *(f"{start}-{end}" for start, end in self.evidence)])

    @staticmethod
    def parse(written: str) -> CitedWith:
        """Read what :meth:`__str__` wrote. Raises :class:`index.errors.InvalidLocator`."""
        locator = written
        spans: list[tuple[int, int]] = []
        while match := _EVIDENCE.fullmatch(locator):
            locator = match[1]
            spans.insert(0, (int(match[2]), int(match[3])))
        parse_locator(locator)
        return CitedWith(locator, tuple(spans))


def view_address(locator: str, cited: Sequence[CitedWith], collection: str, *, at: int | None = None) -> str:
    """The page of a citation among those of an answer; ``at`` is an offset in a long document."""
    pairs = [("of", str(one)) for one in cited] + ([] if at is None else [("at", str(at))])
    path = view_path(locator) + (f"?{urlencode(pairs)}" if pairs else "")
    return in_collection(path if at is not None else f"{path}#quote", collection)


def in_collection(path: str, collection: str) -> str:
    """An address with the collection in its query, unless that is the default one."""
    if collection == DEFAULT_COLLECTION:
        return path
    path, mark, fragment = path.partition("#")
    query = urlencode({"collection": collection})
    return f"{path}{'&' if '?' in path else '?'}{query}{mark}{fragment}"
