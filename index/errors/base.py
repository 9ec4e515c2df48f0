"""The root of all errors."""

from __future__ import annotations

from typing import ClassVar


class LoccitError(Exception):
    """Base class of all errors that this package raises deliberately."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
