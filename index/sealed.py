"""Lines of JSON that end with a checksum, in files that are only appended to."""

import hashlib
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


# JSON files that contain a hash of themselves, so that any damage to them is noticed.


_SEAL = "sha256"


def seal(content: Mapping[str, Any]) -> str:
    """Return the text of a file with this content, and its hash as the last field."""
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return json.dumps({**content, _SEAL: digest}, indent=2) + "\n"


def unseal(text: str) -> dict[str, Any]:
    """Return the content of a file. Raises ValueError unless the text is what :func:`seal` returned."""
    content: dict[str, Any] = json.loads(text)
    content.pop(_SEAL, None)
    if seal(content) != text:
        raise ValueError("it was changed after it was written")
    return content
