"""Reserve (id, hash prefix) so that a locator never names two texts."""

from __future__ import annotations

from index.errors import HashCollision

DIGITS = 6
"""Bytes of the hash prefix in a locator."""


def require_same(document_id: str, sha256: bytes, named: bytes | None) -> None:
    """Raise :class:`index.errors.HashCollision` if a locator names another text already."""
    if named != sha256:
        raise HashCollision(
            f"{document_id!r}: the SHA-256 of this text begins with the same 12 digits as that of another "
            "text that was put under this id, so that locators could not tell them apart. Change the text, "
            "if only by a blank line, or choose another id."
        )
