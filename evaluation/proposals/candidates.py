"""Find places of a document that questions can be made from, and make the questions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from evaluation.proposals import facts, tables
from evaluation.proposals.wording import Wording, wording_of
from index.text import item_spans, line_spans, sentence_spans
from index.types import Block, BlockKind

T = TypeVar("T")
Form = Literal["table", "label", "definition", "fact", "heading"]
FORMS: Sequence[Form] = ("table", "label", "definition", "fact", "heading")
_MIN_QUOTE, _MAX_QUOTE = 5, 600
"""Code points of a quote."""
_MAX_BLOCK = 4_000
"""Code points of a block that are looked at."""
_BLOCKS: dict[BlockKind, int] = {"heading": 60, "paragraph": 60, "list": 30, "table": 30}
"""Blocks of each kind that are looked at in a document. Source code has no questions of these forms."""
_NUMBERING = re.compile(
    r"\A(?:(?:chapter|section|kapitel|abschnitt|chapitre|capítulo|appendix)\s+)?"
    r"(?:\d+(?:\.\d+)*[.):]?|[IVX]+[.)]|[A-Z](?:\.\d+)+\.?|§ ?\d+)\s+",
    re.IGNORECASE,
)
_VACUOUS = frozenset(
    "introduction overview summary abstract contents references bibliography acknowledgements "
    "acknowledgments "
    "conclusion conclusions discussion results methods appendix notes index preface "
    "einleitung überblick zusammenfassung inhalt inhaltsverzeichnis literatur anhang fazit vorwort "
    "résumé sommaire bibliographie annexe "
    "conclusión conclusiones introducción resumen índice bibliografía anexo".split()
)
_LABEL = re.compile(
    r"(?:[-*•+]\s+|\d{1,3}[.)]\s+)?(?P<label>[^\W\d_][\w ./()&'’-]{1,40}?)\s?[:：]\s+"
    r"(?P<value>[^\s/][^\n]{0,159})"
)
_PROSE = 4
"""Words of a value that is asked about as text."""
_GENERIC = frozenset("value values wert werte valeur valeurs valor valores".split())
"""Names of columns that say nothing of what is in them: rows are labels of what the table is about."""
_NOT_A_LABEL = frozenset(
    "note notes example examples warning tip hint important caution see source from to cc bcc subject re "
    "attachments section part chapter step item slide page abschnitt kapitel teil seite chapitre partie page "
    "hinweis beispiel achtung wichtig siehe quelle remarque exemple attention voir nota ejemplo aviso véase "
    "fuente http https mailto fig. figure tab. table abb. abbildung tabelle tableau tabla figura".split()
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that the words ``[start, end)`` of a document's text answer.

    ``answer`` is what is asked for within these words. The question of a cell or label names a ``subject``
    and an ``attribute``; ``attributes`` are all that the table, or the block of labels, says of its subjects,
    case-folded. These are empty for other forms.
    """

    form: Form
    question: str
    start: int
    end: int
    answer: str = ""
    subject: str = ""
    attribute: str = ""
    attributes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Draw:
    """Order things as a seed says. The order of some things does not depend on what else there is."""

    seed: int

    def shuffled(self, things: Iterable[T], *keys: object) -> list[T]:
        """The things in the order of a hash of the seed, the keys and their representation."""
        return sorted(things, key=lambda one: self.hash(*keys, one))

    def hash(self, *values: object) -> bytes:
        """Eight bytes from the seed and the values."""
        return hashlib.blake2b(repr((self.seed, *values)).encode(), digest_size=8).digest()


def find_candidates(
    text: str, blocks: Sequence[Block], *, title: str, language: str, draw: Draw
) -> Iterator[Candidate]:
    """Yield candidates of a document in random order, as :class:`Draw` draws it.

    Looks at a bounded number of blocks of each kind.
    """
    numbers: dict[BlockKind, list[int]] = {kind: [] for kind in _BLOCKS}
    for number, block in enumerate(blocks):
        if block.kind in numbers:
            numbers[block.kind].append(number)
    chosen = [
        number for kind, some in numbers.items() for number in draw.shuffled(some, title)[: _BLOCKS[kind]]
    ]
    for number in draw.shuffled(chosen, title, "all"):
        for candidate in _of_block(text, blocks, number, title, language, draw):
            if _MIN_QUOTE <= candidate.end - candidate.start <= _MAX_QUOTE:
                yield candidate


def _of_block(
    text: str, blocks: Sequence[Block], number: int, title: str, language: str, draw: Draw
) -> Iterator[Candidate]:
    block, above, wording = blocks[number], _heading_above(blocks, number), wording_of(language)
    context = above or title
    if block.kind == "heading":
        if following := _first_prose(text, blocks[number + 1 :]):
            yield from _of_heading(text, block, following, above, wording)
    elif block.kind == "table":
        yield from _of_table(text, block, context, wording, draw)
    else:
        block = replace(block, end=min(block.end, block.start + _MAX_BLOCK))
        labels = list(_of_labels(text, block, context, wording))
        yield from labels
        if not labels:
            yield from _of_sentences(text, block, wording, language)


def _heading_above(blocks: Sequence[Block], number: int) -> str:
    """The heading of the section that a block is in, and of one that is a heading the section above."""
    level = blocks[number].level if blocks[number].kind == "heading" else 1_000
    for block in reversed(blocks[:number]):
        if block.kind == "heading" and block.level < level:
            return _NUMBERING.sub("", block.title, count=1)
    return ""


def _first_prose(text: str, blocks: Sequence[Block]) -> Block | None:
    """The first block below a heading, or the second if the first has only fields, as in a mail."""
    for block in blocks[:2]:
        if block.kind not in {"paragraph", "list"}:
            return None
        spans = line_spans(text, block.start, min(block.end, block.start + _MAX_BLOCK))
        if not all(_LABEL.fullmatch(text, *span) for span in spans):
            return block
    return None


def _of_heading(
    text: str, heading: Block, following: Block, above: str, wording: Wording
) -> Iterator[Candidate]:
    words = _NUMBERING.sub("", heading.title, count=1).strip()
    is_short = words.isascii() and len(words.split()) < 3 and sum(len(word) > 3 for word in words.split()) < 2
    if not any(map(str.isalpha, words)) or words.casefold().rstrip(".:") in _VACUOUS or len(words) > 120:
        return
    if is_short:
        if not above or above.casefold() == words.casefold():
            return
        words = f"{above}: {words}"
    spans = _items(text, following)
    start, end = spans[0]
    # The first sentence alone may only lead to the second.
    if end - start < 80 and len(spans) > 1:
        end = spans[1][1]
    if end - start >= 40:
        yield Candidate("heading", wording.ask_heading(words), start, end)


def _of_table(text: str, table: Block, context: str, wording: Wording, draw: Draw) -> Iterator[Candidate]:
    found = list(tables.cells_to_ask_for(text, table, draw.shuffled))
    labels = _folded(one.row for one in found)
    for one in found:
        if one.column and one.column.casefold() not in _GENERIC:
            question = wording.ask_cell(one.row, one.column)
            columns = _folded(one.columns)
            yield Candidate("table", question, *one.span, one.answer, one.row, one.column, columns)
        elif _is_label(one.row) and context:
            question = _ask_label(one.row, one.answer, context, wording)
            yield Candidate("label", question, *one.span, one.answer, context, one.row, labels)


def _of_labels(text: str, block: Block, context: str, wording: Wording) -> Iterator[Candidate]:
    """Lines such as ``Height: 40 m``. Long values explain the label."""
    lines = [
        (span, match["label"], match["value"].rstrip())
        for span in line_spans(text, block.start, block.end)
        if (match := _LABEL.fullmatch(text, *span)) and _is_label(match["label"])
    ]
    labels = _folded(label for _, label, _ in lines)
    for span, label, value in lines:
        if value.endswith(":"):
            continue
        if len(value) <= 60:
            if context:
                question = _ask_label(label, value, context, wording)
                yield Candidate("label", question, *span, value, context, label, labels)
        elif context and label[0].islower():
            yield Candidate("label", wording.ask_about(label, context), *span, value, context, label, labels)
        elif wording.has_words and len(label.split()) <= 3 and not value.isupper():
            term = wording.lowered(label) if " " in label else label
            yield Candidate("definition", wording.adapt(wording.is_defined.format(term=term)), *span)


def _ask_label(label: str, value: str, context: str, wording: Wording) -> str:
    is_prose = len(value.split()) >= _PROSE and not any(map(str.isdigit, value))
    ask = wording.ask_about if is_prose else wording.ask_label
    return ask(label, context)


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


def _is_label(label: str) -> bool:
    words = label.casefold().split()
    return 0 < len(words) <= 5 and words[0] not in _NOT_A_LABEL and any(map(str.isalpha, label))


def _of_sentences(text: str, block: Block, wording: Wording, language: str) -> Iterator[Candidate]:
    for start, end in _items(text, block):
        sentence = text[start:end]
        if not facts.is_usable(sentence):
            continue
        if defined := wording.ask_definition(sentence):
            yield Candidate("definition", defined, start, end)
        else:
            for fact in facts.facts(sentence, language):
                yield Candidate("fact", fact.question, start, end, fact.answer)


def _items(text: str, block: Block) -> list[tuple[int, int]]:
    if block.kind == "list":
        return item_spans(text, block.start, block.end)
    return sentence_spans(text, block.start, block.end)
