"""Read packages: the ZIP files of XML that office documents and e-books consist of.

Members are read into memory one at a time and never written to disk, so that hostile member names do no harm.
Declared sizes are checked before anything is decompressed.
"""

import posixpath
import struct
import zipfile
import zlib
from io import BytesIO

from lxml import etree

from index.errors import CorruptDocument, DocumentTooLarge, EncryptionNotSupported, UnsupportedFormat

_ENTRY = b"PK\x01\x02"
_MAX_MEMBERS = 20_000
_MAX_TOTAL = 1 << 30
_MAX_MEMBER = 64 << 20
"""Bytes of one member. Its XML tree takes up to twenty times as much memory."""
_MAX_READ = 256 << 20
"""Bytes of all members that are read."""
_MAX_RATIO = 250
"""Compression ratio of large members. Deflate reaches 1032, XML of real tables about 100."""
_SMALL = 4 << 20
"""Bytes up to which a member may have any ratio."""
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""The only compression methods that the formats allow; the ratio of others has no limit."""
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
_RENAME = "give its name the suffix .{0}, or save it as .{0}x"
_OLE_STREAMS = {
    "WordDocument": f"an old Word document (.doc); {_RENAME.format('doc')}",
    "PowerPoint Document": f"an old PowerPoint presentation (.ppt); {_RENAME.format('ppt')}",
    "Workbook": f"an old Excel workbook (.xls); {_RENAME.format('xls')}",
    "__properties_version1.0": "an Outlook message; give its name the suffix .msg",
}
"""Stream of a compound file -> what the file is, and what to do."""


class Package:
    """The members of a ZIP file, by name.

    Raises :class:`EncryptionNotSupported` for a file protected by a password, :class:`UnsupportedFormat` for
    the binary files of old office programs, :class:`DocumentTooLarge` for contents beyond the limits, and
    :class:`CorruptDocument` if it is no ZIP file.
    """

    def __init__(self, data: bytes, *, name: str) -> None:
        self.name = name
        self._left = _MAX_READ
        refuse_compound_file(data, name=name)
        # Counting is cheap and gives an upper bound. Opening the file takes memory for each entry.
        if data.count(_ENTRY) > _MAX_MEMBERS:
            raise DocumentTooLarge(
                f"{name}: the package has more than {_MAX_MEMBERS:,} members. Split the document."
            )
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except _ZIP_ERRORS:
            raise CorruptDocument(
                f"{name}: it is damaged, or not a file of the kind that its name says. Open it in the "
                "program that made it, and save it again."
            ) from None
        self._members = {_clean(info.filename): info for info in self._zip.infolist()}
        total = sum(info.file_size for info in self._members.values())
        if total > _MAX_TOTAL:
            raise DocumentTooLarge(
                f"{name}: decompressed, the package has {total:,} bytes; at most {_MAX_TOTAL:,} are taken. "
                "Remove large pictures or videos."
            )

    def __contains__(self, path: str) -> bool:
        return path in self._members

    @property
    def bytes_read(self) -> int:
        """Bytes of all members that were read, decompressed."""
        return _MAX_READ - self._left

    def read(self, path: str) -> bytes:
        """Decompress a member, checking its size, checksum and compression ratio."""
        info = self._members.get(path)
        if info is None:
            raise CorruptDocument(
                f"{self.name}: {path!r} is missing in the package. Save the document again."
            )
        self._check(info)
        try:
            data = self._zip.read(info)
        except _ZIP_ERRORS as error:
            raise CorruptDocument(
                f"{self.name}: {path!r} in the package is damaged ({error}). Save the document again."
            ) from None
        if len(data) != info.file_size:
            raise CorruptDocument(
                f"{self.name}: {path!r} in the package is truncated. Save the document again."
            )
        self._left -= len(data)
        return data

    def xml(self, path: str) -> etree._Element:
        """Parse a member with :func:`parse_xml`."""
        return parse_xml(self.read(path), name=self.name, part=path)

    def _check(self, info: zipfile.ZipInfo) -> None:
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise encryption_error(self.name)
        if info.compress_type not in _METHODS:
            raise CorruptDocument(
                f"{self.name}: {info.filename!r} is compressed by a method that this format does not allow. "
                "Save the document again."
            )
        size = info.file_size
        ratio = size / max(1, info.compress_size)
        if size > min(_MAX_MEMBER, self._left) or (size > _SMALL and ratio > _MAX_RATIO):
            raise DocumentTooLarge(
                f"{self.name}: {info.filename!r} would grow {ratio:,.0f} times when decompressed, to "
                f"{size:,} bytes. Split the document."
            )


def parse_xml(data: bytes, *, name: str, part: str) -> etree._Element:
    """Parse an XML file safely; returns its root, without comments and processing instructions.

    External resources are never loaded, and a file that declares entities is refused. The parser's own
    limits apply: 256 levels of elements, ten million characters in a text.
    """
    # With collect_ids=False libxml2 would load external DTDs in spite of the other options.
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
            f"{name}: {part!r} in it cannot be read as XML: {error}. Save the document again."
        ) from None
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and dtd.entities():  # type: ignore[union-attr]
        raise CorruptDocument(
            f"{name}: {part!r} in it declares XML entities, which are not allowed. Remove them."
        )
    return root


def is_compound_file(data: bytes) -> bool:
    """Whether a file is a compound file ([MS-CFB])."""
    return data.startswith(_OLE)


def refuse_compound_file(data: bytes, *, name: str) -> None:
    """Refuse compound files: documents of old office programs, and encrypted documents of newer ones.

    [MS-CFB] and, for encrypted packages, [MS-OFFCRYPTO] define the names of their streams.
    """
    if not is_compound_file(data):
        return
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise encryption_error(name)
    for stream, advice in _OLE_STREAMS.items():
        if stream.encode("utf-16-le") in data:
            raise UnsupportedFormat(f"{name}: this is {advice}.")
    raise UnsupportedFormat(f"{name}: this is a compound file of an unknown kind. Save it as .docx or PDF.")


def encryption_error(name: str) -> EncryptionNotSupported:
    """The error for a document that is protected by a password."""
    return EncryptionNotSupported(
        f"{name}: the document is encrypted, and files of this kind cannot be opened here, whatever the "
        "password. Save it without a password."
    )


def resolve_path(base: str, target: str) -> str:
    """Resolve ``target``, a path relative to the member ``base``, to the name of a member."""
    if target.startswith("/"):
        return _clean(target)
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), target))


def _clean(path: str) -> str:
    # Some programs write backslashes, or a leading slash.
    return path.replace("\\", "/").lstrip("/")
