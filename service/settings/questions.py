"""How much is answered at once, from which probability, and how much is searched to verify."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

MAX_ANSWER_CHARACTERS = 50_000
"""Longest text that is verified at once, and longest answer that a model may write: some sixteen pages, more
than is checked in the time below."""
VERIFY_SECONDS = 8.0
"""How long one request may verify quotes and claims. What is not checked by then is said to be unchecked."""


class QuestionSettings(BaseSettings):
    """Limits of what is answered and verified."""

    max_queue: int = Field(
        32,
        ge=1,
        description="Most requests of each kind (such as questions or uploads) in the service at once. "
        "Further ones are refused with 429. For those with many users: a low limit refuses early, a high "
        "one makes clients wait.",
    )
    min_answerability: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="Answerability from which `/v1/answer` and chat models answer. Below it they say that "
        "the documents do not say. For those to whom a wrong answer costs more than none, or less; a "
        "request may choose another.",
    )
    max_reading_characters: int = Field(
        200_000_000,
        ge=1,
        description="Most characters that may be searched to verify one request, for those whose documents "
        "are whole books. A quote that is not found at once costs the length of every text that is searched "
        "for it; 100 million characters take some seconds.",
    )
