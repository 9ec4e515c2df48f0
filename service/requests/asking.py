"""Questions."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from index.citation_formats import Format
from service.requests.base import LARGEST, CollectionName, Request


class Turn(Request):
    """Something said earlier in the conversation."""

    role: Literal["user", "assistant"]
    text: str


class AskRequest(Request):
    """One question, or several that are asked together under the same ``k`` and ``filter``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "How long may a passage be?", "k": 3},
                {
                    "questions": ["Who wrote it?", "When was it written?"],
                    "collection": "default",
                    "filter": {"type": "gte", "key": "year", "value": 2020},
                },
                {
                    "question": "And who signed it?",
                    "turns": [
                        {"role": "user", "text": "What is the treaty about?"},
                        {"role": "assistant", "text": "About fishing in the bay."},
                    ],
                    "min_answerability": 0.5,
                },
                {"question": "What did the plan say then?", "as_of": 12, "formats": ["plain", "bibtex"]},
            ]
        }
    )

    question: str | None = Field(None, description="A question in plain words.")
    questions: list[str] | None = Field(
        None, description="Several questions; each is answered by itself, in `results`."
    )
    k: int = Field(5, strict=True, description="Most passages for a question.")
    collection: CollectionName = "default"
    turns: list[Turn] = Field(
        default_factory=list,
        description="What was said before the question, oldest first: a follow-up is understood by it. "
        "Not for a batch.",
    )
    min_answerability: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="Return no passages, and the reason in `withheld`, when the probability that they answer "
        "is less.",
    )
    filter: dict[str, Any] | None = Field(
        None,
        description='Which documents count, by metadata: `{"type": "eq", "key": "year", "value": 2020}` '
        "with one of eq, ne, gt, gte, lt, lte, in, nin; or `and` and `or` with a list of `filters`.",
    )

    as_of: int | None = Field(
        None,
        ge=0,
        le=LARGEST,
        description="Answer as the collection stood after this change: `index.change` of an earlier answer.",
    )
    formats: list[Format] = Field(
        default_factory=list,
        description="Shapes in which each passage's citation is also wanted, in `formats`.",
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.question is None) == (self.questions is None):
            raise ValueError("Give either question or questions.")
        if self.turns and self.questions is not None:
            raise ValueError("Turns belong to one question: leave them out, or ask the questions apart.")
        return self
