"""What is said of a file in a file beside it: ``plan.pdf.meta.json`` tells of ``plan.pdf``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import yaml

from index.errors import InvalidMetadata

SUFFIXES = (".meta.json", ".meta.yaml", ".meta.yml")
_MOST_BYTES = 1024 * 1024
_LINES = ("title", "source")


@dataclass(frozen=True, slots=True)
class Sidecar:
    """Goes before what the file says of itself."""

    title: str = ""
    source: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)


def is_sidecar(name: str) -> bool:
    """Whether a file of this name tells of another."""
    return name.lower().endswith(SUFFIXES)


def parse_sidecar(data: bytes, *, name: str) -> Sidecar:
    """Read a mapping with ``title``, ``source`` and ``metadata``, each of which may be left out.

    YAML 1.1, of which JSON is a part; dates become ISO strings. Raises
    :class:`index.errors.InvalidMetadata`.
    """
    if len(data) > _MOST_BYTES:
        raise InvalidMetadata(f"{name}: {len(data):,} bytes of metadata; at most {_MOST_BYTES:,} are taken.")
    try:
        found = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InvalidMetadata(f"{name}: neither JSON nor YAML. Mend it, or delete it.") from error
    if not isinstance(found, dict) or not found.keys() <= {*_LINES, "metadata"}:
        raise InvalidMetadata(f"{name}: a mapping of title, source and metadata is wanted, and nothing else.")
    lines = {key: found.get(key) or "" for key in _LINES}
    metadata = found.get("metadata") or {}
    if not all(isinstance(line, str) for line in lines.values()) or not isinstance(metadata, dict):
        raise InvalidMetadata(f"{name}: title and source are strings, metadata is a mapping.")
    return Sidecar(**lines, metadata={key: _plain(value) for key, value in metadata.items()})


def _plain(value: object) -> object:
    """Members of members are left for the check of metadata to refuse: aliases may make them endless."""
    return [_scalar(member) for member in value] if isinstance(value, list) else _scalar(value)


def _scalar(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
