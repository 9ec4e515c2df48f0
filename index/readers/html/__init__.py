"""Read HTML pages: the main content, without navigation and advertisements around it."""

import logging
import re
from collections.abc import Iterable, Sequence

import trafilatura
from lxml import etree
from lxml.html import HtmlElement
from trafilatura.metadata import extract_metadata

from index.errors import EmptyDocument
from index.readers.base.builder import BlockBuilder, Draft, assemble
from index.readers.base.charsets import declared_charset
from index.readers.base.normalisation import decode, normalise, one_line
from index.readers.html.blocks import PageBlock, page_blocks
from index.readers.html.tree import parse_html
from index.types import Extract

READER = "html/5"
MEDIA_TYPE = "text/html"

_MAX_ELEMENTS = 25_000
_MAX_WEIGHT = 50_000_000
"""trafilatura's time is quadratic in the number of elements, and proportional to text times depth: half a
minute for 100,000 elements. Pages beyond these limits are manuals and tables rather than articles; only the
elements that they mark as navigation are left out."""
_LISTS = frozenset({"dl", "ol", "table", "ul"})
_MAX_LISTS = 2_000
_MAX_TABLES_DEEP = 20
"""Lists and tables, and tables in each other: its time is quadratic in them, with a large factor."""
_MIN_SHARE = 0.5
"""Share of trafilatura's text that the chosen blocks must have, by length."""

_LOG = logging.getLogger(__name__)

# They log pages without main content as errors. Here such pages are read as a whole.
for _name in ("trafilatura", "htmldate"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def read_html(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the main content of a page, with its headings, lists, tables and code."""
    html = normalise(decode(data, name=name, charset=charset or declared_charset(data)), name=name)
    root = parse_html(html, name=name)
    blocks = [] if root is None else page_blocks(root)
    if root is None or not blocks:
        raise EmptyDocument(
            f"{name}: the page shows no text. If a script generates it, save the page from a browser."
        )
    found = _metadata(root)
    drafts = _main_content(root, blocks)
    return assemble(
        drafts,
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
        title=_title(root, found.pop("title", ""), drafts),
        metadata=found,
    )


def _main_content(root: HtmlElement, blocks: list[PageBlock]) -> list[Draft]:
    main_text = _main_text(root)
    if not main_text.strip():
        return [block.draft for block in without_boilerplate(blocks)]
    chosen = content_blocks(blocks, main_text)
    if sum(len(block.draft.text) for block in chosen) >= _MIN_SHARE * len(" ".join(main_text.split())):
        return [block.draft for block in chosen]
    if not contain_text(blocks, main_text):
        # trafilatura found the text in embedded data, from which a script would generate the page.
        builder = BlockBuilder()
        for line in main_text.split("\n"):
            builder.paragraph(line)
        return builder.drafts
    return [block.draft for block in without_boilerplate(blocks)]


def _main_text(root: HtmlElement) -> str:
    """The main text that trafilatura extracts; empty if it finds none.

    With ``favor_recall`` it finds 95 % of the text of documentation pages instead of 92 %, and at least
    92 % of each chapter instead of 59 %.
    """
    if _is_heavy(root):
        return ""
    for cell in root.iter("td", "th"):
        # trafilatura would add the spanned cells, up to a hundred times a hundred for each.
        for span in ("colspan", "rowspan"):
            cell.attrib.pop(span, None)
    try:
        found = trafilatura.bare_extraction(root, favor_recall=True, include_comments=False)
    except Exception as error:  # if trafilatura fails, the whole page is read instead
        _LOG.info("No main content found, the whole page is read: %r", error)
        return ""
    text = getattr(found, "text", None)
    return text if isinstance(text, str) else ""


def _is_heavy(root: HtmlElement) -> bool:
    """Whether trafilatura would take too long for a page."""
    elements = depth = weight = lists = tables = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        step = 1 if event == "start" else -1
        depth += step
        tables += step * (element.tag == "table")
        if event == "end":
            continue
        elements += 1
        lists += element.tag in _LISTS
        weight += depth * (50 + len(element.text or "") + len(element.tail or ""))
        if (
            elements > _MAX_ELEMENTS
            or weight > _MAX_WEIGHT
            or lists > _MAX_LISTS
            or tables > _MAX_TABLES_DEEP
        ):
            return True
    return False


def _metadata(root: HtmlElement) -> dict[str, str]:
    """The page's metadata, and its title."""
    try:
        # The extensive search would guess dates from any number on the page.
        found = extract_metadata(root, extensive=False).as_dict()
    except Exception as error:  # a page without metadata is still useful
        _LOG.info("No metadata found: %r", error)
        found = {}
    named = {
        "title": found.get("title"),
        "author": found.get("author"),
        "date": found.get("date"),
        "description": found.get("description"),
        "language": root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang"),
        "site": found.get("sitename"),
    }
    lines = ((key, one_line(value)) for key, value in named.items() if isinstance(value, str))
    return {key: line for key, line in lines if line}


def _title(root: HtmlElement, found: str, drafts: Sequence[Draft]) -> str:
    """The title; without the site's name if a main heading is part of the title."""
    headings = [draft.text for draft in drafts if draft.kind == "heading" and draft.level == 1]
    for heading in headings:
        if heading.casefold() in found.casefold():
            return heading
    elements = (one_line("".join(element.itertext())) for element in root.iter("title", "h1"))
    return found or next(filter(None, elements), "")


# Select the blocks of a page that are its main content.
#
# trafilatura decides what that is, but its own rendering drops the headings of many documentation pages and
# flattens lists and code. So only its text is used: the page's blocks whose words are in it are kept, with
# their headings and the prose between them.


_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(f"[{_CJK}]|[^\\W{_CJK}]+")
_RUN = 4
"""Length in words of the word sequences that are compared. Single words would match everywhere."""
_MIN_MATCH = 0.7
_LONGEST_CONTACT = 300
_CONTACT = re.compile(
    # No dates, such as 01.05.2024.
    r"(?<![\d.,])(?<!\d[/-])(?!\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)(?![./-]?\d))"
    r"(?:\+|\(0|0)\d(?:[ ()/.-]{0,2}\d){6,13}(?![\d.,]\d)"
    r"|(?<![\d.,])(?<!\d-)(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}(?![.,-]?\d)"
    r"|[\w.+-]{1,64}@\w[\w-]*\.\w"
)
_PROSE_WORDS = 15
_PROSE_LINKS = 0.3
_LEVELS = 6


def content_blocks(blocks: Sequence[PageBlock], main_text: str) -> list[PageBlock]:
    """Select the blocks that are in ``main_text``, their headings, and the prose between and beside them."""
    sequences = _WordSequences(main_text)
    kept = [not block.is_boilerplate and sequences.contain(block.draft.text) for block in blocks]
    _add_prose(blocks, kept)
    _choose_headings(blocks, kept)
    return [block for block, keep in zip(blocks, kept, strict=True) if keep or _is_contact(block)]


def without_boilerplate(blocks: Iterable[PageBlock]) -> list[PageBlock]:
    """The blocks that the page does not mark as boilerplate; all blocks if there are no others."""
    all_blocks = list(blocks)
    if all(block.is_boilerplate for block in all_blocks):
        return all_blocks
    return [block for block in all_blocks if not block.is_boilerplate or _is_contact(block)]


def contain_text(blocks: Iterable[PageBlock], text: str) -> bool:
    """Whether most of a text is in the blocks."""
    return _WordSequences("\n".join(block.draft.text for block in blocks)).contain(text)


class _WordSequences:
    """The word sequences and the lines of a text."""

    def __init__(self, text: str) -> None:
        self.runs = set(_runs(_words(text)))
        self.lines = {tuple(_words(line)) for line in text.split("\n")}

    def contain(self, text: str) -> bool:
        """Whether they contain most of a text; a text of a few words must be one or more of the lines."""
        words = _words(text)
        runs = _runs(words)
        if not runs:
            lines = [tuple(_words(line)) for line in text.split("\n")]
            return bool(words) and (tuple(words) in self.lines or self.lines.issuperset(filter(None, lines)))
        return sum(run in self.runs for run in runs) >= _MIN_MATCH * len(runs)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _runs(words: list[str]) -> list[tuple[str, ...]]:
    return list(zip(*(words[i:] for i in range(_RUN)), strict=False))


def _is_contact(block: PageBlock) -> bool:
    """Whether a short block beside the content, such as a footer, has a telephone number or an address."""
    text = block.draft.text
    is_line = block.draft.kind in ("paragraph", "list") and len(text) <= _LONGEST_CONTACT
    return block.is_boilerplate and is_line and _CONTACT.search(text) is not None


def _add_prose(blocks: Sequence[PageBlock], kept: list[bool]) -> None:
    """Also keep prose and code between the kept blocks, and next to the first and the last of them.

    Navigation and advertisements rarely have long blocks without links.
    """
    places = [i for i, keep in enumerate(kept) if keep and blocks[i].draft.kind != "heading"]
    if not places:
        return
    for i in range(places[0], places[-1]):
        is_figure = blocks[i].draft.kind == "figure" and not blocks[i].is_boilerplate
        kept[i] = kept[i] or is_figure or _is_prose(blocks[i])
    for outward in (range(places[-1] + 1, len(blocks)), range(places[0] - 1, -1, -1)):
        for i in outward:
            if blocks[i].draft.kind == "heading":
                continue
            if not _is_prose(blocks[i]):
                break
            kept[i] = True


def _is_prose(block: PageBlock) -> bool:
    if block.is_boilerplate or block.link_share > _PROSE_LINKS or block.draft.kind == "heading":
        return False
    return block.draft.kind == "code" or len(_words(block.draft.text)) >= _PROSE_WORDS


def _choose_headings(blocks: Sequence[PageBlock], kept: list[bool]) -> None:
    """Keep exactly the headings that have kept blocks under them."""
    # Going backwards: would a heading of this level at this point have a kept block under it?
    follows = [False] * (_LEVELS + 1)
    for i in range(len(blocks) - 1, -1, -1):
        draft = blocks[i].draft
        if draft.kind == "heading":
            kept[i] = follows[draft.level] and not blocks[i].is_boilerplate
            follows[draft.level :] = [False] * (_LEVELS + 1 - draft.level)
        elif kept[i]:
            follows = [True] * (_LEVELS + 1)
