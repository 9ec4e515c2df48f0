from __future__ import annotations

import random
from functools import partial

import pytest
from hypothesis import given, strategies as st

from index.errors import CorruptDocument, EmptyDocument, UndecodableText, UnsupportedFormat
from index.readers.rtf import MEDIA_TYPE, READER, read_rtf
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown

HEAD = (
    r"{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fnil\fcharset128 MS Mincho;}"
    r"{\f2\fcharset2 Symbol;}{\f3\fcharset2 Wingdings;}}"
    r"{\colortbl;\red0\green0\blue0;}{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 Kapitel;}"
    r"{\s2 heading 3;}{\s3 toc 1;}{\*\cs9 Emphasis;}}"
)


def rtf(body: str, *, head: str = HEAD) -> bytes:
    return b"{\\rtf1\\ansi\\ansicpg1252\\deff0" + (head + body).encode("latin-1") + b"}"


def read(body: str) -> Extract:
    extract = read_rtf(rtf(body), name="f.rtf")
    assert_laws(extract)
    return extract


def texts(body: str) -> list[str]:
    return [text for _, text in shown(read(body))]


def test_headings_paragraphs_and_metadata() -> None:
    extract = read(
        r"{\info{\title All {\b rivers}}{\author Ana Ng}{\keywords water}{\creatim\yr2020\mo1\dy2}"
        r"{\revtim\yr2021\mo3\dy4\hr5}{\doccomm A survey}{\company Unseen}}"
        r"\pard\s1 Upper\par\pard\plain Body\line two\tab words\par\pard\s2 Deep\par"
        r"\pard\outlinelevel3 Own\par\pard\s3 Contents 5\par\pard\s1\outlinelevel9 No heading"
    )
    assert shown(extract) == [
        (1, "Upper"),
        ("paragraph", "Body\ntwo words"),
        (3, "Deep"),
        (4, "Own"),
        ("paragraph", "No heading"),
    ]
    assert (extract.title, extract.reader, extract.media_type) == ("All rivers", READER, MEDIA_TYPE)
    assert extract.metadata == {
        "author": "Ana Ng",
        "keywords": "water",
        "description": "A survey",
        "date": "2021-03-04",
    }


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"caf\'e9 \'80", "café €"),
        (r"\f1\'93\'fa\'96\'7b{\f0\'e9}\'93\'fa", "日本é日"),
        (r"\u26085\'93\'fa\u26412??", "日ú本?"),
        (r"\uc2\u26085\'93\'fa\uc0\u26412 a", "日本a"),
        (r"\u-10179?\u-8704?", "😀"),
        (r"{\f2 ab}{\f3 ab}\u-3999?", "αβ"),
        (r"a\emdash b\~c\_d\-e\{\}\\", "a—b c-de{}\\"),
        (r"{\upr{ansi}{\*\ud{\u960 ?}}}", "π"),
        ("a\r\nb\\\nc", "ab\nc"),
        (r"a\bin5 }}}}}b", "ab"),
    ],
)
def test_characters(source: str, text: str) -> None:
    assert read(source).text.replace("\n\n", "\n") == text


def test_lists_have_the_markers_of_the_file() -> None:
    body = (
        r"\pard{\listtext\f2\'b7\tab}sign\par{\listtext 2.\tab}\ilvl1 deep\par"
        r"\pard{\pntext (a)\tab}old\par\pard\s1{\listtext 1.2\tab}Numbered\par"
    )
    assert shown(read(body)) == [("list", "- sign\n  2. deep\n(a) old"), (1, "1.2 Numbered")]


def test_tables() -> None:
    body = (
        r"Before\par\trowd\pard\intbl River\cell Length\cell\row\trowd\pard"
        r"\intbl Aare\par (CH)\cell 288\cell\row\pard Between\par\trowd\pard\intbl "
        r"Framed\cell\row\pard After\par\pard\intbl cut\cell short"
    )
    assert shown(read(body)) == [
        ("paragraph", "Before"),
        ("table", "River | Length\nAare (CH) | 288"),
        ("paragraph", "Between"),
        ("paragraph", "Framed"),
        ("paragraph", "After"),
        ("table", "cut | short"),
    ]


def test_notes_and_boxes_follow_their_paragraph() -> None:
    note = r"{\super\chftn{\footnote\pard\plain The note.\par And more.\par}}"
    box = r"{\shp{\*\shpinst\shpleft0{\sp{\sn a}{\sv b}}{\shptxt\pard In the box\par}}}"
    body = rf"\pard\s1 Head\par\pard Claim{note}{box}, too\par Next{note}\par"
    assert texts(body) == [
        "Head",
        "Claim[1], too",
        "[1] The note.\nAnd more.",
        "In the box",
        "Next[2]",
        "[2] The note.\nAnd more.",
    ]


def test_hidden_and_deleted_text_is_left_out() -> None:
    body = (
        r"Kept{\v hidden}\v hidden\v0 , {\deleted gone}shown{\*\unknown no {\b no}}{\pict 00ff}"
        r'{\annotation no}{\field{\*\fldinst HYPERLINK "no"}{\fldrslt , linked}}'
        r"{\object{\*\objdata 00}{\result , seen}}\par"
    )
    assert texts(body) == ["Kept, shown, linked, seen"]


def test_headers_and_footers_come_first_and_once() -> None:
    body = (
        r"{\header\pard Contract 12\par}{\headerf\pard Contract 12\par}{\footer\pard Page \chpgn\par}"
        r"{\footerf\pard On the first page\par}Body\par"
    )
    assert texts(body) == ["Contract 12", "On the first page", "Body"]


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"", CorruptDocument, "not RTF"),
        (b"{\\html", CorruptDocument, "not RTF"),
        (rtf("Words")[:-1], CorruptDocument, "truncated"),
        (rtf(r"Words\bin999999999 x"), CorruptDocument, "truncated"),
        (rtf("{" * 100_000 + "a" + "}" * 100_000), CorruptDocument, "1000 deep"),
        (rtf(r"\f1\'81 "), UndecodableText, r"0x81 \(CP932\)"),
        (rtf(r"{\v all hidden}"), EmptyDocument, "no text"),
        (bytes.fromhex("D0CF11E0A1B11AE1"), UnsupportedFormat, "compound"),
    ],
)
def test_refusals(data: bytes, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read_rtf(data, name="f.rtf")


def test_bytes_after_the_document_are_ignored() -> None:
    assert read_rtf(rtf("Words") + b"\0\0}{\\b", name="f").text == "Words"


PIECES = st.lists(
    st.sampled_from(
        (
            r"{ } {\footnote {\shptxt {\header {\info {\title {\upr {\*\ud {\*\x "
            r"{\listtext {\fonttbl \f1 \f2 \s1 \par \cell \row \intbl \pard \u-10179? \u55357 "
            r"\'93 \'fa \v \deleted \plain \bin3 \'zz "
            r"\u \uc9 \outlinelevel0 \ilvl99999 words é \ \* \line \page \creatim \yr2020 \mo99 "
            r"\fcharset128 \ansicpg932 \mac 10"
        ).split()
    ).map(lambda piece: piece + " "),
    max_size=40,
)


@given(PIECES)
def test_any_tokens_are_read_or_refused(pieces: list[str]) -> None:
    body = "".join(pieces)
    data = rtf(body + "}" * max(0, body.count("{") - body.count("}")))
    extract_or_refusal(partial(read_rtf, data, name="f.rtf"), "f.rtf")


def test_damage_is_refused_or_does_no_harm() -> None:
    chance = random.Random(7)
    data = rtf(r"\pard\s1 Head\par\intbl a\cell b\cell\row\pard{\footnote note}\f1\'93\'fa\u960 ?\par" * 5)
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 5)):
            damaged[chance.randrange(6, len(damaged))] = chance.choice(b"{}\\'*;u0 \xff\0")
        extract_or_refusal(partial(read_rtf, bytes(damaged), name="f"), "f")


def test_bytes_that_are_not_in_the_code_page_are_replaced_and_told() -> None:
    words = "Words that are fine. " * 5
    extract = read(rf"{words}\'81 and caf\'e9, \f1\'81 . {words}")
    assert extract.text.count("\ufffd") == 2
    assert "and café," in extract.text
    assert extract.metadata["undecodable_bytes"] == "0x81 (CP1252), 0x81 (CP932)"
