"""The YAML mapping that a Markdown file may begin with, between two lines of hyphens."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping

import yaml

from index.readers.normalisation import one_line
from index.types import Scalar

_FENCED = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_MAX_CHARACTERS = 1 << 16
"""Longer ones are text: no one writes so much by hand, and YAML is slow to parse."""
_MAX_BITS = 63
"""Python cannot even print an integer of some thousand digits, which YAML takes in hexadecimal."""

Values = Mapping[str, Scalar | list[Scalar]]


def split_front_matter(source: str) -> tuple[Values, str]:
    """The simple values of the front matter, and the text after it.

    What is not a YAML mapping is left in the text, so that nothing is lost with it.
    """
    match = _FENCED.match(source[:_MAX_CHARACTERS])
    if not match:
        return {}, source
    try:
        found = yaml.safe_load(match[1])
    except Exception:  # besides YAMLError, PyYAML raises what its constructors do: ValueError, TypeError ...
        return {}, source
    if not isinstance(found, dict):
        return {}, source
    return _simple(found), source[match.end() :]


def _simple(found: dict[object, object]) -> Values:
    """Scalars and lists of scalars; what is nested or empty has no place in flat metadata."""
    values: dict[str, Scalar | list[Scalar]] = {}
    for key, value in found.items():
        if (name := _scalar(key)) is None:
            continue
        if isinstance(value, list):
            scalars = [scalar for item in value if (scalar := _scalar(item)) is not None]
            if scalars:
                values[str(name)] = scalars
        elif (scalar := _scalar(value)) is not None:
            values[str(name)] = scalar
    return values


def _scalar(value: object) -> Scalar | None:
    if isinstance(value, str):
        return one_line(value) or None
    if isinstance(value, datetime.date):  # and datetime, which is one
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return None
    return value if isinstance(value, bool | int | float) else None
