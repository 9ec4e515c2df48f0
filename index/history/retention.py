"""Retention rules, and plans of the old versions and retired documents to erase."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby

from index.citations.citing import Locator
from index.errors import InvalidLimit
from index.protocols import Snapshot
from index.records import DocumentRecord, VersionRecord

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Retention:
    """Rules for keeping versions and retired documents.

    A version is kept if either rule keeps it; the newest always is. ``keep_versions`` keeps that many newest
    versions of each document; ``keep_days`` keeps those that were the newest at some time in that many past
    days. With neither, all versions are kept. ``keep_retired_days`` keeps a retired document for so many
    days; None keeps it for good.
    """

    keep_versions: int | None = None
    keep_days: float | None = None
    keep_retired_days: float | None = None

    def __post_init__(self) -> None:
        if self.keep_versions is None and self.keep_days is None and self.keep_retired_days is None:
            raise InvalidLimit("Say what is kept: keep_versions, keep_days, keep_retired_days, or several.")
        if self.keep_versions is not None and self.keep_versions < 1:
            raise InvalidLimit(
                f"keep_versions is {self.keep_versions}; at least 1 is kept, the newest. "
                "To erase a document, delete it."
            )
        if self.keep_days is not None and not self.keep_days >= 0:
            raise InvalidLimit(f"keep_days is {self.keep_days}; it may be 0 or more.")
        if self.keep_retired_days is not None and not self.keep_retired_days >= 0:
            raise InvalidLimit(f"keep_retired_days is {self.keep_retired_days}; it may be 0 or more.")

    @property
    def keeps_all_versions(self) -> bool:
        """Whether all versions are kept, because there is no rule for versions."""
        return self.keep_versions is None and self.keep_days is None

    def retired_before(self, now: float) -> float | None:
        """The time (seconds since the epoch) before which a document must be retired to be erased."""
        return None if self.keep_retired_days is None else now - self.keep_retired_days * _DAY

    def keeps(self, version: VersionRecord, place: int, now: float) -> bool:
        """Whether a replaced version is kept; ``place`` is its rank among the versions, 0 for the newest."""
        if self.keep_versions is not None and place < self.keep_versions:
            return True
        return self.keep_days is not None and (version.replaced or now) > now - self.keep_days * _DAY


@dataclass(frozen=True, slots=True)
class Pruning:
    """The versions and retired documents to erase, and those of the given locators that will break."""

    versions: tuple[VersionRecord, ...]
    broken: tuple[str, ...]
    documents: tuple[DocumentRecord, ...] = ()


def plan_pruning(moment: Snapshot, retention: Retention, citations: Iterable[Locator], now: float) -> Pruning:
    """Return what to erase at ``now`` (seconds since the epoch) and the citations that this breaks.

    Old versions of the documents to erase are not listed by themselves. Citations that do not resolve now are
    not included.
    """
    before = retention.retired_before(now)
    documents = [] if before is None else moment.retired_before(before)
    erased = {document.id for document in documents}
    replaced = [] if retention.keeps_all_versions else moment.replaced_versions()
    by_document = groupby(replaced, lambda version: version.document_id)
    going = [
        version
        for document_id, versions in by_document
        if document_id not in erased
        for place, version in enumerate(versions, 1)
        if not retention.keeps(version, place, now)
    ]
    gone = {version.key for version in going}
    gone.update(version.key for document_id in erased for version in moment.versions(document_id))
    return Pruning(tuple(going), tuple(_broken_citations(moment, gone, citations)), tuple(documents))


def _broken_citations(moment: Snapshot, gone: Collection[int], citations: Iterable[Locator]) -> Iterable[str]:
    for locator in citations:
        found = moment.version_by_text(locator.document_id, locator.text_sha256)
        # If a later version has the same text, the citation resolves to that one.
        if found is not None and found.key in gone:
            yield str(locator)
