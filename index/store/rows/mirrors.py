"""Pack the mirrors that were refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple

from index.records import RefusedMirror


def pack(refused: Sequence[RefusedMirror]) -> str:
    """Pack them as JSON."""
    return json.dumps([astuple(one) for one in refused], ensure_ascii=False)


def unpack(stored: str | None) -> list[RefusedMirror]:
    """Return the refused mirrors, by the names of their folders; None is none."""
    refused = [RefusedMirror(*one) for one in json.loads(stored)] if stored else []
    return sorted(refused, key=lambda one: one.root)
