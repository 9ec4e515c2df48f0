from __future__ import annotations

import random
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings, strategies as st

from index.errors import CorruptDocument, DocumentTooLarge, UnsupportedFormat
from index.readers.mail import read_email_message
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown
from tests.sizes import examples, size


def message(text: str = "The river rises in the hills.\n") -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Ada Müller <ada@example.org>"
    made["To"] = "Ben <ben@example.org>, cleo@example.org"
    made["Subject"] = "Übersicht der Flüsse"
    made["Date"] = "Tue, 05 Mar 2024 18:30:00 +0100"
    made.set_content(text)
    return made


def read(data: bytes | str | EmailMessage) -> Extract:
    if isinstance(data, EmailMessage):
        data = data.as_bytes()
    if isinstance(data, str):
        data = data.encode()
    extract = read_email_message(data, name="a.eml")
    assert_laws(extract)
    return extract


HEADER = (1, "Übersicht der Flüsse")
FIELDS = (
    "paragraph",
    "From: Ada Müller <ada@example.org>\nTo: Ben <ben@example.org>, cleo@example.org\n"
    "Date: Tue, 05 Mar 2024 18:30:00 +0100",
)


def test_a_message_is_a_section_with_sender_date_and_text() -> None:
    extract = read(
        message("Dear Ben,\n\nthe river rises.\n\n- Aare\n- Reuss\n\n> Where does it rise?\n> Ben\n")
    )
    assert shown(extract) == [
        HEADER,
        FIELDS,
        ("paragraph", "Dear Ben,"),
        ("paragraph", "the river rises."),
        ("list", "- Aare\n- Reuss"),
        ("paragraph", "> Where does it rise?\n> Ben"),
    ]
    assert extract.title == "Übersicht der Flüsse"
    assert extract.metadata == {
        "author": "Ada Müller <ada@example.org>",
        "to": "Ben <ben@example.org>, cleo@example.org",
        "date": "2024-03-05T18:30:00+01:00",
    }


def test_lines_of_hyphens_are_no_headings() -> None:
    extract = read(message("Original message\n----------------\nIt rises.\n"))
    assert [kind for kind, _ in shown(extract)[2:]] == ["paragraph", "paragraph"]


def test_plain_text_is_preferred_to_html_if_it_has_words() -> None:
    both = message()
    both.add_alternative("<p>The river <b>in HTML</b>.</p>", subtype="html")
    assert shown(read(both))[2:] == [("paragraph", "The river rises in the hills.")]
    both = message("\n")
    both.add_alternative("<h1>Rivers</h1><p>The river <b>in HTML</b>.</p><ul><li>Aare</ul>", subtype="html")
    assert shown(read(both))[2:] == [(2, "Rivers"), ("paragraph", "The river in HTML."), ("list", "- Aare")]


def test_attachments_are_named_and_not_read() -> None:
    mixed = message()
    mixed.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="Längsschnitt.pdf")
    mixed.add_attachment("unread words", filename="notes.txt")
    mixed.add_attachment(b"\x89PNG", maintype="image", subtype="png")
    assert shown(read(mixed))[2:] == [
        ("paragraph", "The river rises in the hills."),
        ("paragraph", "Attachments: Längsschnitt.pdf, notes.txt, image/png"),
    ]


def test_forwarded_messages_are_sections_of_the_message() -> None:
    outer, inner = message("See below.\n"), EmailMessage()
    inner["Subject"], inner["From"] = "Levels", "cleo@example.org"
    inner.set_content("The level is high.\n")
    outer.add_attachment(inner)
    assert shown(read(outer)) == [
        HEADER,
        FIELDS,
        ("paragraph", "See below."),
        (2, "Levels"),
        ("paragraph", "From: cleo@example.org"),
        ("paragraph", "The level is high."),
    ]


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
def test_transfer_encodings_and_charsets(encoding: str, charset: str) -> None:
    made = EmailMessage()
    made["Subject"] = "x"
    made.set_content("Übergröße\n", charset=charset, cte=encoding)
    assert read(made).text == "x\n\nÜbergröße"


def test_invalid_bytes_become_replacement_characters() -> None:
    raw = b"Subject: =?iso-8859-1?q?gr=FC=DFe?= =?utf-8?b?4pyT?= plain\nTo: J\xf6rg\n"
    raw += b"\nGr\xfc\xdfe aus den Alpen\n"
    assert read(raw).text == "grüße✓ plain\n\nTo: J\ufffdrg\n\nGr\ufffd\ufffde aus den Alpen"
    assert read("Subject: Flüsse\n\nRein\n").text == "Flüsse\n\nRein"


def test_binary_parts_are_listed_as_attachments() -> None:
    raw = b"Subject: x\nContent-Type: text/plain; name=data.bin\n\n\x00\x01\x02\x03\xff\xfe\xfd"
    assert read(raw).text == "x\n\nAttachments: data.bin"


def test_endless_fields_are_truncated() -> None:
    receivers = ", ".join(f"person{number}@example.org" for number in range(5000))
    extract = read(f"Subject: x\nTo: {receivers}\n\nWords.\n")
    assert extract.text.startswith("x\n\nTo: person0@example.org, person1@")
    assert extract.text.endswith(" …\n\nWords.")


def test_a_message_without_a_subject_or_a_date() -> None:
    extract = read("From: ada@example.org\nDate: yesterday\n\nWords.\n")
    assert extract.text == "(no subject)\n\nFrom: ada@example.org\nDate: yesterday\n\nWords."
    assert (extract.title, extract.metadata) == ("", {"author": "ada@example.org"})


@pytest.mark.parametrize("data", [b"", b"Just words.\n", b"Name: x\n\nWords\n", b"\x00\xff" * 50])
def test_files_that_are_no_messages_are_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedFormat, match=r"^a\.eml: this has no field of an e-mail message"):
        read(data)


FIELD_PARTS = (
    'From: |To: "|Subject: |=?utf-8?b?|=?x?q?|?=|Date: |Content-Type: |text/plain|text/html|multipart/mixed|'
    "multipart/alternative|message/rfc822|; boundary=b|; charset*=|; charset=\x00|; name*0*=a''%|; name*|\n|"
    "\n\n|--b\n|--b--\n|Content-Transfer-Encoding: base64|quoted-printable|x-uuencode|begin 644 a\n|a|=E|<p>|"
    "[|<@|:|Content-Disposition: attachment|; filename=|é"
).split("|")


@settings(max_examples=examples(600))
@given(st.lists(st.sampled_from(FIELD_PARTS), max_size=40).map("".join))
@example("Content-Type: text/plain; charset*=x''y\nSubject: a\n\né")
@example("Subject: a\nContent-Type: text/plain; charset=\x00\n\né")
@example("Subject: =?utf-8?b?a?=\n\nx")
@example("Subject: a\nContent-Type: multipart/alternative\n\nx")
@example("Subject: a\nContent-Disposition: attachment; filename*=a\x00''x\n\nx")
@example("Date: 1 Jan 99999999999 00:00\n\nx")
def test_malformed_messages_are_read_or_refused(text: str) -> None:
    extract_or_refusal(lambda: read_email_message(text.encode(), name="a.eml"), "a.eml")


@settings(max_examples=examples(300))
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    extract_or_refusal(lambda: read_email_message(b"Subject: x\n" + data, name="a.eml"), "a.eml")


@settings(max_examples=examples(200))
@given(st.integers(0, 2**32), st.integers(1, 10))
def test_damaged_messages_are_read_or_refused(seed: int, changes: int) -> None:
    made = message()
    made.add_alternative("<p>The river <b>in HTML</b>.</p>", subtype="html")
    made.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="Länge.pdf")
    made.add_attachment(message())
    chance, data = random.Random(seed), bytearray(made.as_bytes())
    for _ in range(changes):
        data[chance.randrange(len(data))] = chance.choice(b'\n:;="-?*\x00\xff a')
    extract_or_refusal(lambda: read_email_message(bytes(data), name="a.eml"), "a.eml")


def nested(depth: int, kind: str) -> str:
    if kind == "message/rfc822":
        return "Subject: x\n" + "Content-Type: message/rfc822\n\nSubject: y\n" * depth + "\nwords\n"
    parts = "".join(f'Content-Type: {kind}; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return f"Subject: x\n{parts}\nwords\n"


@pytest.mark.timeout(100)
@pytest.mark.parametrize("kind", ["multipart/mixed", "multipart/alternative", "message/rfc822"])
@pytest.mark.parametrize("depth", [10, 60, 1000, size(20_000)])
def test_deep_nesting_is_read_or_refused(kind: str, depth: int) -> None:
    found = extract_or_refusal(lambda: read(nested(depth, kind)), "a.eml")
    assert isinstance(found, Extract if depth == 10 else Extract | CorruptDocument | DocumentTooLarge)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "unit",
    [
        "=?a?q?",
        "=?utf-8?q?a?= ",
        "To: a\n",
        " \n",
        "(",
        '"',
        "a@b,",
        "; x*0*=a",
        "--b\n",
        "boundary=b\n",
        "\n",
        ">",
    ],
)
@pytest.mark.parametrize(
    "start", ["Subject: ", "Content-Type: multipart/mixed; boundary=b; ", "Subject: x\n\n"]
)
def test_huge_messages_take_bounded_time(start: str, unit: str) -> None:
    extract_or_refusal(lambda: read(start + unit * size(300_000)), "a.eml")


@pytest.mark.timeout(30)
def test_many_lines_in_many_parts_are_refused_quickly() -> None:
    with pytest.raises(DocumentTooLarge, match=r"^a\.eml: the message has 600,"):
        read(nested(190, "multipart/mixed") + "a\n" * 600_000)
