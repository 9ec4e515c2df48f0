"""Read e-books (EPUB 2 and 3): the chapters in reading order.

A chapter is read like an HTML page, but as a whole, because books have no navigation around their text. The
table of contents supplies the titles of chapters without a heading, and is itself left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urldefrag

from lxml import etree

from index.errors import CorruptDocument, EncryptionNotSupported, NoTextLayer
from index.readers.base.builder import Draft, assemble
from index.readers.base.normalisation import one_line
from index.readers.base.ooxml import iso_date
from index.readers.base.package import Package, resolve_path
from index.readers.books.chapter import add_chapter_title, chapter_tree, mark_headings
from index.readers.books.contents import Entry, navigation_entries, ncx_entries
from index.readers.html.blocks import PageBlock, page_blocks
from index.types import Extract

READER = "epub/3"
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
    contents = _contents(package, book, items)
    entries: dict[str, list[Entry]] = {}
    for entry in contents:
        entries.setdefault(entry.path, []).append(entry)
    titles = {entry.title for entry in contents}
    contents_pages = _contents_pages(path, book)
    drafts: list[Draft] = []
    pictures = False
    for chapter in chapters:
        root = chapter_tree(package.read(chapter.path), name=name, part=chapter.path)
        if root is None:
            continue
        pictures = pictures or next(root.iter("img", "svg", "image"), None) is not None
        chapter_entries = entries.get(chapter.path, [])
        mark_headings(root, chapter_entries)
        blocks = page_blocks(root)
        marked = "nav" in chapter.properties or chapter.path in contents_pages
        if not (marked or titles) or not _is_contents(blocks, set() if marked else titles):
            drafts += add_chapter_title([block.draft for block in blocks], chapter_entries)
    if not drafts and pictures:
        raise NoTextLayer(f"{name}: the book has pictures but no text. Run OCR (text recognition) first.")
    title, metadata = _metadata(book)
    return assemble(drafts, name=name, media_type=MEDIA_TYPE, reader=READER, title=title, metadata=metadata)


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


def _contents(package: Package, book: etree._Element, items: dict[str, _Item]) -> list[Entry]:
    """The entries of the table of contents: that of EPUB 3 if there is one, else that of EPUB 2."""
    for item in items.values():
        if "nav" in item.properties and item.path in package:
            root = chapter_tree(package.read(item.path), name=package.name, part=item.path)
            return [] if root is None else navigation_entries(root, item.path)
    for item in items.values():
        if item.media_type == _NCX and item.path in package:
            return ncx_entries(package.xml(item.path), item.path)
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
