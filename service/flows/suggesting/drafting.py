"""Draft questions from headings that ask, and from sentences that define, date, place or count their subject.

Nothing is written by a model. Few forms are read, each of which makes a grammatical question, and only of
what the document is about: a question that nobody would ask is worse than none. Drafts are asked before they
are shown, and only those whose place answers are kept.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.citations import sentences_of
from index.types import Block
from service.flows.suggesting.defining import questions_of_statement
from service.flows.suggesting.headings import lines_that_ask, question_of_heading
from service.flows.suggesting.subjects import Subjects
from service.flows.suggesting.tasks import question_of_instruction, question_of_rule

_READ = 20_000
"""Code points of a document that are read for drafts."""
_LONGEST = 400
"""Code points of a sentence that is read, and of a section after a heading that asks."""
_BEGINS = re.compile(r"^(?:[-–•*·] |(?:BACKGROUND|CONTEXT|INTRODUCTION|IMPORTANCE|PURPOSE)S?:? (?=[A-Z]))+")
"""The mark of a list, or the label of an abstract."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A question, and the span of a document that should answer it. The best have the least ``order``.

    ``is_written``: by a person, who knows the document.
    """

    question: str
    document_id: str
    start: int
    end: int
    order: int
    is_written: bool = False


def drafts_of(document_id: str, title: str, text: str, blocks: Sequence[Block]) -> Iterator[Draft]:
    """The drafts of a document, those of headings first."""
    text = text[:_READ]
    blocks = [one for one in blocks if one.start < len(text)]
    apart = [(one.start, one.end) for one in blocks if one.kind in {"heading", "code", "table"}]
    headings = [one for one in blocks if one.kind == "heading"]
    asking = [(" ".join(one.title.split()), one.end) for one in headings if one.end < len(text)]
    asking += [
        (line[0].strip(), line.end()) for line in lines_that_ask(text) if not _is_in(apart, *line.span())
    ]
    for heading, end in asking:
        if question := question_of_heading(heading):
            # The section under the heading answers: its first sentences are lit, not the heading.
            yield Draft(question, document_id, end, end + _LONGEST, 0)
    subjects = Subjects(title, tuple(one.title for one in headings), text)
    is_first = title in {"", document_id}  # else the title says what it is about
    for one in sentences_of(text):
        if _is_in(apart, one.start, one.end):
            continue
        sentence = _BEGINS.sub("", " ".join(text[one.start : one.end].split()))
        if len(sentence) <= _LONGEST and not sentence.endswith((":", "?")):  # what follows answers
            for order, question in _of_sentence(sentence, subjects, is_first=is_first):
                yield Draft(question, document_id, one.start, one.end, order)
        is_first = False


def _is_in(apart: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Tell whether a span overlaps one of those that are no running text."""
    return any(begin < end and start < stop for begin, stop in apart)


def _of_sentence(sentence: str, subjects: Subjects, *, is_first: bool) -> Iterator[tuple[int, str]]:
    """The questions that a sentence answers, each with its order."""
    for is_main, question in questions_of_statement(sentence, subjects, is_first=is_first):
        yield 1 if is_main else 2, question
    if rule := question_of_rule(sentence):
        yield 1, rule
    if task := question_of_instruction(sentence):
        yield 2, task
