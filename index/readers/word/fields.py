"""Track the fields of a Word document: their instructions are hidden, their results are text.

ECMA-376 part 1, 17.16: a field has a begin mark, an instruction, optionally a separator and a result, and an
end mark.
"""

from __future__ import annotations

import re

from lxml import etree

from index.readers.word.styles import W

_PAGE = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)


class Fields:
    """The fields that are open at a point of the source."""

    def __init__(self) -> None:
        self._shown: list[bool] = []
        self._instructions = 0
        self.has_page_number = False
        """Whether a field shows a page number or the number of pages."""

    @property
    def hidden(self) -> bool:
        """Whether text at this point is part of an instruction."""
        return self._instructions > 0

    def mark(self, element: etree._Element) -> None:
        """Process a begin, separator or end mark, ``w:fldChar``."""
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
        """Process the instruction of a field."""
        self.has_page_number = self.has_page_number or _PAGE.match(text) is not None

    def end_paragraph(self) -> None:
        """Close instructions that a damaged file leaves open: they would hide all text from here on."""
        if self._instructions:
            self._shown = [shown for shown in self._shown if shown]
            self._instructions = 0
