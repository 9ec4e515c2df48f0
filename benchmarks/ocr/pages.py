"""Scans whose text is known: pages drawn with the place of each word, then spoilt as scans are."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from index.readers.pdf.geometry import Box, Skew
from index.readers.pdf.unspaced import TOKEN

DATA = Path(__file__).parents[3] / "shared" / "data"
WIDTH, HEIGHT = 420.0, 298.0
"""Points of a page: half of A5."""
_MARGIN = 36.0
_GUTTER = 18.0
_SIZE = 10.0
_PITCH = 13.5
_DRAWN = 300
"""Dots an inch at which pages are drawn; scans of fewer are made smaller."""
_LATIN = "/usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf"
_CJK = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"
_FACES = {"jpn": 0, "chi_sim": 2}
"""Which face of the file has the shapes of a language."""
LANGUAGES = ("eng", "deu", "fra", "chi_sim", "jpn")
FOLDERS = {"eng": "xquad/en", "deu": "xquad/de", "chi_sim": "cmrc2018", "jpn": "jaquad"}
"""Where the texts of languages are; those of French are pairs of questions and passages."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a page is scanned: dots an inch, degrees that it is turned, noise and columns; its height."""

    dots: int
    turned: float = 0.0
    noise: float = 0.0
    columns: int = 1
    height: float = field(default=HEIGHT, repr=False)


CONDITIONS: Mapping[str, Condition] = {
    "300": Condition(300),
    "150-skewed": Condition(150, turned=1.5),
    "100": Condition(100),
    "150-noisy": Condition(150, noise=24.0),
    "150-two-columns": Condition(150, columns=2),
}


@dataclass(frozen=True, slots=True)
class Scan:
    """A scanned page, and its words in order, each with its box in points."""

    image: Image.Image
    words: Sequence[str]
    boxes: Sequence[Box]
    text: str

    @property
    def pdf(self) -> bytes:
        """The page as a file."""
        return as_pdf([self.image], HEIGHT)


def passages(language: str) -> Sequence[str]:
    """Texts of a language from sets of questions that are kept beside the project."""
    return tuple(dict.fromkeys(_passages(language)))


@cache
def _passages(language: str) -> tuple[str, ...]:
    if language == "fra":
        with gzip.open(DATA / "train" / "piaf" / "pairs.jsonl.gz", "rt") as lines:
            return tuple(str(json.loads(line)["passage"]) for line in lines)
    with (DATA / FOLDERS[language] / "corpus.jsonl").open() as lines:
        return tuple(str(json.loads(line)["text"]) for line in lines)


def scans(language: str, condition: Condition, count: int, *, seed: int) -> Iterator[Scan]:
    """Scans of pages full of text, drawn by chance."""
    choice = random.Random(f"{seed} {language} {condition}")
    texts = list(passages(language))
    for _ in range(count):
        text = " ".join(" ".join(one.split()) for one in choice.sample(texts, 5))
        yield picture_of(text, language, condition, seed=choice.randrange(2**32))


def picture_of(text: str, language: str, condition: Condition, *, seed: int = 0) -> Scan:
    """Draw as much of a text as the page has room for, its paragraphs on new lines, and scan it."""
    page = _Drawing(language, condition)
    for paragraph in text.splitlines():
        page.end_line()
        if not all(page.add(token, joined) for token, joined in tokens(paragraph)):
            break
    image = page.image
    skew = Skew(np.deg2rad(condition.turned), WIDTH / 2, condition.height / 2)
    if condition.turned:
        image = image.rotate(-condition.turned, Image.Resampling.BICUBIC, fillcolor=255)
    size = round(WIDTH * condition.dots / 72), round(condition.height * condition.dots / 72)
    image = image.resize(size, Image.Resampling.LANCZOS)
    if condition.noise:
        image = _spoilt(image, condition.noise, seed)
    boxes = [skew.restore(box) for box in page.boxes]
    return Scan(image, page.words, boxes, page.text)


def tokens(text: str) -> Iterator[tuple[str, bool]]:
    """Words, and the characters of scripts without spaces; and whether no space is before each."""
    for word in text.split():
        for number, token in enumerate(TOKEN.findall(word)):
            yield token, number > 0


def as_pdf(images: Sequence[Image.Image], height: float) -> bytes:
    """A PDF file with a picture on each page."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, height), invariant=True)
    for image in images:
        canvas.drawImage(ImageReader(image), 0, 0, WIDTH, height)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _spoilt(image: Image.Image, noise: float, seed: int) -> Image.Image:
    """Greyer and with grain, as from a copier, and dirt on one pixel of a thousand."""
    chance = np.random.default_rng(seed)
    pixels = np.asarray(image, np.float64) * 0.8 + 30
    pixels += chance.normal(0, noise, pixels.shape)
    pixels[chance.random(pixels.shape) < 0.001] = 0
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


class _Drawing:
    """A page on which words are set one after the other, in columns."""

    def __init__(self, language: str, condition: Condition) -> None:
        columns, self.height = condition.columns, condition.height
        self.scale = _DRAWN / 72
        face = _FACES.get(language)
        size = _SIZE * self.scale
        self.font = ImageFont.truetype(_LATIN, size) if face is None else ImageFont.truetype(_CJK, size, face)
        self.image = Image.new("L", (round(WIDTH * self.scale), round(self.height * self.scale)), 255)
        self.draw = ImageDraw.Draw(self.image)
        self.space = self.font.getlength(" ")
        width = (WIDTH - 2 * _MARGIN - (columns - 1) * _GUTTER) / columns
        self.starts = [(_MARGIN + at * (width + _GUTTER)) * self.scale for at in range(columns)]
        self.width = width * self.scale
        self.column, self.x, self.y = 0, 0.0, _MARGIN * self.scale
        self.words: list[str] = []
        self.boxes: list[Box] = []
        self.text = ""

    def end_line(self) -> None:
        """Begin another line, unless this one is empty."""
        if self.x:
            self.x, self.y = 0.0, self.y + _PITCH * self.scale

    def add(self, word: str, joined: bool) -> bool:
        """Set a word; false if the page is full."""
        length = self.font.getlength(word)
        gap = 0.0 if joined or not self.x else self.space
        if self.x + gap + length > self.width:
            gap, self.x, self.y = 0.0, 0.0, self.y + _PITCH * self.scale
        if self.y + _PITCH * self.scale > (self.height - _MARGIN) * self.scale:
            self.column, self.y = self.column + 1, _MARGIN * self.scale
        if self.column == len(self.starts):
            return False
        at = self.starts[self.column] + self.x + gap, self.y
        self.draw.text(at, word, fill=0, font=self.font)
        inked = self.draw.textbbox(at, word, font=self.font)
        self.boxes.append(Box(*(side / self.scale for side in inked)))
        self.words.append(word)
        self.text += ("" if joined or not self.text else " ") + word
        self.x += gap + length
        return True
