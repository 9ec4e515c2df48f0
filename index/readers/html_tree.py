"""The tree of a page's elements."""

from __future__ import annotations

from lxml import etree
from lxml.html import HtmlElement, HTMLParser

from index.errors import CorruptDocument

_HEAD = frozenset("base link meta noscript script style template title".split())


def parse(html: str, *, name: str) -> HtmlElement | None:
    """The tree of a page, or of a piece of one; None where there is neither tag nor text."""
    parser = HTMLParser(
        encoding="utf-8", huge_tree=True, collect_ids=False, remove_comments=True, remove_pis=True
    )
    try:
        # Bytes, for lxml refuses a str that has an XML declaration.
        root: HtmlElement | None = etree.fromstring(html.encode(), parser)
    except etree.LxmlError as error:
        raise CorruptDocument(f"{name}: this cannot be read as HTML: {error}") from None
    # At its limits the parser stops and gives what it has, but a page cut short is not that page.
    for entry in parser.error_log:
        if entry.level_name == "FATAL":
            raise CorruptDocument(f"{name}: line {entry.line}: {entry.message}. Simplify the page's markup.")
    if root is not None:
        _open_body(root)
    return root


def _open_body(root: HtmlElement) -> None:
    """Move out of the head what is none of it.

    The parser is older than HTML 5: where a page leaves out the tag of its body, it takes ``main``,
    ``article`` and the like for parts of the head.
    """
    head = root.find("head")
    if head is None:
        return
    begin = next((at for at, one in enumerate(head) if one.tag not in _HEAD), None)
    if begin is None:
        return
    body = root.find("body")
    if body is None:
        body = etree.SubElement(root, "body")
    moved = head[begin:]
    # The text that a body begins with comes after them.
    moved[-1].tail, body.text = f"{moved[-1].tail or ''}{body.text or ''}", None
    for at, element in enumerate(moved):
        body.insert(at, element)
