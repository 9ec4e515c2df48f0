"""Recognise elements whose text is not part of a page: scripts, hidden elements, numbers in the margin."""

from __future__ import annotations

import re

from lxml.html import HtmlElement

_HIDDEN = frozenset(
    "annotation applet area audio button canvas datalist desc embed head iframe input map meter noscript "
    "object optgroup option progress rp rt script select style svg template textarea title video".split()
)
"""Elements whose text is not part of the page's text."""
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_PERMALINKS = frozenset("¶#§🔗")
_NUMBERED_LINES = re.compile(r"\b(?:linenos?|gutter)\b", re.IGNORECASE)
_MARGIN = re.compile(r"(?<!\w)(?:ocn|page-?(?:num|no|number|break))(?![\w-])", re.IGNORECASE)
"""Classes of paragraph numbers (SiSU), and of page numbers of a printed book (Project Gutenberg)."""
_MARGIN_ROLES = ("role", "epub:type", "{http://www.idpf.org/2007/ops}type")
_MARGIN_TAGS = frozenset({"a", "div", "label", "p", "span"})
_NUMBER = re.compile(
    r"[\[({]?\s*(?:(?:p|pg|page)\b\.?\s*)?(?:\d{1,5}|[ivxlcdm]{1,9})\s*[\])}]?", re.IGNORECASE
)
_MAX_NUMBER = 40


def is_hidden(element: HtmlElement) -> bool:
    """Whether the page does not show the element, or not as part of its text."""
    tag = element.tag
    if tag in _HIDDEN:
        return True
    if tag == "a" and len(element) == 0 and (element.text or "").strip() in _PERMALINKS:
        return True
    if not element.attrib or tag in ("html", "body"):
        # Pages that hide their body show it by a script later.
        return False
    if tag in ("td", "span") and _NUMBERED_LINES.search(element.get("class", "")):
        return True
    style = element.get("style")
    return (
        "hidden" in element.attrib
        or (style is not None and _HIDDEN_STYLE.search(style) is not None)
        or (tag in ("a", "i", "span") and element.get("aria-hidden") == "true")
        or (tag in _MARGIN_TAGS and _is_margin_number(element))
    )


def _is_margin_number(element: HtmlElement) -> bool:
    marked = _MARGIN.search(element.get("class", "")) or any(
        "pagebreak" in element.get(role, "") for role in _MARGIN_ROLES
    )
    return bool(marked) and _NUMBER.fullmatch(_beginning(element)) is not None


def _beginning(element: HtmlElement) -> str:
    parts: list[str] = []
    size = 0
    for text in element.itertext():
        parts.append(text)
        size += len(text)
        if size > _MAX_NUMBER:
            break
    return "".join(parts).strip()
