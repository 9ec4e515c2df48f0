"""Makes packages of their members, as the formats lay them out."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO

_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return file.getvalue()


def replaced(data: bytes, members: Mapping[str, str | bytes]) -> bytes:
    """The package with other members in place of its own of these names."""
    with zipfile.ZipFile(BytesIO(data)) as package:
        kept: dict[str, str | bytes] = {name: package.read(name) for name in package.namelist()}
    return zipped(kept | dict(members))


def relationships(targets: Mapping[str, str]) -> str:
    """The kinds of relationships -> where they lead; ids are ``r1``, ``r2`` and so on."""
    entries = "".join(
        f'<Relationship Id="r{at}" Type="{_OFFICE}/{kind.split()[0]}" Target="{target}"/>'
        for at, (kind, target) in enumerate(targets.items(), 1)
    )
    return f'<Relationships xmlns="{_RELATIONSHIPS}">{entries}</Relationships>'


def word(body: str, *, parts: Mapping[str, str] | None = None, body_end: str = "") -> bytes:
    """A Word document. ``parts`` are by the kind of their relationship, such as ``styles``."""
    parts = dict(parts or {})
    around = f'xmlns:w="{W}" xmlns:r="{_OFFICE}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    document = f"<w:document {around}><w:body>{body}{body_end}</w:body></w:document>"
    targets = {kind: f"{kind.replace(' ', '')}.xml" for kind in parts}
    return zipped(
        {
            "_rels/.rels": relationships({"officeDocument": "word/document.xml"}),
            "word/_rels/document.xml.rels": relationships(targets),
            "word/document.xml": document,
            **{f"word/{targets[kind]}": content.replace("W:NS", around) for kind, content in parts.items()},
        }
    )


def book(
    chapters: Mapping[str, str],
    *,
    extra: Mapping[str, str | bytes] | None = None,
    manifest: str = "",
    guide: str = "",
) -> bytes:
    """An EPUB. ``chapters`` are whole files by name, in the order of reading."""
    items = "".join(
        f'<item id="i{at}" href="{name}" media-type="application/xhtml+xml"/>'
        for at, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="i{at}"/>' for at in range(len(chapters)))
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": (
                '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
                '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
            ),
            "OPS/book.opf": (
                '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
                "<metadata><dc:title>Rivers</dc:title><dc:creator>Ana Ng</dc:creator>"
                "<dc:creator>Bo Li</dc:creator><dc:date>2021-03-04T05:06:07Z</dc:date>"
                "<dc:language>en</dc:language><dc:subject>water</dc:subject></metadata>"
                f"<manifest>{items}{manifest}</manifest><spine>{spine}</spine>{guide}</package>"
            ),
            **{f"OPS/{name}": content for name, content in chapters.items()},
            **(extra or {}),
        }
    )


def chapter(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head><body>{body}</body></html>'
    )


ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("text", "text"), ("style", "style"), ("table", "table"), ("draw", "drawing"),
        ("fo", "xsl-fo-compatible"), ("meta", "meta"), ("manifest", "manifest"),
        ("presentation", "presentation"), ("chart", "chart"), ("svg", "svg-compatible"),
    )
) + ' xmlns:xlink="http://www.w3.org/1999/xlink"'  # fmt: skip


def open_content(body: str, *, kind: str = "text", styles: str = "") -> str:
    return (
        f"<office:document-content {ODF}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )


def open_document(
    body: str, *, kind: str = "text", styles: str = "", extra: Mapping[str, str | bytes] | None = None
) -> bytes:
    """An OpenDocument file of a kind: text, spreadsheet or presentation."""
    content = open_content(body, kind=kind, styles=styles)
    return zipped(
        {"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": content, **(extra or {})}
    )
