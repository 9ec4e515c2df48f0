"""Real files of many formats, and what other programs say of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMATS = Path(__file__).parents[3] / "shared" / "data" / "formats"


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of the manifest; ``told`` is what stands there of it, by key.

    For PDF files that is what PyMuPDF and pypdf found: pages, characters, encryption, errors.
    """

    path: Path
    told: Mapping[str, Any]

    @property
    def suffix(self) -> str:
        """Of the file's name, in small letters, with its dot."""
        return self.path.suffix.lower()

    @property
    def password(self) -> str:
        """What opens it, empty where it is not known or not needed."""
        return str(self.told.get("password", ""))

    def by(self, library: str) -> Mapping[str, Any]:
        """What a library found, ``pymupdf`` or ``pypdf``; empty where it was not asked."""
        found: Mapping[str, Any] = self.told.get(library, {})
        return found


def listed(folder: Path = FORMATS, suffix: str = "") -> Iterator[Listed]:
    """The files of the manifest, or those of one suffix, in its order."""
    for entry in json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8")):
        if entry["file"].lower().endswith(suffix):
            yield Listed(folder / entry["file"], entry)
