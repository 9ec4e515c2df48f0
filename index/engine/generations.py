"""Where the indexes of each generation of a record are."""

from __future__ import annotations

from pathlib import Path

VECTORS = "vectors"
LEXICAL = "lexical"
GENERATION = "indexes-"
FILES_LEASE = "indexes"
"""The lease of a collection's folder under which its lexical index is written."""


def files_folder(folder: Path, generation: int) -> Path:
    """The folder of a generation's indexes in that of the collection, which itself is that of the first."""
    return folder / f"{GENERATION}{generation}" if generation else folder
