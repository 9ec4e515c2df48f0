from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from index.errors import CorruptDocument, EncryptionNotSupported, UnsupportedFormat
from index.readers.mail import read_email_message
from index.readers.mail.outlook import MEDIA_TYPE, READER, read_outlook_message
from index.readers.word import read_docx
from index.types import Extract
from tests.index.readers.compound_files import Tree, compound_file
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown

SENT = (
    (datetime(2023, 8, 3, 20, 36, 54, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC))
    // timedelta(microseconds=1)
    * 10
)
"""When the message was sent, in tenths of microseconds since 1601."""


def storage(
    texts: dict[int, str | bytes],
    fixed: dict[int, tuple[int, int]] | None = None,
    *,
    header: int = 32,
    more: Tree | None = None,
) -> dict[str, bytes | Tree]:
    """Properties by number: Unicode text, or bytes in a code page; those of fixed length with their type."""
    entries = b"".join(
        struct.pack("<HHIQ", kind, number, 6, value) for number, (kind, value) in (fixed or {}).items()
    )
    made: dict[str, bytes | Tree] = {"__properties_version1.0": bytes(header) + entries}
    for number, text in texts.items():
        if isinstance(text, str):
            made[f"__substg1.0_{number:04X}001F"] = text.encode("utf-16-le")
        else:
            made[f"__substg1.0_{number:04X}001E"] = text
    return made | dict(more or {})


def recipient(name: str, address: str, role: int) -> Tree:
    return storage({0x3001: name, 0x39FE: address}, {0x0C15: (3, role)}, header=8)


def read(tree: Tree) -> Extract:
    extract = read_outlook_message(compound_file(tree), name="f.msg")
    assert_laws(extract)
    return extract


TEXTS: dict[int, str | bytes] = {
    0x0037: "Rivers, naïve\tplan",
    0x0C1A: "Ana Ng",
    0x0C1F: "ana@example.org",
    0x1000: "Hello all,\r\n\r\nthe Aare is 288 km long.\r\n",
}


def test_a_message_has_the_structure_of_mail() -> None:
    inner = storage({0x0037: "Old plan", 0x1000: "It said 300 km."}, header=24)
    extract = read(
        storage(
            TEXTS,
            {0x0039: (0x40, SENT)},
            more={
                "__recip_version1.0_#00000000": recipient("Bo Li", "bo@example.org", 1),
                "__recip_version1.0_#00000001": recipient("'cy@example.org'", "cy@example.org", 1),
                "__recip_version1.0_#00000002": recipient("Di", "/o=corp/cn=di", 2),
                "__recip_version1.0_#00000003": recipient("Hidden", "eve@example.org", 3),
                "__attach_version1.0_#00000000": storage({0x3707: "märz.pdf"}, header=8),
                "__attach_version1.0_#00000001": storage({}, header=8, more={"__substg1.0_3701000D": inner}),
            },
        )
    )
    assert shown(extract) == [
        (1, "Rivers, naïve plan"),
        (
            "paragraph",
            "From: Ana Ng <ana@example.org>\nTo: Bo Li <bo@example.org>, cy@example.org\nCc: Di\n"
            "Date: Thu, 03 Aug 2023 20:36:54 +0000",
        ),
        ("paragraph", "Hello all,"),
        ("paragraph", "the Aare is 288 km long."),
        (2, "Old plan"),
        ("paragraph", "It said 300 km."),
        ("paragraph", "Attachments: märz.pdf"),
    ]
    assert (extract.title, extract.reader, extract.media_type) == ("Rivers, naïve plan", READER, MEDIA_TYPE)
    assert extract.metadata == {
        "author": "Ana Ng <ana@example.org>",
        "to": "Bo Li <bo@example.org>, cy@example.org",
        "date": "2023-08-03T20:36:54+00:00",
    }


def test_it_reads_like_the_same_message_saved_as_eml() -> None:
    saved = (
        "Subject: Rivers\r\nFrom: Ana Ng <ana@example.org>\r\nTo: Bo Li <bo@example.org>\r\n"
        "Date: Thu, 3 Aug 2023 22:36:54 +0200\r\n\r\nHello.\r\n\r\n- one\r\n- two\r\n"
    )
    headers, body = saved.split("\r\n\r\n", 1)
    tree = storage(
        {
            **TEXTS,
            0x0037: "Rivers",
            0x007D: f"Microsoft Mail Internet Headers Version 2.0\r\n{headers}\r\n",
            0x1000: body,
        },
        {0x0039: (0x40, SENT)},
        more={"__recip_version1.0_#00000000": recipient("Bo Li", "bo@example.org", 1)},
    )
    same = read_email_message(saved.encode(), name="f.eml")
    extract = read(tree)
    assert (extract.text, extract.metadata) == (same.text, same.metadata)


@pytest.mark.parametrize(
    ("page", "codec"), [(950, "big5"), (936, "gbk"), (1251, "cp1251"), (65001, "utf-8"), (28592, "iso8859-2")]
)
def test_text_in_a_code_page(page: int, codec: str) -> None:
    words = {"big5": "測試", "gbk": "测试", "cp1251": "река", "utf-8": "ríver", "iso8859-2": "řeka"}[codec]
    tree = storage({0x0037: words.encode(codec), 0x1000: b"\xffHi"}, {0x3FDE: (3, page)})
    assert read(tree).title == words


def test_html_is_read_where_there_is_no_plain_text() -> None:
    page = "<p>Größe</p><ul><li>one</li></ul>".encode("cp1252")
    tree = storage({0x0037: "S"}, {0x3FDE: (3, 1252)}, more={"__substg1.0_10130102": page})
    assert shown(read(tree))[1:] == [("paragraph", "Größe"), ("list", "- one")]


def test_long_texts_are_in_sectors_of_their_own() -> None:
    assert read(storage({0x0037: "S", 0x1000: "Word " * 5000})).text.count("Word") == 5000


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (b"Words.", CorruptDocument, "not an Outlook message"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", CorruptDocument, "Save it again"),
        (compound_file({"WordDocument": b"x"}), UnsupportedFormat, "give its name the suffix .doc"),
        (compound_file({"EncryptedPackage": b"x"}), EncryptionNotSupported, "encrypted"),
        (
            compound_file(storage({0x0037: "S"}, more={"__substg1.0_10090102": b"LZFu"})),
            UnsupportedFormat,
            r"Save it as \.eml",
        ),
    ],
)
def test_what_is_no_readable_message_is_refused(data: bytes, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=rf"\Af\.msg: .*{reason}"):
        read_outlook_message(data, name="f.msg")


def test_a_message_with_another_suffix_gets_advice() -> None:
    with pytest.raises(UnsupportedFormat, match=r"suffix \.msg"):
        read_docx(compound_file(storage(TEXTS)), name="f.docx")


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=20), st.integers(0, 4000))
def test_damaged_messages_are_read_or_refused(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(compound_file(storage(TEXTS, {0x0039: (0x40, SENT)})))
    for at, byte in changes:
        data[at % len(data)] = byte
    damaged = bytes(data[: len(data) - cut])
    extract_or_refusal(lambda: read_outlook_message(damaged, name="f.msg"), "f.msg")
