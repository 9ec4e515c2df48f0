from __future__ import annotations

import random
import struct
import zipfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Protocol

import pytest
from lxml import etree

from index.errors import (
    CorruptDocument,
    DocumentTooLarge,
    EncryptionNotSupported,
    Unreadable,
    UnsupportedFormat,
)
from index.readers.base.package import Package, parse_xml, resolve_path
from index.readers.books import read_epub
from index.readers.opendocument import read_odt
from index.readers.slides import read_pptx
from index.readers.word import read_docx
from index.types import Extract
from tests.index.readers.laws import extract_or_refusal
from tests.index.readers.packages import book, chapter, open_document, replaced, word, zipped


class Read(Protocol):
    def __call__(self, data: bytes, *, name: str) -> Extract: ...


READERS = [
    (read_docx, "word/document.xml", word("<w:p><w:r><w:t>Words</w:t></w:r></w:p>")),
    (read_epub, "OPS/book.opf", book({"a.xhtml": chapter("<p>Words</p>")})),
    (read_odt, "content.xml", open_document("<text:p>Words</text:p>")),
]
LAUGHS = (
    '<!DOCTYPE a [<!ENTITY b "lol">'
    + "".join(f'<!ENTITY b{i} "{f"&b{i - 1};" * 10}">' for i in range(1, 10)).replace("&b0;", "&b;")
    + ']><a x="{0}">{0}</a>'
).replace("{0}", "&b9;")
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>'
DEEP = "<a>" * 20_000 + "</a>" * 20_000


def test_members_are_read_by_their_names() -> None:
    package = Package(zipped({"/a\\b.xml": "<a/>", "../../etc/c": "c", "d/": ""}), name="f")
    assert "a/b.xml" in package
    assert "b.xml" not in package
    assert package.read("a/b.xml") == b"<a/>"
    assert package.read("../../etc/c") == b"c"
    with pytest.raises(CorruptDocument, match=r"\Af: 'e' is missing in the package"):
        package.read("e")


@pytest.mark.parametrize(
    ("base", "target", "found"),
    [
        ("ppt/slides/a.xml", "../media/b.png", "ppt/media/b.png"),
        ("ppt/a.xml", "/word/b.xml", "word/b.xml"),
        ("", "word/./b.xml", "word/b.xml"),
        ("a.xml", "../../b", "../../b"),
    ],
)
def test_paths_are_resolved_within_the_package(base: str, target: str, found: str) -> None:
    assert resolve_path(base, target) == found


@pytest.mark.parametrize("content", [b"\0" * (80 << 20), b"<a>" + b" " * (20 << 20) + b"</a>"])
@pytest.mark.parametrize(("read", "path", "data"), READERS)
def test_highly_compressed_members_are_refused(read: Read, path: str, data: bytes, content: bytes) -> None:
    with pytest.raises(DocumentTooLarge, match="when decompressed"):
        read(replaced(data, {path: content}), name="bomb")


def test_a_decompression_bomb_that_is_not_read_does_no_harm() -> None:
    inner = zipped({"b": b"\0" * (8 << 20)})
    data = replaced(READERS[0][2], {"word/embeddings/a.zip": zipped({f"{i}.zip": inner for i in range(50)})})
    assert read_docx(data, name="f").text == "Words"


def test_too_many_members_and_bytes_are_refused() -> None:
    with pytest.raises(DocumentTooLarge, match="20,000 members"):
        Package(zipped({"a": b"PK\x01\x02" * 2}) + b"PK\x01\x02" * 20_000, name="f")
    data = bytearray(zipped({"a": "b", "c": "d"}))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 3 << 30)
    with pytest.raises(DocumentTooLarge, match="at most 1,073,741,824"):
        Package(bytes(data), name="f")


def test_the_total_of_bytes_read_is_limited() -> None:
    block = random.Random(1).randbytes(600) + bytes(60_000)
    package = Package(zipped({"a": block * 1000}), name="f")
    for _ in range(4):
        package.read("a")
    with pytest.raises(DocumentTooLarge):
        package.read("a")


@pytest.mark.parametrize("size", [3, 3_000_000])
def test_a_member_with_a_wrong_size_is_refused(size: int) -> None:
    data = bytearray(zipped({"a": random.Random(1).randbytes(100_000)}))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(mark)
        data[at + place : at + place + 4] = struct.pack("<I", size)
    with pytest.raises(CorruptDocument, match="'a' in the package is"):
        Package(bytes(data), name="f").read("a")


def test_encrypted_members_are_refused() -> None:
    data = bytearray(zipped({"a": "b"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    with pytest.raises(EncryptionNotSupported, match="without a password"):
        Package(bytes(data), name="f").read("a")


def test_other_compression_methods_are_refused() -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as package:
        package.writestr("a", "b" * 100)
    with pytest.raises(CorruptDocument, match="method"):
        Package(file.getvalue(), name="f").read("a")


@pytest.mark.parametrize(
    ("stream", "error", "message"),
    [
        ("EncryptedPackage", EncryptionNotSupported, "encrypted"),
        (
            "WordDocument",
            UnsupportedFormat,
            r"\(\.doc\); give its name the suffix \.doc, or save it as \.docx",
        ),
        (
            "PowerPoint Document",
            UnsupportedFormat,
            r"\(\.ppt\); give its name the suffix \.ppt, or save it as \.pptx",
        ),
        ("Other", UnsupportedFormat, "unknown kind"),
    ],
)
def test_compound_files_are_refused_by_their_kind(stream: str, error: type[Unreadable], message: str) -> None:
    data = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(504) + stream.encode("utf-16-le")
    with pytest.raises(error, match=message):
        read_docx(data, name="f.docx")


@pytest.mark.parametrize("xml", [LAUGHS, OUTSIDE, DEEP, "<a>", "", "<a>\x01</a>"])
@pytest.mark.parametrize(("read", "path", "data"), READERS)
def test_hostile_xml_is_refused(read: Read, path: str, data: bytes, xml: str) -> None:
    with pytest.raises(CorruptDocument, match=rf"\Af: '{path}' in it"):
        read(replaced(data, {path: xml}), name="f")


def test_nesting_is_limited() -> None:
    assert parse_xml(b"<a>" * 200 + b"</a>" * 200, name="f", part="p").tag == "a"
    with pytest.raises(CorruptDocument, match="depth"):
        parse_xml(b"<a>" * 300 + b"</a>" * 300, name="f", part="p")


def test_a_document_type_without_entities_is_allowed() -> None:
    public = (
        '<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://127.0.0.1:1/ncx.dtd"><ncx><!-- -->x</ncx>'
    )
    assert parse_xml(public.encode(), name="f", part="p").text == "x"


def test_external_files_are_not_loaded(tmp_path: Path) -> None:
    types = tmp_path / "a.dtd"
    types.write_text('<!ENTITY b "from outside"><!ATTLIST a c CDATA "from outside">')
    root = parse_xml(f'<!DOCTYPE a SYSTEM "{types.as_uri()}"><a>&b;</a>'.encode(), name="f", part="p")
    assert b"from outside" not in etree.tostring(root)


@pytest.mark.parametrize("read", [read_docx, read_pptx, read_epub, read_odt])
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no package", zipped({}), zipped({"a": "b"})])
def test_other_files_are_refused(read: Read, data: bytes) -> None:
    with pytest.raises(CorruptDocument, match=r"\Af: "):
        read(data, name="f")


@pytest.mark.parametrize(("read", "path", "data"), READERS)
def test_damage_is_refused_or_does_no_harm(read: Callable[..., Extract], path: str, data: bytes) -> None:
    chance = random.Random(7)
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        cut = bytes(damaged[: chance.choice([len(damaged), chance.randrange(len(damaged))])])
        extract_or_refusal(partial(read, cut, name="f"), "f")
