"""The one script of the widget, made of its parts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

_PARTS = Path(__file__).parent / "parts"
_MOST_TURNS = 20


def _join_parts() -> bytes:
    """The parts in order, inside one function: a page sees none of their names."""
    messages = json.loads((_PARTS.parent / "messages.json").read_text(encoding="utf-8"))
    values = {
        "STYLE": (_PARTS / "widget.css").read_text(encoding="utf-8"),
        "MESSAGES": messages,
        "MOST_TURNS": _MOST_TURNS,
    }
    constants = [
        f"const {name} = {json.dumps(value, ensure_ascii=False)};\n" for name, value in values.items()
    ]
    parts = [path.read_text(encoding="utf-8") for path in sorted(_PARTS.glob("*.js"))]
    return "\n".join(['(() => {\n"use strict";', *constants, *parts, "})();\n"]).encode()


SCRIPT = _join_parts()
ETAG = f'"{hashlib.sha256(SCRIPT).hexdigest()[:16]}"'
