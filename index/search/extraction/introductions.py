"""Find the words above an item of a list without which it may say the opposite of what it means.

"- if you are allergic to nuts" needs "Do not take it:" above it, and "- Support for version 8." its heading,
"Removed". An item of a list in a list needs the item that it is below, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from index.text.sentences import COLONS, LIST_ITEM, Span, item_spans, sentence_spans, trim_span

LONGEST = 300
"""Most code points of a sentence that is quoted as an introduction; of a longer one the last line is."""
_MOST_ABOVE = 3
_ITEM = re.compile(rf"{LIST_ITEM}+")
_MARKS_OF_HEADING = "#= \t"
_RANKS = ("number", "letter", "bullet")
"""Of marks with the same indentation, those further to the right stand below the others."""
_SENTENCE_END = (".", "!", "…", "。", "！")
_LEADS_ON = (*COLONS, ",", ";", "?", "？", "–", "—", "-")
_FOLLOWING = re.compile(
    r"\b(?:following|follows?|below|folgende\w*|suivant\w*|siguiente\w*|seguent\w*|volgende)\b",
    re.IGNORECASE,
)
_TURNS = re.compile(
    r"\b(?:not|no|non|never|without|nothing|nobody|none|cannot|avoid|don['’]ts?|except\w*|exclu\w*|remov\w*|dropp\w*|"
    r"deprecat\w*|discontinu\w*|obsolete|prohibit\w*|forbid\w*|bann\w+|reject\w*|cancel\w*|refus\w*|withdr\w+|"
    r"myths?|contraindicat\w*|un(?:supported|covered|available|suitable|insured|changed)|"
    r"nicht|kein\w*|ohne|ausgeschl\w+|ausschl\w+|ausnahme\w*|entf\w+|verboten\w*|abgelehnt\w*|unzulässig\w*|"
    r"ne|pas|sans|sauf|interdit\w*|supprim\w*|retir\w*|refusé\w*|prohibid\w*|eliminad\w*|excepto|sin|"
    r"niet|geen|verboden|uitgesloten|verwijderd|vietat\w*|esclus\w*|rimoss\w*|senza|proibid\w*|sem)\b",
    re.IGNORECASE,
)
"""In a heading or sentence that may turn round what is said below it."""
_SUBORDINATE = re.compile(
    r"\b(?:if|when|while|until|unless|that|which|who|whose|where|because|as|since|after|before|whether|"
    r"wenn|falls|dass|weil|bis|si|quand|que|qui|cuando|se|che|als)\b[^,;.!?]*",
    re.IGNORECASE,
)
_FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|cannot|could|may|might|must|shall|should|will|would|does|do|did|"
    r"\w+n['’]t|ist|sind|hat|haben|kann|können|darf|dürfen|muss|müssen|soll|sollen|wird|werden|wurden?|"
    r"est|sont|ont|peut|peuvent|doit|doivent|está|están|son|puede|pueden|debe|deben|può|possono|deve|sono|"
    r"zijn|heeft|hebben|kan|kunnen|mag|moet|moeten|wordt|worden)\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"(?:we|you|they|it|he|she|there|i)\s+\w+|"
    r"(?:the|an?|each|every|our|your|my|his|her|its|their|no)\s+[^\W\d_]+\s+(?!this|yes)[^\W\d_]{2,}s\b",
    re.IGNORECASE,
)
_REFERS = re.compile(r"(?:they|these|those|this|it|namely|among\s+them|such|diese|das|dies)\b", re.IGNORECASE)
_CAPITALISED = r"[^\W\d_a-zà-öø-ÿ][^\W\d_]*\.?"
_DETAIL = re.compile(
    # A label without a number, unlike "Step 2", and two names or more, a number, a day or an address.
    rf"[^\W\d_][^\W\d]*(?:[ -][^\W\d]+){{0,3}}:[ \t]+(?:{_CAPITALISED}(?:,?[ \t]+{_CAPITALISED})+"
    rf"|v?\d[\d.,:/-]*(?:[ \t]+{_CAPITALISED}[ \t]+\d{{4}})?|{_CAPITALISED}[ \t]+\d{{1,2}},?[ \t]+\d{{4}}"
    rf"|[^\s@]+@[^\s@]+)"
)
_LONG_LINE = 60
"""Code points from which a line may be wrapped, so that the next one goes on with it."""


class Heading(NamedTuple):
    """A heading above a list: its span, which may be outside of the text around that, and its words."""

    span: Span
    words: str


@dataclass(frozen=True, slots=True)
class _Mark:
    """Indentation and kind of the mark of an item."""

    indent: int
    rank: int

    @staticmethod
    def of(line: str) -> _Mark | None:
        """That of a line; None if it begins no item."""
        if _ITEM.match(line) is None:
            return None
        words = line.lstrip()
        first = words.lstrip("(")[:1]
        kind = "number" if first.isdigit() else "letter" if first.isalpha() else "bullet"
        return _Mark(_indent(line), _RANKS.index(kind))

    def is_over(self, other: _Mark) -> bool:
        """Whether an item with this mark may have the other one in a list of its own."""
        if self.rank == other.rank:
            return self.indent < other.indent - 1
        return self.indent < other.indent or (self.indent == other.indent and self.rank < other.rank)


def item_of(text: str, start: int) -> int | None:
    """The start of the line that begins the item which a span is in; None if it is in none."""
    line = text.rfind("\n", 0, start) + 1
    while (mark := _Mark.of(text[line : _line_end(text, line)])) is None:
        # Only an indented line goes on with the item above it.
        if not line or not text[line].isspace() or not text[line : _line_end(text, line)].strip():
            return None
        line = text.rfind("\n", 0, line - 1) + 1
    return None if mark is None else line


def is_beside(text: str, item: int, other: int) -> bool:
    """Whether the item on another line is not below the first one, but in the same list or one above."""
    own, its = (_Mark.of(text[line : _line_end(text, line)]) for line in (item, other))
    return own is not None and its is not None and not own.is_over(its)


def introductions(text: str, item: int, heading: Heading | None) -> list[Span]:
    """Spans of what an item that begins on a line needs above it, the outermost first.

    These are the sentence or line before its list, and the items that it is below; without such a sentence,
    or where the heading turns round what is below it, the nearest ``heading``.
    """
    parents, first, before = _look_above(text, item)
    outermost = parents[-1] if parents else item
    alone = is_statement(_words(text, outermost))
    found = [_item_head(text, line) for line in parents[:_MOST_ABOVE]]
    if before is not None:
        span, is_title = before
        if is_title:
            heading = Heading(span, text[slice(*span)])
        elif introduces(text[slice(*span)], _words(text, first)) and _leads_to_item(text[slice(*span)]):
            found.append(span)
            alone = True
    if heading is not None and (not alone or _TURNS.search(heading.words)):
        found.append(heading.span)
    return list(reversed(found[:_MOST_ABOVE]))


def introduces(sentence: str, item: str) -> bool:
    """Whether a sentence or line above a list introduces it, by its end and the first item.

    A sentence with a full stop above items that are sentences mostly is about something else.
    """
    words = sentence.rstrip()
    if not words.endswith(_SENTENCE_END):
        return True
    return _FOLLOWING.search(words) is not None or not is_statement(item, loosely=True)


def _leads_to_item(sentence: str) -> bool:
    """Whether an item alone needs a sentence: not "Takes an hour." above the ingredients of a recipe."""
    if not sentence.rstrip().endswith(_SENTENCE_END):
        return True
    return _FOLLOWING.search(sentence) is not None or _TURNS.search(sentence) is not None


def is_statement(item: str, *, loosely: bool = False) -> bool:
    """Whether an item is a sentence with a finite verb of its main clause, as far as short words tell.

    ``loosely``: it may also have another verb after its subject, such as "The bus leaves at noon".
    """
    match = _ITEM.match(item)
    words = (item[match.end() :] if match else item).strip()
    if not words[:1].isupper() or not words.rstrip("\"'”’)").endswith(_SENTENCE_END):
        return False
    main = _SUBORDINATE.sub(" ", words)
    return _FINITE.search(main) is not None or (loosely and _SUBJECT.match(main) is not None)


def are_alternatives(text: str, start: int, end: int) -> bool:
    """Whether half of the items of a list or more are sentences that say something, not steps."""
    items = item_spans(text, start, end)
    statements = sum(is_statement(text[slice(*one)], loosely=True) for one in items)
    return 2 * statements >= len(items)


def heading_words(text: str, start: int, end: int) -> Span:
    """The words of a heading's first line, without the marks around them."""
    end = min(end, _line_end(text, start))
    part = text[start:end]
    start += len(part) - len(part.lstrip(_MARKS_OF_HEADING))
    return start, max(start, end - len(part) + len(part.rstrip(_MARKS_OF_HEADING)))


def _look_above(text: str, item: int) -> tuple[list[int], int, tuple[Span, bool] | None]:
    """The items that an item is below, the nearest first, the first of the list, and what is above that.

    That is a sentence or line, with whether it is a title: a line that stands apart, without an end.
    """
    parents: list[int] = []
    level = _Mark.of(text[item : _line_end(text, item)]) or _Mark(0, 0)
    first, gap, stop = item, 0, (item, False)
    for start, end in _lines_before(text, item):
        line = text[start:end]
        if not line.strip():
            gap += 1
            continue
        if (mark := _Mark.of(line)) is not None:
            first = start
            if mark.is_over(level) and _ITEM.fullmatch(line) is None:
                parents.append(start)
                if gap and mark.indent == level.indent:  # a numbered heading
                    return parents, first, None
                level = mark
        elif _indent(line) <= level.indent:
            stop = _stop_above(text, start) if stop[0] >= start else stop
            if gap or not (stop[1] and _goes_on(text, start, end)):
                return parents, first, None if gap > 1 else _line_above(text, start, end, is_apart=gap > 0)
        gap = 0
    return parents, first, None


def _line_above(text: str, start: int, end: int, *, is_apart: bool) -> tuple[Span, bool] | None:
    """The sentence that ends with the line above a list, whether it is a title; None if it is a detail."""
    line = text[start:end]
    if line.startswith(("#", "=")):
        return heading_words(text, start, end), True
    if _is_detail(line):
        return None
    is_title = is_apart and not line.rstrip().endswith((*_SENTENCE_END, *_LEADS_ON))
    return _last_sentence(text, start, end), is_title


def _is_detail(line: str) -> bool:
    """Whether a line names who, when or which of a document ("Responsible: Ann Kell"), and not its list."""
    return _DETAIL.fullmatch(line.strip()) is not None and not _TURNS.search(line)


def _last_sentence(text: str, line: int, end: int) -> Span:
    """The sentence that ends with a line, with the one before it if it only refers to that."""
    spans = sentence_spans(text, text.rfind("\n\n", 0, end) + 1, end)
    first = spans[-1][0]
    if len(spans) > 1 and _REFERS.match(text, first) and _ITEM.match(text, spans[-2][0]) is None:
        first = spans[-2][0]
    if first < line and (end - first > LONGEST or _ITEM.match(text, first) is not None):
        first = line
    return trim_span(text, first, end)


def _goes_on(text: str, start: int, end: int) -> bool:
    """Whether a line may go on with the one above it."""
    line, (first, last) = text[start:end].rstrip(), next(_lines_before(text, start), (0, 0))
    above = text[first:last].strip()
    if line.endswith(COLONS) or not above or above.endswith((*_SENTENCE_END, *COLONS)):
        return False
    return line[:1].islower() or len(above) >= _LONG_LINE


def _stop_above(text: str, start: int) -> tuple[int, bool]:
    """The nearest line above one that is empty or begins an item, and whether it does that."""
    for first, last in _lines_before(text, start):
        if not text[first:last].strip():
            return first, False
        if _Mark.of(text[first:last]) is not None:
            return first, True
    return -1, False


def _item_head(text: str, line: int) -> Span:
    """What an item says before the list in it: its last sentence, if that is long."""
    _, end = item_spans(text, line, len(text))[0]
    end = min(end, _blank_line(text, line))
    start, end = trim_span(text, line, end)
    if end - start > LONGEST:
        start = sentence_spans(text, start, end)[-1][0]
    return start, end


def _words(text: str, line: int) -> str:
    """The first sentence of the item that begins on a line."""
    end = min(_blank_line(text, line), line + 4 * LONGEST)
    return text[slice(*sentence_spans(text, line, end)[0])]


def _lines_before(text: str, at: int) -> Iterator[Span]:
    """The lines before one that begins at an offset, the nearest first."""
    while at > 0:
        start = text.rfind("\n", 0, at - 1) + 1
        yield start, at - 1
        at = start


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _blank_line(text: str, start: int) -> int:
    end = text.find("\n\n", start)
    return len(text) if end < 0 else end


def _indent(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())
