"""Read e-books (EPUB 2 and 3): the chapters in reading order.

A chapter is read like an HTML page, but as a whole, because books have no navigation around their text. The
table of contents supplies the titles of chapters without a heading, and is itself left out. Where the book
marks the pages of its printed edition, these are its pages.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html.entities import html5
from itertools import accumulate
from typing import cast
from urllib.parse import unquote, urldefrag

from lxml import etree
from lxml.html import HtmlElement

from index.errors import CorruptDocument, EncryptionNotSupported, NoTextLayer
from index.page_labels import pack_labels
from index.readers.base.builder import Draft, assemble
from index.readers.base.charsets import declared_charset
from index.readers.base.normalisation import decode, normalise, one_line
from index.readers.base.ooxml import iso_date
from index.readers.base.package import Package, parse_xml, resolve_path
from index.readers.html.blocks import PageBlock, page_blocks
from index.readers.html.tree import beginning_of, parse_html
from index.types import Extract

# Read the tables of contents of e-books.


_NCX_NAMES = "{http://www.daisy.org/z3986/2005/ncx/}"
_OPS_TYPE = "{http://www.idpf.org/2007/ops}type"
_MAX_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a table of contents. ``fragment`` is an anchor in the chapter, ``level`` counts from 1."""

    title: str
    path: str
    fragment: str
    level: int


def navigation_entries(root: etree._Element, base: str, kind: str) -> list[Entry]:
    """The entries of a navigation document (EPUB 3): those of the list of this type."""
    for element in root.iter("nav"):
        kinds = (element.get(_OPS_TYPE) or element.get("epub:type") or "").split()
        if kind in kinds:
            break
    else:
        return []
    entries: list[Entry] = []
    depth = 0
    for event, one in etree.iterwalk(element, events=("start", "end"), tag=("ol", "a")):
        if one.tag == "ol":
            depth += 1 if event == "start" else -1
        elif event == "start":
            entries.append(_entry("".join(one.itertext()), one.get("href", ""), base, depth))
    return _with_titles(entries)


def ncx_entries(root: etree._Element, base: str, tag: str) -> list[Entry]:
    """The entries of an NCX navigation map (EPUB 2), or of its list of pages."""
    entries: list[Entry] = []
    depth = 0
    for event, point in etree.iterwalk(root, events=("start", "end"), tag=_NCX_NAMES + tag):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        title = point.findtext(f"{_NCX_NAMES}navLabel/{_NCX_NAMES}text") or ""
        content = point.find(_NCX_NAMES + "content")
        if content is not None:
            entries.append(_entry(title, content.get("src", ""), base, depth))
    return _with_titles(entries)


def _entry(title: str, href: str, base: str, level: int) -> Entry:
    path, fragment = urldefrag(href)
    return Entry(
        one_line(title), resolve_path(base, unquote(path)), unquote(fragment), min(max(level, 1), _MAX_LEVEL)
    )


def _with_titles(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.title]


READER = "epub/4"
MEDIA_TYPE = "application/epub+zip"

_OPF = "{http://www.idpf.org/2007/opf}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_CIPHER = "{http://www.w3.org/2001/04/xmlenc#}"
_CHAPTERS = frozenset({"application/xhtml+xml", "application/xml", "text/html", "text/x-oeb1-document"})
_NCX = "application/x-dtbncx+xml"
_PROPERTIES = {
    "creator": "author",
    "language": "language",
    "description": "description",
    "subject": "keywords",
    "publisher": "publisher",
}
_MARKER = re.compile(r"\A\s*(?:-|\d+\.)\s")
_MIN_LINKS = 0.5
_MIN_TITLES = 0.5
"""Minimum shares, in a table of contents, of text in links and of the book's titles found."""


@dataclass(frozen=True, slots=True)
class _Item:
    path: str
    media_type: str
    properties: frozenset[str]


def read_epub(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the text of a book. ``charset`` is ignored: chapters declare their own.

    Raises what :class:`index.readers.base.package.Package` does,
    :class:`index.errors.EncryptionNotSupported` for books with DRM, and :class:`index.errors.NoTextLayer`
    for books that consist of pictures.
    """
    package = Package(data, name=name)
    path = _package_document(package)
    book = package.xml(path)
    items = _manifest(path, book)
    chapters = _spine(package, book, items)
    _refuse_encryption(package, chapters)
    contents = _navigation(package, items, "toc", "navPoint")
    entries: dict[str, list[Entry]] = {}
    for entry in contents:
        entries.setdefault(entry.path, []).append(entry)
    titles = {entry.title for entry in contents}
    contents_pages = _contents_pages(path, book)
    breaks = PageBreaks(_navigation(package, items, "page-list", "pageTarget"))
    drafts: list[Draft] = []
    pictures = False
    for chapter in chapters:
        root = chapter_tree(package.read(chapter.path), name=name, part=chapter.path)
        if root is None:
            continue
        pictures = pictures or next(root.iter("img", "svg", "image"), None) is not None
        chapter_entries = entries.get(chapter.path, [])
        mark_headings(root, chapter_entries)
        breaks.mark(root, chapter.path)
        blocks = [replace(block, draft=breaks.take(block.draft)) for block in page_blocks(root)]
        marked = "nav" in chapter.properties or chapter.path in contents_pages
        if not (marked or titles) or not _is_contents(blocks, set() if marked else titles):
            drafts += add_chapter_title([block.draft for block in blocks], chapter_entries)
    if not drafts and pictures:
        raise NoTextLayer(f"{name}: the book has pictures but no text. Run OCR (text recognition) first.")
    title, metadata = _metadata(book)
    extract = assemble(
        drafts, name=name, media_type=MEDIA_TYPE, reader=READER, title=title, metadata=metadata
    )
    labels = ["", *(label for draft in drafts for label in draft.labels)]
    return replace(extract, page_labels=pack_labels(labels))


def _package_document(package: Package) -> str:
    """The name of the package document, the member that describes the book."""
    for element in package.xml("META-INF/container.xml").iter(_CONTAINER + "rootfile"):
        return element.get("full-path", "")
    raise CorruptDocument(f"{package.name}: the package contains no book. Convert it to EPUB again.")


def _manifest(path: str, book: etree._Element) -> dict[str, _Item]:
    """The members of the book by their ids."""
    return {
        element.get("id", ""): _Item(
            _resolve_reference(path, element.get("href", ""))[0],
            element.get("media-type", "").strip().lower(),
            frozenset(element.get("properties", "").split()),
        )
        for element in book.iterfind(f"{_OPF}manifest/{_OPF}item")
    }


def _spine(package: Package, book: etree._Element, items: dict[str, _Item]) -> list[_Item]:
    """The chapters in reading order."""
    found: dict[str, _Item] = {}
    for element in book.iterfind(f"{_OPF}spine/{_OPF}itemref"):
        item = items.get(element.get("idref", ""))
        if item is None:
            raise CorruptDocument(
                f"{package.name}: {element.get('idref')!r} in the book's reading order is missing. "
                "Convert it to EPUB again."
            )
        # Some books list a chapter once for each of its sections.
        if item.media_type in _CHAPTERS:
            found.setdefault(item.path, item)
    return list(found.values())


def _navigation(package: Package, items: dict[str, _Item], kind: str, tag: str) -> list[Entry]:
    """The entries of one list of the navigation: by its type in EPUB 3, by their tag in EPUB 2."""
    for item in items.values():
        if "nav" in item.properties and item.path in package:
            root = chapter_tree(package.read(item.path), name=package.name, part=item.path)
            return [] if root is None else navigation_entries(root, item.path, kind)
    for item in items.values():
        if item.media_type == _NCX and item.path in package:
            return ncx_entries(package.xml(item.path), item.path, tag)
    return []


def _contents_pages(path: str, book: etree._Element) -> frozenset[str]:
    """The members that the guide of an EPUB 2 marks as the table of contents."""
    references = book.iterfind(f"{_OPF}guide/{_OPF}reference")
    return frozenset(
        _resolve_reference(path, one.get("href", ""))[0]
        for one in references
        if one.get("type", "").lower() == "toc"
    )


def _is_contents(blocks: Sequence[PageBlock], titles: set[str]) -> bool:
    """Whether most of a page's text is in links, and it has most of the book's titles."""
    size = sum(len(block.draft.text) for block in blocks)
    if sum(len(block.draft.text) * block.link_share for block in blocks) < _MIN_LINKS * size:
        return False
    texts = (_MARKER.sub("", line) for block in blocks for line in block.draft.text.split("\n"))
    lines = {" ".join(text.split()) for text in texts}
    return len(titles & lines) >= _MIN_TITLES * len(titles)


def _refuse_encryption(package: Package, chapters: Sequence[_Item]) -> None:
    """Refuse a book whose chapters are encrypted. Encrypted fonts do not matter: they are not read."""
    if "META-INF/encryption.xml" not in package:
        return
    paths = {item.path for item in chapters}
    for reference in package.xml("META-INF/encryption.xml").iter(_CIPHER + "CipherReference"):
        if resolve_path("", unquote(reference.get("URI", ""))) in paths:
            raise EncryptionNotSupported(
                f"{package.name}: the book is protected by digital rights management (DRM). Use a copy "
                "without it."
            )


def _metadata(book: etree._Element) -> tuple[str, dict[str, str]]:
    found: dict[str, list[str]] = {}
    for element in _dublin_core(book):
        value = one_line("".join(map(str, element.itertext())))
        key = etree.QName(element).localname
        if value and not (key == "date" and element.get(_OPF + "event") == "modification"):
            found.setdefault(key, []).append(value)
    metadata = {name: ", ".join(found[key]) for key, name in _PROPERTIES.items() if key in found}
    if date := iso_date(found.get("date", [""])[0]):
        metadata["date"] = date
    return found.get("title", [""])[0], metadata


def _dublin_core(book: etree._Element) -> Iterator[etree._Element]:
    for element in book.iterfind(f"{_OPF}metadata//*"):
        if element.tag.startswith(_DC):
            yield element


def _resolve_reference(base: str, href: str) -> tuple[str, str]:
    """The member that a reference leads to, and the fragment in it."""
    path, fragment = urldefrag(href)
    return resolve_path(base, unquote(path)), unquote(fragment)


# Parse the chapters of e-books to HTML trees, and add the headings that the table of contents has.


_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_ENTITY = re.compile(r"&([A-Za-z]\w{1,31};)")
_XML_ENTITIES = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
_MAX_TITLE = 2000
"""Characters of an element, white space included, that are compared with a title."""
_PARAGRAPHS = frozenset({"p", "div"})
_SIGN, _ZERO = "\ufdd0", 0xFDD1
"""Characters that no text has: a page break, and the digit 0 of its number."""
_MARK = re.compile("\ufdd0([\ufdd1-\ufdda]+)")
_SPACE_AFTER = re.compile(r"(?:(?<=\s)|\A)((?:\ufdd0[\ufdd1-\ufdda]+)+)\s")
_NO_TEXT = dict.fromkeys(range(_ZERO - 1, _ZERO + 10))
_NO_TEXT_REFERENCES = re.compile(
    r"&#(?:x0*fdd[0-9a]|0*649(?:7[6-9]|8[0-6]))(?:;|(?![0-9a-f]))", re.IGNORECASE
)
_ROLES = ("role", "epub:type", _OPS_TYPE)
_PAGE_NUMBER = re.compile(
    r"[\[(]?\s*(?:(?:page|pg|p|seite|s)\b\.?\s*)?((?:[A-Z]{1,3}[-.])?\d{1,5}|[ivxlcdm]{1,9})\s*[\])]?\.?",
    re.IGNORECASE,
)


def chapter_tree(data: bytes, *, name: str, part: str) -> HtmlElement | None:
    """Parse a chapter; None if it has no text.

    By its standard a chapter is XML, where ``<title/>`` is an empty element; an HTML parser would put
    everything after it into the title. Chapters that are not well-formed XML are parsed as HTML.
    """
    text = _DECLARATION.sub("", decode(data, name=name, charset=declared_charset(data)))
    # Named entities are defined in an external file, which is not loaded.
    text = _ENTITY.sub(_expand_entity, normalise(text, name=name)).translate(_NO_TEXT)
    text = _NO_TEXT_REFERENCES.sub("", text)
    try:
        root = parse_xml(text.encode(), name=name, part=part)
    except CorruptDocument:
        return parse_html(text, name=name)
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return cast("HtmlElement", root)


def mark_headings(root: HtmlElement, entries: Sequence[Entry]) -> None:
    """Make headings of the paragraphs that the table of contents points to and quotes."""
    wanted = {entry.fragment: entry for entry in entries if entry.fragment}
    texts: dict[HtmlElement, str] = {}
    for element in list(root.iter()) if wanted else ():
        entry = wanted.pop(element.get("id") or "", None)
        if entry is None:
            continue
        # The target may be an anchor inside the paragraph.
        paragraph = element if element.tag in _PARAGRAPHS else next(element.iterancestors(*_PARAGRAPHS), None)
        if paragraph is None:
            continue
        # Many targets may be in one paragraph: read its text only once.
        if paragraph not in texts:
            texts[paragraph] = beginning_of(paragraph, _MAX_TITLE)
        if _is_title(texts[paragraph], entry.title):
            paragraph.tag = f"h{entry.level}"


class PageBreaks:
    """Finds where the pages of the printed book begin, by marks in the text of chapters.

    A mark is a sign that no text has, and the number of the break.
    """

    def __init__(self, listed: Sequence[Entry]) -> None:
        self._listed = {(one.path, one.fragment): one.title for one in listed}
        self._labels: list[str] = []

    def mark(self, root: HtmlElement, path: str) -> None:
        """Put a mark at each break of a chapter."""
        for element in root.iter():
            if not isinstance(element.tag, str):
                continue
            listed = self._listed.get((path, element.get("id") or "#"), "")
            is_break = any("pagebreak" in element.get(role, "") for role in _ROLES)
            if not (listed or is_break):
                continue
            own = (
                (element.get("title"), element.get("aria-label"), beginning_of(element, _MAX_TITLE))
                if is_break
                else ()
            )
            mark = _SIGN + "".join(chr(_ZERO + int(digit)) for digit in str(len(self._labels)))
            self._labels.append(next(filter(None, map(_printed_number, (*own, listed))), ""))
            if is_break:  # its number is no text
                element.tail = mark + (element.tail or "")
            else:
                element.text = mark + (element.text or "")

    def take(self, draft: Draft) -> Draft:
        """A block without its marks, with its breaks instead."""
        if _SIGN not in draft.text:
            return draft
        text = _SPACE_AFTER.sub(r"\1", draft.text)
        found = list(_MARK.finditer(text))
        lengths = accumulate((len(one[0]) for one in found), initial=0)
        return replace(
            draft,
            text=_MARK.sub("", text),
            names=tuple(_MARK.sub("", name) for name in draft.names),
            breaks=tuple(one.start() - length for one, length in zip(found, lengths, strict=False)),
            labels=tuple(self._label(one[1]) for one in found),
        )

    def _label(self, digits: str) -> str:
        return self._labels[int("".join(str(ord(digit) - _ZERO) for digit in digits))]


def _printed_number(text: str | None) -> str:
    """The number of a page that a text gives, such as ``12`` of ``Page 12``; empty if it gives none."""
    match = _PAGE_NUMBER.fullmatch(one_line(text or ""))
    return match[1] if match else ""


def add_chapter_title(drafts: Sequence[Draft], entries: Sequence[Entry]) -> list[Draft]:
    """The blocks of a chapter, below its title from the table of contents if it has no heading itself."""
    if not drafts or not entries:
        return list(drafts)
    first = entries[0]
    headings = [draft for draft in drafts if draft.kind == "heading"]
    if drafts[0].kind == "heading" or any(_is_title(draft.text, first.title) for draft in headings):
        return list(drafts)
    if _is_title(drafts[0].text, first.title):
        return [replace(drafts[0], kind="heading", text=first.title, level=first.level), *drafts[1:]]
    return [Draft("heading", first.title, first.level), *drafts]


def _is_title(text: str, title: str) -> bool:
    return " ".join(text.split()).casefold() == title.casefold()


def _expand_entity(match: re.Match[str]) -> str:
    return match[0] if match[1] in _XML_ENTITIES else html5.get(match[1], match[0])
