"""How much may be verified, followed and ranked in one request."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

VERIFY_SECONDS = 8.0
"""How long one request may verify quotes and claims. What is not checked by then is said to be unchecked."""


class CheckSettings(BaseSettings):
    """Limits of quotes, citations, answers to check, and texts to rank."""

    max_quotes: int = Field(
        256,
        ge=1,
        le=10_000,
        description="Most citations and quotes in one request to verify or follow them. Each takes some "
        "milliseconds.",
    )
    max_quote_characters: int = Field(
        100_000,
        ge=1,
        description="Longest quote, and longest text that a citation may name. Answers repeat it several "
        "times.",
    )
    max_quotes_characters: int = Field(
        1_000_000,
        ge=1,
        description="Most characters of all citations and quotes in one request to verify or follow them.",
    )
    max_reading_characters: int = Field(
        200_000_000,
        ge=1,
        description="Most characters that may be searched to verify one request. A quote that is not found "
        "at once costs the length of every text that is searched for it; 100 million characters take some "
        "seconds.",
    )
    max_answer_characters: int = Field(
        50_000, ge=1, le=1_000_000, description="Longest language-model answer that is verified."
    )
    max_sources: int = Field(
        64, ge=1, le=1000, description="Most texts by which one request is verified (`sources`)."
    )
    max_sources_characters: int = Field(
        100_000,
        ge=1,
        description="Most characters of all these texts. The model reads each of them, about 50,000 "
        "characters in a second on two processors; what is not verified after eight is `unchecked`.",
    )
    max_rerank_documents: int = Field(
        1000,
        ge=1,
        le=1000,
        description="Most texts in one request to rank given texts (`POST /v2/rerank`).",
    )
    max_rerank_characters: int = Field(
        200_000,
        ge=1,
        description="Most characters of all texts in one request to rank given texts. The model reads each "
        "of them, which takes about a second for 50,000 characters on two processors, as an ingest does.",
    )
