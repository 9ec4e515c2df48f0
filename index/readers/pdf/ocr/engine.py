"""The protocol of an engine that recognises text in pictures, and what it gives."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple, Protocol

from index.readers.pdf.geometry import Box

if TYPE_CHECKING:
    from PIL.Image import Image


class RecognisedWord(NamedTuple):
    """A word, or a character of a script without spaces, with its box in pixels of the picture.

    ``joined`` is set if no space is before it; ``confidence`` is between 0 and 1.
    """

    text: str
    box: Box
    joined: bool
    confidence: float


class OcrEngine(Protocol):
    """A program that recognises text.

    It ``orders_lines`` if it finds the order in which lines are read; others give them from above.
    """

    orders_lines: bool

    def version(self, languages: str) -> str:
        """Its name and version, with all that its results depend on."""

    def read(self, image: Image, languages: str) -> list[list[RecognisedWord]]:
        """The lines of a greyscale picture. Raises :class:`EngineUnavailable` if it cannot run."""


class EngineUnavailable(Exception):
    """No engine can read the languages here; the message says what to install."""


@cache
def has_package(name: str) -> bool:
    """Whether a Python package is installed."""
    return package_version(name) != ""


@cache
def package_version(name: str) -> str:
    """The version of an installed package; empty if it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
