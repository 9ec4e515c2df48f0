"""Electronic books (EPUB 2 and 3): the chapters in the order of reading.

Each is read like a page of HTML, but whole: books have no navigation around their text. The book's own
table of contents names chapters that have no heading, and is left out itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urldefrag

from lxml import etree

from index.errors import CorruptDocument, EncryptedDocument, NoTextLayer
from index.readers.builder import Draft, assemble
from index.readers.epub_chapter import chapter_tree, promote, settle_headings
from index.readers.epub_contents import Entry, navigation_entries, ncx_entries
from index.readers.html_blocks import PageBlock, walk
from index.readers.normalisation import one_line
from index.readers.ooxml import iso_date
from index.readers.package import Package, resolve
from index.types import Extract

READER = "epub/2"
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
_MARK = re.compile(r"\A\s*(?:-|\d+\.)\s")
_LINKED = 0.5
_LISTED = 0.5
"""The shares of links in a page that is a table of contents, and of the book's titles in its lines."""


@dataclass(frozen=True, slots=True)
class _Item:
    path: str
    media_type: str
    properties: frozenset[str]


def read_epub(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """The text of a book. ``charset`` is not used: chapters declare their own.

    Raises what :class:`index.readers.package.Package` does, :class:`index.errors.EncryptedDocument` for
    books under digital rights management, and :class:`index.errors.NoTextLayer` for books of pictures.
    """
    package = Package(data, name=name)
    path = _book(package)
    book = package.xml(path)
    items = _items(path, book)
    chapters = _spine(package, book, items)
    _refuse_encryption(package, chapters)
    contents = _contents(package, book, items)
    entries: dict[str, list[Entry]] = {}
    for entry in contents:
        entries.setdefault(entry.path, []).append(entry)
    titles = {entry.title for entry in contents}
    guide = _guide(path, book)
    drafts: list[Draft] = []
    pictures = False
    for chapter in chapters:
        root = chapter_tree(package.read(chapter.path), name=name, part=chapter.path)
        if root is None:
            continue
        pictures = pictures or next(root.iter("img", "svg", "image"), None) is not None
        named = entries.get(chapter.path, [])
        promote(root, named)
        blocks = walk(root)
        marked = "nav" in chapter.properties or chapter.path in guide
        if not (marked or titles) or not _is_contents(blocks, set() if marked else titles):
            drafts += settle_headings([block.draft for block in blocks], named)
    if not drafts and pictures:
        raise NoTextLayer(f"{name}: the book has pictures only. Run text recognition (OCR) on them first.")
    title, metadata = _metadata(book)
    return assemble(drafts, name=name, media_type=MEDIA_TYPE, reader=READER, title=title, metadata=metadata)


def _book(package: Package) -> str:
    """The name of the member that describes the book."""
    for element in package.xml("META-INF/container.xml").iter(_CONTAINER + "rootfile"):
        return element.get("full-path", "")
    raise CorruptDocument(f"{package.name}: the package names no book. Convert it to EPUB anew.")


def _items(path: str, book: etree._Element) -> dict[str, _Item]:
    return {
        element.get("id", ""): _Item(
            _resolved(path, element.get("href", ""))[0],
            element.get("media-type", "").strip().lower(),
            frozenset(element.get("properties", "").split()),
        )
        for element in book.iterfind(f"{_OPF}manifest/{_OPF}item")
    }


def _spine(package: Package, book: etree._Element, items: dict[str, _Item]) -> list[_Item]:
    found: dict[str, _Item] = {}
    for element in book.iterfind(f"{_OPF}spine/{_OPF}itemref"):
        item = items.get(element.get("idref", ""))
        if item is None:
            raise CorruptDocument(
                f"{package.name}: {element.get('idref')!r} in the book's order of reading is missing. "
                "Convert it to EPUB anew."
            )
        # Some books name a chapter once for each of its sections.
        if item.media_type in _CHAPTERS:
            found.setdefault(item.path, item)
    return list(found.values())


def _contents(package: Package, book: etree._Element, items: dict[str, _Item]) -> list[Entry]:
    """The book's table of contents: that of EPUB 3 if there is one, else that of EPUB 2."""
    for item in items.values():
        if "nav" in item.properties and item.path in package:
            root = chapter_tree(package.read(item.path), name=package.name, part=item.path)
            return [] if root is None else navigation_entries(root, item.path)
    for item in items.values():
        if item.media_type == _NCX and item.path in package:
            return ncx_entries(package.xml(item.path), item.path)
    return []


def _guide(path: str, book: etree._Element) -> frozenset[str]:
    """The pages that an EPUB 2 marks as its table of contents."""
    references = book.iterfind(f"{_OPF}guide/{_OPF}reference")
    return frozenset(
        _resolved(path, one.get("href", ""))[0] for one in references if one.get("type", "").lower() == "toc"
    )


def _is_contents(blocks: Sequence[PageBlock], titles: set[str]) -> bool:
    """Whether a page is for the most part links, and has most of the book's titles."""
    size = sum(len(block.draft.text) for block in blocks)
    if sum(len(block.draft.text) * block.link_share for block in blocks) < _LINKED * size:
        return False
    texts = (_MARK.sub("", line) for block in blocks for line in block.draft.text.split("\n"))
    lines = {" ".join(text.split()) for text in texts}
    return len(titles & lines) >= _LISTED * len(titles)


def _refuse_encryption(package: Package, chapters: Sequence[_Item]) -> None:
    """Fonts may be disguised and are not read; a book whose chapters are encrypted cannot be."""
    if "META-INF/encryption.xml" not in package:
        return
    paths = {item.path for item in chapters}
    for reference in package.xml("META-INF/encryption.xml").iter(_CIPHER + "CipherReference"):
        if resolve("", unquote(reference.get("URI", ""))) in paths:
            raise EncryptedDocument(
                f"{package.name}: the book is protected by digital rights management. Get it without."
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


def _resolved(base: str, href: str) -> tuple[str, str]:
    """The member that a reference leads to, and the place in it."""
    path, fragment = urldefrag(href)
    return resolve(base, unquote(path)), unquote(fragment)
