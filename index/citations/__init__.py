"""Make, resolve, verify and export citations, and locate them in newer versions."""

from index.citations.budget import ReadingBudget
from index.citations.carried import Carried, find_carried
from index.citations.citing import Locator, locator_of, parse_locator
from index.citations.claims import (
    Quoted,
    Sentence,
    claims as sentences_of,
    mark_spans,
    marks_in,
    without_marks,
)
from index.citations.formats import FORMATS, Format, block_spans, format_citation
from index.citations.references import news_of_hit, one_line
from index.citations.resolution import PageMark, Resolution, Resolved, Today
from index.citations.standing import Standing
from index.citations.statements import Judging
from index.citations.supersession import in_force
from index.citations.verdicts import AnswerReport, Claim, JudgedSentence, StatementVerdict, Verdict
from index.citations.verification import Verification

__all__ = [
    "FORMATS",
    "AnswerReport",
    "Carried",
    "Claim",
    "Format",
    "JudgedSentence",
    "Judging",
    "Locator",
    "PageMark",
    "Quoted",
    "ReadingBudget",
    "Resolution",
    "Resolved",
    "Sentence",
    "Standing",
    "StatementVerdict",
    "Today",
    "Verdict",
    "Verification",
    "block_spans",
    "find_carried",
    "format_citation",
    "in_force",
    "locator_of",
    "mark_spans",
    "marks_in",
    "news_of_hit",
    "one_line",
    "parse_locator",
    "sentences_of",
    "without_marks",
]
