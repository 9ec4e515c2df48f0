"""Write a report as a Word document (Office Open XML, ISO/IEC 29500) with footnotes.

python-docx has no footnotes, so the few parts that a document needs are written here. The evidence is a part
of its own, in a place that Word keeps when it saves the file again.
"""

import io
import re
from collections.abc import Iterator, Sequence
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from markupsafe import Markup

from service.flows.evidence_packs.characters import shown
from service.flows.evidence_packs.report import Block, Entries, Heading, Note, Paragraph, Piece, Report

EVIDENCE_PART = "customXml/item1.xml"
_DATE = (1980, 1, 1, 0, 0, 0)
"""The same file is made of the same evidence at any time."""
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_STYLES = {"warn": "Warned", "bad": "Differing"}
_BREAKS = re.compile(r"([\n\t])")


def write_word(report: Report, language: str, evidence: str) -> bytes:
    """The document. ``evidence`` is the pack as JSON in ASCII."""
    notes: list[Note] = []
    body = Markup().join(_block(block, notes) for block in report.blocks)
    title = Markup('<w:p><w:pPr><w:pStyle w:val="Title"/></w:pPr>{}</w:p>').format(_run(report.title))
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _relationships(
            (f"{_OFFICE}/relationships/officeDocument", "word/document.xml"),
            (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ),
        "docProps/core.xml": _CORE.format(
            package=_PACKAGE, title=shown(report.title), created=report.created, language=language
        ),
        "word/document.xml": _DOCUMENT.format(main=_MAIN, body=title + body),
        "word/_rels/document.xml.rels": _relationships(
            (f"{_OFFICE}/relationships/styles", "styles.xml"),
            (f"{_OFFICE}/relationships/settings", "settings.xml"),
            (f"{_OFFICE}/relationships/footnotes", "footnotes.xml"),
            (f"{_OFFICE}/relationships/customXml", f"../{EVIDENCE_PART}"),
        ),
        "word/footnotes.xml": _FOOTNOTES.format(
            main=_MAIN, notes=Markup().join(_footnote(at, note) for at, note in enumerate(notes, 1))
        ),
        "word/settings.xml": _SETTINGS.format(main=_MAIN),
        "word/styles.xml": _STYLE_SHEET.format(main=_MAIN, language=language),
        EVIDENCE_PART: Markup('<evidence xmlns="urn:loccit:evidence">{}</evidence>').format(evidence),
        "customXml/_rels/item1.xml.rels": _relationships(
            (f"{_OFFICE}/relationships/customXmlProps", "itemProps1.xml")
        ),
        "customXml/itemProps1.xml": _ITEM,
    }
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(ZipInfo(name, _DATE), f"{_HEAD}{content}".encode(), ZIP_DEFLATED)
    return out.getvalue()


def _block(block: Block, notes: list[Note]) -> Markup:
    """A block. Adds its notes to ``notes``, which are numbered from 1."""
    match block:
        case Heading(text):
            return Markup('<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr>{}</w:p>').format(_run(text))
        case Paragraph(pieces):
            return Markup("<w:p>{}</w:p>").format(Markup().join(_pieces(pieces, notes)))
        case Entries(entries):
            rows = Markup().join(_ROW.format(_run(name), _run(value)) for name, value in entries)
            return Markup('{}<w:p><w:pPr><w:pStyle w:val="Gap"/></w:pPr></w:p>').format(_TABLE.format(rows))


def _pieces(pieces: Sequence[Piece], notes: list[Note]) -> Iterator[Markup]:
    for piece in pieces:
        yield _run(piece.text, _STYLES.get(piece.state, ""))
        for at, note in enumerate(piece.notes):
            notes.append(note)
            yield _run(" ", "FootnoteReference") if at else Markup()
            yield _REFERENCE.format(len(notes))


def _footnote(number: int, note: Note) -> Markup:
    words = [note.verdict, f"“{note.quote}”" if note.quote else "", note.place]
    runs = [_run(f" {one}") for one in words if one]
    return _NOTE.format(number, Markup().join(runs))


def _run(text: str, style: str = "") -> Markup:
    """Text with its line breaks and tabs."""
    parts = Markup().join(
        _BREAK.get(part) or Markup('<w:t xml:space="preserve">{}</w:t>').format(part)
        for part in _BREAKS.split(shown(text))
        if part
    )
    properties = Markup('<w:rPr><w:rStyle w:val="{}"/></w:rPr>').format(style) if style else Markup()
    return Markup("<w:r>{}{}</w:r>").format(properties, parts)


def _relationships(*targets: tuple[str, str]) -> Markup:
    rows = Markup().join(
        Markup('<Relationship Id="rId{}" Type="{}" Target="{}"/>').format(at, kind, target)
        for at, (kind, target) in enumerate(targets, 1)
    )
    return Markup('<Relationships xmlns="{}/relationships">{}</Relationships>').format(_PACKAGE, rows)


_BREAK = {"\n": Markup("<w:br/>"), "\t": Markup("<w:tab/>")}
_REFERENCE = Markup(
    '<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteReference w:id="{}"/></w:r>'
)
_NOTE = Markup(
    '<w:footnote w:id="{}"><w:p><w:pPr><w:pStyle w:val="FootnoteText"/></w:pPr><w:r><w:rPr>'
    '<w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteRef/></w:r>{}</w:p></w:footnote>'
)
_TABLE = Markup(
    '<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/><w:tblLayout w:type="fixed"/></w:tblPr>'
    '<w:tblGrid><w:gridCol w:w="2400"/><w:gridCol w:w="6626"/></w:tblGrid>{}</w:tbl>'
)
_ROW = Markup(
    '<w:tr><w:trPr><w:cantSplit/></w:trPr><w:tc><w:tcPr><w:tcW w:w="2400" w:type="dxa"/></w:tcPr><w:p><w:pPr>'
    '<w:pStyle w:val="Entry"/></w:pPr>{}</w:p></w:tc><w:tc><w:tcPr><w:tcW w:w="6626" w:type="dxa"/></w:tcPr>'
    '<w:p><w:pPr><w:pStyle w:val="Entry"/></w:pPr>{}</w:p></w:tc></w:tr>'
)
_DOCUMENT = Markup(
    '<w:document xmlns:w="{main}"><w:body>{body}<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar '
    'w:top="1440" w:right="1440" w:bottom="1440" w:left="1440" w:header="708" w:footer="708" w:gutter="0"/>'
    "</w:sectPr></w:body></w:document>"
)
_FOOTNOTES = Markup(
    '<w:footnotes xmlns:w="{main}"><w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r>'
    '</w:p></w:footnote><w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r>'
    "<w:continuationSeparator/></w:r></w:p></w:footnote>{notes}</w:footnotes>"
)
_SETTINGS = Markup(
    '<w:settings xmlns:w="{main}"><w:footnotePr><w:footnote w:id="-1"/><w:footnote w:id="0"/></w:footnotePr>'
    '<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" '
    'w:val="15"/></w:compat></w:settings>'
)
_CORE = Markup(
    '<cp:coreProperties xmlns:cp="{package}/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{title}</dc:title>'
    '<dcterms:created xsi:type="dcterms:W3CDTF">{created}</dcterms:created>'
    "<dc:language>{language}</dc:language></cp:coreProperties>"
)
_ITEM = (
    '<ds:datastoreItem ds:itemID="{6C0CC170-29D2-4F8C-9A3E-5E1D3C0FA7B1}" '
    f'xmlns:ds="{_OFFICE}/customXml"><ds:schemaRefs><ds:schemaRef ds:uri="urn:loccit:evidence"/>'
    "</ds:schemaRefs></ds:datastoreItem>"
)
_CONTENT_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_WORD_TYPE}.document.main+xml"/>'
    f'<Override PartName="/word/footnotes.xml" ContentType="{_WORD_TYPE}.footnotes+xml"/>'
    f'<Override PartName="/word/settings.xml" ContentType="{_WORD_TYPE}.settings+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_WORD_TYPE}.styles+xml"/>'
    '<Override PartName="/docProps/core.xml" '
    'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
    '<Override PartName="/customXml/itemProps1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.customXmlProperties+xml"/></Types>'
)
_STYLE_SHEET = Markup(
    '<w:styles xmlns:w="{main}"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" '
    'w:hAnsi="Calibri" w:cs="Calibri"/><w:sz w:val="22"/><w:lang w:val="{language}"/></w:rPr></w:rPrDefault>'
    '<w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="264" w:lineRule="auto"/></w:pPr></w:pPrDefault>'
    "</w:docDefaults>"
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/>'
    '<w:rPr><w:b/><w:sz w:val="36"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/>'
    '<w:next w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="240"/><w:outlineLvl w:val="0"/></w:pPr>'
    '<w:rPr><w:b/><w:sz w:val="26"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Entry"><w:name w:val="Entry"/><w:basedOn w:val="Normal"/>'
    '<w:pPr><w:spacing w:after="0"/></w:pPr><w:rPr><w:sz w:val="16"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Gap"><w:name w:val="Gap"/><w:basedOn w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="FootnoteText"><w:name w:val="footnote text"/>'
    '<w:basedOn w:val="Normal"/><w:pPr><w:spacing w:after="0" w:line="240" w:lineRule="auto"/></w:pPr>'
    '<w:rPr><w:sz w:val="18"/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="FootnoteReference"><w:name w:val="footnote reference"/>'
    '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="Warned"><w:name w:val="Warned"/>'
    '<w:rPr><w:u w:val="dotted"/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="Differing"><w:name w:val="Differing"/>'
    '<w:rPr><w:color w:val="A4000F"/><w:u w:val="wave"/></w:rPr></w:style></w:styles>'
)
