"""Split off the front matter of a Markdown file: a YAML mapping between two lines of hyphens."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping

import yaml

from index.readers.base.normalisation import one_line
from index.types import Scalar

_FENCED = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_MAX_CHARACTERS = 1 << 16
"""Longer front matter is treated as text: nobody writes so much by hand, and YAML is slow to parse."""
_MAX_BITS = 63
"""Bits of an integer. YAML accepts hexadecimal numbers that are too long for Python to print."""

Values = Mapping[str, Scalar | list[Scalar]]


def split_front_matter(source: str) -> tuple[Values, str]:
    """The simple values of the front matter, and the text after it.

    Front matter that is no YAML mapping stays in the text, so that nothing is lost.
    """
    match = _FENCED.match(source[:_MAX_CHARACTERS])
    if not match:
        return {}, source
    try:
        found = yaml.safe_load(match[1])
    except Exception:  # PyYAML's constructors also raise ValueError, TypeError and others
        return {}, source
    if not isinstance(found, dict):
        return {}, source
    return _simple_values(found), source[match.end() :]


def _simple_values(found: dict[object, object]) -> Values:
    """The scalars and lists of scalars. Metadata are flat, so nested and empty values are left out."""
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
    if isinstance(value, datetime.date):  # includes datetime
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return None
    return value if isinstance(value, bool | int | float) else None
