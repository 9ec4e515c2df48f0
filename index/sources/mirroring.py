"""Plan a mirror: find documents whose files are gone, and refuse to remove too many.

A folder that is missing, unreadable or empty is more likely an unmounted share than an empty one: its
documents stay. Documents stay too while it is unknown whether their file exists.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from index.records import DocumentRecord, RefusedMirror
from index.sources.files import FoundFile, Skipped, is_local, location, presence
from index.sources.links import FolderLinks
from index.sources.walking import Selection, is_ignored, walk

SHARE = 0.3
"""Largest share of a folder's documents that a mirror removes without ``any_share``."""
FEW = 10
"""Fewer documents than this are removed whatever their share."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason why a mirror removed none of a folder's documents.

    ``code``: ``missing_folder``, ``unreadable_folder``, ``empty_folder``, or ``large_removal`` if too many
    documents would have been removed.
    """

    root: str
    code: Literal["missing_folder", "unreadable_folder", "empty_folder", "large_removal"]
    reason: str


@dataclass(frozen=True, slots=True)
class MirrorPlan:
    """The ids of the documents to remove, and the refusals: folders whose documents all stay, and why.

    ``retired`` are those of the given documents that are retired already and have no file either.
    """

    going: list[str]
    retired: list[str]
    refused: list[Refusal]


@dataclass(slots=True)
class _Tally:
    """The number of documents of a folder, and the ids of those that have no file there any more.

    ``retired`` are ids of such documents that an earlier mirror retired; they do not count.
    """

    documents: int = 0
    going: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)


class Mirror:
    """Compares the documents of folders with the files there.

    ``roots`` are the folders, without links. Documents below ``unreadable`` folders stay. ``any_share``
    allows to remove any share of the documents.
    """

    def __init__(
        self, roots: Sequence[Path], selection: Selection, *, unreadable: Sequence[Path], any_share: bool
    ) -> None:
        self._roots = roots
        self._selection = selection
        self._unreadable = unreadable
        self._any_share = any_share
        self._links = {root: FolderLinks(root, follow=selection.follow) for root in roots if is_local(root)}
        self._is_ignored: Callable[[Path, Path], bool] = cache(is_ignored)  # asked for many files of a folder

    def plan(
        self, records: Iterable[DocumentRecord], gone: Sequence[Path], *, added: Collection[str] = ()
    ) -> MirrorPlan:
        """Plan to remove the documents whose files are gone, or no longer selected.

        Only files at and below the paths ``gone`` are looked for. ``added`` are ids of documents that this
        run added: they do not count as documents that the folder had.
        """
        tallies = {root: _Tally() for root in self._roots}
        for record in records:
            if not record.origin or record.id in added:
                continue
            path = location(record.origin)
            if (root := self._root_of(path)) is None:
                continue
            goes = self._is_missing(path, gone) or self._is_excluded(path, root)
            if record.retired is not None:
                tallies[root].retired += [record.id] * goes
                continue
            tallies[root].documents += 1
            tallies[root].going += [record.id] * goes
        # Only now: a folder that vanished meanwhile has its files missing too.
        refused = [one for root, tally in tallies.items() if (one := self._refusal(root, tally))]
        kept = {one.root for one in refused}
        mirrored = [tally for root, tally in tallies.items() if str(root) not in kept]
        return MirrorPlan(
            [id_ for tally in mirrored for id_ in tally.going],
            [id_ for tally in mirrored for id_ in tally.retired],
            refused,
        )

    def is_missing(self, origin: str) -> bool:
        """Whether a document's file was in one of the folders and is certainly gone."""
        return bool(origin) and self._is_missing(location(origin), self._roots)

    def _root_of(self, path: Path) -> Path | None:
        """The innermost of the roots that a path is in."""
        around = (root for root in self._roots if path.is_relative_to(root))
        return max(around, key=lambda root: len(root.parts), default=None)

    def _is_missing(self, path: Path, gone: Sequence[Path]) -> bool:
        if not any(path.is_relative_to(one) for one in gone):
            return False
        return presence(path) == "gone" and not any(path.is_relative_to(one) for one in self._unreadable)

    def _is_excluded(self, path: Path, root: Path) -> bool:
        """Whether a file in a folder is ignored, not selected, or behind a link that leads out."""
        if path == root:
            return False
        relative = path.relative_to(root).as_posix()
        if self._is_ignored(path.parent, root) or not self._selection.patterns.admit(relative):
            return True
        return root in self._links and presence(path) == "present" and self._links[root].leads_out(path)

    def _refusal(self, root: Path, tally: _Tally) -> Refusal | None:
        documents = f"{tally.documents} document{'' if tally.documents == 1 else 's'}"
        kept = f"the mirror removed none of its {documents}."
        match self._state(root):
            case "missing":
                return Refusal(str(root), "missing_folder", f"{root} does not exist: {kept}")
            case "unreadable":
                return Refusal(str(root), "unreadable_folder", f"{root} cannot be read: {kept}")
            case "empty" if tally.documents:
                return Refusal(str(root), "empty_folder", f"{root} has no file to ingest: {kept}")
        going = len(tally.going)
        if self._any_share or going < FEW or going <= SHARE * tally.documents:
            return None
        reason = (
            f"{going} of the {documents} of {root} have no file there any more, which is more than "
            f"{100 * SHARE:.0f} %: the mirror removed none of them."
        )
        return Refusal(str(root), "large_removal", reason)

    def _state(self, root: Path) -> Literal["missing", "unreadable", "empty", "usable"]:
        there = presence(root)
        if there != "present":
            return "missing" if there == "gone" else "unreadable"
        for one in walk([root], self._selection):
            if isinstance(one, FoundFile):
                return "usable"
            if isinstance(one, Skipped) and one.code == "unreadable_folder" and location(one.path) == root:
                return "unreadable"
        return "empty"


def update_refusals(
    known: Sequence[RefusedMirror],
    refusals: Sequence[Refusal],
    roots: Sequence[Path],
    records: Iterable[DocumentRecord],
) -> list[RefusedMirror]:
    """Update the refused folders of a collection after a mirror of these roots.

    ``known`` were refused before it. Folders without a document in ``records`` are left out.
    """
    since = {one.root: one.since for one in known}
    now = time.time()
    refused = [RefusedMirror(one.root, one.reason, since.get(one.root, now)) for one in refusals]
    others = since.keys() - {str(root) for root in roots}
    if others:
        origins = [location(one.origin) for one in records if one.origin and one.retired is None]
        others = {root for root in others if any(path.is_relative_to(location(root)) for path in origins)}
    return sorted([*refused, *(one for one in known if one.root in others)], key=lambda one: one.root)
