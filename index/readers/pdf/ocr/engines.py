"""The programs that recognise text in pictures: which are installed, and which reads a language better."""

from shutil import which

from index.config import OcrOptions
from index.readers.pdf.ocr.engine import EngineUnavailable, OcrEngine, has_package
from index.readers.pdf.ocr.rapid_ocr import RapidOcr
from index.readers.pdf.ocr.tesseract import Tesseract

_RAPIDOCR_READS = frozenset(
    "afr cat ces chi_sim chi_tra dan deu eng epo est fin fra gle hrv hun ind isl ita jpn lat lav lit nld nor "
    "pol por ron slk slv spa sqi swe tur".split()
)
"""Languages, as Tesseract names them, whose letters the model of RapidOCR knows."""
_TESSERACT_IS_BETTER: frozenset[str] = frozenset()
"""Languages that Tesseract reads with fewer errors, by the condition ``ocr`` of the benchmarks."""


def select(options: OcrOptions) -> OcrEngine:
    """The engine that the options name, or else the better one for their languages that is installed.

    Raises :class:`EngineUnavailable`.
    """
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
