"""How large questions may be, and how many are answered at once."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from index.config import MAX_K


class QuestionSettings(BaseSettings):
    """Limits of questions, and of those that are answered together."""

    max_question_characters: int = Field(
        2000,
        ge=1,
        description="Longest question. The model reads only the first few hundred words: a higher limit "
        "costs time and finds nothing more.",
    )
    max_k: int = Field(
        MAX_K,
        ge=1,
        le=MAX_K,
        description="Most passages for one question. More passages make larger and slower answers.",
    )
    ask_max_k: int = Field(
        10,
        ge=1,
        le=MAX_K,
        description="Most passages for one question of a key with the scope ask.",
    )
    max_questions: int = Field(
        64,
        ge=1,
        le=1024,
        description="Most questions in one batch. Other requests wait while a long batch is answered.",
    )
    max_turns: int = Field(
        100,
        ge=0,
        description="Most turns of a conversation in one request. The last ones are used.",
    )
    max_queue: int = Field(
        32,
        ge=1,
        description="Most requests of each kind (such as questions or uploads) in the service at once. "
        "Further ones are refused with 429: a low limit refuses early, a high one makes clients wait.",
    )
    max_batch: int = Field(
        32,
        ge=1,
        description="Most questions that the model embeds at once. A larger batch raises throughput and "
        "delays its first question.",
    )
    question_cache: int = Field(
        4096,
        ge=0,
        le=10_000_000,
        description="Questions whose vectors stay in memory, so that a repeated question is not embedded "
        "again: 1.5 KB each, without the text. 0 disables the cache.",
    )
    min_answerability: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="Answerability from which `/v1/answer` and chat models answer. Below it they say that "
        "the documents do not say. A request may choose another.",
    )
