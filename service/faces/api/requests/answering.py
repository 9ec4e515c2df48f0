"""Questions that are to be answered with sentences."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field

from index.answers import NearDuplicates
from index.search.extraction import MOST_SENTENCES
from service.flows.answer.events import Mode
from service.flows.ask.requests import AskRequest, Turn
from service.http.parameters import LIMITED, AsOf, FilterJson, Question, ReachedChange
from service.http.request_models import CollectionBody, SeveralCollections

_ASKING = set(
    "collection collections on_behalf_of question k turns filter in_force as_of at_least_change "
    "max_per_document near_duplicates read conflicts".split()
)


class AnswerOptions(CollectionBody):
    """A question to answer, and how."""

    question: Question = Field(description="The question in natural language.")
    mode: Mode | None = Field(
        None,
        description="`extractive`: sentences of the documents, word for word, without any model. `written`: "
        "text of the model of LOCCIT_WRITER_URL, with a verdict on each sentence. By default `written` if "
        "there is such a model.",
    )
    sentences: int = Field(
        3, ge=1, le=MOST_SENTENCES, strict=True, description="Most sentences of an extractive answer."
    )
    min_answerability: float | None = Field(
        None,
        ge=0.0,
        le=1.0,
        description="If the probability that the passages answer is lower, the answer declines. By default "
        "that of LOCCIT_MIN_ANSWERABILITY.",
    )
    k: Annotated[int, LIMITED] = Field(
        5, strict=True, description="Maximum number of passages to answer from."
    )
    turns: Annotated[list[Turn], LIMITED] = Field(
        default_factory=list, description="The conversation before the question, oldest message first."
    )
    filter: FilterJson | None = Field(
        None, description="Answer only from documents with matching metadata, as in `/v1/ask`."
    )
    in_force: date | None = Field(
        None, description="Answer only from documents that are in force on this day, as in `/v1/ask`."
    )
    as_of: AsOf | None = Field(
        None, description="Answer from the collection as of this change, or this time, as in `/v1/ask`."
    )
    at_least_change: ReachedChange | None = Field(
        None, description="Answer with all changes up to this one, as in `/v1/ask`."
    )
    max_per_document: Annotated[int, LIMITED] | None = Field(
        None, strict=True, description="Maximum number of passages from one document."
    )
    near_duplicates: NearDuplicates = Field(
        "fold", description="Whether a passage in nearly the words of a better one takes a place of its own."
    )

    read: bool = Field(
        True,
        strict=True,
        description="Whether the cross-encoder reads the first passages, as in `/v1/ask`.",
    )

    def ask_request(self) -> AskRequest:
        """The request that finds the passages."""
        return AskRequest.model_validate(self.model_dump(include=_ASKING, exclude_unset=True))


class AnswerRequest(SeveralCollections, AnswerOptions):
    """A question to answer with sentences of the documents, or with a model."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "How long may a passage be?"},
                {"question": "Who wrote it, and when was it published?", "sentences": 2, "stream": True},
                {
                    "question": "And who signed it?",
                    "turns": [{"role": "user", "text": "What is the treaty?"}],
                },
            ]
        }
    )

    stream: bool = Field(False, description="Whether to answer with server-sent events.")
    conflicts: bool = Field(
        False,
        strict=True,
        description="Whether to look for what other documents say against the sentences of the answer, as in "
        "`/v1/ask`.",
    )
