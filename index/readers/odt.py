"""Text documents of OpenDocument (ISO/IEC 26300), read from the package itself.

Text that tracked changes have deleted is kept apart by the format and is not read; nor are comments,
hidden text, and generated tables of contents. Footnotes follow the block that refers to them. Pages are
known where the file notes its soft page breaks.
"""

from __future__ import annotations

from index.errors import CorruptDocument
from index.readers.normalisation import one_line
from index.readers.noted_blocks import extract_of
from index.readers.odt_styles import Styles
from index.readers.odt_text import DRAW, OFFICE, Body
from index.readers.ooxml import iso_date
from index.readers.package import Package, encrypted
from index.types import Extract

READER = "odt/1"
MEDIA_TYPE = "application/vnd.oasis.opendocument.text"

_MANIFEST = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_META = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_PROPERTIES = (
    ("author", (_META + "initial-creator", _DC + "creator")),
    ("language", (_DC + "language",)),
    ("description", (_DC + "description",)),
    ("keywords", (_META + "keyword",)),
)
_DATES = (_DC + "date", _META + "creation-date")


def read_odt(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """The text of a document (.odt, .ott). ``charset`` is not used: XML declares its own.

    Raises what :class:`index.readers.package.Package` does, and :class:`index.errors.EmptyDocument` or
    :class:`index.errors.NoTextLayer` for documents without text.
    """
    package = Package(data, name=name)
    _refuse_encryption(package)
    content = package.xml("content.xml")
    text = content.find(f"{OFFICE}body/{OFFICE}text")
    if text is None:
        raise CorruptDocument(f"{name}: the package is not a text document. Save it as .odt, or as PDF.")
    named = package.xml("styles.xml") if "styles.xml" in package else None
    body = Body(Styles(content, named))
    body.walk(text)
    drafts = body.finish()
    return extract_of(
        body,
        drafts,
        pictures=text.iter(DRAW + "image"),
        properties=_metadata(package),
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
    )


def _refuse_encryption(package: Package) -> None:
    if "encrypted-package" in package:
        raise encrypted(package.name)
    if "META-INF/manifest.xml" in package:
        manifest = package.xml("META-INF/manifest.xml")
        if next(manifest.iter(_MANIFEST + "encryption-data"), None) is not None:
            raise encrypted(package.name)


def _metadata(package: Package) -> tuple[str, dict[str, str]]:
    if "meta.xml" not in package:
        return "", {}
    found: dict[str, list[str]] = {}
    for element in package.xml("meta.xml").iterfind(f"{OFFICE}meta/*"):
        if value := one_line("".join(map(str, element.itertext()))):
            found.setdefault(element.tag, []).append(value)
    metadata = {}
    for key, tags in _PROPERTIES:
        if tag := next((one for one in tags if one in found), None):
            metadata[key] = ", ".join(found[tag])
    if date := next(filter(None, (iso_date(found[tag][0]) for tag in _DATES if tag in found)), ""):
        metadata["date"] = date
    return found.get(_DC + "title", [""])[0], metadata
