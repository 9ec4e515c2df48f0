"""The manifest of a backup: which files it has, and what they hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from service.flows.upkeep.errors import BackupDamaged

FORMAT = 1
NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Size in bytes and SHA-256 (hex digits) of a file."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of a backup. ``made`` is a time in ISO 8601, ``made_by`` the version of the program.

    ``collections`` gives for each collection its numbers of documents and passages, and its change.
    """

    made: str
    made_by: str
    collections: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    files: Mapping[str, FileEntry] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.bytes for entry in self.files.values())

    def text(self) -> str:
        """The content of the file, which contains its own hash."""
        content = {"format": FORMAT, **asdict(self)}
        return json.dumps({**content, "sha256": _content_hash(content)}, indent=1, ensure_ascii=False) + "\n"

    @staticmethod
    def parse(text: str | bytes, source: Path) -> Manifest:
        """Read the content of the file. Raises :class:`BackupDamaged`."""
        try:
            content: dict[str, Any] = json.loads(text)
            seal = content.pop("sha256")
            made_in = content.pop("format")
            is_whole = seal == _content_hash({"format": made_in, **content})
            files = {
                require_inner_name(name): FileEntry(**entry) for name, entry in content.pop("files").items()
            }
            manifest = Manifest(files=files, **content)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged_manifest(source, repr(error)) from error
        if made_in != FORMAT:
            raise BackupDamaged(
                f"{source} has format {made_in!r}, and this program reads format {FORMAT}. Restore it with "
                "the version of Loccit that made it, or a newer one."
            )
        if not is_whole:
            raise _damaged_manifest(source, "it was changed after it was written")
        return manifest


def _damaged_manifest(source: Path, reason: str) -> BackupDamaged:
    return BackupDamaged(f"The manifest of {source} is damaged ({reason}). Use another backup.")


def _content_hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def require_inner_name(name: str) -> str:
    """Return the name of a file inside a folder. Raises ValueError for one that leads out of it."""
    parts = PurePosixPath(name).parts
    if not parts or PurePosixPath(name).is_absolute() or ".." in parts:
        raise ValueError(f"{name!r} is not a name of a file in it")
    return name
