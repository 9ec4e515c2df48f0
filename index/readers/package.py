"""Packages: the ZIP files of XML that office documents and electronic books are.

Members are read into memory one at a time and never written to a disk, so their names need no care beyond
being looked up. What is announced is checked before anything is inflated.
"""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from io import BytesIO

from lxml import etree

from index.errors import CorruptDocument, DocumentTooLarge, EncryptedDocument, UnsupportedFormat

_ENTRY = b"PK\x01\x02"
_MAX_MEMBERS = 20_000
_MAX_TOTAL = 1 << 30
_MAX_MEMBER = 64 << 20
"""Bytes of a member that is read. Its XML tree takes up to twenty times as much memory."""
_MAX_READ = 256 << 20
_MAX_RATIO = 250
"""Deflate can do 1032. XML of real tables comes to 100, though seldom for so many bytes as the next."""
_SMALL = 4 << 20
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""All that the formats allow. The others inflate without a bound."""
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
_ENCRYPTED_FLAG = 0x1

_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_OLE_STREAMS = {
    "WordDocument": "an old Word document (.doc); save it as .docx",
    "PowerPoint Document": "an old PowerPoint presentation (.ppt); save it as .pptx",
    "Workbook": "an old Excel workbook (.xls); save it as .xlsx",
}
"""Streams of compound files -> what they tell of the file, and the way out."""


class Package:
    """The members of a ZIP file, by name.

    Raises :class:`EncryptedDocument` for what is protected by a password, :class:`UnsupportedFormat` for
    the binary files of old office programs, :class:`DocumentTooLarge` for what would inflate beyond the
    limits and :class:`CorruptDocument` for what is no ZIP file.
    """

    def __init__(self, data: bytes, *, name: str) -> None:
        self.name = name
        self._left = _MAX_READ
        refuse_compound_file(data, name=name)
        # An upper bound that costs little: opening takes memory for each entry.
        if data.count(_ENTRY) > _MAX_MEMBERS:
            raise DocumentTooLarge(
                f"{name}: the package has more than {_MAX_MEMBERS:,} members. Split the document."
            )
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except _ZIP_ERRORS as error:
            raise CorruptDocument(
                f"{name}: this is not a ZIP package, or a damaged one ({error}). Save the document anew."
            ) from None
        self._members = {_clean(info.filename): info for info in self._zip.infolist()}
        total = sum(info.file_size for info in self._members.values())
        if total > _MAX_TOTAL:
            raise DocumentTooLarge(
                f"{name}: the package would inflate to {total:,} bytes; at most {_MAX_TOTAL:,} are taken. "
                "Remove large pictures or films."
            )

    def __contains__(self, path: str) -> bool:
        return path in self._members

    def read(self, path: str) -> bytes:
        """The bytes of a member; its size, checksum and compression are checked."""
        info = self._members.get(path)
        if info is None:
            raise CorruptDocument(f"{self.name}: the package lacks {path!r}. Save the document anew.")
        self._check(info)
        try:
            data = self._zip.read(info)
        except _ZIP_ERRORS as error:
            raise CorruptDocument(
                f"{self.name}: {path!r} in the package is damaged ({error}). Save the document anew."
            ) from None
        if len(data) != info.file_size:
            raise CorruptDocument(
                f"{self.name}: {path!r} in the package is cut short. Save the document anew."
            )
        self._left -= len(data)
        return data

    def xml(self, path: str) -> etree._Element:
        """The root of a member that is XML: see :func:`parse_xml`."""
        return parse_xml(self.read(path), name=self.name, part=path)

    def _check(self, info: zipfile.ZipInfo) -> None:
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise encrypted(self.name)
        if info.compress_type not in _METHODS:
            raise CorruptDocument(
                f"{self.name}: {info.filename!r} is compressed by a method that this format does not allow. "
                "Save the document anew."
            )
        size = info.file_size
        ratio = size / max(1, info.compress_size)
        if size > min(_MAX_MEMBER, self._left) or (size > _SMALL and ratio > _MAX_RATIO):
            raise DocumentTooLarge(
                f"{self.name}: {info.filename!r} would inflate {ratio:,.0f} times, to {size:,} bytes. "
                "Split the document."
            )


def parse_xml(data: bytes, *, name: str, part: str) -> etree._Element:
    """The root of an XML file, without comments and processing instructions.

    Nothing outside the file is looked at, and a file that declares entities is refused. The parser's own
    limits hold: elements 256 deep, texts of ten million characters.
    """
    # Not collect_ids=False: with it, libxml2 loads external DTDs whatever else it is told.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError) as error:
        raise CorruptDocument(
            f"{name}: {part!r} in it cannot be read as XML: {error}. Save the document anew."
        ) from None
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and dtd.entities():  # type: ignore[union-attr]
        raise CorruptDocument(
            f"{name}: {part!r} in it declares XML entities, which are not taken. Remove them."
        )
    return root


def refuse_compound_file(data: bytes, *, name: str) -> None:
    """Refuse the compound files of old office programs, which newer ones put around what they encrypt.

    The names of their streams are told by [MS-CFB] and, for encrypted packages, by [MS-OFFCRYPTO].
    """
    if not data.startswith(_OLE):
        return
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise encrypted(name)
    for stream, advice in _OLE_STREAMS.items():
        if stream.encode("utf-16-le") in data:
            raise UnsupportedFormat(f"{name}: this is {advice}.")
    raise UnsupportedFormat(f"{name}: this is a compound file of an unknown kind. Save it as .docx or PDF.")


def encrypted(name: str) -> EncryptedDocument:
    """The refusal of a document that a password protects."""
    return EncryptedDocument(f"{name}: the document is encrypted. Save it without a password.")


def resolve(base: str, target: str) -> str:
    """The name of the member that ``target``, a path relative to the member ``base``, leads to."""
    if target.startswith("/"):
        return _clean(target)
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), target))


def _clean(path: str) -> str:
    # Some programs write Windows' separators, or a slash in front.
    return path.replace("\\", "/").lstrip("/")
