"""Files of a lexical index for other machines: linked, described by a manifest, and put into another folder.

The files of segments never change, so that most are those of the manifest before.
"""

import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from index.durability import sync, write_durably
from index.engine.checksums import Checksum, check_whole, checksum
from index.engine.lexical import checking
from index.engine.lexical.folder import IndexFolder, Segments
from index.engine.lexical.segments import open_folder, translate_errors
from index.errors import StoreDamaged
from index.records import Mark
from index.sealed import seal, unseal

FORMAT = 1
_LISTS = (checking.META, checking.MANAGED)
"""Files that a commit replaces; all others are named by their segments."""
_NAME = re.compile(r"[0-9a-f]{32}\.(fast|fieldnorm|idx|pos|store|term|[0-9]+\.del)")
_IDENTITY = ("change", "store", "epoch", "token")


def link(folder: IndexFolder, into: Path) -> Mark | None:
    """Put the files of the last commit into a new folder, where they stay; returns their mark.

    None if there is nothing. Hold the lease of the folder. Raises :class:`index.errors.StoreDamaged`,
    OSError.
    """
    with folder.changing:
        folder.reload()
        state = folder.state
        if state.segments is None:
            return None
        files = folder.files(state.segments.name)
        with translate_errors("being shared"):
            paths = list(checking.files_of(files))
        into.mkdir(parents=True)
        for path in paths:
            _link(path, into / path.name)
        for name in _LISTS:
            shutil.copyfile(files / name, into / name)
        return state.mark


def _link(path: Path, to: Path) -> None:
    try:
        os.link(path, to)
    except OSError:  # not every file system has links
        shutil.copyfile(path, to)


def describe(folder: Path, mark: Mark, known: Mapping[str, Checksum]) -> str:
    """The manifest of linked files, once they are what was written.

    Segments of ``known`` (:func:`segments_of`) are not read. Raises :class:`index.errors.StoreDamaged`,
    OSError.
    """
    try:
        checking.check(folder, but=known)
    except ValueError as error:  # a file that is gone was tidied away, and says nothing of the index
        raise StoreDamaged(f"the lexical index failed while being shared: {error}") from error
    files = {
        path.name: {"name": path.name, **asdict(known.get(path.name) or checksum(path))}
        for path in sorted(folder.iterdir())
    }
    return seal({"format": FORMAT, **asdict(mark), "files": files})


def segments_of(manifest: str) -> dict[str, Checksum]:
    """The files by their names that no machine ever writes again. Raises as :func:`mark_of`."""
    lasting = _files(manifest).items()
    return {name: one for name, one in lasting if name not in _LISTS and not name.endswith(".del")}


def mark_of(manifest: str) -> Mark:
    """The mark of a manifest. Raises ValueError, KeyError, TypeError for one that is damaged."""
    content = unseal(manifest)
    return Mark(int(content["change"]), *(str(content[name]) for name in _IDENTITY[1:]))


def has_removed(manifest: str) -> bool:
    """Whether the files have words of passages that were removed. Raises as :func:`mark_of`."""
    return any(name.endswith(".del") for name in _files(manifest))


def hashes_of(manifest: str) -> dict[str, str]:
    """The names of the files by their SHA-256. Raises as :func:`mark_of`."""
    return {expected.sha256: name for name, expected in _files(manifest).items()}


def install(folder: IndexFolder, manifest: str, fetch: Callable[[str, Path], None]) -> None:
    """Let an index have the files of a manifest, once all are there and have their checksums.

    ``fetch`` copies a file, by its SHA-256, to a path. Hold the lease of the folder. Raises ValueError if a
    file is damaged, what ``fetch`` raises, :class:`index.errors.StoreDamaged`, and as :func:`mark_of`.
    """
    mark, expected = mark_of(manifest), _files(manifest)
    name = folder.new_name()
    files = folder.files(name)
    try:
        files.mkdir(parents=True)
        for file, one in expected.items():
            write_durably(files / file, partial(_fetch_checked, expected=one, fetch=fetch))
        sync(files)
        with folder.changing:
            folder.publish(mark, _opened(folder, name))
            folder.delete_others(name)
    except BaseException:
        shutil.rmtree(files, ignore_errors=True)
        raise


def _opened(folder: IndexFolder, name: str) -> Segments:
    with translate_errors("being opened"):
        return folder.open_committed(name, open_folder(folder.files(name)))


def _fetch_checked(path: Path, *, expected: Checksum, fetch: Callable[[str, Path], None]) -> None:
    fetch(expected.sha256, path)
    check_whole(path, expected)


def _files(manifest: str) -> Mapping[str, Checksum]:
    content: dict[str, Any] = unseal(manifest)
    if content["format"] != FORMAT:
        raise ValueError(f"its format is {content['format']!r}, not {FORMAT}")
    found = {}
    for file in content["files"].values():
        name = str(file["name"])
        if name not in _LISTS and not _NAME.fullmatch(name):
            raise ValueError(f"it names the file {name!r}")
        found[name] = Checksum(int(file["bytes"]), str(file["ends"]), str(file["sha256"]))
    return found
