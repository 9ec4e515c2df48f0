from __future__ import annotations

import codecs
import unicodedata

import pytest
from hypothesis import example, given, strategies as st

from index.errors import EmptyDocument, UndecodableText
from index.readers.base.charsets import declared_charset, find_codec
from index.readers.base.normalisation import decode, normalise, one_line, require_text
from tests.index.readers.laws import LINE_ENDS_AND_CONTROLS
from tests.sizes import size

ODD = st.sampled_from([*"\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\x00\x1f\x7f\t \ufeff\u0301e가ᄀ\u1161", "\r\n"])
TEXTS = st.text(max_size=60) | st.lists(ODD, max_size=30).map("".join)
SENTENCE = "Œuvre: naïve façade, 10 €."


@given(TEXTS)
@example("\r\x00\n")
@example("e\x00\u0301")
@example("\ud800a\udc00")
def test_normalised_text_is_nfc_with_one_kind_of_line_end(text: str) -> None:
    normal = normalise(text, name="a.txt")
    assert unicodedata.is_normalized("NFC", normal)
    assert not LINE_ENDS_AND_CONTROLS.search(normal)
    assert normalise(normal, name="a.txt") == normal


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"])))
def test_normalising_changes_no_letter(text: str) -> None:
    assert normalise(text, name="a.txt") == unicodedata.normalize("NFC", text)


@given(TEXTS)
def test_one_line_gives_one_line(text: str) -> None:
    line = one_line(text)
    assert line == " ".join(line.split())
    assert not LINE_ENDS_AND_CONTROLS.search(line)
    assert unicodedata.is_normalized("NFC", line)
    assert one_line(line) == line


@given(st.binary(max_size=80), st.none() | st.text(max_size=12) | st.sampled_from(["utf-8", "big5", "hz"]))
def test_any_bytes_are_decoded_or_refused(data: bytes, charset: str | None) -> None:
    try:
        text = decode(data, name="a.txt", charset=charset)
    except UndecodableText:
        return
    assert "\0" not in text
    assert not text.startswith("\ufeff")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufeff")))
def test_utf_8_is_the_default(text: str) -> None:
    assert decode(text.encode(), name="a.txt") == text


@pytest.mark.parametrize(
    "end", ["\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_every_line_end_is_a_newline(end: str) -> None:
    assert normalise(f"one{end}two{end}{end}three", name="a.txt") == "one\ntwo\n\nthree"


def test_characters_compose_after_controls_between_them_are_dropped() -> None:
    assert normalise("a\x00b\x08c\x7fd\x9fe\tf", name="a.txt") == "abcde\tf"
    assert normalise("e\x01\u0301", name="a.txt") == "é"
    assert normalise("one\r\x00\ntwo", name="a.txt") == "one\ntwo"


def test_canonically_equivalent_texts_are_equal() -> None:
    assert normalise("e\u0301 \u212b ᄀ\u1161", name="a.txt") == "é Å 가"
    assert normalise("ﬁ ① ｗ", name="a.txt") == "ﬁ ① ｗ", "compatibility characters stay"


@pytest.mark.timeout(30)
def test_endless_combining_marks_are_refused() -> None:
    assert len(normalise("a" + "\u0323" * 200, name="a.txt")) == 200
    with pytest.raises(UndecodableText, match="more than 256 combining marks in a row"):
        normalise("a" + "\u0301\u0323" * size(500_000), name="a.txt")
    assert one_line("\u0323\u0301" * size(500_000))


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
@pytest.mark.parametrize("declared", [None, "latin-1", "shift_jis"])
def test_a_byte_order_mark_overrides_the_declaration(
    mark: bytes, encoding: str, declared: str | None
) -> None:
    data = mark + f"{SENTENCE} 日本".encode(encoding)
    assert decode(data, name="a.txt", charset=declared) == f"{SENTENCE} 日本"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["Plain words.", SENTENCE, "日本語 と one word"])
def test_utf_16_without_a_byte_order_mark_is_refused(encoding: str, text: str) -> None:
    with pytest.raises(UndecodableText):
        decode(text.encode(encoding), name="a.txt")


def test_declared_utf_16_is_read() -> None:
    assert decode(SENTENCE.encode("utf-16-le"), name="a.txt", charset="UTF-16") == SENTENCE
    assert decode(SENTENCE.encode("utf-16-be"), name="a.txt", charset="utf-16be") == SENTENCE


def test_a_truncated_byte_order_mark_is_refused() -> None:
    with pytest.raises(UndecodableText, match="UTF-16-LE, which its byte order mark says"):
        decode(codecs.BOM_UTF16_LE + b"a", name="a.txt")


def test_invalid_bytes_are_refused_with_their_position() -> None:
    with pytest.raises(UndecodableText) as refused:
        decode(b"na\xefve", name="a.txt")
    assert refused.value.message == (
        "a.txt: byte 2 (0xEF) is not valid UTF-8, which is expected where no encoding is declared. "
        "Convert the file to UTF-8, or declare its encoding."
    )
    with pytest.raises(UndecodableText, match="its declaration 'ascii-art' names no known encoding"):
        decode(b"na\xefve", name="a.txt", charset="ascii-art")
    with pytest.raises(UndecodableText, match="not valid CP932, which its declaration 'sjis' says"):
        decode(b"\x81", name="a.txt", charset="sjis")


def test_an_early_nul_marks_a_binary_file_and_a_late_one_does_not() -> None:
    with pytest.raises(UndecodableText, match="binary file"):
        decode(b"words " * 100 + b"\0", name="a.txt")
    assert decode(b"words " * 2000 + b"\0", name="a.txt").endswith("\0")


def test_many_control_characters_mark_a_binary_file() -> None:
    assert decode(b"\x1b[1mbold\x1b[0m and other words", name="a.txt")
    with pytest.raises(UndecodableText, match="5 of its 15 characters are control characters"):
        decode(b"\x01ab" * 5, name="a.txt")


@pytest.mark.parametrize(
    ("label", "encoding"),
    [
        ("ISO-8859-1", "cp1252"),
        (" latin1 ", "cp1252"),
        ("us-ascii", "cp1252"),
        ("x-cp1252", "cp1252"),
        ("iso88592", "iso8859-2"),
        ("UTF8", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("GB2312", "gb18030"),
        ("gbk", "gb18030"),
        ("Shift_JIS", "cp932"),
        ("x-sjis", "cp932"),
        ("big5", "big5hkscs"),
        ("euc-kr", "cp949"),
        ("koi8", "koi8-r"),
        ("windows-874", "cp874"),
    ],
)
def test_labels_are_interpreted_as_by_browsers(label: str, encoding: str) -> None:
    assert find_codec(label) == encoding


@pytest.mark.parametrize(
    "label",
    ["", "none", "utf-7", "rot13", "base64", "idna", "unicode_escape", "zlib", "a\0b", "é", "x" * 9999],
)
def test_labels_of_other_codecs_are_unknown(label: str) -> None:
    assert find_codec(label) is None


def test_latin_1_is_read_as_windows_1252() -> None:
    assert decode(SENTENCE.encode("cp1252"), name="a.txt", charset="iso-8859-1") == SENTENCE


@pytest.mark.parametrize(
    ("html", "label"),
    [
        ('<meta charset="windows-1251">', "windows-1251"),
        ("<META CHARSET=Shift_JIS>", "shift_jis"),
        ("<meta charset = ' koi8-r '>", "koi8-r"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=euc-jp">', "euc-jp"),
        ('<?xml version="1.0" encoding="ISO-8859-2"?><html>', "iso-8859-2"),
        ("<script>" + "x" * 5000 + '</script><meta charset="big5">', "big5"),
        ('<meta charset="utf-16le">', "utf-8"),
        ('<!-- <meta charset="big5"> --><meta charset="gbk">', "gbk"),
        ('<body><meta charset="big5">', None),
        ('<p data-charset="big5">', None),
        ("<!-- <meta charset=big5>", None),
        ("", None),
    ],
)
def test_the_charset_that_a_page_declares(html: str, label: str | None) -> None:
    assert declared_charset(html.encode()) == label


@pytest.mark.timeout(30)
@pytest.mark.parametrize("unit", ["<meta ", "<meta charset", "<!-- ", "<?xml ", " ", "<meta a='"])
@pytest.mark.parametrize("start", ["", "<meta charset=", "<meta charset='", "<?xml encoding="])
def test_searching_for_a_charset_takes_bounded_time(start: str, unit: str) -> None:
    html = (start + unit * 65536).encode()
    declared_charset(html)


@pytest.mark.parametrize("text", ["", " ", "\n\t\u3000"])
def test_white_space_is_no_text(text: str) -> None:
    with pytest.raises(EmptyDocument):
        require_text(text, name="a.txt")


def test_a_letter_is_text() -> None:
    require_text(" a ", name="a.txt")
