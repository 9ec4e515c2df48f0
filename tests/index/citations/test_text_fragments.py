import re
from urllib.parse import unquote

import pytest
import regex
from hypothesis import assume, given, strategies as st

from index.citations.text_fragments import text_fragment

UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]"
BOUNDARY = regex.compile(rf"\b(?!(?<={UNSPACED}){UNSPACED})", regex.WORD | regex.VERSION1)
MARK = re.compile(r"(?:- |\d+\. )+", re.MULTILINE)
LETTERS = re.compile(r"\w")


def terms(directive: str) -> tuple[str, str, str, str]:
    """Prefix, start, end and suffix, as the specification parses them."""
    assert directive.startswith("text=")
    parts = directive.removeprefix("text=").split(",")
    prefix = parts.pop(0)[:-1] if parts[0].endswith("-") else ""
    suffix = parts.pop()[1:] if parts[-1].startswith("-") else ""
    start, end = parts if len(parts) == 2 else (parts[0], "")
    assert start
    return unquote(prefix), unquote(start), unquote(end), unquote(suffix)


class Page:
    """A text as a browser sees it: lines are blocks, the marks of list items are not there."""

    def __init__(self, text: str) -> None:
        self.text = "\n".join(
            " " * match.end() + line[match.end() :] if (match := MARK.match(line)) else line
            for line in text.split("\n")
        )

    def find(self, term: str, at: int, *, bounded: tuple[bool, bool]) -> tuple[int, int] | None:
        for match in re.compile(re.escape(term), re.IGNORECASE).finditer(self.text, at):
            if (not bounded[0] or self.ends_word(match.start())) and (
                not bounded[1] or self.ends_word(match.end())
            ):
                return match.span()
        return None

    def ends_word(self, at: int) -> bool:
        return at in (0, len(self.text)) or BOUNDARY.match(self.text, at) is not None

    def skip_space(self, at: int) -> int:
        return at + len(self.text[at:]) - len(self.text[at:].lstrip())

    def first_match(self, directive: str) -> tuple[int, int] | None:
        """The steps of "find a range from a text directive"."""
        prefix, start, end, suffix = terms(directive)
        at = 0
        while True:
            if prefix:
                before = self.find(prefix, at, bounded=(True, False))
                if before is None:
                    return None
                at = before[0] + 1
                begin = self.skip_space(before[1])
                found = self.find(start, begin, bounded=(False, bool(end) or not suffix))
                if found is None:
                    return None
                if found[0] != begin:
                    continue
            else:
                found = self.find(start, at, bounded=(True, bool(end) or not suffix))
                if found is None:
                    return None
                at = found[0] + 1
            match = self.ended(found, end, suffix)
            if match or end:
                return match

    def ended(self, found: tuple[int, int], end: str, suffix: str) -> tuple[int, int] | None:
        at = found[1]
        while True:
            last = found[1]
            if end:
                ending = self.find(end, at, bounded=(True, not suffix))
                if ending is None:
                    return None
                last = at = ending[1]
            if not suffix:
                return found[0], last
            begin = self.skip_space(last)
            after = self.find(suffix, begin, bounded=(False, True))
            if after and after[0] == begin:
                return found[0], last
            if after is None or not end:
                return None


def fragment_of(text: str, quote: str, *, nth: int = 0) -> str:
    start = -1
    for _ in range(nth + 1):
        start = text.index(quote, start + 1)
    return text_fragment(text, start, start + len(quote))


def test_a_short_quote_is_given_whole() -> None:
    assert fragment_of("One fish. Two fish, three.", "Two fish, three.") == "text=Two%20fish%2C%20three."


def test_what_has_a_meaning_in_a_directive_is_encoded() -> None:
    text = "Before. R&D - a well-known, 100% “só”=x? After."
    directive = fragment_of(text, "R&D - a well-known, 100% “só”=x?")
    assert "R%26D%20%2D%20a%20well%2Dknown%2C%20100%25%20%E2%80%9Cs%C3%B3%E2%80%9D%3Dx%3F" in directive
    assert terms(directive)[1] == "R&D - a well-known, 100% “só”=x?"


def test_a_long_quote_is_given_by_its_ends() -> None:
    quote = (
        "It begins like this in the morning, " + "and goes on, " * 30 + "until it comes to its end at night."
    )
    prefix, start, end, suffix = terms(fragment_of(f"First. {quote} Last.", quote))
    assert (prefix, suffix) == ("", "")
    assert quote.startswith(start)
    assert quote.endswith(end)
    assert len(start) < 50
    assert len(end) < 50


def test_a_quote_of_several_blocks_is_given_by_its_ends() -> None:
    quote = "The first paragraph is here.\n\nThe second one is there."
    assert terms(fragment_of(f"X.\n\n{quote}\n\nY.", quote))[1:3] == (
        "The first paragraph is here.",
        "The second one is there.",
    )


@pytest.mark.parametrize(("nth", "told"), [(0, ("", "Later.")), (1, ("", "Now."))])
def test_a_repetition_is_told_by_what_is_next_to_it(nth: int, told: tuple[str, str]) -> None:
    text = "It is not so in the evening or at night. Later.\n\nIt is not so in the evening or at night. Now."
    prefix, start, end, suffix = terms(fragment_of(text, "It is not so in the evening or at night.", nth=nth))
    assert (prefix, suffix) == told
    assert (start, end) == ("It is not so in the evening or at night.", "")


def test_a_few_words_come_with_what_is_next_to_them() -> None:
    text = "The menu tells.\n\nFood\n\nWhat is there to eat? All that you like."
    assert terms(fragment_of(text, "Food")) == ("", "Food", "", "What is there to eat? All that you")
    assert terms(fragment_of(text, "All"))[1:3] == ("All", "")


def test_the_line_above_tells_repetitions_apart() -> None:
    text = "# Cats\n\nThey sleep.\n\nMore.\n\n# Dogs\n\nThey sleep.\n\nMore."
    assert terms(fragment_of(text, "They sleep.", nth=1)) == ("Dogs", "They sleep.", "", "")


def test_where_nothing_tells_there_is_no_directive() -> None:
    assert fragment_of("Yes.\n\nYes.\n\nYes.\n\nYes.", "Yes.", nth=1) == ""


def test_the_first_of_its_like_needs_no_telling() -> None:
    assert fragment_of("Yes.\n\nYes.\n\nYes.\n\nYes.", "Yes.") == "text=Yes."


def test_a_long_quote_does_not_begin_with_a_word_that_is_anywhere() -> None:
    quote = "edit\n\n" + "A long paragraph tells what there is, " + "and more of it, " * 20 + "until it ends."
    assert terms(fragment_of(f"Title edit\n\n{quote}", quote))[:2] == (
        "",
        "A long paragraph tells what there",
    )


@pytest.mark.parametrize("text", ["", "  \n ", "— … —", "- \n- "])
def test_what_has_no_letters_has_no_directive(text: str) -> None:
    assert text_fragment(text, 0, len(text)) == ""


@pytest.mark.parametrize(("start", "end"), [(-1, 1), (2, 1), (0, 4)])
def test_a_span_outside_the_text_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not a span"):
        text_fragment("abc", start, end)


def test_a_word_is_not_cut() -> None:
    text = "An impressive mountain range."
    assert terms(text_fragment(text, 5, 18))[1] == "impressive mountain"


@pytest.mark.parametrize(
    ("text", "quote", "start", "end"),
    [
        ("- Milk and fresh eggs\n- Bread and butter", "- Milk and fresh eggs", "Milk and fresh eggs", ""),
        ("9. Milk and eggs\n   - 2. Bread", "2. Bread", "Bread", ""),
        (
            "Some kind | 12 | of the table\nx | y",
            "Some kind | 12 | of the table",
            "Some kind",
            "of the table",
        ),
    ],
)
def test_what_the_reader_put_in_is_in_no_term(text: str, quote: str, start: str, end: str) -> None:
    assert terms(fragment_of(text, quote))[1:3] == (start, end)


@pytest.mark.parametrize(
    ("text", "start", "end", "directive"),
    [
        ("東京に行く。大阪にも行きたい。終わり。", 6, 15, "大阪にも行きたい。"),
        (
            "東京に行く。大阪にも行きたい。終わり。",
            8,
            12,
            "大阪にも行きたい。",
        ),  # a clause, for words are not known
        ("ผมรักแมว แต่ไม่รักหมา", 9, 21, "แต่ไม่รักหมา"),
    ],
)
def test_writing_without_spaces_is_cut_where_every_browser_would(
    text: str, start: int, end: int, directive: str
) -> None:
    assert terms(text_fragment(text, start, end))[1] == directive


WORDS = st.sampled_from(
    "a b cat CAT Katze schöne x-y co,op R&D 5% (e.g. 3.5) it's “no” 東京に 行く。 แมว — ...".split()
)
LINES = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
MARKED = st.tuples(st.sampled_from(["", "", "", "- ", "1. ", "- 12. "]), LINES).map("".join)
TEXTS = st.lists(MARKED, min_size=1, max_size=8).flatmap(
    lambda lines: st.sampled_from(["\n", "\n\n"]).map(lambda gap: gap.join(lines))
)


@given(TEXTS, st.data())
def test_the_first_match_is_what_was_cited(text: str, data: st.DataObject) -> None:
    words = [match.span() for match in re.finditer(r"\S+", text)]
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    start, end = words[first][0], words[last][1]
    directive = text_fragment(text, start, end)
    assume(directive)
    found = Page(text).first_match(directive)
    assert found is not None
    assert start <= found[0] < found[1] <= end
    # what may be missing is marks, and what has no letters
    rest = Page(text).text[start : found[0]] + Page(text).text[found[1] : end]
    assert not LETTERS.search(rest)


@given(TEXTS, st.data())
def test_any_span_of_a_text_grows_to_words(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    directive = text_fragment(text, start, end)
    assume(directive)
    found = Page(text).first_match(directive)
    assert found is not None
    missing = [at for at in range(start, end) if not found[0] <= at < found[1]]
    assert not any(LETTERS.match(Page(text).text, at) for at in missing)


@given(st.text(max_size=300), st.data())
def test_terms_occur_in_the_text_in_order(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    directive = text_fragment(text, start, end)
    assume(directive)
    assert re.fullmatch(r"text=[\w.~%,-]+", directive, re.ASCII)
    at = 0
    for term in filter(None, terms(directive)):
        assert "\n" not in term
        at = text.index(term, at) + len(term)


def test_a_text_of_a_book_takes_no_longer_than_its_length_asks() -> None:
    # Time and memory quadratic in the length would not end.
    text = "so it goes on. " * 60_000 + "The end of it."
    assert terms(text_fragment(text, len(text) - 14, len(text)))[1] == "The end of it."


@pytest.mark.timeout(30)
@pytest.mark.parametrize("unit", ["so it goes on. ", "schöne Tage – so "])
def test_only_what_is_near_a_quote_in_a_huge_paragraph_is_looked_at(unit: str) -> None:
    half = unit * (1_000_000 // len(unit))
    text = f"{half}An impressive mountain range is here. {half}"
    start = len(half) + 3
    text_fragment(text, 0, 10)
    assert terms(text_fragment(text, start, start + 13))[1] == "impressive mountain"


@pytest.mark.parametrize("gap", [" ", "\n", ""])
def test_a_quote_far_from_the_ends_of_its_line_is_found(gap: str) -> None:
    before, after = (gap.join(f"{letter}{number}" for number in range(3000)) for letter in "ab")
    text = f"{before}. An impressive mountain range, {after}"
    start = text.index("impressive")
    directive = text_fragment(text, start, start + 24)
    assert terms(directive)[1] == "impressive mountain range,"
    found = Page(text).first_match(directive)
    assert found is not None
    assert found[0] == start
