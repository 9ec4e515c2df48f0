from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from service.errors import InvalidRequest
from service.flows.ingest.forms import parse_disposition


def filename(parameters: str) -> str | None:
    return parse_disposition(f'form-data; name="files"; {parameters}'.encode()).filename


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ('filename="lamp.md"', "lamp.md"),
        ("filename=lamp.md", "lamp.md"),
        ("filename=two words.md ", "two words.md"),
        ('FILENAME = "lamp.md" ;', "lamp.md"),
        ('filename=""', ""),
        ('filename="grüße/日本語.md"', "grüße/日本語.md"),
        ('filename="a;b=c, d.md"', "a;b=c, d.md"),
        # Browsers escape only these three.
        ('filename="a%22b.md"', 'a"b.md'),
        ('filename="a%0D%0ab.md"', "a\r\nb.md"),
        ('filename="100%25 gr%C3%BC%C3%9Fe.md"', "100%25 gr%C3%BC%C3%9Fe.md"),
        (r'filename="a\"b\\c\d.md"', 'a"b\\c\\d.md'),
        (r'filename="C:\papers\lamp.md"', "lamp.md"),
        (r'filename="\\\\host\share\lamp.md"', "lamp.md"),
        # RFC 5987
        ("filename*=UTF-8''gr%C3%BC%C3%9Fe.md", "grüße.md"),
        ("filename*=utf-8'de'gr%c3%bc%c3%9fe.md", "grüße.md"),
        ("filename*=ISO-8859-1''gr%FC%DFe.md", "grüße.md"),
        ("filename*=UTF-8''a%22b%2Fc.md", 'a"b/c.md'),
        ("filename=\"=?utf-8?B?Z3LDvMOfZS5tZA==?=\"; filename*=utf-8''gr%C3%BC%C3%9Fe.md", "grüße.md"),
        ("filename*=UTF-8''gr%C3%BC%C3%9Fe.md; filename=\"gr__e.md\"", "grüße.md"),
        # An invalid filename* falls back to filename.
        ("filename=\"a.md\"; filename*=UTF-8''%ZZ", "a.md"),
        ("filename=\"a.md\"; filename*=UTF-8''%FF", "a.md"),
        ("filename=\"a.md\"; filename*=KOI8-R''a", "a.md"),
        # A quoted value is a name, even if it looks like a parameter.
        ("filename=\"a.md; filename*=UTF-8''evil.md\"", "a.md; filename*=UTF-8''evil.md"),
        ('x="; filename=evil.md"', None),
        ("size=3", None),
    ],
)
def test_filename_is_parsed(parameters: str, name: str | None) -> None:
    assert filename(parameters) == name


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"", "no name"),
        (b"form-data", "no name"),
        (b'form-data; name=""', "no name"),
        (b'form-data; filename="a.md"', "no name"),
        (b'form-data; name="files"; filename="a', "RFC 7578"),
        (b'form-data; name="files"; filename="a.md"x', "RFC 7578"),
        (b'form-data; name="files";; filename=a', "RFC 7578"),
        (b'form-data; name="files"; filename', "RFC 7578"),
        (b'form-data; name="files"; filename="a"; filename="b"', "RFC 7578"),
        (b'form-data; name="files"; filename="gr\xfc\xdfe.md"', "UTF-8"),
        (b"form-data; name=files; filename*=UTF-8''%FF", "filename in UTF-8"),
        (b"form-data; name=files; filename*=gr", "filename in UTF-8"),
    ],
)
def test_malformed_header_is_refused(header: bytes, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        parse_disposition(header)


def test_part_without_a_filename_is_a_field() -> None:
    found = parse_disposition('form-data; name="fïles"'.encode())
    assert (found.name, found.filename) == ("fïles", None)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_filename_survives_the_escapes_of_browsers(name: str) -> None:
    sent = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    if name[1:3] == ":\\" or name[:2] == "\\\\" or name.endswith("\\") or "\\\\" in name or "%" in name:
        return  # ambiguous: browsers do not escape these
    assert filename(f'filename="{sent}"') == name


@given(st.binary(max_size=200))
def test_any_bytes_give_a_name_or_invalid_request(header: bytes) -> None:
    with suppress(InvalidRequest):
        assert parse_disposition(b"form-data; name=files; filename=" + header).name == "files"


@pytest.mark.parametrize(
    "hostile", [b'; filename="' + b"\\" * 4000, b"; a" * 1400, b"; filename=" + b" " * 4000 + b'"']
)
def test_hostile_header_causes_no_backtracking(hostile: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse_disposition(b"form-data; name=files" + hostile)
