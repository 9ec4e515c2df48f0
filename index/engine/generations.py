"""Folders of the indexes of each generation of a record, and the last erasure applied to them."""

import json
from pathlib import Path

from index.durability import write_text_durably

VECTORS = "vectors"
LEXICAL = "lexical"
GENERATION = "indexes-"
FILES_LEASE = "indexes"
"""The lease of a collection's folder under which its lexical index is written."""
CLEANSING_LEASE = "cleansing"
"""The lease under which bytes that another machine has erased are removed from files."""
_PURGED = "purged.json"


def files_folder(folder: Path, generation: int) -> Path:
    """The folder of a generation's indexes in that of the collection, which itself is that of the first."""
    return folder / f"{GENERATION}{generation}" if generation else folder


def read_purged(home: Path) -> int:
    """The last change whose erasures were removed from the index files of a folder; 0 if unknown."""
    try:
        return int(json.loads((home / _PURGED).read_text(encoding="utf-8"))["change"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def write_purged(home: Path, change: int) -> None:
    """Record the last change whose erasures were removed from the index files. Raises OSError."""
    if read_purged(home) >= change or not home.exists():
        return
    write_text_durably(home / _PURGED, json.dumps({"change": change}))


def forget_purged(home: Path) -> None:
    """Forget that change: files of another machine may have what was erased. Raises OSError."""
    (home / _PURGED).unlink(missing_ok=True)
