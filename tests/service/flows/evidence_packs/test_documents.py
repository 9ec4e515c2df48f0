"""Packs as Word documents and HTML: what they show, whatever is in the texts, and that changes are seen."""

from __future__ import annotations

import io
import json
import random
import warnings
from collections.abc import Iterator
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile

import docx
import lxml.html
import pytest
from hypothesis import given, settings, strategies as st
from lxml import etree

from index.errors import Unreadable
from service.faces.pages.languages import LANGUAGES
from service.flows.evidence_packs.characters import shown
from service.flows.evidence_packs.documents import carried, is_shown, write_document
from service.flows.evidence_packs.pack import Json, verify_pack
from service.flows.evidence_packs.report import report_of
from tests.service.flows.evidence_packs.made import quote, signer

SIGNER = signer()
CHANGES = 200
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
HOSTILE = (
    "<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "]]>", "<!--", "&lt;b&gt; &#0;",
    "\x00\x08\x0b\x1f\x7f\x9f", "\ufffe\uffff", "\r\n\r\ttab", "\u202eback\u202c \u2067in", "{0} {name} %s",
    'id="evidence">', "ü 語 👩‍🚒", "w:instrText", "\ue0001\ue001", "[1][2]", "\n\n \n",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]))).map("".join)


@st.composite
def contents(draw: st.DrawFn) -> Json:
    """An answer or a verification of texts with anything in them, in the form that the service signs."""
    text = draw(TEXTS) + "Words. More words."
    quoted = {**quote(text, 0, draw(st.integers(0, len(text)))), **draw(_named())}
    locator = draw(st.sampled_from([quoted["locator"], None]))
    words = draw(TEXTS)
    common = {"collection": draw(TEXTS), "change": 3, "fingerprint": "f", "quotes": [quoted]}
    status = draw(st.sampled_from(["supported", "contradicted", "unsupported", "unchecked"]))
    conflict = {"claimed": words, "stated": draw(TEXTS)}
    standing = draw(st.sampled_from([None, {"status": "current"}, {"status": "changed"}]))
    verdict = {"status": status, "probability": "0.1234", "reason": words, "citation": locator}
    verdict |= {"conflicts": [conflict] if status == "contradicted" else [], "standing": standing}
    of_quote = {"status": "altered", "quote": words, "reason": words, "citation": locator, "standing": None}
    cut = draw(st.integers(0, len(text)))
    sentences: list[Json] = [
        {
            "start": start,
            "end": end,
            "text": text[start:end],
            "marks": [1],
            "verdict": verdict,
            "citation": None,
        }
        for start, end in ((0, cut), (cut, len(text)))
    ]
    if draw(st.booleans()):
        for one in sentences:
            one |= {"status": status, "reason": words, "quotes": []}
        computed = {"operation": "total", "value": words, "reason": "", "of": words}
        answer = {
            "question": draw(TEXTS),
            "answer": text,
            "sentences": sentences,
            "sources": [quoted["locator"]],
        }
        answer |= {"declined": draw(st.booleans()), "computed": draw(st.sampled_from([None, computed]))}
        return {**common, "answer": answer, "verification": None}
    told = {"quotes": [{**of_quote, "start": 0, "end": 1, "marks": []}], "sentences": sentences}
    given_ = {"text": text, "cited": [locator or ""], "citations": [of_quote], "quotes": [of_quote]}
    return {**common, "answer": None, "verification": {**given_, "answer": told}}


@st.composite
def _named(draw: st.DrawFn) -> Json:
    names = {name: draw(TEXTS) for name in ("title", "source", "media_type")}
    pages = draw(st.sampled_from([None, [1, 1], [2, 5]]))
    return {
        **names,
        "section": draw(st.lists(TEXTS, max_size=2)),
        "pages": pages,
        "version": 2,
        "source_sha256": "0",
    }


@settings(max_examples=60)
@given(contents(), st.sampled_from(["word", "html"]), st.sampled_from(sorted(LANGUAGES)))
def test_every_document_carries_its_pack_and_shows_it(content: Json, form: Any, tag: str) -> None:
    pack, language = SIGNER.sign(content), LANGUAGES[tag]
    written = write_document(pack, form, tag, language.t)
    found = carried(written)
    assert (found.form, found.language) == (form, tag)
    verified = verify_pack(found.pack)
    assert verified.holds
    assert verified.evidence == pack["evidence"]
    assert is_shown(written, found, pack, language.t)
    check = _check_word if form == "word" else _check_html
    check(written, content)


def _text_of(content: Json) -> str:
    answer = content["answer"]
    text: str = answer["answer"] if answer else content["verification"]["text"]
    return text


def _check_word(written: bytes, content: Json) -> None:
    docx.Document(io.BytesIO(written))
    with ZipFile(io.BytesIO(written)) as file:
        assert file.testzip() is None
        parts = {name: etree.fromstring(file.read(name)) for name in file.namelist()}
    body, notes = parts["word/document.xml"], parts["word/footnotes.xml"]
    references = [one.get(f"{W}id") for one in body.iter(f"{W}footnoteReference")]
    told = {one.get(f"{W}id"): one for one in notes.iter(f"{W}footnote")}
    assert references == [str(number) for number in range(1, len(references) + 1)]
    assert [*told] == ["-1", "0", *references]
    assert all("".join(told[one].itertext()).strip() for one in references)
    known = {one.get(f"{W}styleId") for one in parts["word/styles.xml"].iter(f"{W}style")}
    for name in ("pStyle", "rStyle"):
        assert {one.get(f"{W}val") for part in (body, notes) for one in part.iter(f"{W}{name}")} <= known
    assert _letters(_text_of(content)) in _letters("".join(body.itertext()))


def _check_html(written: bytes, content: Json) -> None:
    html = lxml.html.document_fromstring(written.decode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    assert [one.get("id") for one in html.iter("script")] == ["evidence"]
    assert not list(html.iter("img", "svg", "iframe", "object", "form", "base", "link"))
    assert not [name for one in html.iter(etree.Element) for name in one.attrib if name.startswith("on")]
    ids = [one.get("id") for one in html.iter() if isinstance(one.tag, str) and one.get("id")]
    assert len(ids) == len(set(ids))
    targets = {one.get("href") for one in html.iter("a")}
    assert targets <= {f"#{one}" for one in ids}
    for script in html.xpath("//script"):
        script.drop_tree()
    assert _letters(_text_of(content)) in _letters(html.body.text_content())


def _letters(text: str) -> str:
    """The text without digits, marks and white space: notes are among the words."""
    return "".join(one for one in text if one.isalpha())


def made() -> Json:
    text = "The lamp was lit <at> 5:30.\nBy Osgood."
    quoted = {**quote(text, 0, 27), "title": "Lamps", "source": "l.txt", "media_type": "text/plain"}
    quoted |= {"section": ["Care"], "pages": None, "version": 1, "source_sha256": "0" * 64}
    sentence = {"start": 0, "end": 27, "text": text[:27], "citation": quoted["locator"], "verdict": None}
    answer = {
        "question": "Who?",
        "answer": text,
        "sentences": [{**sentence, "status": "verbatim", "quotes": []}],
    }
    answer |= {"computed": None, "declined": False, "sources": []}
    common = {"collection": "default", "change": 1, "fingerprint": "f", "quotes": [quoted]}
    return SIGNER.sign({**common, "answer": answer, "verification": None})


def holds(data: bytes) -> bool:
    found = carried(data)
    return verify_pack(found.pack).holds and is_shown(data, found, json.loads(found.pack))


def test_no_change_of_one_byte_of_a_page_passes() -> None:
    written = write_document(made(), "html")
    assert holds(written)
    chance = random.Random(1)
    for _ in range(CHANGES):
        at, new = chance.randrange(len(written)), bytes([chance.randrange(256)])
        changed = written[:at] + chance.choice((new, b"", new + written[at : at + 1])) + written[at + 1 :]
        assert changed == written or not holds(changed), changed


@pytest.mark.parametrize(
    ("media_type", "pages", "printed", "shown"),
    [
        ("application/pdf", [219, 219], ["217", "217"], "page 217 (219 of the file)"),
        ("application/pdf", [3, 4], ["3", "4"], "pages 3–4, version"),
        ("application/pdf", [3, 4], None, "pages 3–4, version"),
        (
            "application/epub+zip",
            [2, 2],
            ["12", "12"],
            "page 12, version",
        ),  # its pages are no places in a file
        ("text/plain", None, None, "T, version"),
    ],
)
def test_a_quote_stands_on_the_page_that_its_citation_names(
    media_type: str, pages: Any, printed: Any, shown: str
) -> None:
    pack = made()
    for one in pack["evidence"]["quotes"]:
        one |= {
            "media_type": media_type,
            "pages": pages,
            "printed_pages": printed,
            "title": "T",
            "section": [],
        }
    assert shown in repr(report_of(pack).blocks)


def rewritten(data: bytes) -> Iterator[bytes]:
    """A Word document with one of its parts changed, left out or added."""
    with ZipFile(io.BytesIO(data)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    for name, content in parts.items():
        for other in (content.replace(b"l", b"I", 1), content + b" ", None):
            if other != content:
                yield zipped([*((one, other if one == name else had) for one, had in parts.items())])
    yield zipped([*parts.items(), ("word/more.xml", b"<x/>")])
    yield zipped([*parts.items(), ("word/document.xml", b"<x/>")])


def zipped(parts: list[tuple[str, bytes | None]]) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), ZipFile(out, "w", ZIP_DEFLATED) as file:
        warnings.simplefilter("ignore", UserWarning)  # a name twice
        for name, content in parts:
            if content is not None:
                file.writestr(name, content)
    return out.getvalue()


def test_no_change_of_a_part_of_a_word_document_passes() -> None:
    written = write_document(made(), "word")
    with ZipFile(io.BytesIO(written)) as file:
        assert holds(zipped([(name, file.read(name)) for name in file.namelist()]))
    changes = list(rewritten(written))
    assert len(changes) > 20
    for changed in changes:
        assert not holds(changed)


def test_files_are_the_same_whenever_they_are_written() -> None:
    pack = made()
    assert write_document(pack, "word") == write_document(pack, "word")
    assert json.loads(write_document(pack, "json")) == pack


def test_a_direction_that_a_text_turns_ends_with_it() -> None:
    assert shown("a\u202eb") == "a\u202eb\u202c"
    assert shown("\u2067\u202ab\u202c") == "\u2067\u202ab\u202c\u2069"
    assert shown("\u202cc\r\nd\x00") == "\u202cc\nd\ufffd"


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x03\x04" + b"x" * 50, b"<!doctype html>", b"{}", b"\xff"])
def test_files_of_anything_else_carry_no_pack(data: bytes) -> None:
    assert "no evidence pack" in verify_pack(carried(data).pack).signature


def test_a_word_document_that_grows_when_it_is_read_is_refused() -> None:
    bomb = zipped([("customXml/item1.xml", b"0" * 1000), ("word/styles.xml", b"0" * 51_000_000)])
    assert len(bomb) < 1_000_000
    assert carried(bomb).pack == b""


def test_damaged_bytes_of_any_compression_carry_no_pack() -> None:
    for method in (ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA):
        out = io.BytesIO()
        with ZipFile(out, "w", method) as file:
            file.writestr("customXml/item1.xml", b"<evidence>{}</evidence>")
            file.writestr("word/styles.xml", b"<x/>")
        whole = out.getvalue()
        for at in range(2, len(whole)):
            found = carried(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
            assert found.form == "word"


def test_entities_are_not_read() -> None:
    part = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><evidence>&e;</evidence>'
    assert carried(zipped([("customXml/item1.xml", part), ("word/styles.xml", b"")])).pack == b""


@pytest.mark.parametrize("form", ["word", "html"])
@pytest.mark.parametrize(
    "content",
    [
        {},
        {"answer": []},
        {"answer": {"question": 1}},
        {"answer": None, "verification": None},
        {"answer": {}, "quotes": [1]},
    ],
)
def test_what_is_signed_but_no_answer_is_no_document(content: Json, form: Any) -> None:
    with pytest.raises(Unreadable):
        write_document(SIGNER.sign({"quotes": [], **content}), form)
