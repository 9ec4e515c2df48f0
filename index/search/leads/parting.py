"""Part the sentences of a hit from what heads them: lines that stand alone, questions, run-in headings."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from index.patterns import lazy_pattern
from index.search.leads.finding import QUESTION_MARKS, Leads, is_preface, may_report
from index.text.sentences import LIST_ITEM
from index.text.tables import table_at
from index.types import Block

LookedAt = tuple[int, int, float, frozenset[int]]
"""The span of a sentence, its cosine with the question, and which of the question's words it has."""
_Kind = Literal["line", "lead", "idle"]
"""What is no answer: a line that heads text, a sentence that leads to the next one, or neither."""
_ITEM = re.compile(LIST_ITEM)
_LONGEST_HEADING = 80
_ENDS_TEXT = lazy_pattern(r"[.!?…。！？।؟][\p{Pe}\p{Pf}\"'\s]*")
_ENDS_NO_HEADING = (".", "!", ":", ";", ",", "…", "。", "！", "：", "；", "।")
_IS_FORMULA = re.compile(r"[=<>{}|\t]|  ")
_BLANK_LINE = "\n\n"
_MARKS = frozenset(QUESTION_MARKS)
_LINE_STARTS = ("", "\n", " ", "\t")
_CLAUSE = re.compile(r"(?=[^\S\n]*+\n)\s*+\d{1,3}(?:\.\d{1,3})+[.)]?\s")
"""The start of a numbered clause, which a run-in heading before it does not head."""

_QUESTIONNAIRE = 3
"""Questions of a text without anything else that are what it has to tell."""


def part_sentences(
    sentences: list[LookedAt], text: str, at: int, tables: Sequence[Block], leads: Leads | None = None
) -> tuple[list[LookedAt], Mapping[int, frozenset[int]]]:
    """Part the sentences from lines that stand alone above text, and from those that only lead to others.

    Returns the sentences, and by their starts the words above them: those of lines as far as the next such
    line, those of questions and run-in headings as far as the paragraph. The sentence just after a question
    is at least half as near as that.
    """
    if leads is None and _BLANK_LINE not in text:
        return sentences, {}
    above = _Above(text, at, leads)
    above.look_at(sentences, tables)
    if not above.kinds:
        return sentences, {}
    below = above.words_above(sentences)
    kept = []
    for first, last, cosine, own in sentences:
        if first not in above.kinds:
            # What answers a question may be far from it: "Eighteen." NaN is never greater.
            near = (cosine + above.nearness.get(first, cosine)) / 2
            kept.append((first, last, near if near > cosine else cosine, own))
    return (kept, below) if kept or len(sentences) < _QUESTIONNAIRE else (sentences, {})


@dataclass(slots=True)
class _Above:
    """Finds what stands above the sentences of a ``text``, from the last one to the first."""

    text: str
    at: int
    leads: Leads | None
    kinds: dict[int, _Kind] = field(default_factory=dict)
    nearness: dict[int, float] = field(default_factory=dict)

    def look_at(self, sentences: Sequence[LookedAt], tables: Sequence[Block]) -> None:
        """Tell which sentences are no answers."""
        text, at, has_text = self.text, self.at, False
        reports = False
        if self.leads is not None and sentences:
            reports = may_report(text[sentences[0][0] - at : sentences[-1][1] - at])
        after, is_lead_after = None, False
        for first, last, *_ in reversed(sentences):
            start, end = first - at, last - at
            is_short = end - start <= _LONGEST_HEADING
            kind: _Kind | None = None
            if tables and table_at(tables, first) is not None:
                pass
            elif has_text and is_short and _is_heading(text, start, end):
                kind = "line"
            # Most sentences are long, and no questions: nothing is called for them.
            elif self.leads is not None and (
                is_lead_after
                or reports
                or not _MARKS.isdisjoint(text[end - 4 if end > 4 else 0 : end])
                or (is_short and text[end - 1] == "." and text[start - 1 : start] in _LINE_STARTS)
            ):
                kind = self._lead(start, end, after, self.leads)
            if kind is not None:
                self.kinds[first] = kind
            after, is_lead_after = start, kind == "lead"
            has_text = has_text or _ENDS_TEXT.search(text, max(start, end - 3), end) is not None

    def _lead(self, start: int, end: int, after: int | None, leads: Leads) -> _Kind | None:
        if leads.is_question(self.text, start, end):
            # A question of a list is one of several, unless its answer follows.
            is_listed = _ITEM.match(self.text, start) is not None
            return "lead" if not is_listed or self._answers(after) else None
        if after is not None and leads.is_reported_question(self.text, start, end):
            return None if self._ends_paragraph(end, after) else "lead"
        if leads.is_spoken_question(self.text, start, end):
            return "idle"
        if leads.is_run_in(self.text, start, end):
            return "lead"
        is_before_question = after is not None and self.kinds.get(after + self.at) == "lead"
        if is_before_question and is_preface(self.text, start, after or 0):
            line_end = self.text.find("\n", after)
            question = self.text[after : line_end if line_end >= 0 else len(self.text)]
            return "lead" if leads.is_question(question, 0, len(question.rstrip())) else None
        return None

    def _answers(self, after: int | None) -> bool:
        return (
            after is not None and after + self.at not in self.kinds and _ITEM.match(self.text, after) is None
        )

    def words_above(self, sentences: Sequence[LookedAt]) -> dict[int, frozenset[int]]:
        """The words that stand above each sentence, by its start."""
        below: dict[int, frozenset[int]] = {}
        lines, leads = frozenset[int](), frozenset[int]()
        before: _Kind | None = "line"
        end = 0
        near = math.nan
        for first, last, cosine, own in sentences:
            kind = self.kinds.get(first)
            if kind == "line":
                lines, leads = (lines | own if before == "line" else own), frozenset()
            elif kind == "lead":
                leads = leads | own if before == "lead" else own
                near = cosine
            else:
                if leads and before is None and self._ends_paragraph(end, first - self.at):
                    leads = frozenset()
                if kind is None:
                    below[first] = lines | leads
                    if before == "lead":
                        self.nearness[first] = near
            before, end = kind, last - self.at
        return below

    def _ends_paragraph(self, end: int, start: int) -> bool:
        return _BLANK_LINE in self.text[end:start] or _CLAUSE.match(self.text, end) is not None


def _is_heading(text: str, start: int, end: int) -> bool:
    """True if a short ``text[start:end]`` is a paragraph of one line that is no sentence, item or formula."""
    line = text[start:end]
    return (
        "\n" not in line
        and not line.endswith(_ENDS_NO_HEADING)
        and (start <= 0 or text.endswith(_BLANK_LINE, 0, start))
        and text.startswith(_BLANK_LINE, end)
        and _ITEM.match(line) is None
        and _IS_FORMULA.search(line) is None
        and any(map(str.isalpha, line))
    )
