"""Sidecars: files with the metadata of another file. ``plan.pdf.meta.json`` describes ``plan.pdf``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import yaml

from index.errors import InvalidMetadata
from index.naming import validate_groups

SIDECAR_SUFFIXES = (".meta.json", ".meta.yaml", ".meta.yml")
MAX_SIDECAR_BYTES = 128 * 1024
"""Parsing YAML is slow, and a malicious file can make it slower."""
_STRINGS = ("title", "source")
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_MAX_DIGITS = 80
"""Sexagesimal numbers are parsed in quadratic time, and very large numbers cannot be written as JSON."""
# What PyYAML's constructors raise for a value that does not fit its tag.
_PARSE_ERRORS = (yaml.YAMLError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A file's title, source, metadata and groups. They take precedence over those in the file itself."""

    title: str = ""
    source: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    groups: tuple[str, ...] | None = None
    """Groups that may read the document; None where the sidecar does not say."""


def is_sidecar(name: str) -> bool:
    """Whether a file of this name is a sidecar."""
    return name.lower().endswith(SIDECAR_SUFFIXES)


def parse_sidecar(data: bytes, *, name: str) -> Sidecar:
    """Parse a sidecar: a mapping with ``title``, ``source``, ``metadata`` and ``groups``, all optional.

    It is YAML 1.1, of which JSON is a subset, without aliases; dates become ISO strings. Raises
    :class:`index.errors.InvalidMetadata`.
    """
    if len(data) > MAX_SIDECAR_BYTES:
        raise InvalidMetadata(
            f"{name}: {len(data):,} bytes of metadata; at most {MAX_SIDECAR_BYTES:,} are taken."
        )
    try:
        found = yaml.load(data, Loader=_Loader)  # noqa: S506 -- a SafeLoader
    except _PARSE_ERRORS as error:
        raise InvalidMetadata(f"{name}: neither JSON nor YAML. Correct it, or delete it.") from error
    if not isinstance(found, dict) or not found.keys() <= {*_STRINGS, "metadata", "groups"}:
        raise InvalidMetadata(
            f"{name}: write a mapping with the keys title, source, metadata and groups only."
        )
    strings = {key: found.get(key) or "" for key in _STRINGS}
    metadata = found.get("metadata") or {}
    if not all(isinstance(value, str) for value in strings.values()) or not isinstance(metadata, dict):
        raise InvalidMetadata(f"{name}: title and source must be strings, metadata must be a mapping.")
    values = {key: _json_value(value) for key, value in metadata.items()}
    return Sidecar(**strings, metadata=values, groups=_groups(found, name))


def _groups(found: Mapping[str, object], name: str) -> tuple[str, ...] | None:
    if "groups" not in found:
        return None
    groups = found["groups"]
    if not isinstance(groups, list) or not all(isinstance(one, str) for one in groups):
        # Never taken for no groups: everyone could read the document.
        raise InvalidMetadata(f"{name}: groups must be a list of names.")
    return validate_groups(groups)


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses aliases, lone surrogates and endless numbers.

    With aliases a small file can expand to a huge value.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")
        return super().compose_node(parent, index)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> str:
        if node.tag in _NUMBERS and len(node.value) > _MAX_DIGITS:
            raise yaml.YAMLError("a long number")
        value: str = super().construct_scalar(node)
        value.encode()  # raises a ValueError for lone surrogates
        return value


def _json_value(value: object) -> object:
    """Turn dates into strings. Nested values stay: the check of metadata refuses them later."""
    return [_json_scalar(member) for member in value] if isinstance(value, list) else _json_scalar(value)


def _json_scalar(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
