"""Find the files in folders."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.naming import is_hidden
from index.readers import supported
from index.sources.files import FoundFile, Patterns, Skipped, is_local, presence
from index.sources.links import OUTSIDE, REPEATED, FolderLinks, chain_to
from index.sources.sidecars import SIDECAR_SUFFIXES, is_sidecar

Listing = tuple[Path, list[str]] | Skipped
"""A folder with the names of its files, or a folder or link that is not read, and why."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The selection of files of a folder, and the prefix of their ids.

    ``prefix`` is put before the ids. ``follow`` follows links that lead out of the folder.
    """

    prefix: str = ""
    patterns: Patterns = field(default_factory=Patterns)
    follow: bool = False

    def document_id(self, path: str) -> str:
        """The id of the document of a file with this path below the folder."""
        prefix = self.prefix.strip("/")
        return f"{prefix}/{path}" if prefix else path


def walk(paths: Iterable[Path], selection: Selection | None = None) -> Iterator[FoundFile | Skipped]:
    """Find the files under these paths, in order of their names.

    The document id of a file in a folder is its path below that folder. Hidden files and folders (their
    names begin with a dot), sidecars, Loccit's data folders, and files that the selection's patterns do not
    admit are ignored. Every other file is found, or skipped with a reason.
    """
    selection = selection or Selection()
    for path in paths:
        if presence(path) == "unknown":
            yield Skipped(str(path), "it cannot be read", "unreadable_folder")
        elif path.is_dir():
            yield from walk_folder(path, selection)
        elif path.is_file():
            within = None if selection.follow or not is_local(path) else path.parent
            yield FoundFile(path, selection.document_id(path.name), next(_sidecars(path), None), within)
        else:
            yield Skipped(str(path), "there is no such file or folder")


def walk_folder(
    folder: Path, selection: Selection | None = None, *, below: Path | None = None
) -> Iterator[FoundFile | Skipped]:
    """Find the files in one folder, as :func:`walk` does, or only in ``below``, a file or folder in it."""
    selection = selection or Selection()
    below = below or folder
    if is_ignored(below, folder):
        return
    links = FolderLinks(folder, follow=selection.follow) if is_local(folder) else None
    within = None if selection.follow or links is None else folder
    for listing in _listings(folder, below, links):
        if isinstance(listing, Skipped):
            yield listing
            continue
        parent, names = listing
        for name in names:
            path = parent / name
            relative = path.relative_to(folder).as_posix()
            if name.startswith(".") or is_sidecar(name) or not selection.patterns.admit(relative):
                continue
            if (reason := _check_file(path, links)) is not None:
                yield reason
            else:
                document_id = selection.document_id(relative)
                yield FoundFile(path, document_id, _listed_sidecar(path, names), within)


def is_ignored(path: Path, root: Path) -> bool:
    """Whether a path below ``root`` is hidden or in a data folder of Loccit, whose files are no documents."""
    if is_hidden(path.relative_to(root).parts):
        return True
    ancestors = [one for one in (path, *path.parents) if one.is_relative_to(root)]
    return is_local(path) and any(map(_is_data_folder, ancestors))


def _is_data_folder(folder: Path) -> bool:
    """Whether Loccit keeps collections in this folder."""
    try:
        return next(folder.glob("collections/*/store.sqlite"), None) is not None
    except OSError:  # the walk reports folders that cannot be read
        return False


def _check_file(path: Path, links: FolderLinks | None) -> Skipped | None:
    """Check whether a file can be ingested; returns the reason if not, else None."""
    if not supported(path.name):
        return Skipped(str(path), "no reader for this kind of file")
    if links is None:
        return None
    # Functions of os.path return False where those of Path raise some errors.
    if os.path.islink(path) and links.leads_out(path):  # noqa: PTH114
        return Skipped(str(path), OUTSIDE, "outside_link")
    if not os.path.isfile(path):  # noqa: PTH113
        return Skipped(str(path), "a broken link, or not a file that can be read to its end")
    return None


def _listed_sidecar(path: Path, names: Sequence[str]) -> Path | None:
    """The sidecar of a file among the names in its folder."""
    candidates = (path.name + suffix for suffix in SIDECAR_SUFFIXES)
    return next((path.with_name(name) for name in candidates if name in names), None)


def _sidecars(path: Path) -> Iterator[Path]:
    """The sidecars of a file that exist."""
    return (one for suffix in SIDECAR_SUFFIXES if (one := path.with_name(path.name + suffix)).is_file())


def _listings(folder: Path, below: Path, links: FolderLinks | None) -> Iterator[Listing]:
    """The folders to read at and below ``below``, each with the names of its files."""
    if links is not None and links.leads_out(below):
        yield Skipped(str(below), OUTSIDE, "outside_link")
    elif not below.is_dir():
        yield below.parent, [below.name, *(path.name for path in _sidecars(below))]
    elif links is None:
        yield from _list_remote(below)
    else:
        yield from _list_local(below, links, chain_to(below, folder))


def _list_remote(top: Any) -> Iterator[Listing]:
    unreadable: list[Skipped] = []

    def on_error(error: OSError) -> None:
        unreadable.append(_unreadable(error, str(top)))

    for folder, subfolders, names in top.walk(on_error=on_error):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        yield folder, sorted(names)
    yield from unreadable


def _list_local(top: Path, links: FolderLinks, chain: tuple[Path, ...]) -> Iterator[Listing]:
    """``chain`` has the real paths of the folders entered so far, ``top`` included."""
    unreadable: list[Skipped] = []

    def on_error(error: OSError) -> None:
        unreadable.append(_unreadable(error, str(top)))

    for folder, subfolders, names in os.walk(top, onerror=on_error):
        visible = sorted(name for name in subfolders if not name.startswith("."))
        subfolders[:] = [name for name in visible if not _is_data_folder(Path(folder, name))]
        yield from unreadable
        unreadable.clear()
        yield Path(folder), sorted(names)
        for name in subfolders:
            link = Path(folder, name)
            if not os.path.islink(link):  # noqa: PTH114 -- Path's raises
                continue
            here = (*chain, *chain_to(Path(folder), top))
            if links.leads_out(link):
                yield Skipped(str(link), OUTSIDE, "outside_link")
            elif links.enter(link, here):
                yield from _list_local(link, links, (*here, *chain_to(link, link)))
            else:
                yield Skipped(str(link), REPEATED, "repeated_link")
    yield from unreadable


def _unreadable(error: OSError, top: str) -> Skipped:
    reason = f"the folder cannot be read: {error.strerror or error}"
    return Skipped(str(error.filename or top), reason, "unreadable_folder")
