"""A question: its words, misspelt ones, what it names and wants, and the conversation before it."""

from index.search.question.query import (
    Query,
    Question,
    Selection,
    is_spelt,
    normalize_question,
    validate_k,
    validate_per_document,
)
from index.search.question.references import is_courtesy

__all__ = [
    "Query",
    "Question",
    "Selection",
    "is_courtesy",
    "is_spelt",
    "normalize_question",
    "validate_k",
    "validate_per_document",
]
