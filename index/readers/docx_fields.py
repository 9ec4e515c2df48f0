"""The fields of a Word document: what they were told to show is not shown, what they show is.

ECMA-376 part 1, 17.16. A field begins, gives its instruction, may part it from its result, and ends.
"""

from __future__ import annotations

import re

from lxml import etree

from index.readers.docx_styles import W

_PAGE = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)


class Fields:
    """The fields that are open at a point of the source."""

    def __init__(self) -> None:
        self._shown: list[bool] = []
        self._instructions = 0
        self.has_page_number = False
        """Whether a field shows the number of a page or of pages."""

    @property
    def hidden(self) -> bool:
        """Whether text here is part of an instruction."""
        return self._instructions > 0

    def mark(self, element: etree._Element) -> None:
        """Take a mark, ``w:fldChar``."""
        kind = element.get(W + "fldCharType")
        if kind == "begin":
            self._shown.append(False)
            self._instructions += 1
        elif kind == "separate" and self._shown:
            self._instructions -= not self._shown[-1]
            self._shown[-1] = True
        elif kind == "end" and self._shown:
            self._instructions -= not self._shown.pop()

    def instruct(self, text: str) -> None:
        """Take what a field is told to show."""
        self.has_page_number = self.has_page_number or _PAGE.match(text) is not None

    def end_paragraph(self) -> None:
        """Close what a damaged file leaves open: else all its text from here on would be hidden."""
        if self._instructions:
            self._shown = [shown for shown in self._shown if shown]
            self._instructions = 0
