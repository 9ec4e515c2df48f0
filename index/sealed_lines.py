"""Lines of JSON that end with a checksum, in files that are only appended to."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_SEALED = re.compile(rb'(.*), "crc": "([0-9a-f]{8})"\}\s*', re.DOTALL)


def sealed(entry: Mapping[str, Any], *, ascii_only: bool = True) -> str:
    """An entry as a line, with the CRC-32 of what stands before that."""
    body = json.dumps(entry, ensure_ascii=ascii_only)
    return f'{body[:-1]}, "crc": "{zlib.crc32(body.encode("utf-8", "replace")):08x}"}}\n'


def is_intact(line: bytes) -> bool:
    """Whether a line is an entry as it was written. Lines of earlier versions have no checksum."""
    if (match := _SEALED.fullmatch(line)) is not None:
        return zlib.crc32(match[1] + b"}") == int(match[2], 16)
    try:
        return not line.strip() or isinstance(json.loads(line), dict)
    except ValueError:
        return False


def damaged_lines(lines: Iterable[bytes]) -> Iterator[int]:
    """The numbers of the lines that are not what was written."""
    return (number for number, line in enumerate(lines, 1) if not is_intact(line))
