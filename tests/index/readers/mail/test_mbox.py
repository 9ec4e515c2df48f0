from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from index.errors import DocumentTooLarge, UnsupportedFormat
from index.readers.mail.mbox import read_mbox
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown
from tests.sizes import examples

LINE = "From ada@example.org Tue Mar  5 18:30:00 2024\n"


def read(text: str) -> Extract:
    extract = read_mbox(text.encode(), name="a.mbox")
    assert_laws(extract)
    return extract


def test_each_message_is_a_section() -> None:
    text = f"{LINE}Subject: Levels\nFrom: ada@example.org\n\nHigh.\n\n{LINE}Subject: Re: Levels\n\nLow.\n"
    assert shown(read(text)) == [
        (1, "Levels"),
        ("paragraph", "From: ada@example.org"),
        ("paragraph", "High."),
        (1, "Re: Levels"),
        ("paragraph", "Low."),
    ]
    assert read(text.replace("\n", "\r\n")).text == read(text).text


def test_lines_in_a_message_that_begin_with_from() -> None:
    body = (
        "Then\n\n>From here on.\n\n>>From quoted.\n\nFrom there: see above.\n\nFrom the hills\nto the sea.\n"
    )
    extract = read(f"{LINE}Subject: x\n\n{body}")
    assert [what for kind, what in shown(extract) if kind == "paragraph"] == [
        "Then",
        "From here on.",
        ">From quoted.",
        "From there: see above.",
        "From the hills\nto the sea.",
    ]


@pytest.mark.parametrize("text", ["", "Subject: x\n\nwords\n", "From the hills\nto the sea.\n", LINE])
def test_files_that_are_no_mailboxes_are_refused(text: str) -> None:
    with pytest.raises(UnsupportedFormat, match=r"^a\.mbox: this is no mailbox"):
        read(text)


@pytest.mark.timeout(50)
def test_too_many_messages_are_refused() -> None:
    with pytest.raises(DocumentTooLarge, match=r"^a\.mbox: the mailbox has more than"):
        read(f"{LINE}A: b\n\n" * 100_001)


PIECES = st.sampled_from(
    [LINE, "Subject: x\n", "\n", ">From a\n", "From a\n", "words\n", "Content-Type: text/html\n", "é", "\r\n"]
)


@settings(max_examples=examples(300))
@given(
    st.lists(PIECES, max_size=30).map("".join)
    | st.binary(max_size=100).map(lambda data: data.decode("latin-1"))
)
def test_any_mailbox_is_read_or_refused(text: str) -> None:
    for data in (text.encode(), (LINE + "Subject: x\n" + text).encode("latin-1", "replace")):
        extract_or_refusal(lambda data=data: read_mbox(data, name="a.mbox"), "a.mbox")  # type: ignore[misc]
