"""What a collection was built with: written once, compared at every open."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from index.analysis import Analyzer
from index.config import LibraryConfig
from index.errors import CollectionMismatch, StoreDamaged, UnknownFormat
from index.protocols import Embedder

FORMAT = 1
DESCRIPTION = "collection.json"
CHUNKER = "chunker/1"
SENTENCES = "sentences/1"


def fingerprint_parts(embedder: Embedder, config: LibraryConfig) -> dict[str, Any]:
    """Everything that two collections must share for their passages and vectors to be the same."""
    return {
        "model": embedder.fingerprint,
        "dimension": embedder.dimension,
        "chunker": CHUNKER,
        "chunking": asdict(config.chunking),
        "sentences": SENTENCES,
        "analysis": Analyzer(config.language).version,
    }


def described(folder: Path, parts: dict[str, Any]) -> str:
    """Write the collection's description, or compare with the one that is there; returns the fingerprint.

    Raises :class:`CollectionMismatch`, :class:`UnknownFormat`, :class:`StoreDamaged`.
    """
    path = folder / DESCRIPTION
    fingerprint = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        description = {"format": FORMAT, "fingerprint": fingerprint, **parts}
        fresh = path.with_suffix(f".{os.getpid()}.new")
        fresh.write_text(json.dumps(description, indent=2) + "\n")
        fresh.replace(path)
        return fingerprint
    try:
        description = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise StoreDamaged(f"{path} cannot be read. Restore it from a backup.") from error
    if description.get("format") != FORMAT:
        raise UnknownFormat(
            f"{folder} has format {description.get('format')}, this program reads format {FORMAT}. Use the "
            "program's version that wrote it, or ingest the documents into a new collection."
        )
    if different := [key for key, value in parts.items() if description.get(key) != value]:
        told = "; ".join(f"{key} {description.get(key)!r}, not {parts[key]!r}" for key in different)
        raise CollectionMismatch(
            f"The collection {folder.name!r} was built with other settings: {told}. Start with the settings "
            "it was built with, or ingest its documents into a new collection (loccit ingest --collection)."
        )
    return fingerprint
