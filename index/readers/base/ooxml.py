"""Packages of Office Open XML (ECMA-376): relationships between parts, and core properties."""

import re
from dataclasses import dataclass

from lxml import etree

from index.errors import CorruptDocument
from index.readers.base.normalisation import one_line
from index.readers.base.package import Package, parse_xml, resolve_path

_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/(main|math|relationships)\b")
_TRANSITIONAL = {
    b"drawingml": b"drawingml/2006",
    b"officeDocument": b"officeDocument/2006",
    b"presentationml": b"presentationml/2006",
    b"wordprocessingml": b"wordprocessingml/2006",
}
_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_INTEGER = re.compile(r"-?\d{1,9}\Z")
_PROPERTIES = {
    "creator": "author",
    "language": "language",
    "description": "description",
    "keywords": "keywords",
}

RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
"""The namespace of attributes that refer to a relationship."""


@dataclass(frozen=True, slots=True)
class Relationship:
    """A reference to another part: ``kind`` is the last word of its type, ``part`` the member's name."""

    kind: str
    part: str


class OfficePackage(Package):
    """A package of parts. Files of the strict variant are read like those of the transitional one."""

    def xml(self, path: str) -> etree._Element:
        data = _STRICT.sub(_transitional, self.read(path))
        return parse_xml(data, name=self.name, part=path)

    def main_part(self) -> str:
        """The name of the main part, such as ``word/document.xml``."""
        for relationship in self.relationships("").values():
            if relationship.kind == "officeDocument":
                return relationship.part
        raise CorruptDocument(f"{self.name}: the package has no main document. Save the document again.")

    def relationships(self, part: str) -> dict[str, Relationship]:
        """The relationships of a part to other parts, by id; those of the package itself for ``""``."""
        folder, _, file = part.rpartition("/")
        path = f"{folder}/_rels/{file}.rels".lstrip("/")
        if path not in self:
            return {}
        return {
            element.get("Id", ""): Relationship(
                element.get("Type", "").rpartition("/")[2], resolve_path(part, element.get("Target", ""))
            )
            for element in self.xml(path).iter(_RELATIONSHIP)
            if element.get("TargetMode") != "External"
        }

    def related(self, part: str, kind: str) -> str | None:
        """The first part of a kind that ``part`` refers to, if the package has it."""
        found = (one.part for one in self.relationships(part).values() if one.kind == kind)
        return next((path for path in found if path in self), None)

    def core_properties(self) -> tuple[str, dict[str, str]]:
        """The title and the other metadata from the core properties; empty if there are none."""
        part = self.related("", "core-properties")
        if part is None:
            return "", {}
        found: dict[str, str] = {}
        for element in self.xml(part):
            key, value = etree.QName(element).localname, one_line("".join(map(str, element.itertext())))
            if value:
                found.setdefault(key, value)
        metadata = {name: found[key] for key, name in _PROPERTIES.items() if key in found}
        # A document's content is as old as its last modification.
        if date := iso_date(found.get("modified", "")) or iso_date(found.get("created", "")):
            metadata["date"] = date
        return found.get("title", ""), metadata


def iso_date(value: str) -> str:
    """The date at the start of an ISO 8601 timestamp; empty if there is none."""
    match = _DATE.match(value.strip())
    return match[0] if match else ""


def parse_integer(value: str | None, default: int = 0) -> int:
    """Parse an attribute as an integer; ``default`` if it is missing or invalid."""
    return int(value) if value and _INTEGER.match(value) else default


def is_on(element: etree._Element | None, attribute: str) -> bool:
    """Whether a boolean property is present and not switched off by its attribute."""
    return element is not None and element.get(attribute, "1") not in ("0", "false", "off", "none")


def _transitional(match: re.Match[bytes]) -> bytes:
    family = _TRANSITIONAL.get(match[1])
    return b"http://schemas.openxmlformats.org/" + family + b"/" + match[2] if family else match[0]
