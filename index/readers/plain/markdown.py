"""Read Markdown (CommonMark with tables) as rendered text.

Markup is removed: emphasis, code marks, link targets, heading signs. An image becomes its description. Lines
of a paragraph are joined if they are those of wrapped prose.
"""

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import yaml
from markdown_it import MarkdownIt, helpers
from markdown_it.rules_block import StateBlock, reference
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from index.errors import CorruptDocument
from index.provenance import FOUND
from index.readers.base.builder import BlockBuilder, Draft, assemble
from index.readers.base.normalisation import decode, normalise, one_line
from index.readers.html.blocks import page_blocks
from index.readers.html.tree import parse_html
from index.text.sentences import are_wrapped
from index.types import Extract, Scalar

# Find the ends of link labels in Markdown in linear time.


_NOT_CLOSED = -1
_Ends = dict[int, tuple[int, bool]]
"""By the position of a bracket: that of the one that closes it, and whether a link is between them."""


def parse_link_label(state: StateInline, start: int, disableNested: bool = False) -> int:  # noqa: N803
    """Return the position of the bracket that closes the one at ``start``; -1 if there is none.

    With ``disableNested``, a label that contains a link has no end. Replaces the function of markdown-it-py,
    with the same results: that one reads on to the end of the block from each bracket that is not closed, so
    that a megabyte of brackets takes minutes. Here each pass keeps what it learns about all brackets in it.
    """
    ends: _Ends = vars(state).setdefault("label_ends", {}).setdefault(state.posMax, {})
    if start not in ends:
        before = state.pos
        unclosed, links = [start], [False]
        state.pos = start + 1
        while unclosed and state.pos < state.posMax:
            at, character = state.pos, state.src[state.pos]
            state.md.inline.skipToken(state)
            if character == "]":
                _close(ends, unclosed, links, at)
            elif character == "[" and state.pos > at + 1:
                links[-1] = True
            elif character == "[" and at in ends:  # learnt while the token was skipped
                end, has_link = ends[at]
                if end == _NOT_CLOSED:
                    break
                links[-1] |= has_link
                state.pos = end + 1
            elif character == "[":
                unclosed.append(at)
                links.append(False)
        ends.update((bracket, (_NOT_CLOSED, False)) for bracket in unclosed)
        state.pos = before
    end, has_link = ends[start]
    return _NOT_CLOSED if has_link and disableNested else end


def _close(ends: _Ends, unclosed: list[int], links: list[bool], at: int) -> None:
    has_link = links.pop()
    ends[unclosed.pop()] = at, has_link
    if links:
        links[-1] |= has_link


READER = "markdown/4"
MEDIA_TYPE = "text/markdown"

_MAX_NESTING = 100
_HEADING_ATTRIBUTES = re.compile(r" ?\{ ?[#.:][^{}]*\}\Z")
"""An anchor as several site generators write it: ``## Install { #install }``."""
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)")
_HIDDEN = frozenset({"noscript", "script", "style", "template", "title"})


def read_markdown(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the rendered text of a Markdown file, with its headings, lists, tables and code."""
    source = normalise(decode(data, name=name, charset=charset), name=name)
    values, source = split_front_matter(source)
    # What readers find out about files is not for the file to say.
    metadata = {key: value for key, value in values.items() if key not in FOUND}
    given = metadata.pop("title", "")
    title = ", ".join(map(str, given)) if isinstance(given, list) else str(given)
    try:
        tokens = MARKDOWN.parse(source)
    except (_TooDeepError, RecursionError):
        raise CorruptDocument(
            f"{name}: lists or quotes are nested more than {_MAX_NESTING // 2} deep. Flatten them."
        ) from None
    drafts = _Rendering(name).render(tokens)
    headings = (draft.text for draft in drafts if draft.kind == "heading" and draft.level == 1)
    return assemble(
        drafts,
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
        title=title or next(headings, ""),
        metadata=metadata,
    )


class _TooDeepError(Exception):
    """Blocks are nested too deeply."""


def _refuse_depth(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    # The parser's own limit silently drops what is nested deeper.
    if state.level > _MAX_NESTING:
        raise _TooDeepError
    return False


def _reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    # "[^1]: https://example.org" is usually meant as a footnote. As a link reference it would not be shown.
    at = state.bMarks[start] + state.tShift[start]
    return not state.src.startswith("[^", at) and reference(state, start, end, silent)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 2 * _MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.before("table", "refuse_depth", _refuse_depth)
    parser.block.ruler.at("reference", _reference)
    own = {"parseLinkLabel": parse_link_label}
    parser.helpers = SimpleNamespace(**{**vars(helpers), **own})  # type: ignore[assignment]
    return parser


MARKDOWN = _parser()
"""The parser of all Markdown."""


class _Rendering:
    """Turns the parser's tokens into blocks."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.builder = BlockBuilder()
        self.heading = 0
        self.quotes = 0
        self.rows: list[list[str]] | None = None

    def render(self, tokens: Sequence[Token]) -> list[Draft]:
        for token in tokens:
            self._take(token)
        return self.builder.drafts

    def _take(self, token: Token) -> None:
        match token.type:
            case "inline":
                # Lines that nobody wrapped tell one thing each, such as the opening times of each day.
                softbreak = " " if self.heading or are_wrapped(token.content.split("\n")) else "\n"
                self._inline(_inline_text(token.children or (), softbreak))
            case "fence" | "code_block":
                self.builder.code(token.content)
            case "html_block":
                self._html(token.content)
            case "heading_open":
                self.heading = int(token.tag[1:])
            case "heading_close":
                self.heading = 0
            case "blockquote_open" | "blockquote_close":
                self.quotes += token.nesting
            case _:
                self._take_container(token)

    def _take_container(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self.builder.open_list(ordered=False)
            case "ordered_list_open":
                self.builder.open_list(ordered=True, start=int(token.attrs.get("start", 1)))
            case "list_item_open":
                self.builder.open_item()
            case "bullet_list_close" | "ordered_list_close":
                self.builder.close_list()
            case "table_open":
                self.rows = []
            case "tr_open" if self.rows is not None:
                self.rows.append([])
            case "table_close":
                self.builder.table(self.rows or (), marked=1)
                self.rows = None

    def _inline(self, text: str) -> None:
        if self.rows:
            self.rows[-1].append(text)
        elif self.heading:
            line = " ".join(text.split())
            self._add(Draft("heading", _HEADING_ATTRIBUTES.sub("", line), self.heading))
        else:
            self.builder.paragraph(text)

    def _html(self, html: str) -> None:
        root = parse_html(html, name=self.name)
        for block in page_blocks(root) if root is not None else ():
            self._add(block.draft)

    def _add(self, draft: Draft) -> None:
        # A heading in a quotation is not the heading of the text after it.
        quoted = draft.kind == "heading" and self.quotes > 0
        self.builder.add(Draft("paragraph", draft.text) if quoted else draft)


def _inline_text(tokens: Sequence[Token], softbreak: str = " ") -> str:
    parts: list[str] = []
    hidden_tag = ""
    for token in tokens:
        if token.type == "html_inline":
            closing, tag = _tag(token.content)
            if tag in _HIDDEN:
                hidden_tag = "" if closing else hidden_tag or tag
            elif tag == "br":
                parts.append("\n")
        elif hidden_tag:
            continue
        elif token.type == "softbreak":
            parts.append(softbreak)
        elif token.type == "hardbreak":
            parts.append("\n")
        elif token.type == "image":
            parts.append(_inline_text(token.children or ()))
        else:
            parts.append(token.content)
    return "".join(parts)


def _tag(html: str) -> tuple[bool, str]:
    match = _TAG.match(html)
    return (bool(match[1]), match[2].lower()) if match else (False, "")


# Split off the front matter of a Markdown file: a YAML mapping between two lines of hyphens.


_FENCED = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_MAX_CHARACTERS = 1 << 16
"""Longer front matter is treated as text: nobody writes so much by hand, and YAML is slow to parse."""
_MAX_BITS = 63
"""Bits of an integer. YAML accepts hexadecimal numbers that are too long for Python to print."""

Values = Mapping[str, Scalar | list[Scalar]]


def split_front_matter(source: str) -> tuple[Values, str]:
    """The simple values of the front matter, and the text after it.

    Front matter that is no YAML mapping stays in the text, so that nothing is lost.
    """
    match = _FENCED.match(source[:_MAX_CHARACTERS])
    if not match:
        return {}, source
    try:
        found = yaml.safe_load(match[1])
    except Exception:  # PyYAML's constructors also raise ValueError, TypeError and others
        return {}, source
    if not isinstance(found, dict):
        return {}, source
    return _simple_values(found), source[match.end() :]


def _simple_values(found: dict[object, object]) -> Values:
    """The scalars and lists of scalars. Metadata are flat, so nested and empty values are left out."""
    values: dict[str, Scalar | list[Scalar]] = {}
    for key, value in found.items():
        if (name := _scalar(key)) is None:
            continue
        if isinstance(value, list):
            scalars = [scalar for item in value if (scalar := _scalar(item)) is not None]
            if scalars:
                values[str(name)] = scalars
        elif (scalar := _scalar(value)) is not None:
            values[str(name)] = scalar
    return values


def _scalar(value: object) -> Scalar | None:
    if isinstance(value, str):
        return one_line(value) or None
    if isinstance(value, datetime.date):  # includes datetime
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return None
    return value if isinstance(value, bool | int | float) else None
