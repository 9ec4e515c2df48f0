from __future__ import annotations

from bisect import bisect_right

import pytest
from hypothesis import given, settings, strategies as st

from index.errors import CorruptDocument, EmptyDocument, UndecodableText
from index.readers.plain.subtitles import read_subtitles
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown
from tests.sizes import examples, size


def read(text: str) -> Extract:
    extract = read_subtitles(text.encode(), name="a.srt")
    assert_laws(extract)
    return extract


def clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02}:{int(seconds // 60 % 60):02}:{seconds % 60:06.3f}".replace(".", ",")


def srt(*cues: tuple[float, str]) -> str:
    """Cues of two seconds each."""
    return "\n".join(
        f"{number}\n{clock(start)} --> {clock(start + 2)}\n{text}\n"
        for number, (start, text) in enumerate(cues, 1)
    )


def page(extract: Extract, words: str) -> int:
    return bisect_right(extract.pages, extract.text.index(words))


def test_cues_are_joined_to_paragraphs_separated_by_pauses() -> None:
    text = srt((1, "The river"), (3, "rises in\nthe hills."), (5, "It falls."), (20, "Later."))
    assert shown(read(text)) == [
        ("paragraph", "The river rises in the hills. It falls."),
        ("paragraph", "Later."),
    ]
    assert read(text.replace("\n", "\r\n")).text == read(text).text
    assert read(text).media_type == "application/x-subrip"


def test_a_page_is_a_minute_counted_from_1() -> None:
    extract = read(srt((1, "First."), (61, "Second."), (185, "Fourth."), (3600, "An hour.")))
    assert [page(extract, words) for words in ("First", "Second", "Fourth", "An hour")] == [1, 2, 4, 61]
    assert len(extract.pages) == 61


def test_a_new_minute_begins_a_paragraph_at_the_end_of_a_sentence() -> None:
    extract = read(
        srt((56, "The river"), (58, "rises"), (60, "in the hills."), (62, "It falls."), (64, "Then"))
    )
    assert extract.text == "The river rises in the hills.\n\nIt falls. Then"
    assert page(extract, "It falls") == 2


def test_a_new_minute_waits_ten_seconds_for_the_end_of_a_sentence() -> None:
    extract = read(srt(*((second, f"word{second}") for second in range(0, 300, 2))))
    for second in range(0, 300, 2):
        minute = second // 60 + 1
        assert page(extract, f"word{second}") == (minute - 1 if minute > 1 and second % 60 < 10 else minute)


def test_webvtt() -> None:
    text = (
        "WEBVTT - A river's way\nKind: captions\nLanguage: de-CH\n\nSTYLE\n::cue { color: red }\n\n"
        "NOTE\nnot seen\n\n"
        "intro\n00:01.000 --> 00:02.500 align:start\n<v.loud Ada>Where <i>does</i> it &lt;rise&gt;?</v>\n\n"
        "00:02.500 --> 00:04.000\n<v Ben>In <00:03.000>the <c.x>hills</c> &amp; dales.\n"
    )
    extract = read(text)
    assert shown(extract) == [
        ("paragraph", "Ada: Where does it <rise>?"),
        ("paragraph", "Ben: In the hills & dales."),
    ]
    assert (extract.title, extract.media_type) == ("A river's way", "text/vtt")
    assert extract.metadata == {"language": "de-CH"}


def test_roll_up_captions_are_read_once() -> None:
    text = (
        "WEBVTT\n\n00:00.000 --> 00:02.000\nthe river rises\n\n"
        "00:02.000 --> 00:04.000\nthe river rises\nin the hills\n\n"
        "00:04.000 --> 00:06.000\nin the hills\nand falls\n\n00:30.000 --> 00:31.000\nand falls\n"
    )
    assert read(text).text == "the river rises in the hills and falls\n\nand falls"


def test_marks_numbers_and_hyphens_of_subrip() -> None:
    text = srt(
        (1, r"{\an8}<i>Where?</i>"), (3, "- <font color='red'>Here.</font>\n- There, 5 < 6."), (5, "1984")
    )
    assert read(text).text == "Where?\n- Here.\n- There, 5 < 6. 1984"
    tight = "1\n00:00:01,000 --> 00:00:02,000\nOne\n2\n00:00:02,000 --> 00:00:03,000\n\nTwo\n"
    assert read(tight).text == "One Two"


def test_scripts_without_spaces_are_joined_without_them() -> None:
    assert read(srt((1, "川は山に"), (3, "源を発する。"))).text == "川は山に源を発する。"


def test_descending_times_keep_the_laws() -> None:
    extract = read(srt((125, "Third."), (1, "First.")))
    assert page(extract, "Third") == 3
    assert len(extract.pages) == 3


def test_files_that_are_no_subtitles_are_refused() -> None:
    with pytest.raises(CorruptDocument, match=r"^a\.srt: there are no subtitles in it"):
        read("Just words.\n")
    with pytest.raises(CorruptDocument, match=r"^a\.srt: there are no subtitles in it"):
        read("WEBVTT\n\n00:01.000 --> 00:02.000\n\n")
    with pytest.raises(EmptyDocument):
        read(" \n")
    with pytest.raises(UndecodableText):
        read_subtitles(srt((1, "Flüsse")).encode("latin-1"), name="a.srt")
    assert (
        read_subtitles(srt((1, "Flüsse")).encode("latin-1"), name="a.srt", charset="latin-1").text == "Flüsse"
    )


PIECES = st.sampled_from(
    (
        "WEBVTT|1|00:01.000 --> 00:02.000|999:59:59,999 --> 00:00:00,0|\n|\n\n|-->|a|é|<v A>|NOTE x|&#0;|"
        "&#xd800;|<|{\\|-|\x00|e\u0301|川"
    ).split("|")
)


@settings(max_examples=examples(500))
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_keeps_the_laws(text: str) -> None:
    for start in ("", "WEBVTT\n\n00:01.000 --> 00:02.000\n"):
        data = (start + text).encode()
        extract_or_refusal(lambda data=data: read_subtitles(data, name="a.srt"), "a.srt")  # type: ignore[misc]


@settings(max_examples=examples(200))
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    extract_or_refusal(lambda: read_subtitles(data, name="a.srt"), "a.srt")


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "unit", ["<", "{\\", "<v ", "00:01.000 --> ", "00:01.000 --> 00:02.000\n", "\n", "a\n", "&amp"]
)
def test_huge_files_take_bounded_time(unit: str) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n" + unit * size(500_000)
    extract_or_refusal(lambda: read(text), "a.srt")
