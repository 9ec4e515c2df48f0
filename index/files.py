"""The files below folders, on this machine or wherever fsspec reaches."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pathspec import GitIgnoreSpec

from index import readers
from index.errors import InvalidInput
from index.sidecars import SUFFIXES, is_sidecar


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was not taken in, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to take in, the id that its document will have, and the file that tells of it, if any."""

    path: Path
    document_id: str
    sidecar: Path | None = None


@dataclass(frozen=True, slots=True)
class Patterns:
    """Which files of a folder count, in the patterns of gitignore, by their paths below it.

    Without ``include`` all do; ``exclude`` goes before it.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    _included: GitIgnoreSpec = field(init=False, repr=False, compare=False)
    _excluded: GitIgnoreSpec = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_included", GitIgnoreSpec.from_lines(self.include))
        object.__setattr__(self, "_excluded", GitIgnoreSpec.from_lines(self.exclude))

    def admit(self, path: str) -> bool:
        """Whether a file counts."""
        if self._excluded.match_file(path):
            return False
        return not self.include or self._included.match_file(path)


def place(address: str) -> Path:
    """The path that is meant: on this machine, or elsewhere when it is written like ``s3://bucket/folder``.

    Raises :class:`index.errors.InvalidInput` if what is needed for that is not installed.
    """
    if "://" not in address:
        return Path(address).resolve()
    try:
        from upath import UPath

        # It has all of Path's methods that are used here.
        return cast(Path, UPath(address))
    except (ImportError, ValueError) as error:
        scheme = address.partition("://")[0]
        raise InvalidInput(
            f"{address}: {scheme}:// cannot be read as things are ({error}). "
            "Install loccit[remote], and the package that fsspec names for it, such as s3fs or gcsfs."
        ) from error


def walk(
    paths: Iterable[Path], *, prefix: str = "", patterns: Patterns | None = None
) -> Iterator[FoundFile | Skipped]:
    """The files under these paths, in order of their names.

    A file in a folder is named by its path below that folder. Hidden files and folders (their names
    begin with a dot), files that tell of others, data folders of this program, and what ``patterns`` leave
    out are passed over; everything else is found or skipped with a reason.
    """
    for path in paths:
        if path.is_dir():
            yield from walk_folder(path, prefix=prefix, patterns=patterns)
        elif path.is_file():
            yield FoundFile(path, _joined(prefix, path.name), next(_sidecars(path), None))
        else:
            yield Skipped(str(path), "there is no such file or folder")


def walk_folder(
    folder: Path, *, below: Path | None = None, prefix: str = "", patterns: Patterns | None = None
) -> Iterator[FoundFile | Skipped]:
    """As :func:`walk`, for one folder; only ``below``, a file or folder in it, when that is given."""
    patterns = patterns or Patterns()
    if is_passed_over(below or folder, folder):
        return
    if below is None or below.is_dir():
        looked_at = _folders(below or folder)
    else:
        looked_at = iter([(below.parent, [below.name, *(path.name for path in _sidecars(below))])])
    for here, names in looked_at:
        if isinstance(here, Skipped):
            yield here
            continue
        for name in names:
            path = here / name
            relative = path.relative_to(folder).as_posix()
            if name.startswith(".") or is_sidecar(name) or not patterns.admit(relative):
                continue
            yield _found(path, _joined(prefix, relative), names)


def is_passed_over(path: Path, root: Path) -> bool:
    """Whether a path below ``root`` is hidden, or in a data folder: what is built is no document."""
    if any(part.startswith(".") for part in path.relative_to(root).parts):
        return True
    ancestors = [one for one in (path, *path.parents) if one.is_relative_to(root)]
    return is_here(path) and any(map(_is_data, ancestors))


def _is_data(folder: Path) -> bool:
    """Whether this program keeps collections there."""
    try:
        return next(folder.glob("collections/*/store.sqlite"), None) is not None
    except OSError:  # what cannot be looked at is told where it is walked
        return False


def _joined(prefix: str, name: str) -> str:
    return f"{prefix.strip('/')}/{name}" if prefix.strip("/") else name


def _found(path: Path, document_id: str, names: Sequence[str]) -> FoundFile | Skipped:
    if not readers.supported(path.name):
        return Skipped(str(path), "no reader for this kind of file")
    if is_here(path) and not os.path.isfile(path):  # noqa: PTH113 -- Path's raises for some
        return Skipped(str(path), "a broken link, or not a file that can be read to its end")
    beside = (path.name + suffix for suffix in SUFFIXES)
    sidecar = next((path.with_name(name) for name in beside if name in names), None)
    return FoundFile(path, document_id, sidecar)


def _folders(top: Path) -> Iterator[tuple[Path | Skipped, list[str]]]:
    """Each folder with the names of its files, hidden folders left out; and what could not be looked at."""
    return _folders_here(top) if is_here(top) else _folders_elsewhere(top)


def _sidecars(path: Path) -> Iterator[Path]:
    """The files that are there to tell of a file."""
    return (one for suffix in SUFFIXES if (one := path.with_name(path.name + suffix)).is_file())


def is_here(path: Path) -> bool:
    """Whether a path is one of this machine."""
    return isinstance(path, Path)


def _folders_elsewhere(top: Any) -> Iterator[tuple[Path, list[str]]]:
    for here, folders, names in top.walk():
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield here, sorted(names)


def _folders_here(top: Path) -> Iterator[tuple[Path | Skipped, list[str]]]:
    unreadable: list[Skipped] = []

    def on_error(error: OSError) -> None:
        unreadable.append(Skipped(str(error.filename), f"the folder cannot be read: {error.strerror}"))

    for where, folders, names in os.walk(top, onerror=on_error):
        shown = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in shown if not _is_data(Path(where, name))]
        yield from ((skipped, []) for skipped in unreadable)
        unreadable.clear()
        for name in folders:
            if os.path.islink(link := os.path.join(where, name)):  # noqa: PTH114, PTH118 -- Path's raises
                yield Skipped(link, "a link to a folder; name the folder itself"), []
        yield Path(where), sorted(names)
    yield from ((skipped, []) for skipped in unreadable)
