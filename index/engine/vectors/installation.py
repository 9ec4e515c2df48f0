"""Put a base that another machine has made into a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from index.durability import write_durably
from index.engine.checksums import Checksum, check_whole
from index.engine.vectors.files import (
    checksum_of,
    delete_but,
    mark_in,
    names_in,
    read_manifest,
    write_manifest,
)
from index.records import Mark
from index.sealed_json import unseal


def mark_of(manifest: str) -> Mark:
    """Return the mark of a base. Raises ValueError, KeyError, TypeError for a damaged manifest."""
    return mark_in(unseal(manifest))


def hashes_of(manifest: str, folder: Path) -> dict[str, Path]:
    """Return the files of a base in a folder by their SHA-256. Raises as :func:`mark_of`."""
    return {expected.sha256: path for path, expected in _files(manifest, folder).items()}


def install(folder: Path, manifest: str, fetch: Callable[[str, Path], None]) -> None:
    """Let the manifest of a folder be this one, once all of its files are there and have their checksums.

    ``fetch`` copies a file, by its SHA-256, to a path. Files that are there already are kept, those of the
    base before too. Hold the lock of compactions. Raises ValueError if a file is damaged, what ``fetch``
    raises, and as :func:`mark_of`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = names_in(read_manifest(folder))
    files = _files(manifest, folder)
    for path, expected in files.items():
        if not _is_intact(path, expected):
            write_durably(path, partial(_fetch_checked, expected=expected, fetch=fetch))
    write_manifest(folder, manifest)
    delete_but(folder, keep={*before, *(path.name for path in files)})


def _fetch_checked(path: Path, *, expected: Checksum, fetch: Callable[[str, Path], None]) -> None:
    fetch(expected.sha256, path)
    check_whole(path, expected)


def _is_intact(path: Path, expected: Checksum) -> bool:
    try:
        check_whole(path, expected)
    except (OSError, ValueError):
        return False
    return True


def _files(manifest: str, folder: Path) -> Mapping[Path, Checksum]:
    content: dict[str, Any] = unseal(manifest)
    found = {}
    for file in content["files"].values():
        name = Path(file["name"]).name
        if name != file["name"] or not name.startswith("base-"):
            raise ValueError(f"it names the file {file['name']!r}")
        found[folder / name] = checksum_of(file)
    return found
