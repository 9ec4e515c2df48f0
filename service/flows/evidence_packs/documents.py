"""Evidence packs as documents to read and print, which carry the pack itself; and packs of such documents."""

import io
import json
import lzma
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from zipfile import BadZipFile, ZipFile

from index.errors import Unreadable
from service.flows.evidence_packs.pack import Json
from service.flows.evidence_packs.printed_html import AFTER, BEFORE, write_html
from service.flows.evidence_packs.report import Translate, english, report_of
from service.flows.evidence_packs.word import EVIDENCE_PART, write_word

Form = Literal["json", "word", "html"]
FILES: Mapping[Form, tuple[str, str]] = {
    "json": ("evidence.json", "application/json"),
    "word": ("evidence.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "html": ("evidence.html", "text/html; charset=utf-8"),
}
"""The name and the media type of each file."""
_BROKEN = (
    BadZipFile, zlib.error, lzma.LZMAError, SyntaxError, OSError, RuntimeError, LookupError, ValueError,
    EOFError,
)  # fmt: skip
"""What reading a broken or hostile Word document raises; lxml's errors are syntax errors."""
_MOST_BYTES = 50_000_000
"""Of a part of a Word document that is unpacked: a file may be from anybody."""
_LANGUAGE = re.compile(r'<html lang="([A-Za-z0-9-]{1,35})">|<w:lang w:val="([A-Za-z0-9-]{1,35})"/>')


@dataclass(frozen=True, slots=True)
class Carried:
    """The pack of a file, in which form that is, and the tag of its language."""

    pack: bytes
    form: Form
    language: str = "en"


def write_document(pack: Json, form: Form, language: str = "en", t: Translate = english) -> bytes:
    """A pack as a file of this form; the same bytes for the same pack.

    Raises :class:`index.errors.Unreadable` if what is signed is no answer and no verification.
    """
    if form == "json":
        return f"{json.dumps(pack, ensure_ascii=False, indent=2)}\n".encode()
    try:
        report = report_of(pack, t)
        write = write_word if form == "word" else write_html
        return write(report, language, json.dumps(pack))
    except (LookupError, TypeError, ValueError, AttributeError):
        raise Unreadable("The evidence is neither an answer nor a verification of this version's.") from None


def carried(data: bytes) -> Carried:
    """The pack that a file carries. A file of no known kind is taken for a pack itself."""
    if data.startswith(b"PK"):
        try:
            return _of_word(data)
        except _BROKEN:
            return Carried(b"", "word")
    text = data.decode("utf-8", "replace")
    if text.startswith("<!doctype html>"):
        found = text.partition(BEFORE)[2].partition(AFTER)[0]
        return Carried(found.encode(), "html", _language_of(text))
    return Carried(data, "json")


def is_shown(data: bytes, found: Carried, pack: Json, t: Translate = english) -> bool:
    """Tell whether a document shows what its pack says, and nothing else: whether it is as it was written."""
    try:
        written = write_document(pack, found.form, found.language, t)
    except Unreadable:
        return False
    if found.form == "html":
        return data == written
    return _parts(data) == _parts(written)


def _of_word(data: bytes) -> Carried:
    from lxml import etree  # not for commands that speak to a service

    parts = dict(_parts(data))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    pack = etree.fromstring(parts[EVIDENCE_PART], parser).text or ""
    return Carried(pack.encode(), "word", _language_of(parts["word/styles.xml"].decode()))


def _parts(data: bytes) -> list[tuple[str, bytes]]:
    """The parts of a Word document in order, by name."""
    with ZipFile(io.BytesIO(data)) as file:
        entries = file.infolist()
        if sum(one.file_size for one in entries) > _MOST_BYTES:
            raise ValueError("Its parts are too long.")
        return [(one.filename, file.read(one)) for one in entries]


def _language_of(text: str) -> str:
    found = _LANGUAGE.search(text)
    return (found[1] or found[2]) if found else "en"
