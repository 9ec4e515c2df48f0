"""The versions of a document around the one that the viewer shows, with the addresses of all."""

from __future__ import annotations

from dataclasses import dataclass

from index.protocols import Snapshot
from index.records import VersionRecord
from service.faces.api.schemas.values import moment
from service.http.links import comparison_address, document_page_address, in_version_address


@dataclass(frozen=True, slots=True)
class VersionSteps:
    """A version with its days, and where its neighbours, its document and its differences are shown.

    Addresses are empty where there is no such version. ``until`` is empty for the newest.
    """

    number: int
    newest: int
    since: str
    until: str
    earlier: str
    later: str
    latest: str
    document: str
    comparison: str


def version_steps(
    snapshot: Snapshot, version: VersionRecord, locator: str, collection: str, *, mark: bool
) -> VersionSteps:
    """The steps from a version. With ``mark`` they lead to the words of the citation."""
    numbers = [one.number for one in snapshot.versions(version.document_id)]
    place = numbers.index(version.number)

    def address(at: int) -> str:
        if not 0 <= at < len(numbers):
            return ""
        return in_version_address(locator, numbers[at], collection, mark=mark)

    is_newest = place == 0
    return VersionSteps(
        version.number,
        numbers[0],
        moment(version.created)[:10],
        "" if version.replaced is None else moment(version.replaced)[:10],
        address(place + 1),
        address(place - 1),
        "" if is_newest else address(0),
        document_page_address(version.document_id, collection),
        "" if is_newest else comparison_address(version.document_id, version.number, numbers[0], collection),
    )
