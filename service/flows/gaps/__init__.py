"""What documents lack: questions without a good answer, grouped by likeness, and sources that are stale."""

from service.flows.gaps.finding import (
    LONGEST_REASON,
    Gap,
    Kept,
    find_gaps,
    find_gaps_here,
    note_verdict,
    read_kept,
)
from service.flows.gaps.grouping import QuestionGroup, group_questions
from service.flows.gaps.stale import StaleSource

__all__ = [
    "LONGEST_REASON",
    "Gap",
    "Kept",
    "QuestionGroup",
    "StaleSource",
    "find_gaps",
    "find_gaps_here",
    "group_questions",
    "note_verdict",
    "read_kept",
]
