"""Read the old Office formats (.doc, .ppt, .xls) through LibreOffice, where it is installed.

LibreOffice converts the file to the format of today, whose reader reads it, so that headings, tables and
slides are kept. Files that are in the format of today under an old suffix are read as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO

import olefile

from index.errors import CorruptDocument, UnsupportedFormat
from index.readers.base.package import encryption_error, is_compound_file, refuse_compound_file
from index.readers.old_office.conversion import Conversion, convert, find_libreoffice
from index.readers.sheets import read_xlsx
from index.readers.slides import read_pptx
from index.readers.word import read_docx
from index.types import Extract

DOC_READER = "doc/1"
PPT_READER = "ppt/1"
XLS_READER = "xls/2"

_FILEPASS = 0x2F
_RECORDS = 64
_STREAM = 1 << 20
_ENCRYPTED_WORD = 0x0100
_ERRORS = (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class _OldFormat:
    """An old format: the stream that its compound files have, and how they are read."""

    stream: str
    says: str
    package: str
    conversion: Conversion
    read: Callable[..., Extract]
    reader: str
    media_type: str


_DOC = _OldFormat(
    "WordDocument",
    "an old Word document (.doc)",
    "libreoffice-writer-nogui",
    Conversion("doc", "MS Word 97", "docx", "MS Word 2007 XML"),
    read_docx,
    DOC_READER,
    "application/msword",
)
_PPT = _OldFormat(
    "PowerPoint Document",
    "an old PowerPoint presentation (.ppt)",
    "libreoffice-impress-nogui",
    Conversion("ppt", "MS PowerPoint 97", "pptx", "Impress MS PowerPoint 2007 XML"),
    read_pptx,
    PPT_READER,
    "application/vnd.ms-powerpoint",
)
_XLS = _OldFormat(
    "Workbook",
    "an old Excel workbook (.xls)",
    "libreoffice-calc-nogui",
    Conversion("xls", "MS Excel 97", "xlsx", "Calc MS Excel 2007 XML"),
    read_xlsx,
    XLS_READER,
    "application/vnd.ms-excel",
)


def read_doc(data: bytes, *, name: str, charset: str | None = None, libreoffice: bool = True) -> Extract:
    """Extract the text of a Word 97 to 2003 document (.doc, .dot). ``charset`` is ignored.

    Raises :class:`index.errors.UnsupportedFormat` if LibreOffice is missing or not to be used, and what
    :func:`index.readers.word.read_docx` and :func:`index.readers.old_office.conversion.convert` do.
    """
    return _read(_DOC, data, name, libreoffice)


def read_ppt(data: bytes, *, name: str, charset: str | None = None, libreoffice: bool = True) -> Extract:
    """Extract the text of a PowerPoint 97 to 2003 presentation (.ppt, .pps). See :func:`read_doc`."""
    return _read(_PPT, data, name, libreoffice)


def read_xls(data: bytes, *, name: str, charset: str | None = None, libreoffice: bool = True) -> Extract:
    """Extract the text of an Excel 97 to 2003 workbook (.xls, .xlt). See :func:`read_doc`."""
    return _read(_XLS, data, name, libreoffice)


def _read(old: _OldFormat, data: bytes, name: str, libreoffice: bool) -> Extract:
    if not is_compound_file(data):
        return replace(old.read(data, name=name), reader=old.reader)
    if old.stream.encode("utf-16-le") not in data:
        refuse_compound_file(data, name=name)
    program = find_libreoffice() if libreoffice else None
    if program is None:
        target = old.conversion.target
        raise UnsupportedFormat(
            f"{name}: this is {old.says}. It is read where LibreOffice is installed (apt-get install "
            f"{old.package}) and not switched off. Or save it as .{target}, or convert it: soffice "
            f"--headless --convert-to {target}."
        )
    converted = convert(data, old.conversion, program=program, name=name)
    if converted is None:
        if _is_encrypted(data):
            raise encryption_error(name)
        raise CorruptDocument(
            f"{name}: LibreOffice cannot open it: it is damaged, or not {old.says}. Open it with the program "
            f"that made it, and save it as .{old.conversion.target}."
        )
    return replace(old.read(converted, name=name), reader=old.reader, media_type=old.media_type)


def _is_encrypted(data: bytes) -> bool:
    """Whether a file says that a password protects it ([MS-DOC] 2.5.1, [MS-XLS] 2.4.117, [MS-PPT] 2.1)."""
    try:
        with olefile.OleFileIO(BytesIO(data)) as file:
            if file.exists("WordDocument"):
                flags = file.openstream("WordDocument").read(12)[10:]
                return bool(int.from_bytes(flags, "little") & _ENCRYPTED_WORD)
            if file.exists("Workbook"):
                return _has_filepass(file.openstream("Workbook").read(_STREAM))
            return bool(file.exists("EncryptedSummary"))
    except _ERRORS:
        return False


def _has_filepass(stream: bytes) -> bool:
    """Whether one of the first records of a workbook says that the others are encrypted."""
    at = 0
    for _ in range(_RECORDS):
        kind, length = (int.from_bytes(stream[at + by : at + by + 2], "little") for by in (0, 2))
        if kind == _FILEPASS:
            return True
        at += 4 + length
    return False
