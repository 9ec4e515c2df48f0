"""Read PowerPoint presentations (Office Open XML, ECMA-376).

A slide is a page. Its title is a heading; a slide without a title gets the heading ``Slide`` with its number.
Notes follow their slide under a heading of their own. Hidden slides are read like others. Comments, and what
is repeated on every slide (footers, dates, numbers), are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from index.errors import CorruptDocument, NoTextLayer
from index.readers.base.builder import BlockBuilder, Draft, assemble
from index.readers.base.list_lines import ListLines
from index.readers.base.ooxml import RELATION, OfficePackage, parse_integer
from index.readers.base.pictures import description
from index.readers.word.numbering import format_list_number
from index.types import Extract, Scalar

READER = "pptx/3"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def read_pptx(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the text of a presentation (.pptx, .pptm, .ppsx, .potx). ``charset`` is ignored.

    Raises what :class:`index.readers.base.package.Package` does, and :class:`index.errors.EmptyDocument` or
    :class:`index.errors.NoTextLayer` for slides without text.
    """
    package = OfficePackage(data, name=name)
    part = package.main_part()
    root = package.xml(part)
    if root.tag != P + "presentation":
        raise CorruptDocument(f"{name}: the package is not a presentation. Check the file's suffix.")
    slides = list(_slides(package, part, root))
    drafts: list[Draft] = []
    pictures = False
    title, metadata = package.core_properties()
    for number, slide in enumerate(slides, 1):
        shapes = Shapes(package, slide)
        if number == 1:
            title = title or shapes.title
        pictures = pictures or shapes.has_pictures
        drafts += (replace(draft, page=number) for draft in _slide(package, slide, shapes, number))
    return assemble_slides(
        drafts,
        pictures=pictures,
        page_count=len(slides),
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
        title=title,
        metadata=metadata,
    )


def assemble_slides(  # noqa: PLR0913 -- what slides have
    drafts: Sequence[Draft],
    *,
    pictures: bool,
    page_count: int,
    name: str,
    media_type: str,
    reader: str,
    title: str,
    metadata: Mapping[str, Scalar],
) -> Extract:
    """Assemble slides. Raises :class:`index.errors.NoTextLayer` for ``pictures`` without text."""
    if not drafts and pictures:
        raise NoTextLayer(
            f"{name}: the slides have pictures but no text. Run OCR (text recognition) on them first."
        )
    return assemble(
        drafts,
        name=name,
        media_type=media_type,
        reader=reader,
        title=title,
        metadata=metadata,
        page_count=page_count,
    )


def _slides(package: OfficePackage, part: str, root: etree._Element) -> Iterator[str]:
    relationships = package.relationships(part)
    for element in root.iterfind(f"{P}sldIdLst/{P}sldId"):
        found = relationships.get(element.get(RELATION + "id", ""))
        if found is None or found.part not in package:
            raise CorruptDocument(f"{package.name}: a slide is missing in the package. Save it again.")
        yield found.part


def _slide(package: OfficePackage, part: str, shapes: Shapes, number: int) -> Iterator[Draft]:
    path = package.related(part, "notesSlide")
    notes = [] if path is None else Shapes(package, path, bullets=False).drafts
    if shapes.title or shapes.drafts or notes:
        yield Draft("heading", shapes.title or f"Slide {number}", 1)
    yield from shapes.drafts
    if notes:
        yield Draft("heading", "Notes", 2)
        yield from notes


# Read the shapes of a slide: its title, texts, lists, tables, diagrams and charts.
#
# Shapes keep the order of the file, which screen readers follow as well; the title comes first.


A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_TITLES = frozenset({"title", "ctrTitle"})
_REPEATED = frozenset({"dt", "ftr", "hdr", "sldNum", "sldImg"})
"""Placeholders for what is repeated on every slide, and for the slide's picture on its page of notes."""
_BODIES = frozenset({"body", "obj"})
_SHAPE, _TABLE = P + "sp", A + "tbl"
_FALLBACK = _MC + "Fallback"
_NUMBERED = re.compile(r"(alphaLc|alphaUc|arabic|romanLc|romanUc)(ParenBoth|ParenR|Period|Plain)\Z")
_FORMATS = {
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
}
_AROUND = {"ParenBoth": "({})", "ParenR": "{})", "Period": "{}.", "Plain": "{}"}


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: str
    level: int
    bullet: str | None
    """The scheme of its numbers; empty for a bullet; None if the file does not specify it."""
    plain: bool
    start: int


class Shapes:
    """The text of the shapes of a slide or a page of notes. With ``bullets``, body placeholders are lists."""

    def __init__(self, package: OfficePackage, part: str, *, bullets: bool = True) -> None:
        self.title = ""
        self.has_pictures = False
        self._package = package
        self._bullets = bullets
        self._relationships = package.relationships(part)
        self._drawn: set[str] = set()
        """The relationships of the charts and diagrams so far: each is read once."""
        self._builder = BlockBuilder()
        self._walk(package.xml(part))

    @property
    def drafts(self) -> list[Draft]:
        """All blocks except the title."""
        return self._builder.drafts

    def _walk(self, root: etree._Element) -> None:
        walker = etree.iterwalk(root, events=("start",))
        for _, element in walker:
            tag = element.tag
            self.has_pictures = self.has_pictures or tag == A + "blip"
            if tag == _FALLBACK:
                walker.skip_subtree()
            elif tag == _SHAPE:
                self._shape(element)
            elif tag == P + "pic":
                self._picture(element)
            elif tag == _TABLE:
                rows = element.iterchildren(A + "tr")
                self._builder.table([_text(cell) for cell in row.iterchildren(A + "tc")] for row in rows)
            elif tag == _DIAGRAM + "relIds":
                self._diagram(element.get(RELATION + "dm", ""))
            elif tag == _CHART + "chart":
                self._chart(element.get(RELATION + "id", ""))

    def _picture(self, picture: etree._Element) -> None:
        """Add what the file says that a picture shows."""
        named = picture.find(f"{P}nvPicPr/{P}cNvPr")
        if named is not None and (text := description(named.get("descr"))):
            self._builder.add(Draft("figure", text))

    def _shape(self, shape: etree._Element) -> None:
        placeholder = shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph")
        kind = "" if placeholder is None else placeholder.get("type", "obj")
        body = shape.find(P + "txBody")
        if body is None or kind in _REPEATED:
            return
        if kind in _TITLES and not self.title:
            self.title = " ".join(_text(body).split())
        else:
            self._body(body, is_list=self._bullets and kind in _BODIES)

    def _body(self, body: etree._Element, *, is_list: bool) -> None:
        paragraphs = [one for one in map(_paragraph, body.iterchildren(A + "p")) if one.text]
        # The layout defines the bullets of placeholders, but a single paragraph there is no list.
        is_list = is_list and len(paragraphs) > 1
        lines, counts = ListLines(), dict[int, int]()
        for one in paragraphs:
            if one.plain or not (is_list or one.bullet is not None):
                counts.clear()
                self._add(lines.take())
                self._builder.paragraph(one.text)
                continue
            counts = {level: count for level, count in counts.items() if level <= one.level}
            counts[one.level] = counts.get(one.level, one.start - 1) + 1
            if not one.bullet:
                del counts[one.level]
            mark = _mark(one.bullet, counts[one.level]) if one.bullet else "-"
            lines.add(one.text, mark=mark, level=one.level, page=0)
        self._add(lines.take())

    def _diagram(self, relationship: str) -> None:
        root = self._related(relationship)
        for point in () if root is None else root.iter(_DIAGRAM + "pt"):
            text = point.find(_DIAGRAM + "t")
            # Points of other types are connectors, or the diagram as a whole.
            if text is not None and point.get("type", "node") in ("node", "asst"):
                self._builder.paragraph(_text(text))

    def _chart(self, relationship: str) -> None:
        root = self._related(relationship)
        if root is None:
            return
        title = root.find(f"{_CHART}chart/{_CHART}title")
        self._builder.paragraph("" if title is None else _text(title))
        series = [_Series.of(element) for element in root.iter(_CHART + "ser")]
        names = dict.fromkeys(name for one in series for name in one.categories.items())
        header = ["", *(one.name for one in series)]
        rows = [[name, *(one.values.get(at, "") for one in series)] for at, name in names]
        if rows:
            self._builder.table([header, *rows] if any(header) else rows)

    def _related(self, relationship: str) -> etree._Element | None:
        found = None if relationship in self._drawn else self._relationships.get(relationship)
        self._drawn.add(relationship)
        return self._package.xml(found.part) if found and found.part in self._package else None

    def _add(self, draft: Draft | None) -> None:
        if draft:
            self._builder.add(draft)


@dataclass(frozen=True, slots=True)
class _Series:
    """A data series of a chart, as cached in the file."""

    name: str
    categories: dict[str, str]
    values: dict[str, str]

    @classmethod
    def of(cls, element: etree._Element) -> _Series:
        name = element.find(_CHART + "tx")
        categories, values = (
            {point.get("idx", ""): _value(point) for kind in kinds for point in _points(element, kind)}
            for kinds in (("cat", "xVal"), ("val", "yVal"))
        )
        return cls(
            "" if name is None else " ".join(map(_value, name.iter(_CHART + "pt"))), categories, values
        )


def _points(series: etree._Element, kind: str) -> Iterator[etree._Element]:
    found = series.find(_CHART + kind)
    return iter(()) if found is None else found.iter(_CHART + "pt")


def _value(point: etree._Element) -> str:
    return (point.findtext(_CHART + "v") or "").strip()


def _text(root: etree._Element) -> str:
    """The text of all paragraphs in an element."""
    texts = (_paragraph(paragraph).text for paragraph in root.iter(A + "p"))
    return "\n".join(filter(None, texts))


def _paragraph(paragraph: etree._Element) -> _Paragraph:
    # a:br is a line break; it can contain properties, but no text.
    parts = [
        "\n" if element.tag == A + "br" else _run_text(element)
        for element in paragraph.iter(A + "t", A + "br")
    ]
    properties = paragraph.find(A + "pPr")
    if properties is None:
        return _Paragraph("".join(parts).strip(), 0, None, plain=False, start=1)
    number = properties.find(A + "buAutoNum")
    signs = any(properties.find(A + tag) is not None for tag in ("buChar", "buBlip"))
    return _Paragraph(
        "".join(parts).strip(),
        min(max(parse_integer(properties.get("lvl")), 0), 8),
        number.get("type", "arabicPeriod") if number is not None else "" if signs else None,
        plain=properties.find(A + "buNone") is not None,
        start=parse_integer(number.get("startAt"), 1) if number is not None else 1,
    )


def _run_text(text: etree._Element) -> str:
    """The text of a run or field; none for a slide number that the file does not have (``<number>``)."""
    field, words = text.getparent(), text.text or ""
    is_number = field is not None and field.tag == A + "fld" and field.get("type") == "slidenum"
    return "" if is_number and not words.strip().isdigit() else words


def _mark(scheme: str, number: int) -> str:
    match = _NUMBERED.match(scheme)
    if match is None:
        return f"{number}."
    return _AROUND[match[2]].format(format_list_number(number, _FORMATS.get(match[1], "decimal")))
