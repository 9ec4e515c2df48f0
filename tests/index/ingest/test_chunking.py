from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
import regex
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from index.config import ChunkingConfig
from index.errors import InvalidLimit
from index.ingest.chunking import chunk, chunk_with_context, heading_lines
from index.protocols import Tokenizer
from index.readers.base.builder import BlockBuilder, assemble
from index.text.sentences import sentence_spans, trim_span
from index.types import Block, BlockKind, Extract, Passage
from tests.sizes import examples, size


def text_to_embed(
    title: str, section: tuple[str, ...], quote: str, *, tokenizer: Tokenizer, config: ChunkingConfig
) -> str:
    """Return the text of a passage to embed, search and count tokens of: headings, then the quote."""
    heading = heading_lines(title, section, tokenizer=tokenizer, config=config)
    return f"{heading}\n{quote}" if heading else quote


@dataclass
class Words:
    """A token is what ``pattern`` matches: a run of visible characters, or one, or (".") any one."""

    max_tokens: int = 32
    special_tokens: int = 2
    pattern: str = r"\S+"
    characters: int = field(default=0, init=False)

    def token_starts(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        self.characters += sum(map(len, texts))
        found = re.compile(self.pattern, re.DOTALL)
        return [np.array([m.start() for m in found.finditer(text)], np.int64) for text in texts]


class Bytes(Words):
    """Spends a token on each byte, white space too: several start at one code point."""

    def token_starts(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        return [
            np.array([at for at, char in enumerate(text) for _ in char.encode()], np.int64) for text in texts
        ]


Part = tuple[BlockKind | int, str]
"""A block's kind, or a heading's level, and its text."""


def extract(*parts: Part, between: str = "\n\n", pages: tuple[int, ...] = ()) -> Extract:
    blocks, text = [], ""
    for kind, words in parts:
        start, text = len(text), text + words
        if isinstance(kind, int):
            blocks.append(Block("heading", start, len(text), kind, words.strip("= ")))
        else:
            blocks.append(Block(kind, start, len(text)))
        text += between
    return Extract(text, tuple(blocks), "text/plain", "test/1", pages=pages)


def quotes(source: Extract, passages: list[Passage]) -> list[str]:
    return [source.text[passage.start : passage.end] for passage in passages]


def cut(
    source: Extract, *, title: str = "", tokens: int = 32, overlap: int = 0, **other: int
) -> list[Passage]:
    config = ChunkingConfig(overlap_tokens=overlap, **other)
    return chunk(source, title=title, tokenizer=Words(tokens + 2), config=config)


def sentences(letters: str, words: int = 5) -> str:
    """A sentence for each letter."""
    return " ".join(
        " ".join([4 * letter.upper(), *[4 * letter] * (words - 2), 4 * letter + "."]) for letter in letters
    )


WORDS = [
    "word",
    "Two words.",
    "Is it?",
    " ",
    "\n",
    "。",
    "日本語",
    "e\u0301",
    "🇫🇷",
    "क्षि",
    "\u0301",
    "‼️",
    "xxxxxxxx",
]
PASTED = st.lists(st.sampled_from(WORDS), max_size=40).map("".join)
KINDS = st.sampled_from(["paragraph", "paragraph", "list", "table", "code", 1, 2, 3])
PARTS = st.lists(st.tuples(KINDS, st.text(max_size=80) | PASTED), max_size=12)
EXTRACTS = st.builds(
    lambda parts, between: extract(*parts, between=between), PARTS, st.sampled_from(["\n\n", "\n", " ", ""])
)
TOKENIZERS = st.builds(
    lambda make, most: make(most),
    st.sampled_from([Words, lambda n: Words(n, 2, r"\S"), Bytes]),
    st.integers(18, 60) | st.integers(100, 200),
)
CONFIGS = st.builds(
    ChunkingConfig,
    max_tokens=st.just(0),
    overlap_tokens=st.integers(0, 12),
    max_characters=st.integers(16, 80) | st.integers(200, 400),
)


@settings(max_examples=examples(300))
@given(EXTRACTS, TOKENIZERS, CONFIGS, st.sampled_from(["", "A title of some words"]))
def test_the_law(source: Extract, tokenizer: Words, config: ChunkingConfig, title: str) -> None:
    text = source.text
    passages = chunk(source, title=title, tokenizer=tokenizer, config=config)
    assert passages == chunk(source, title=title, tokenizer=tokenizer, config=config)
    for passage in passages:
        assert 0 <= passage.start < passage.end <= len(text)
        quote = text[passage.start : passage.end]
        assert quote == quote.strip()
        assert len(quote) <= config.max_characters
        assert passage.tokens <= tokenizer.max_tokens
        embedded = text_to_embed(title, passage.section, quote, tokenizer=tokenizer, config=config)
        [starts] = tokenizer.token_starts([embedded])
        assert len(starts) + tokenizer.special_tokens <= passage.tokens
    for one, two in pairwise(passages):
        assert one.start < two.start
        assert one.end < two.end
    assert_sections(source, passages)
    assert_clusters(source, passages, tokenizer, config, title)


def assert_sections(source: Extract, passages: list[Passage]) -> None:
    """Each visible character is in a passage of its own section, or in a heading above such a one."""
    blocks = [block for block in source.blocks if source.text[block.start : block.end].strip()]
    held = [False] * len(source.text)
    path: list[Block] = []
    for block in blocks:
        if block.kind == "heading":
            path = [heading for heading in path if heading.level < block.level]
        titles = tuple(heading.title for heading in path if heading.title)
        if block.kind == "heading":
            path.append(block)
        for passage in passages:
            first, last = max(passage.start, block.start), min(passage.end, block.end)
            if first < last:
                held[first:last] = [True] * (last - first)
                assert passage.section == titles
                if block.kind == "heading":
                    assert (first, last) == (passage.start, passage.end)
    for block in blocks:
        span = range(block.start, block.end)
        if any(not held[at] and not source.text[at].isspace() for at in span):
            assert block.kind == "heading"
            below = [passage.section for passage in passages if passage.start >= block.end]
            assert any(not block.title or block.title in section for section in below)


def assert_clusters(
    source: Extract, passages: list[Passage], tokenizer: Words, config: ChunkingConfig, title: str
) -> None:
    """No cluster is torn, unless the reader's blocks do it, or it is too large for any passage."""
    edges = {edge for block in source.blocks for edge in (block.start, block.end)}
    for passage in passages:
        heading = heading_lines(title, passage.section, tokenizer=tokenizer, config=config)
        taken = len(tokenizer.token_starts([heading + "\n"])[0]) if heading else 0
        room = tokenizer.max_tokens - tokenizer.special_tokens - taken
        for block in source.blocks:
            for cluster in regex.finditer(r"\X", source.text[block.start : block.end]):
                start, end = block.start + cluster.start(), block.start + cluster.end()
                for position in {passage.start, passage.end} - edges:
                    if not start < position < end:
                        continue
                    seen = source.text[start:position].strip() and source.text[position:end].strip()
                    too_large = len(tokenizer.token_starts([cluster.group()])[0]) > room
                    assert not seen or too_large or end - start > config.max_characters


@given(EXTRACTS, st.integers(18, 80), st.integers(0, 20), st.integers(16, 160))
def test_no_passage_is_needless_and_no_list_is_torn(
    source: Extract, most: int, overlap: int, longest: int
) -> None:
    tokenizer, config = Words(most, 2, r"\S"), ChunkingConfig(0, overlap, longest)
    passages = chunk(source, title="", tokenizer=tokenizer, config=config)

    def fits(start: int, end: int, section: tuple[str, ...]) -> bool:
        quote = source.text[start:end].strip()
        text = text_to_embed("", section, quote, tokenizer=tokenizer, config=config)
        return len(tokenizer.token_starts([text])[0]) + 2 <= most and len(quote) <= longest

    for one, two in pairwise(passages):
        if one.section == two.section and not headings_between(source, one.start, two.end):
            assert not fits(one.start, two.end, one.section)
    for block in source.blocks:
        start, end = trim_span(source.text, block.start, block.end)
        if start < end and block.kind in {"list", "table", "code"}:
            touching = [passage for passage in passages if passage.start < end and start < passage.end]
            if fits(start, end, touching[0].section):
                assert any(passage.start <= start and end <= passage.end for passage in touching)


def headings_between(source: Extract, start: int, end: int) -> bool:
    return any(block.kind == "heading" and start < block.end and block.start < end for block in source.blocks)


@given(PARTS, st.integers(0, 12))
def test_overlap_is_whole_sentences_of_prose(parts: list[Part], most: int) -> None:
    source = extract(*parts)
    passages = cut(source, tokens=16, overlap=most)
    prose = [block for block in source.blocks if block.kind == "paragraph"]
    starts = {start for block in prose for start, _ in sentence_spans(source.text, block.start, block.end)}
    for one, two in pairwise(passages):
        if two.start < one.end:
            assert two.start in starts
            assert len(source.text[two.start : one.end].split()) <= most


def test_a_section_is_cut_into_passages_of_about_one_size() -> None:
    source = extract(("paragraph", sentences("abcdefgh")))
    assert quotes(source, cut(source, tokens=32)) == [sentences("abcd"), sentences("efgh")]


def test_paragraphs_stay_whole_where_that_costs_little() -> None:
    paragraphs = [sentences("abc"), sentences("defg"), sentences("hi")]
    source = extract(*[("paragraph", words) for words in paragraphs])
    assert quotes(source, cut(source, tokens=32)) == [paragraphs[0], "\n\n".join(paragraphs[1:])]


def test_overlap_repeats_the_last_sentences() -> None:
    source = extract(("paragraph", sentences("abcdefghij")))
    assert quotes(source, cut(source, tokens=40)) == [sentences("abcde"), sentences("fghij")]
    for overlap, again in ((4, "fghij"), (5, "efghij"), (9, "efghij"), (10, "defghij")):
        found = quotes(source, cut(source, tokens=40, overlap=overlap))
        assert found == [sentences("abcde"), sentences(again)]


def test_overlap_leaves_room_for_the_next_sentence() -> None:
    source = extract(("paragraph", sentences("ab") + " " + sentences("c", 36) + " " + sentences("de")))
    assert quotes(source, cut(source, tokens=40, overlap=10)) == [
        sentences("ab"),
        sentences("c", 36),
        sentences("de"),
    ]


LIST = "\n".join(f"- {sentences(letter, 4)}" for letter in "uvwxyz")
TABLE = "\n".join(f"cell{row} | one | two | three" for row in range(20))


@pytest.mark.parametrize("kind", ["list", "table", "code"])
def test_a_list_that_fits_is_whole(kind: BlockKind) -> None:
    source = extract(("paragraph", sentences("abcd")), (kind, LIST), ("paragraph", sentences("efgh")))
    assert quotes(source, cut(source, tokens=32)) == [sentences("abcd"), LIST, sentences("efgh")]


def test_a_lead_in_stays_with_its_list() -> None:
    source = extract(("paragraph", sentences("abcdef")), ("paragraph", "Wash these:"), ("list", LIST))
    assert quotes(source, cut(source, tokens=32)) == [sentences("abcdef"), "Wash these:\n\n" + LIST]
    source = extract(("paragraph", sentences("abcde")), ("list", LIST))
    assert quotes(source, cut(source, tokens=36))[1] == sentences("e") + "\n\n" + LIST


def test_a_table_that_does_not_fit_is_cut_between_rows() -> None:
    source = extract(("table", TABLE))
    found = quotes(source, cut(source, tokens=50, overlap=10))
    assert "\n".join(found) == TABLE
    assert [quote.count("\n") + 1 for quote in found] == [7, 7, 6]


def test_a_sentence_that_does_not_fit_is_cut_into_even_pieces() -> None:
    source = extract(("paragraph", sentences("a", 60)))
    found = quotes(source, cut(source, tokens=32, overlap=8))
    assert " ".join(found) == source.text.strip()
    assert [len(quote.split()) for quote in found] == [20, 20, 20]


def test_a_paragraph_without_spaces_is_cut_after_its_sentences() -> None:
    source = extract(("paragraph", "天気がいい。" * 12))
    tokenizer = Words(34, pattern=r"\S")
    passages = chunk(source, title="", tokenizer=tokenizer, config=ChunkingConfig(overlap_tokens=0))
    assert quotes(source, passages) == ["天気がいい。" * 4] * 3


def test_characters_are_bounded_too() -> None:
    source = extract(("paragraph", "x" * 100 + " " + "e\u0301" * 50))
    found = quotes(source, cut(source, max_characters=40))
    assert max(map(len, found)) <= 40
    assert "".join(found) == source.text.strip().replace(" ", "")
    assert all(not quote.startswith("\u0301") for quote in found)


def test_headings_stack() -> None:
    text = "Before.|= One =|First.|=== Three ===|Third.|== Two ==|Second.|= Other =|Last."
    source = extract(*[(part.index(" ") if " " in part else "paragraph", part) for part in text.split("|")])
    passages = cut(source)
    assert [
        (passage.section, quote) for passage, quote in zip(passages, quotes(source, passages), strict=True)
    ] == [
        ((), "Before."),
        (("One",), "First."),
        (("One", "Three"), "Third."),
        (("One", "Two"), "Second."),
        (("Other",), "Last."),
    ]


def test_headings_without_text_are_passages() -> None:
    source = extract((1, "= One ="), (2, "== Two =="), (2, "== Three =="), (1, "= Four ="))
    passages = cut(source)
    assert quotes(source, passages) == ["== Two ==", "== Three ==", "= Four ="]
    assert [passage.section for passage in passages] == [("One",), ("One",), ()]


def test_a_heading_as_long_as_a_paragraph_is_searched_as_text() -> None:
    source = extract((1, sentences("abcdefghijk", 6)), ("paragraph", "Text."))
    passages = cut(source, tokens=100)
    assert quotes(source, passages) == [sentences("abcdefghijk", 6), "Text."]
    assert passages[0].section == ()


@pytest.mark.parametrize("text", ["", " \n\n "])
def test_nothing_gives_nothing(text: str) -> None:
    assert cut(extract(("paragraph", text), (1, text))) == []
    assert cut(extract()) == []


def test_what_is_embedded_has_title_and_headings() -> None:
    tokenizer, config = Words(64), ChunkingConfig()
    embed = lambda title, *path: text_to_embed(title, path, "Quote.", tokenizer=tokenizer, config=config)  # noqa: E731
    assert embed("") == "Quote."
    assert embed("A  title", "Part") == "A title\nPart\nQuote."
    assert embed("A title", "A Title", "", "Part") == "A title\nPart\nQuote."


def test_headings_have_a_quarter_of_the_room() -> None:
    tokenizer, config = Words(34), ChunkingConfig()
    title, path = "one two three four five six", ("a", "b c d e f")
    cut_short = "one two three\na\nb c d"
    assert heading_lines(title, path, tokenizer=tokenizer, config=config) == cut_short
    source = extract((1, "a"), (2, "b c d e f"), ("paragraph", sentences("g", 24)))
    passages = chunk(source, title=title, tokenizer=tokenizer, config=config)
    assert max(passage.tokens for passage in passages) <= 34


def test_a_title_of_one_endless_word_is_cut_too() -> None:
    lines = heading_lines("x" * 10_000_000, (), tokenizer=Words(), config=ChunkingConfig(max_characters=400))
    assert lines == "x" * 100


def test_pages_are_counted_from_one() -> None:
    first, second = sentences("abcd"), sentences("efgh")
    source = extract(("paragraph", first), ("paragraph", second), pages=(0, len(first) + 2, len(first) + 2))
    passages = cut(source, tokens=20)
    assert [passage.pages for passage in passages] == [(1, 1), (3, 3)]
    assert cut(source, tokens=64)[0].pages == (1, 3)
    assert cut(extract(("paragraph", first)))[0].pages is None


@pytest.mark.parametrize(
    "config",
    [ChunkingConfig(max_tokens=17), ChunkingConfig(max_characters=15)],
)
def test_limits_without_room_are_refused(config: ChunkingConfig) -> None:
    with pytest.raises(InvalidLimit, match="18 tokens and 16 characters at least"):
        chunk(extract(("paragraph", "Text.")), title="", tokenizer=Words(), config=config)


def test_the_limit_is_never_more_than_the_model_takes() -> None:
    source = extract(("paragraph", sentences("abcdefgh")))
    config = ChunkingConfig(max_tokens=1000)
    passages = chunk(source, title="", tokenizer=Words(32), config=config)
    assert max(passage.tokens for passage in passages) <= 32


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [sentences("abcdefghijklmnopqrstuvwxyz", 17) + "\n", "word ", "x", "天", "天気がいい。", "🇫🇷", "x\n"],
)
@pytest.mark.parametrize("kind", ["paragraph", "code"])
def test_a_huge_block_is_cut_to_its_end(unit: str, kind: BlockKind) -> None:
    text = unit * (size(2_000_000) // len(unit))
    tokenizer = Words(256)
    source = extract((kind, text))
    passages = chunk(source, title="", tokenizer=tokenizer, config=ChunkingConfig())
    assert len(passages) >= len(text) / 4096
    assert tokenizer.characters <= 4 * len(text), "each character is counted a few times at most"


def test_a_passage_inside_a_table_has_its_caption_and_the_names_of_its_columns_before_it() -> None:
    builder = BlockBuilder()
    builder.paragraph("Table 7. Lamps that were sold")
    builder.table([["Lamp", "2022", "2023"], *([f"Kind {n}", str(n), str(n + 1)] for n in range(40))])
    source = assemble(builder.drafts, name="a", media_type="text/plain", reader="test/1")
    words, config = Words(64), ChunkingConfig(max_tokens=64)
    found = chunk_with_context(source, title="Works", tokenizer=words, config=config)
    assert len(found) > 2
    above = "Table 7. Lamps that were sold\nLamp | 2022 | 2023"
    assert [context for _, context in found] == ["", *[above] * (len(found) - 1)]
    for passage, context in found:
        quote = source.text[passage.start : passage.end]
        assert quote.splitlines()[-1].startswith("Kind ")
        assert passage.tables == source.blocks[1:]
        whole = "\n".join(filter(None, ("Works", context, quote)))
        (starts,) = words.token_starts([whole])
        assert passage.tokens == len(starts) + words.special_tokens <= 64
