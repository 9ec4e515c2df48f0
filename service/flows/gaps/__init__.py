"""Questions that documents do not answer, grouped by likeness, and what people say of answers."""

from service.flows.gaps.grouping import QuestionGroup, group_questions
from service.flows.gaps.judging import LONGEST_REASON, note_verdict

__all__ = ["LONGEST_REASON", "QuestionGroup", "group_questions", "note_verdict"]
