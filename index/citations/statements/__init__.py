"""Judge the sentences of an answer by what they claim."""

from index.citations.statements.attribution import Attribution, find_attribution
from index.citations.statements.checking import Checked, Checking, Claimed, Judging, KnownSources, Standard
from index.citations.statements.conflicts import Conflict
from index.citations.statements.judging import Judgement, Status
from index.citations.statements.reading import load_thresholds
from index.citations.statements.sources import FoundPassage, SentenceVectors

__all__ = [
    "Attribution",
    "Checked",
    "Checking",
    "Claimed",
    "Conflict",
    "FoundPassage",
    "Judgement",
    "Judging",
    "KnownSources",
    "SentenceVectors",
    "Standard",
    "Status",
    "find_attribution",
    "load_thresholds",
]
