"""What is said of a file in a file beside it: ``plan.pdf.meta.json`` tells of ``plan.pdf``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import yaml

from index.errors import InvalidMetadata

SUFFIXES = (".meta.json", ".meta.yaml", ".meta.yml")
MOST_BYTES = 128 * 1024
"""YAML is read slowly, and slowest where it was written to be."""
_LINES = ("title", "source")
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_MOST_DIGITS = 80
"""Sexagesimal numbers are read in quadratic time, and large ones cannot be written as JSON again."""
# What the constructors of YAML's own types raise where a tag says a type that the value is not of.
_UNREADABLE = (yaml.YAMLError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)


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

    YAML 1.1, of which JSON is a part, without aliases; dates become ISO strings. Raises
    :class:`index.errors.InvalidMetadata`.
    """
    if len(data) > MOST_BYTES:
        raise InvalidMetadata(f"{name}: {len(data):,} bytes of metadata; at most {MOST_BYTES:,} are taken.")
    try:
        found = yaml.load(data, Loader=_Loader)  # noqa: S506 -- a SafeLoader
    except _UNREADABLE as error:
        raise InvalidMetadata(f"{name}: neither JSON nor YAML. Mend it, or delete it.") from error
    if not isinstance(found, dict) or not found.keys() <= {*_LINES, "metadata"}:
        raise InvalidMetadata(f"{name}: a mapping of title, source and metadata is wanted, and nothing else.")
    lines = {key: found.get(key) or "" for key in _LINES}
    metadata = found.get("metadata") or {}
    if not all(isinstance(line, str) for line in lines.values()) or not isinstance(metadata, dict):
        raise InvalidMetadata(f"{name}: title and source are strings, metadata is a mapping.")
    return Sidecar(**lines, metadata={key: _plain(value) for key, value in metadata.items()})


class _Loader(yaml.SafeLoader):
    """Without aliases, by which few bytes stand for many, halves of surrogate pairs, and endless numbers."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")
        return super().compose_node(parent, index)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> str:
        if node.tag in _NUMBERS and len(node.value) > _MOST_DIGITS:
            raise yaml.YAMLError("a long number")
        value: str = super().construct_scalar(node)
        value.encode()  # its error is a ValueError
        return value


def _plain(value: object) -> object:
    """Members of members are left for the check of metadata to refuse."""
    return [_scalar(member) for member in value] if isinstance(value, list) else _scalar(value)


def _scalar(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
