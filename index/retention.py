"""Which old versions may go, and what goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from index.citing import parse_locator
from index.errors import InvalidLimit
from index.protocols import RecordStore
from index.records import VersionRecord

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Retention:
    """Which versions are kept. One that either rule keeps is kept, and the newest always is.

    ``keep_versions`` are the newest so many of each document; ``keep_days`` keeps those that were the
    newest at some time in the last so many days. ``None`` is no rule.
    """

    keep_versions: int | None = None
    keep_days: float | None = None

    def __post_init__(self) -> None:
        if self.keep_versions is None and self.keep_days is None:
            raise InvalidLimit("Say what is kept: keep_versions, keep_days, or both.")
        if self.keep_versions is not None and self.keep_versions < 1:
            raise InvalidLimit(
                f"keep_versions is {self.keep_versions}; at least 1 is kept, the newest. "
                "To erase a document, delete it."
            )
        if self.keep_days is not None and not self.keep_days >= 0:
            raise InvalidLimit(f"keep_days is {self.keep_days}; it may be 0 or more.")

    def spares(self, version: VersionRecord, place: int, now: float) -> bool:
        """Whether a replaced version is kept; ``place`` counts its document's versions, the newest is 0."""
        if self.keep_versions is not None and place < self.keep_versions:
            return True
        return self.keep_days is not None and (version.replaced or now) > now - self.keep_days * _DAY


@dataclass(frozen=True, slots=True)
class Pruning:
    """Versions that go, and those of the citations asked about (locators) that do not resolve any more."""

    versions: tuple[VersionRecord, ...]
    broken: tuple[str, ...]


def pruning(store: RecordStore, retention: Retention, citations: Iterable[str], now: float) -> Pruning:
    """What a retention would erase at a time (seconds since the epoch), and which citations it would break.

    Citations that do not resolve today are not counted. Raises :class:`index.errors.InvalidLocator`.
    """
    by_document = groupby(store.replaced_versions(), lambda version: version.document_id)
    going = [
        version
        for _, versions in by_document
        for place, version in enumerate(versions, 1)
        if not retention.spares(version, place, now)
    ]
    return Pruning(tuple(going), tuple(_broken(store, going, citations)))


def _broken(store: RecordStore, going: Sequence[VersionRecord], citations: Iterable[str]) -> Iterable[str]:
    gone = {version.key for version in going}
    for locator in citations:
        wanted = parse_locator(locator)
        found = store.version_by_text(wanted.document_id, wanted.text_sha256)
        # Where a later version has the same text again, the citation is one of that.
        if found is not None and found.key in gone:
            yield locator
