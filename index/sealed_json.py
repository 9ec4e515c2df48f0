"""JSON files that contain a hash of themselves, so that any damage to them is noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

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
