"""Recognise numbers behind paragraphs, by which a printed text is referred to, as ``[41]`` or ``「41」``.

They are spans at the end of paragraphs that repeat the name of a bookmark before them, and count upwards
through the document.
"""

from __future__ import annotations

import re
from itertools import pairwise

from lxml import etree

from index.readers.opendocument.styles import TEXT

_NUMBER = re.compile(r"\s*[\[(<{「【〔〈](\d{1,6})[\])>}」】〕〉]\s*\Z")
_ANCHORS = (TEXT + "bookmark", TEXT + "bookmark-start")
_PARAGRAPHS = frozenset({TEXT + "p", TEXT + "h"})
_MIN_NUMBERS = 10
"""Fewer are rather references that happen to end their paragraphs."""


def paragraph_numbers(body: etree._Element) -> frozenset[etree._Element]:
    """The spans with the numbers of paragraphs; none if the paragraphs of the document have no numbers."""
    anchors = set[str]()
    found: list[tuple[int, etree._Element]] = []
    for element in body.iter(*_ANCHORS, TEXT + "span"):
        if element.tag in _ANCHORS:
            anchors.add(element.get(TEXT + "name", ""))
        elif _ends_paragraph(element):
            match = _NUMBER.match("".join(map(str, element.itertext())))
            if match and match[1] in anchors:
                found.append((int(match[1]), element))
                anchors.clear()
    ascending = all(before < after for (before, _), (after, _) in pairwise(found))
    return frozenset(span for _, span in found) if ascending and len(found) >= _MIN_NUMBERS else frozenset()


def _ends_paragraph(span: etree._Element) -> bool:
    parent = span.getparent()
    return (
        parent is not None
        and parent.tag in _PARAGRAPHS
        and span.getnext() is None
        and not (span.tail or "").strip()
    )
