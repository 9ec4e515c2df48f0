"""Stylesheets and scripts of the pages. Their addresses change with their content: browsers keep them."""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from service.http import links

FOLDER = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file with its media type."""

    data: bytes
    media_type: str


def _read(path: Path) -> Asset:
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if media_type.startswith("text/") or path.suffix == ".js":
        media_type = f"{'text/javascript' if path.suffix == '.js' else media_type}; charset=utf-8"
    return Asset(path.read_bytes(), media_type)


ASSETS = {
    path.relative_to(FOLDER).as_posix(): _read(path) for path in sorted(FOLDER.rglob("*")) if path.is_file()
}
VERSION = hashlib.sha256(
    b"".join(hashlib.sha256(name.encode() + b"\0" + one.data).digest() for name, one in ASSETS.items())
).hexdigest()[:12]
"""Of all files together, so that scripts import each other by relative addresses."""


def asset_path(name: str) -> str:
    """The address of a file. Raises :class:`KeyError` for one that is not there."""
    ASSETS[name]
    return f"{links.ASSETS}{VERSION}/{name}"
