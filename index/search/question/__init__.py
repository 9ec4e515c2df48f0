"""A question: its words, misspelt ones, what it names and wants, and the conversation before it."""

from index.search.question.courtesies import Courtesy, courtesy_of, is_courtesy
from index.search.question.query import (
    Query,
    Question,
    Selection,
    is_spelt,
    normalize_question,
    validate_k,
    validate_per_document,
)

__all__ = [
    "Courtesy",
    "Query",
    "Question",
    "Selection",
    "courtesy_of",
    "is_courtesy",
    "is_spelt",
    "normalize_question",
    "validate_k",
    "validate_per_document",
]
