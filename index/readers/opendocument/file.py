"""Open OpenDocument packages (ISO/IEC 26300): their content, styles and metadata."""

from dataclasses import dataclass

from lxml import etree

from index.errors import CorruptDocument
from index.readers.base.normalisation import one_line
from index.readers.base.ooxml import iso_date
from index.readers.base.package import Package, encryption_error
from index.readers.opendocument.styles import Styles

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"

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


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """An opened file: its package, the root of its content, the element with its text, and its styles."""

    package: Package
    content: etree._Element
    body: etree._Element
    styles: Styles


def open_document(data: bytes, *, name: str, kind: str, advice: str) -> OpenDocument:
    """Open a file whose content is of a kind: ``text``, ``spreadsheet`` or ``presentation``.

    Raises what :class:`index.readers.base.package.Package` does, and :class:`index.errors.CorruptDocument`
    with the ``advice`` for content of another kind.
    """
    package = Package(data, name=name)
    _refuse_encryption(package)
    content = package.xml("content.xml")
    body = content.find(f"{OFFICE}body/{OFFICE}{kind}")
    if body is None:
        raise CorruptDocument(f"{name}: the package is not a {kind} document. {advice}")
    named = package.xml("styles.xml") if "styles.xml" in package else None
    return OpenDocument(package, content, body, Styles(content, named))


def _refuse_encryption(package: Package) -> None:
    if "encrypted-package" in package:
        raise encryption_error(package.name)
    if "META-INF/manifest.xml" in package:
        manifest = package.xml("META-INF/manifest.xml")
        if next(manifest.iter(_MANIFEST + "encryption-data"), None) is not None:
            raise encryption_error(package.name)


def metadata(package: Package) -> tuple[str, dict[str, str]]:
    """The title, and the other metadata of a document; empty if it has none."""
    if "meta.xml" not in package:
        return "", {}
    found: dict[str, list[str]] = {}
    for element in package.xml("meta.xml").iterfind(f"{OFFICE}meta/*"):
        if value := one_line("".join(map(str, element.itertext()))):
            found.setdefault(element.tag, []).append(value)
    described = {}
    for key, tags in _PROPERTIES:
        if tag := next((one for one in tags if one in found), None):
            described[key] = ", ".join(found[tag])
    if date := next(filter(None, (iso_date(found[tag][0]) for tag in _DATES if tag in found)), ""):
        described["date"] = date
    return found.get(_DC + "title", [""])[0], described
