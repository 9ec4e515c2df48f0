"""Parse HTML into a tree of elements."""

from lxml import etree
from lxml.html import HtmlElement, HTMLParser

from index.errors import CorruptDocument, DocumentTooLarge
from index.text.markup import MAX_ATTRIBUTES, has_endless_tag

_HEAD = frozenset("base link meta noscript script style template title".split())


def parse_html(html: str, *, name: str) -> HtmlElement | None:
    """Parse a page or a fragment of one; None if there is neither tag nor text.

    Raises :class:`index.errors.CorruptDocument`, :class:`index.errors.DocumentTooLarge`.
    """
    if has_endless_tag(html):
        raise DocumentTooLarge(
            f"{name}: a tag has more than {MAX_ATTRIBUTES:,} attributes. Split them among several, or leave "
            "them out."
        )
    parser = HTMLParser(
        encoding="utf-8", huge_tree=True, collect_ids=False, remove_comments=True, remove_pis=True
    )
    try:
        # lxml refuses a str that has an XML declaration.
        root: HtmlElement | None = etree.fromstring(html.encode(), parser)
    except etree.LxmlError as error:
        raise CorruptDocument(f"{name}: this cannot be read as HTML: {error}") from None
    # At its limits the parser stops and returns a truncated page.
    for entry in parser.error_log:
        if entry.level_name == "FATAL":
            raise CorruptDocument(f"{name}: line {entry.line}: {entry.message}. Simplify the page's markup.")
    if root is not None:
        _move_content_to_body(root)
    return root


def _move_content_to_body(root: HtmlElement) -> None:
    """Move elements that belong to the body out of the head.

    The parser is older than HTML 5: on a page without ``<body>`` it puts ``main``, ``article`` and the like
    into the head.
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
    # The text at the start of the body comes after the moved elements.
    moved[-1].tail, body.text = f"{moved[-1].tail or ''}{body.text or ''}", None
    for at, element in enumerate(moved):
        body.insert(at, element)


def beginning_of(element: HtmlElement, most: int) -> str:
    """The text of an element, or of a long one somewhat more than its first ``most`` characters."""
    parts: list[str] = []
    size = 0
    for text in element.itertext():
        parts.append(text)
        size += len(text)
        if size > most:
            break
    return "".join(parts)
