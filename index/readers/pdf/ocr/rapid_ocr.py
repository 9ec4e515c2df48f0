"""RapidOCR: the PP-OCR models, which its wheel holds, run by ONNX Runtime (the extra ``rapidocr``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.processors import threads
from index.readers.pdf.geometry import Box
from index.readers.pdf.ocr.engine import EngineUnavailable, RecognisedWord, package_version
from index.readers.pdf.ocr.ink import tightened
from index.readers.pdf.unspaced import TOKEN

if TYPE_CHECKING:
    from PIL.Image import Image


class RapidOcr:
    """Reads pictures with RapidOCR: one model for all languages that it knows."""

    orders_lines = False

    def version(self, languages: str) -> str:
        del languages  # the model takes none
        if not (version := package_version("rapidocr")):
            raise EngineUnavailable("RapidOCR is not installed: pip install 'loccit[rapidocr]'")
        return f"rapidocr/{version}"

    def read(self, image: Image, languages: str) -> list[list[RecognisedWord]]:
        del languages
        pixels = np.asarray(image)
        found = _engine()(pixels)
        if found.txts is None:
            return []
        lines = zip(found.txts, found.word_results, found.boxes, found.scores, strict=False)
        return [
            tightened(list(_words(text, characters, quad, score)), pixels)
            for text, characters, quad, score in lines
        ]


@cache
def _engine() -> Any:
    """The program with its models. Their paths are given: it would download what it does not find."""
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise EngineUnavailable(
            "RapidOCR is not installed, or OpenCV cannot be loaded: pip install 'loccit[rapidocr]'"
        ) from error
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.return_word_box": True,
            "Global.return_single_char_box": True,
            "Det.model_path": _model("det"),
            "Rec.model_path": _model("rec"),
            "EngineConfig.onnxruntime.intra_op_num_threads": threads(),
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _model(task: str) -> str:
    spec = find_spec("rapidocr")
    folder = Path(spec.origin or "").parent / "models" if spec else Path()
    found = sorted(folder.glob(f"*_{task}_*.onnx"))
    if len(found) != 1:
        raise EngineUnavailable(
            "the installed RapidOCR lacks its models: pip install --force-reinstall 'loccit[rapidocr]'"
        )
    return str(found[0])


def _words(
    text: str, characters: Sequence[tuple[str, float, Any]], quad: Any, score: float
) -> Iterator[RecognisedWord]:
    """The words of a line. The program gives each character its place, and the spaces in the text alone."""
    letters = [letter for letter in text if not letter.isspace()]
    placed = [(one[0], float(one[1]), _bounds(one[2])) for one in characters if len(one) == 3]
    if [letter for letter, _, _ in placed] != letters:
        placed = list(_spread(letters, _bounds(quad), score))
    at = 0
    for part in text.split():
        for number, token in enumerate(TOKEN.findall(part)):
            run = placed[at : at + len(token)]
            at += len(token)
            box = run[0][2].union(run[-1][2])
            yield RecognisedWord(token, box, number > 0, sum(one[1] for one in run) / len(run))


def _spread(letters: Sequence[str], line: Box, score: float) -> Iterator[tuple[str, float, Box]]:
    """Give each letter an equal part of its line, where the program does not place them."""
    width = (line.x1 - line.x0) / max(1, len(letters))
    for at, letter in enumerate(letters):
        yield letter, score, Box(line.x0 + at * width, line.y0, line.x0 + (at + 1) * width, line.y1)


def _bounds(quad: Any) -> Box:
    points = np.asarray(quad, np.float64).reshape(-1, 2)
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return Box(float(x0), float(y0), float(x1), float(y1))
