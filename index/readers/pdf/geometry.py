"""Coordinates on a PDF page: PDF points, with y growing downwards from the top of the page as shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium


class Box(NamedTuple):
    """A box on a page: ``x0 < x1``, ``y0 < y1``."""

    x0: float
    y0: float
    x1: float
    y1: float

    def union(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(
            min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1)
        )


@dataclass(frozen=True, slots=True)
class Skew:
    """A turn of a page by a small angle around a point: clockwise, in radians."""

    angle: float
    x: float
    y: float

    def straighten(self, box: Box) -> Box:
        """Where a box of the page is after turning it back. Boxes keep their width and height."""
        return self._turned(box, -self.angle)

    def restore(self, box: Box) -> Box:
        """Where a straightened box is on the page."""
        return self._turned(box, self.angle)

    def _turned(self, box: Box, angle: float) -> Box:
        across, down = (box.x0 + box.x1) / 2 - self.x, (box.y0 + box.y1) / 2 - self.y
        right = across * math.cos(angle) - down * math.sin(angle) - across
        below = across * math.sin(angle) + down * math.cos(angle) - down
        return Box(box.x0 + right, box.y0 + below, box.x1 + right, box.y1 + below)


@dataclass(frozen=True, slots=True)
class View:
    """Converts the page's own coordinates to those of the page as shown, after rotation and cropping."""

    left: float
    bottom: float
    right: float
    top: float
    turns: int
    """Quarter turns clockwise."""

    @staticmethod
    def of(page: Any) -> View:
        bounds = pdfium.FS_RECTF()
        pdfium.FPDF_GetPageBoundingBox(page, bounds)
        turns = int(pdfium.FPDFPage_GetRotation(page)) % 4
        return View(bounds.left, bounds.bottom, bounds.right, bounds.top, turns)

    @property
    def width(self) -> float:
        return self.top - self.bottom if self.turns % 2 else self.right - self.left

    @property
    def height(self) -> float:
        return self.right - self.left if self.turns % 2 else self.top - self.bottom

    def point(self, x: float, y: float) -> tuple[float, float]:
        if self.turns == 0:
            return x - self.left, self.top - y
        if self.turns == 1:
            return y - self.bottom, x - self.left
        if self.turns == 2:
            return self.right - x, y - self.bottom
        return self.top - y, self.right - x

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        x0, y1 = self.point(left, bottom)
        x1, y0 = self.point(right, top)
        if x0 <= x1 and y0 <= y1:  # of most pages
            return Box(x0, y0, x1, y1)
        return Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
