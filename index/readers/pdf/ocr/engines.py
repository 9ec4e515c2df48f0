"""The programs that recognise text in pictures: which are installed, and which reads a language better."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from shutil import which
from typing import TYPE_CHECKING, NamedTuple, Protocol

from index.config import OcrOptions
from index.readers.pdf.geometry import Box

if TYPE_CHECKING:
    from PIL.Image import Image

_RAPIDOCR_READS = frozenset(
    "afr cat ces chi_sim chi_tra dan deu eng epo est fin fra gle hrv hun ind isl ita jpn lat lav lit nld nor "
    "pol por ron slk slv spa sqi swe tur".split()
)
"""Languages, as Tesseract names them, whose letters the model of RapidOCR knows."""
_TESSERACT_IS_BETTER: frozenset[str] = frozenset()
"""Languages that Tesseract reads with fewer errors, by the condition ``ocr`` of the benchmarks."""


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


def select(options: OcrOptions) -> OcrEngine:
    """The engine that the options name, or else the better one for their languages that is installed.

    Raises :class:`EngineUnavailable`.
    """
    from index.readers.pdf.ocr.rapid_ocr import RapidOcr
    from index.readers.pdf.ocr.tesseract import Tesseract

    languages = frozenset(options.languages.split("+"))
    if options.engine == "auto":
        suits = languages <= _RAPIDOCR_READS and not languages <= _TESSERACT_IS_BETTER
        named = "rapidocr" if suits and has_package("rapidocr") else "tesseract"
        if not suits and languages <= _RAPIDOCR_READS and not which("tesseract"):
            named = "rapidocr" if has_package("rapidocr") else named
    else:
        named = options.engine
    if named == "tesseract":
        return Tesseract()
    if unknown := languages - _RAPIDOCR_READS:
        raise EngineUnavailable(
            f"RapidOCR does not know the letters of {', '.join(sorted(unknown))!r}; Tesseract, the other "
            "engine, may"
        )
    return RapidOcr()


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
