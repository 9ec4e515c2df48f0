"""Which documents supersede others, and when they are in force.

Documents say in their metadata which ones they supersede, in ``supersedes``, and on which days they are in
force, in ``valid_from`` and ``valid_to``.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import chain

from index.filters import Comparison, Compound, Filter
from index.protocols import Documents
from index.types import Ids, Metadata

SUPERSEDES, VALID_FROM, VALID_TO = "supersedes", "valid_from", "valid_to"
"""Entries of the metadata."""
_MOST_CALLERS = 256
_MOST = 100
"""Documents that supersede some; more are left out."""


def in_force(day: str, where: Filter | None) -> Filter:
    """A filter that also requires documents to be in force on a day, as ``2024-05-01``.

    Documents that do not say from when and until when are in force.
    """
    valid = (Comparison("ngt", VALID_FROM, (day,)), Comparison("nlt", VALID_TO, (day,)))
    return Compound("and", valid if where is None else (*valid, where))


def superseded_by(
    moment: Documents, document_ids: Sequence[str], where: Filter | None = None
) -> dict[str, tuple[str, ...]]:
    """The documents that supersede some, by the ids of these, nearest first; of those that ``where`` admits.

    What supersedes a newer document supersedes the older one, too. Documents that supersede each other
    supersede nothing.
    """
    told: dict[str, list[str]] = {}
    waiting = list(dict.fromkeys(document_ids))
    while waiting:
        found = _superseding(moment, waiting, where)
        told.update(found)
        waiting = [id_ for id_ in dict.fromkeys(chain.from_iterable(found.values())) if id_ not in told]
    reached = {id_: _reached(told, id_) for id_ in document_ids if id_ in told}
    return {id_: newer for id_, newer in reached.items() if id_ not in newer}


def _superseding(
    moment: Documents, document_ids: Sequence[str], where: Filter | None
) -> dict[str, list[str]]:
    """The documents that name some as superseded, by the ids of these."""
    newer: Filter = Comparison("in", SUPERSEDES, tuple(document_ids))
    if where is not None:
        newer = Compound("and", (newer, where))
    found: dict[str, list[str]] = {id_: [] for id_ in document_ids}
    for one in moment.documents(limit=_MOST, where=newer):
        for id_ in superseded(one.metadata):
            if id_ in found and id_ != one.id:
                found[id_].append(one.id)
    return {id_: ids for id_, ids in found.items() if ids}


def _reached(told: Mapping[str, Sequence[str]], id_: str) -> tuple[str, ...]:
    """All documents that supersede one, directly and through others."""
    reached: dict[str, None] = {}
    waiting = list(told[id_])
    for one in waiting:
        if one not in reached:
            reached[one] = None
            waiting.extend(told.get(one, ()))
    return tuple(reached)


class Superseding:
    """True if documents supersede others, kept until the next change, so that most questions need not look.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[int, bool]] = {}

    def is_told(self, select: Callable[[Filter], Ids], change: int, caller: Hashable) -> bool:
        """Tell whether any document supersedes another one; ``select`` gives the keys of documents."""
        known = self._known.get(caller)
        if known is None or known[0] != change:
            # By attributes alone: to list the first document walks through all of them where none says so.
            found = select(Comparison("gte", SUPERSEDES, ("",)))
            if len(self._known) >= _MOST_CALLERS:
                self._known = {}
            self._known[caller] = known = change, len(found) > 0
        return known[1]


def superseded(metadata: Metadata) -> tuple[str, ...]:
    """The ids of the documents that a document with these metadata supersedes."""
    value = metadata.get(SUPERSEDES, ())
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


def among(document_ids: Sequence[str], where: Filter | None) -> Filter:
    """A filter that also requires documents to have one of some ids."""
    own = Comparison("in", "document_id", tuple(document_ids))
    return own if where is None else Compound("and", (own, where))
